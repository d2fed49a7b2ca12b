// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullPlan

extension SeccompCondition {
    /// Whether the condition holds, as the manual page says it.
    package func holds(_ arguments: [UInt64]) -> Bool {
        let said = arguments[Int(argument)]
        switch comparison {
        case .notEqual: return said != value
        case .less: return said < value
        case .lessOrEqual: return said <= value
        case .equal: return said == value
        case .greaterOrEqual: return said >= value
        case .greater: return said > value
        case .maskedEqual: return said & mask == value
        }
    }

    /// The condition where arguments have 32 bits.
    fileprivate var ofLowHalf: SeccompCondition {
        SeccompCondition(argument, comparison, value & 0xffff_ffff, mask: mask & 0xffff_ffff)
    }

    fileprivate var isOrder: Bool {
        switch comparison {
        case .less, .lessOrEqual, .greaterOrEqual, .greater: true
        case .equal, .notEqual, .maskedEqual: false
        }
    }
}

/// A filter in the words of a config, read rule by rule: Specs/Seccomp.md, SC-30. For calls of a number of their own.
package struct SeccompReading {
    package struct Rule {
        package var name: Bytes
        package var answer: SeccompAnswer
        package var conditions: [SeccompCondition]

        package init(name: Bytes, answer: SeccompAnswer, conditions: [SeccompCondition]) {
            self.name = name
            self.answer = answer
            self.conditions = conditions
        }
    }

    package var defaultAnswer: SeccompAnswer
    package var newerAnswer: SeccompAnswer?
    package var architectures: [Architecture]
    package var rules: [Rule] = []

    package init(defaultAnswer: SeccompAnswer, newerAnswer: SeccompAnswer?, architectures: [Architecture]) {
        self.defaultAnswer = defaultAnswer
        self.newerAnswer = newerAnswer
        self.architectures = architectures
    }

    /// The same for the compiler.
    package var policy: SeccompPolicy {
        var policy = SeccompPolicy(defaultAnswer: defaultAnswer, architectures: architectures)
        policy.newerAnswer = newerAnswer
        for (index, rule) in rules.enumerated() {
            policy.add(SyscallName(rule.name), rule.answer, rule.conditions, origin: index)
        }
        return policy
    }

    package func answer(to call: FilteredCall) -> SeccompAnswer {
        guard let architecture = architecture(of: call) else {
            // What a tracer sets to skip a call must not kill.
            let isSkipped = call.number == .max && architectures.contains { $0.audit == call.audit }
            return isSkipped ? defaultAnswer : .killThread
        }
        let numbered = rules.map { (rule: $0, number: number(of: $0.name, on: architecture)) }
        let said = numbered.filter { $0.number == call.number }.map(\.rule)
        if said.isEmpty, let newerAnswer, call.number != .max, let highest = numbered.compactMap(\.number).max(),
            call.number > highest
        {
            return newerAnswer
        }
        if let plain = said.first(where: \.conditions.isEmpty) { return plain.answer }
        return first(said, on: architecture, call)?.answer ?? defaultAnswer
    }

    /// x32 has the audit number of x86_64, and a bit in each number.
    private func architecture(of call: FilteredCall) -> Architecture? {
        architectures.first { $0.audit == call.audit && ($0 == .x32) == (isIntel(call) && call.number >> 30 != 0) }
    }

    private func isIntel(_ call: FilteredCall) -> Bool { call.audit == Architecture.x86_64.audit }

    private func number(of name: Bytes, on architecture: Architecture) -> UInt32? {
        if case .number(let number) = SyscallName(name).entry(on: architecture) { return number }
        return nil
    }

    /// The rule before which no other one that matches comes.
    private func first(_ rules: [Rule], on architecture: Architecture, _ call: FilteredCall) -> Rule? {
        let narrow = !architecture.is64Bit
        let arguments = call.arguments.map { narrow ? $0 & 0xffff_ffff : $0 }
        var best: Rule?
        for var rule in rules {
            rule.conditions = rule.conditions.map { narrow ? $0.ofLowHalf : $0 }.sorted { $0.argument < $1.argument }
            guard rule.conditions.allSatisfy({ $0.holds(arguments) }) else { continue }
            if best.map({ comesBefore(rule, $0) }) ?? true { best = rule }
        }
        return best
    }

    private func comesBefore(_ a: Rule, _ b: Rule) -> Bool {
        for (x, y) in zip(a.conditions, b.conditions) {
            if x.argument != y.argument { return x.argument > y.argument }
            if x.isOrder != y.isOrder { return y.isOrder }
        }
        return a.conditions.count < b.conditions.count
    }
}
