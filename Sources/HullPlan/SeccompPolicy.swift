// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux

/// What a system call filter shall do, per architecture and in numbers: the input of the compiler.
package struct SeccompPolicy: Sendable {
    /// For a call that no rule matches.
    package var defaultAnswer: SeccompAnswer
    /// For a call of an architecture that is not listed. libseccomp's choice, which runc and crun leave as it is.
    package var foreignAnswer = SeccompAnswer.killThread
    /// For a call whose number is above all that the policy names on the architecture; nil where they are no exception.
    package var newerAnswer: SeccompAnswer?
    /// The architectures, each with its rules in the order of the config.
    package private(set) var sections: [SeccompSection]

    /// A policy without rules.
    package init(defaultAnswer: SeccompAnswer, architectures: [Architecture]) {
        self.defaultAnswer = defaultAnswer
        sections = architectures.map { SeccompSection(architecture: $0) }
    }

    /// Notes that the policy speaks of a system call, without a rule for it; false where no architecture ever had it.
    package mutating func note(_ name: SyscallName) -> Bool {
        var known = false
        for index in sections.indices {
            let entry = name.entry(on: sections[index].architecture)
            if entry != .unknown { known = true }
            sections[index].note(entry)
        }
        return known
    }

    /// Adds a rule on all architectures that have the system call; false where none ever had it.
    ///
    /// `origin` numbers the rule for `SeccompProgram.contradictions`.
    @discardableResult
    package mutating func add(
        _ name: SyscallName, _ answer: SeccompAnswer, _ conditions: [SeccompCondition], origin: Int
    ) -> Bool {
        var known = false
        for index in sections.indices {
            let entry = name.entry(on: sections[index].architecture)
            if entry != .unknown { known = true }
            sections[index].add(entry, SeccompRule(number: 0, answer: answer, conditions: conditions, origin: origin))
        }
        return known
    }
}

/// The rules of one architecture.
package struct SeccompSection: Sendable {
    /// Whose numbers these are.
    package let architecture: Architecture
    /// The rules in the order of the config.
    package private(set) var rules: [SeccompRule] = []
    /// The highest number that the policy names, in a rule or not; nil where it names none.
    package private(set) var highest: UInt32?

    init(architecture: Architecture) {
        self.architecture = architecture
        rules.reserveCapacity(512)
    }

    mutating func note(_ entry: SyscallEntry) {
        switch entry {
        case .unknown, .absent: return
        case .number(let number): highest = max(highest ?? 0, number)
        case .multiplexed(let multiplex): highest = max(highest ?? 0, multiplex.direct ?? 0, multiplex.number)
        }
    }

    mutating func add(_ entry: SyscallEntry, _ said: SeccompRule) {
        note(entry)
        var rule = said
        switch entry {
        case .unknown, .absent: return
        case .number(let number):
            rule.number = number
            append(rule)
        case .multiplexed(let multiplex):
            if let direct = multiplex.direct {
                rule.number = direct
                append(rule)
            }
            // The first argument says which call it is; the others are no longer where the rule expects them.
            rule.number = multiplex.number
            rule.conditions.removeAll { $0.argument == 0 }
            rule.conditions.insert(SeccompCondition(0, .equal, UInt64(multiplex.call)), at: 0)
            append(rule)
        }
    }

    private mutating func append(_ said: SeccompRule) {
        guard !said.conditions.isEmpty else { return rules.append(said) }
        var rule = said
        rule.conditions.sort { $0.argument < $1.argument }
        if !architecture.is64Bit { rule.conditions = rule.conditions.map(\.lowHalf) }
        rules.append(rule)
    }
}

/// An answer for a system call, for all values of its arguments or for some.
package struct SeccompRule: Sendable {
    /// The system call.
    package var number: UInt32
    /// What is done.
    package var answer: SeccompAnswer
    /// All must hold; in the order of the arguments, one for each at most.
    package var conditions: [SeccompCondition]
    /// Which rule of the config it comes from.
    package var origin: Int
}

/// A condition on one argument of a system call.
package struct SeccompCondition: Hashable, Sendable {
    /// How the argument is compared with the value, without sign.
    package enum Comparison: Hashable, CaseIterable, Sendable {
        case notEqual, less, lessOrEqual, equal, greaterOrEqual, greater, maskedEqual
    }

    /// Which argument, from 0 to 5.
    package let argument: UInt8
    /// How.
    package let comparison: Comparison
    /// What with.
    package let value: UInt64
    /// The bits of the argument that are looked at: all, but for `maskedEqual`.
    package let mask: UInt64

    /// A condition; bits of the value outside of the mask are left out, as libseccomp does.
    package init(_ argument: UInt8, _ comparison: Comparison, _ value: UInt64, mask: UInt64 = .max) {
        self.argument = argument
        self.comparison = comparison
        self.value = value & mask
        self.mask = mask
    }

    /// The condition on an architecture with 32-bit arguments.
    var lowHalf: SeccompCondition {
        SeccompCondition(argument, comparison, value & 0xffff_ffff, mask: mask & 0xffff_ffff)
    }
}
