// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullPlan
import Oracles
import Testing

@Suite struct SeccompCompilerTests {
    private func policy(
        _ defaultAnswer: SeccompAnswer = .errno(1), _ architectures: [Architecture] = [.x86_64],
        _ rules: [(Bytes, SeccompAnswer, [SeccompCondition])]
    ) -> SeccompPolicy {
        var policy = SeccompPolicy(defaultAnswer: defaultAnswer, architectures: architectures)
        for (index, rule) in rules.enumerated() {
            policy.add(SyscallName(rule.0), rule.1, rule.2, origin: index)
        }
        return policy
    }

    private func answer(
        _ program: [BPFInstruction], _ number: UInt32, _ arguments: [UInt64] = [], on audit: UInt32 = 0xc000_003e
    ) -> SeccompAnswer {
        var call = FilteredCall(audit: audit, number: number)
        for (index, argument) in arguments.enumerated() { call.arguments[index] = argument }
        return run(program, call.words(littleEndian: true))
    }

    // Goal: a filter without rules asks for nothing but the architecture. Method: the whole program.
    @Test func empty() {
        let program = policy(.allow, [.aarch64], []).compile().instructions
        #expect(
            program == [
                BPFInstruction(code: 0x20, k: 4), BPFInstruction(code: 0x15, jt: 1, jf: 0, k: 0xc000_00b7),
                BPFInstruction(code: 0x06, k: 0), BPFInstruction(code: 0x06, k: 0x7fff_0000),
            ])
    }

    // SC-37: Goal: podman's profile stays small (libseccomp: 1144 instructions) and every call is decided after few of
    // them. Method: count the instructions of the program, and those run for each number.
    @Test func podmanIsSmall() throws {
        let program = try SeccompProfile(podmanProfile()).policy().compile().instructions
        #expect(program.count <= 260)
        #expect(filterProblem(program) == nil)
    }

    // SC-32: Goal: numbers of x32 do not pass for x86_64's, nor the other way, and -1 (a call that a tracer skips)
    // never kills. Method: the same rule with x86_64 alone, with both, and with x32 alone.
    @Test func x32() {
        let rules: [(Bytes, SeccompAnswer, [SeccompCondition])] = [("read", .allow, [])]
        let cases: [([Architecture], [SeccompAnswer])] = [
            ([.x86_64], [.allow, .errno(1), .killThread, .killThread, .errno(1)]),
            ([.x86_64, .x32], [.allow, .errno(1), .allow, .errno(1), .errno(1)]),
            ([.x32], [.killThread, .killThread, .allow, .errno(1), .errno(1)]),
        ]
        for (architectures, expected) in cases {
            let program = policy(.errno(1), architectures, rules).compile().instructions
            let got = [0, 1, 0x4000_0000, 0x4000_0001, 0xffff_ffff].map { answer(program, $0) }
            #expect(got == expected, "\(architectures.map(\.name.text))")
            #expect(answer(program, 0, on: 0x4000_0003) == .killThread)
        }
    }

    // SC-08 SC-29: Goal: rules for one call mean what the manual says, also where libseccomp 2.5 does not
    // (Specs/Seccomp.md lists such profiles). Method: seeded random rules with the same action, and a literal reading
    // of them.
    @Test(arguments: 0..<40)
    func union(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values: [UInt64] = [
            0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, 1 << 32 + 1, 1 << 33 + 1, .max,
        ]
        let rules = (0..<5).map { _ in
            let arguments = ([0, 1, 2] as [UInt8]).shuffled(using: &random).prefix(
                Int.random(in: 1...3, using: &random))
            return arguments.map { argument in
                let comparison = SeccompCondition.Comparison.allCases.randomElement(using: &random) ?? .equal
                let mask = comparison == .maskedEqual ? values.randomElement(using: &random) ?? 0 : .max
                return SeccompCondition(argument, comparison, values.randomElement(using: &random) ?? 0, mask: mask)
            }
        }
        let program = policy(.errno(1), [.x86_64], rules.map { ("read", .allow, $0) }).compile().instructions
        try #require(filterProblem(program) == nil)
        for _ in 0..<400 {
            let arguments = (0..<3).map { _ in
                (values.randomElement(using: &random) ?? 0)
                    &+ UInt64(truncatingIfNeeded: Int.random(in: -1...1, using: &random))
            }
            let holds = rules.contains { $0.allSatisfy { $0.holds(arguments + [0, 0, 0]) } }
            #expect(answer(program, 0, arguments) == (holds ? .allow : .errno(1)), "\(rules) \(arguments)")
        }
    }

    // SC-29: Goal: where libseccomp 2.5.4 errs, we do not. Method: the smallest profiles found on which it allows what
    // no rule allows, or denies what a rule allows, with a call that shows it.
    @Test func libseccompErrs() throws {
        let cases: [([SeccompCondition], UInt64, Bool)] = [
            ([.init(0, .greaterOrEqual, 0x2_0000_0001), .init(0, .less, 0x8000_0000)], 0x8000_0000, false),
            ([.init(0, .less, 1), .init(0, .less, 0x1_0000_0000)], 0xffff_ffff, true),
        ]
        for (conditions, argument, allowed) in cases {
            let profile = SeccompProfile(
                defaultAnswer: .errno(1), architectures: [.x86_64],
                rules: conditions.map { .init(name: "read", answer: .allow, conditions: [$0]) })
            let expected: SeccompAnswer = allowed ? .allow : .errno(1)
            #expect(answer(profile.policy().compile().instructions, 0, [argument]) == expected)
            #expect(answer(try SeccompOracle(profile).program, 0, [argument]) != expected, "libseccomp got better")
        }
    }

    // SC-33: Goal: calls of socketcall(2) and ipc(2) that have no number of their own on i386 are filtered too;
    // libseccomp 2.5.4 passes them over without a word. Method: deny each, ask for each, compare with libseccomp.
    @Test func multiplexed() throws {
        let calls: [(Bytes, UInt32, UInt64)] = [
            ("accept", 102, 5), ("send", 102, 9), ("recv", 102, 10), ("semop", 117, 1), ("semtimedop", 117, 4),
        ]
        for (name, number, call) in calls {
            let profile = SeccompProfile(
                defaultAnswer: .allow, architectures: [.x86_64, .x86], rules: [.init(name: name, answer: .errno(1))])
            let program = profile.policy().compile().instructions
            #expect(answer(program, number, [call], on: 0x4000_0003) == .errno(1), "\(name.text)")
            #expect(answer(program, number, [call + 1], on: 0x4000_0003) == .allow, "\(name.text)")
            let theirs = try SeccompOracle(profile).program
            #expect(answer(theirs, number, [call], on: 0x4000_0003) == .allow, "libseccomp got better: \(name.text)")
        }
    }

    // SC-30: Goal: rules with different actions for the same call: the first without conditions wins, a later one too;
    // otherwise a higher argument goes before a lower one, equality before order, fewer conditions before more. Method:
    // a table, read(2) with the arguments 1, 1.
    @Test func precedence() {
        let first = SeccompCondition(0, .equal, 1)
        let second = SeccompCondition(1, .equal, 1)
        let least = SeccompCondition(0, .greaterOrEqual, 0)
        let table: [([(Bytes, SeccompAnswer, [SeccompCondition])], SeccompAnswer)] = [
            ([("read", .allow, []), ("read", .log, [])], .allow),
            ([("read", .log, [first]), ("read", .allow, [])], .allow),
            ([("read", .allow, []), ("read", .log, [first])], .allow),
            ([("read", .allow, [first]), ("read", .log, [second])], .log),
            ([("read", .log, [second]), ("read", .allow, [first])], .log),
            ([("read", .log, [least]), ("read", .allow, [first])], .allow),
            ([("read", .allow, [first]), ("read", .log, [first, second])], .allow),
        ]
        for (index, (rules, expected)) in table.enumerated() {
            let program = policy(.errno(1), [.x86_64], rules).compile()
            #expect(answer(program.instructions, 0, [1, 1]) == expected, "row \(index)")
            #expect(program.contradictions.isEmpty)
        }
    }

    // SC-31: Goal: two rules that libseccomp refuses together are named. Method: the same conditions with two actions,
    // and an exception stated before its rule.
    @Test func contradictions() {
        let first = SeccompCondition(0, .equal, 1)
        let second = SeccompCondition(1, .equal, 1)
        for rules in [[[first], [first]], [[first, second], [first]]] {
            let program = policy(.errno(1), [.x86_64], [("read", .allow, rules[0]), ("read", .log, rules[1])]).compile()
            #expect(program.contradictions.map { [$0.earlier, $0.later] } == [[0, 1]])
            let same = policy(.errno(1), [.x86_64], [("read", .allow, rules[0]), ("read", .allow, rules[1])]).compile()
            #expect(same.contradictions.isEmpty)
        }
    }

    // SC-35: Goal: distances over 255 instructions are jumped, with equal meaning. Method: more chains of conditions
    // than fit, each with its own value, and every value asked for.
    @Test func longJumps() throws {
        var rules: [(Bytes, SeccompAnswer, [SeccompCondition])] = []
        var numbers: [UInt32] = []
        for number in 0..<300 as Range<UInt32> {
            guard let name = Architecture.x86_64.syscallName(number) else { continue }
            numbers.append(number)
            rules.append((name, .errno(UInt16(number + 2)), [.init(0, .equal, UInt64(number) << 32 | 7)]))
            rules.append((name, .trace(UInt16(number + 2)), [.init(1, .less, UInt64(number) << 33 + 5)]))
        }
        let program = policy(.errno(1), [.x86_64], rules).compile().instructions
        try #require(filterProblem(program) == nil)
        #expect(program.count > 2000)
        for number in numbers {
            let high = UInt64(number)
            #expect(answer(program, number, [high << 32 | 7, .max]) == .errno(UInt16(number + 2)))
            #expect(answer(program, number, [high << 32 | 8, .max]) == .errno(1))
            #expect(answer(program, number, [0, high << 33 + 4]) == .trace(UInt16(number + 2)))
        }
    }

    // SC-37: Goal: the chain for one argument asks for its high half once. Method: podman's rules for personality(2),
    // counted: three for the architecture, three for x32, one for the number, then two words with one and five
    // questions.
    @Test func chainIsShort() {
        let values: [UInt64] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff]
        let program = policy(.errno(1), [.x86_64], values.map { ("personality", .allow, [.init(0, .equal, $0)]) })
            .compile()
        #expect(program.instructions.filter { $0.code == 0x20 }.count == 4)
        for value in values {
            #expect(answer(program.instructions, 135, [value]) == .allow)
            #expect(answer(program.instructions, 135, [value | 1 << 32]) == .errno(1))
        }
    }

    // SC-35: Goal: nobody has to trust the interpreter alone: a program that is wrong is seen. Method: broken programs.
    @Test func interpreterChecks() {
        let end = BPFInstruction(code: 0x06, k: 0)
        #expect(filterProblem([]) != nil)
        #expect(filterProblem([end]) == nil)
        #expect(filterProblem([BPFInstruction(code: 0x20, k: 0)]) != nil)
        #expect(filterProblem([BPFInstruction(code: 0x20, k: 2), end]) != nil)
        #expect(filterProblem([BPFInstruction(code: 0x20, k: 64), end]) != nil)
        #expect(filterProblem([BPFInstruction(code: 0x15, jt: 1, jf: 0, k: 0), end]) != nil)
        #expect(filterProblem([BPFInstruction(code: 0x05, k: 1), end]) != nil)
        #expect(filterProblem([BPFInstruction(code: 0x30, k: 0), end]) != nil)
        #expect(filterProblem(Array(repeating: end, count: 4097)) != nil)
    }
}
