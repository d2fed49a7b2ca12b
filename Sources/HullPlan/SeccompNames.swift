// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// The words of the runtime specification for system call filters, also for `features`.
///
/// The tables are of plain structures: the compiler lays them out, and nothing is made when the program runs.
package enum SeccompNames {
    /// An action.
    struct Action {
        /// What it makes of a call.
        enum Meaning {
            case plain(SeccompAnswer)
            case errno, trace
        }
        let text: StaticString
        let action: Meaning
        var name: Bytes { Bytes(stringLiteral: text) }
    }

    /// An operator.
    struct Operator {
        let text: StaticString
        let comparison: SeccompCondition.Comparison
        var name: Bytes { Bytes(stringLiteral: text) }
    }

    /// A flag.
    struct Flag {
        let text: StaticString
        let flag: SeccompFlags
        var name: Bytes { Bytes(stringLiteral: text) }
    }

    static let actions = [
        Action(text: "SCMP_ACT_ALLOW", action: .plain(.allow)),
        Action(text: "SCMP_ACT_ERRNO", action: .errno),
        Action(text: "SCMP_ACT_KILL", action: .plain(.killThread)),
        Action(text: "SCMP_ACT_KILL_PROCESS", action: .plain(.killProcess)),
        Action(text: "SCMP_ACT_KILL_THREAD", action: .plain(.killThread)),
        Action(text: "SCMP_ACT_LOG", action: .plain(.log)),
        Action(text: "SCMP_ACT_NOTIFY", action: .plain(.notify)),
        Action(text: "SCMP_ACT_TRACE", action: .trace),
        Action(text: "SCMP_ACT_TRAP", action: .plain(.trap)),
    ]

    static let operators = [
        Operator(text: "SCMP_CMP_EQ", comparison: .equal),
        Operator(text: "SCMP_CMP_GE", comparison: .greaterOrEqual),
        Operator(text: "SCMP_CMP_GT", comparison: .greater),
        Operator(text: "SCMP_CMP_LE", comparison: .lessOrEqual),
        Operator(text: "SCMP_CMP_LT", comparison: .less),
        Operator(text: "SCMP_CMP_MASKED_EQ", comparison: .maskedEqual),
        Operator(text: "SCMP_CMP_NE", comparison: .notEqual),
    ]

    static let flags = [
        Flag(text: "SECCOMP_FILTER_FLAG_LOG", flag: .log),
        Flag(text: "SECCOMP_FILTER_FLAG_SPEC_ALLOW", flag: .speculationAllowed),
        Flag(text: "SECCOMP_FILTER_FLAG_TSYNC", flag: .synchronizeThreads),
        Flag(text: "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", flag: .waitKillable),
    ]

    /// The names of all actions.
    package static var actionNames: [Bytes] { actions.map(\.name) }
    /// The names of all operators.
    package static var operatorNames: [Bytes] { operators.map(\.name) }
    /// The names of all flags.
    package static var flagNames: [Bytes] { flags.map(\.name) }
    /// The names of the architectures that a filter can be made for here.
    package static var architectureNames: [Bytes] {
        Architecture.all.filter(\.hasSyscallTable).map(\.name).sorted()
    }
}
