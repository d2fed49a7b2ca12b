// SPDX-License-Identifier: Apache-2.0

package import HullLinux

/// A compiled filter.
package struct SeccompProgram: Sendable {
    /// What the kernel loads; it takes 4096 instructions at most, which the caller must check.
    package var instructions: [BPFInstruction]
    /// Pairs of rules, by origin, that give different answers to the same calls so that neither is the exception of the
    /// other. libseccomp refuses the second one, and runc and crun stop there.
    package var contradictions: [(earlier: Int, later: Int)]
}

extension SeccompPolicy {
    /// The program that answers as this policy says.
    ///
    /// Why not libseccomp: it asks for one number after the other, which takes a hundred times as long to build and
    /// twice the instructions. Here neighbouring numbers with the same answer are one range, found by bisection.
    package func compile() -> SeccompProgram {
        var compiler = SeccompCompiler(self)
        let start = compiler.architectures()
        return SeccompProgram(
            instructions: SeccompAssembler(compiler.decisions).assemble(from: start),
            contradictions: compiler.contradictions)
    }
}

/// Turns a policy into a graph of decisions.
struct SeccompCompiler {
    /// Numbers from `first` up to the next range.
    private struct Range {
        var first: UInt32
        var node: Int
    }

    private let policy: SeccompPolicy
    private(set) var decisions = SeccompDecisions()
    private(set) var contradictions: [(earlier: Int, later: Int)] = []
    private let defaultNode: Int
    private let foreignNode: Int
    private let newerNode: Int?

    /// `__X32_SYSCALL_BIT`: x32 and x86_64 are one architecture to the kernel, and x32's numbers have this bit.
    private static let x32Bit: UInt32 = 0x4000_0000
    private static let number = SeccompTest.Word(offset: 0)
    private static let architecture = SeccompTest.Word(offset: 4)

    init(_ policy: SeccompPolicy) {
        self.policy = policy
        defaultNode = decisions.answer(policy.defaultAnswer)
        foreignNode = decisions.answer(policy.foreignAnswer)
        if let answer = policy.newerAnswer { newerNode = decisions.answer(answer) } else { newerNode = nil }
    }

    /// Asks for the architecture, then for the number.
    mutating func architectures() -> Int {
        var start = foreignNode
        for (index, section) in policy.sections.enumerated().reversed() {
            let audit = section.architecture.audit
            // x32 and x86_64 are asked about once.
            if policy.sections[..<index].contains(where: { $0.architecture.audit == audit }) { continue }
            let inside = search(audit == Architecture.x86_64.audit ? intel64() : ranges(section, 0, .max))
            let test = SeccompTest(word: Self.architecture, code: BPFInstruction.Code.equal, constant: audit)
            start = decisions.test(test, yes: inside, no: start)
        }
        return start
    }

    /// x86_64 and x32 side by side. Whichever is not listed is foreign, but for the number -1, which a tracer sets to
    /// skip a call (ptrace(2)) and which must not kill then.
    private mutating func intel64() -> [Range] {
        let wide = policy.sections.first { $0.architecture == .x86_64 }
        let narrow = policy.sections.first { $0.architecture == .x32 }
        var all: [Range] = []
        append(wide.map { ranges($0, 0, Self.x32Bit - 1) } ?? [Range(first: 0, node: foreignNode)], to: &all)
        append(narrow.map { ranges($0, Self.x32Bit, .max) } ?? [Range(first: Self.x32Bit, node: foreignNode)], to: &all)
        if narrow == nil, wide != nil { append([Range(first: .max, node: defaultNode)], to: &all) }
        return all
    }

    private func append(_ more: [Range], to ranges: inout [Range]) {
        for range in more where ranges.last?.node != range.node { ranges.append(range) }
    }

    /// The numbers from `low` to `high` as ranges that lead to the same node.
    private mutating func ranges(_ section: SeccompSection, _ low: UInt32, _ high: UInt32) -> [Range] {
        let rules = section.rules
        let order = byNumber(rules)
        var result: [Range] = []
        result.reserveCapacity(256)
        result.append(Range(first: low, node: defaultNode))
        var next = UInt64(low)
        var index = 0
        while index < order.count {
            let number = UInt64(rules[order[index]].number)
            var end = index + 1
            while end < order.count, rules[order[end]].number == number { end += 1 }
            let same = order[index..<end]
            index = end
            guard number >= low, number <= high else { continue }
            let node = answers(rules, same, section.architecture)
            if number > next { append([Range(first: UInt32(next), node: defaultNode)], to: &result) }
            if number == low { result[0].node = node }
            append([Range(first: UInt32(number), node: node)], to: &result)
            next = number + 1
        }
        appendUnnamed(section, next, high, to: &result)
        return result
    }

    /// The numbers after the last rule: those below the highest that the policy names have the default action, those
    /// above it were not known to who wrote the policy. The number -1 is no call: see `intel64`.
    private func appendUnnamed(_ section: SeccompSection, _ next: UInt64, _ high: UInt32, to ranges: inout [Range]) {
        guard let newerNode, let highest = section.highest, highest < high else {
            if next <= high { append([Range(first: UInt32(next), node: defaultNode)], to: &ranges) }
            return
        }
        if next <= highest { append([Range(first: UInt32(next), node: defaultNode)], to: &ranges) }
        append([Range(first: highest + 1, node: newerNode)], to: &ranges)
        if high == .max, highest + 1 < .max { append([Range(first: .max, node: defaultNode)], to: &ranges) }
    }
}

/// The places of the rules in the order of their numbers, and of the config for the same number. By digits: the
/// library's sort makes types at run time, which takes longer than the sorting.
private func byNumber(_ rules: [SeccompRule]) -> [Int] {
    var order = Array(rules.indices)
    var sorted = order
    for shift in [0, 8, 16, 24] as [UInt32] {
        var starts = [Int](repeating: 0, count: 257)
        for rule in rules { starts[Int(rule.number >> shift & 0xff) + 1] += 1 }
        if starts.contains(rules.count) { continue }
        for digit in 1...256 { starts[digit] += starts[digit - 1] }
        for index in order {
            let digit = Int(rules[index].number >> shift & 0xff)
            sorted[starts[digit]] = index
            starts[digit] += 1
        }
        swap(&order, &sorted)
    }
    return order
}

// MARK: - Rules of one system call

extension SeccompCompiler {
    /// The first rule without conditions answers for the call, whatever else is said about it. Without such a rule, the
    /// first in `precedes` order whose conditions hold does. Both as libseccomp has it.
    private mutating func answers(_ rules: [SeccompRule], _ order: ArraySlice<Int>, _ architecture: Architecture)
        -> Int
    {
        var conditional: [SeccompRule] = []
        for index in order {
            if rules[index].conditions.isEmpty { return decisions.answer(rules[index].answer) }
            noteContradiction(conditional, rules[index])
            conditional.append(rules[index])
        }
        var node = defaultNode
        // Sorting is stable: what this order leaves open is decided by the config's.
        if conditional.count > 1 { conditional.sort(by: Self.precedes) }
        for rule in conditional.reversed() {
            var inner = decisions.answer(rule.answer)
            for condition in rule.conditions.reversed() {
                inner = decisions.condition(condition, on: architecture, yes: inner, no: node)
            }
            node = inner
        }
        return node
    }

    private mutating func noteContradiction(_ earlier: [SeccompRule], _ rule: SeccompRule) {
        let clash = earlier.first {
            $0.answer != rule.answer && $0.conditions.starts(with: rule.conditions)
        }
        if let clash { contradictions.append((clash.origin, rule.origin)) }
    }

    /// libseccomp's order, found by experiment: of two rules, the one whose first condition is on a higher argument
    /// comes first; on the same argument, equality comes before order; then the next conditions decide, and the
    /// config.
    private static func precedes(_ a: SeccompRule, _ b: SeccompRule) -> Bool {
        for (x, y) in zip(a.conditions, b.conditions) {
            if x.argument != y.argument { return x.argument > y.argument }
            if x.comparison.isOrder != y.comparison.isOrder { return y.comparison.isOrder }
        }
        return a.conditions.count < b.conditions.count
    }
}

extension SeccompCondition.Comparison {
    fileprivate var isOrder: Bool {
        switch self {
        case .less, .lessOrEqual, .greaterOrEqual, .greater: true
        case .equal, .notEqual, .maskedEqual: false
        }
    }
}

// MARK: - Search

extension SeccompCompiler {
    /// Bisects groups of ranges; a group is one range with at most three single numbers in it that are different.
    private mutating func search(_ ranges: [Range]) -> Int {
        var groups: [Range] = []
        var start = 0
        while start < ranges.count {
            let (main, end) = longestGroup(ranges, start)
            var node = main
            for range in ranges[start..<end].reversed() where range.node != main {
                node = decisions.test(numberTest(BPFInstruction.Code.equal, range.first), yes: range.node, no: node)
            }
            groups.append(Range(first: ranges[start].first, node: node))
            start = end
        }
        return bisect(groups, 0, groups.count)
    }

    /// The longest group that starts there: where its range leads, and its end.
    private func longestGroup(_ ranges: [Range], _ start: Int) -> (main: Int, end: Int) {
        var best = (main: ranges[start].node, end: start + 1)
        for candidate in start..<min(start + 3, ranges.count) {
            var end = start
            var exceptions = 0
            while end < ranges.count {
                if ranges[end].node != ranges[candidate].node {
                    exceptions += 1
                    guard exceptions <= 3, isSingle(ranges, end) else { break }
                }
                end += 1
            }
            if end > max(candidate, best.end) { best = (ranges[candidate].node, end) }
        }
        return best
    }

    private func isSingle(_ ranges: [Range], _ index: Int) -> Bool {
        index + 1 < ranges.count ? ranges[index + 1].first - ranges[index].first == 1 : ranges[index].first == .max
    }

    private mutating func bisect(_ groups: [Range], _ start: Int, _ end: Int) -> Int {
        guard end - start > 1 else { return groups[start].node }
        let middle = (start + end) / 2
        let high = bisect(groups, middle, end)
        let low = bisect(groups, start, middle)
        return decisions.test(numberTest(BPFInstruction.Code.atLeast, groups[middle].first), yes: high, no: low)
    }

    private func numberTest(_ code: UInt16, _ constant: UInt32) -> SeccompTest {
        SeccompTest(word: Self.number, code: code, constant: constant)
    }
}
