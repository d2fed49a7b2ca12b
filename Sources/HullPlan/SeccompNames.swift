// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// The words of the runtime specification for system call filters, also for `features`.
package enum SeccompNames {
    /// What an action makes of a call.
    enum Action {
        case plain(SeccompAnswer)
        case errno, trace
    }

    /// Actions.
    static let actions: [(name: Bytes, action: Action)] = [
        ("SCMP_ACT_ALLOW", .plain(.allow)), ("SCMP_ACT_ERRNO", .errno), ("SCMP_ACT_KILL", .plain(.killThread)),
        ("SCMP_ACT_KILL_PROCESS", .plain(.killProcess)), ("SCMP_ACT_KILL_THREAD", .plain(.killThread)),
        ("SCMP_ACT_LOG", .plain(.log)), ("SCMP_ACT_NOTIFY", .plain(.notify)), ("SCMP_ACT_TRACE", .trace),
        ("SCMP_ACT_TRAP", .plain(.trap)),
    ]

    /// Operators.
    static let operators: [(name: Bytes, comparison: SeccompCondition.Comparison)] = [
        ("SCMP_CMP_EQ", .equal), ("SCMP_CMP_GE", .greaterOrEqual), ("SCMP_CMP_GT", .greater),
        ("SCMP_CMP_LE", .lessOrEqual), ("SCMP_CMP_LT", .less), ("SCMP_CMP_MASKED_EQ", .maskedEqual),
        ("SCMP_CMP_NE", .notEqual),
    ]

    /// Flags.
    static let flags: [(name: Bytes, flag: SeccompFlags)] = [
        ("SECCOMP_FILTER_FLAG_LOG", .log), ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", .speculationAllowed),
        ("SECCOMP_FILTER_FLAG_TSYNC", .synchronizeThreads), ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", .waitKillable),
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
