// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullPlan
import Oracles

/// Filters of system calls: the kernel would take the program, and it answers as the rules read.
enum SeccompTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        let reading = reading(&draw)
        let program = reading.policy.compile().instructions
        if let problem = filterProblem(program) { return "\(problem): \(reading)" }
        for _ in 0..<24 {
            let call = call(&draw, reading)
            let (expected, got) = (reading.answer(to: call), run(program, call.words(littleEndian: true)))
            if expected != got { return "\(call): \(got) instead of \(expected): \(reading)" }
        }
        return nil
    }

    private static let answers: [SeccompAnswer] = [
        .allow, .log, .errno(1), .errno(38), .killThread, .killProcess, .trap, .trace(5), .notify,
    ]
    private static let values: [UInt64] = [
        0, 1, 2, 0x10, 0x7e02_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001,
        0xffff_ffff_0000_0000, 0x7fff_ffff_ffff_ffff, .max,
    ]
    /// With a number of their own on each of the architectures, and one that none has.
    private static let names: [Bytes] = [
        "read", "write", "close", "ioctl", "clone", "clone3", "personality", "prctl", "futex", "mount", "ptrace",
        "execve", "openat2", "bpf", "keyctl", "unshare", "setns", "kexec_load", "landlock_restrict_self", "nothing",
    ]

    private static func reading(_ draw: inout Draw) -> SeccompReading {
        let choice = draw.byte()
        let lists: [[Architecture]] = [
            [.x86_64], [.x86_64, .x86, .x32], [.x86_64, .x86], [.x32], [.x86], [.aarch64, .arm, .x32, .x86_64],
        ]
        var reading = SeccompReading(
            defaultAnswer: draw.pick(answers), newerAnswer: choice & 1 == 1 ? .errno(38) : nil,
            architectures: draw.pick(lists))
        let only = draw.pick(answers)
        for _ in 0..<draw.count(upTo: choice & 2 == 2 ? 60 : 6) {
            let answer = choice & 4 == 4 ? only : draw.pick(answers)
            // The reader leaves out what says nothing new.
            guard answer != reading.defaultAnswer else { continue }
            reading.rules.append(.init(name: draw.pick(names), answer: answer, conditions: conditions(&draw)))
        }
        return reading
    }

    /// One for each argument at most.
    private static func conditions(_ draw: inout Draw) -> [SeccompCondition] {
        var conditions: [SeccompCondition] = []
        for _ in 0..<draw.count(upTo: 3) {
            let argument = draw.byte() % 6
            guard !conditions.contains(where: { $0.argument == argument }) else { continue }
            let comparison = draw.pick(SeccompCondition.Comparison.allCases)
            let mask: UInt64 = comparison == .maskedEqual ? draw.near(values) : .max
            conditions.append(SeccompCondition(argument, comparison, draw.near(values), mask: mask))
        }
        return conditions
    }

    private static func call(_ draw: inout Draw, _ reading: SeccompReading) -> FilteredCall {
        let conditions = reading.rules.flatMap(\.conditions)
        let near = conditions.map(\.value) + conditions.map { ~$0.mask } + [0]
        let architecture = draw.pick(reading.architectures + [.ppc64le])
        let named = reading.rules.compactMap { rule -> UInt32? in
            guard case .number(let number) = SyscallName(rule.name).entry(on: architecture) else { return nil }
            return number
        }
        var call = FilteredCall(
            audit: architecture.audit, number: draw.near(named + [0, 0x3fff_ffff, 0x4000_0000, .max]))
        for index in 0..<6 { call.arguments[index] = draw.near(near) }
        return call
    }
}
