// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles
import Testing

@Suite struct SeccompDifferentialTests {
    // SC-09 SC-28: Goal: the profile that most containers get means the same as libseccomp makes of it. Method: every
    // number of every architecture, with arguments around all values of the profile, in both programs.
    @Test func podman() throws {
        let profile = try SeccompProfile(podmanProfile())
        #expect(profile.rules.count == 437)
        try compare(profile, samples: 8)
    }

    // SC-28: Goal: the same for the kind of profile that Docker has: EPERM by default, flags of clone looked at by
    // mask, one socket family denied, a list of architectures without x32. Method: podman's lists with these rules.
    @Test(arguments: [[Architecture.x86_64, .x86, .x32], [.x86_64, .x86], [.x86_64]])
    func docker(_ architectures: [Architecture]) throws {
        var profile = try SeccompProfile(podmanProfile())
        profile.defaultAnswer = .errno(1)
        profile.architectures = architectures
        profile.rules.removeAll { ["clone", "clone3", "socket"].contains($0.name) }
        profile.rules += [
            .init(name: "clone", answer: .allow, conditions: [.init(0, .maskedEqual, 0, mask: 0x7e02_0000)]),
            .init(name: "clone3", answer: .errno(38)),
            .init(name: "socket", answer: .allow, conditions: [.init(0, .notEqual, 40)]),
            .init(name: "ptrace", answer: .trace(7)),
            .init(name: "no_such_call", answer: .allow),
        ]
        try compare(profile, samples: 8)
    }

    // SC-28 SC-30: Goal: any profile means the same, also where rules for one call give different actions. Method:
    // seeded random profiles of the kinds for which libseccomp does what its manual says (Specs/Seccomp.md).
    @Test(arguments: 0..<24)
    func random(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try compare(randomProfile(&random, .native), samples: 4)
    }

    // SC-07 SC-28: Goal: other processors: their numbers, byte order, word size and multiplexed calls. Method: as
    // above, without the native architecture.
    @Test(arguments: [
        Architecture.aarch64, .arm, .mips, .mips64, .mips64n32, .mipsel, .mipsel64, .mipsel64n32, .ppc, .ppc64,
        .ppc64le,
        .s390, .s390x, .parisc, .parisc64, .riscv64,
    ])
    func foreign(_ architecture: Architecture) throws {
        for seed in 0..<2 as Range<UInt64> {
            var random = SeededGenerator(seed: seed + 1000)
            try compare(randomProfile(&random, architecture), samples: 2)
        }
    }

    // SC-38: Goal: the answer for newer calls changes nothing else. Method: random profiles with and without it, on
    // every number: the same up to the highest number named on the architecture, ENOSYS above it.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func newer(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed + 2000)
        let profile = randomProfile(&random, .native)
        let policy = profile.policy()
        var patched = policy
        patched.newerAnswer = .errno(38)
        let (plain, ours) = (policy.compile().instructions, patched.compile().instructions)
        try #require(filterProblem(ours) == nil)
        for section in patched.sections {
            let audit = section.architecture.audit
            let isX32 = section.architecture == .x32
            for number in numbers(audit) where (number & 0x4000_0000 != 0) == isX32 && number != .max {
                // x86_64 owns the numbers below x32's bit; all others are foreign or x32's.
                if !isX32, audit == Architecture.x86_64.audit, number >= 0x4000_0000 { continue }
                let words = FilteredCall(audit: audit, number: number, arguments: [1, 2, 3, 4, 5, 6]).words(
                    littleEndian: true)
                let isNewer = section.highest.map { number > $0 } ?? false
                let expected = isNewer ? SeccompAnswer.errno(38) : run(plain, words)
                #expect(run(ours, words) == expected, "\(section.architecture.name.text) \(number)")
            }
        }
    }
}

/// The profile of `podman run` 4.3.1 with its default capabilities, as it stands in the bundle's config.json.
func podmanProfile() throws -> Config.Linux.Seccomp {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures/seccomp-podman.json")
    return try JSONReader.read([UInt8](Data(contentsOf: file)), limits: JSONLimits())
}

extension SeccompProfile {
    /// The profile of a config that uses allow, errno, equal and not-equal only.
    init(_ said: Config.Linux.Seccomp) throws {
        defaultAnswer = .errno(UInt16(said.defaultErrnoRet ?? 1))
        architectures = try #require(said.architectures).compactMap { Architecture(name: $0) }
        for rule in said.syscalls ?? [] {
            let answer = rule.action == "SCMP_ACT_ALLOW" ? .allow : SeccompAnswer.errno(UInt16(rule.errnoRet ?? 1))
            let conditions = (rule.args ?? []).map {
                SeccompCondition(UInt8($0.index), $0.op == "SCMP_CMP_EQ" ? .equal : .notEqual, $0.value)
            }
            rules += rule.names.map { Rule(name: $0, answer: answer, conditions: conditions) }
        }
    }

    /// Values around those that conditions compare with.
    var interestingValues: [UInt64] {
        var values: Set<UInt64> = [0, 1, .max, 1 << 32, 0xffff_ffff]
        for condition in rules.flatMap(\.conditions) {
            let value = condition.value
            values.formUnion([value, value &+ 1, value &- 1, value ^ 1 << 32, value & 0xffff_ffff, ~condition.mask])
        }
        return values.sorted()
    }
}

/// Runs both programs on every number and asserts that they agree.
private func compare(_ profile: SeccompProfile, samples: Int) throws {
    let oracle = try SeccompOracle(profile)
    let ours = profile.policy(leaving: oracle.refused).compile()
    try #require(filterProblem(ours.instructions) == nil)
    let littleEndian = profile.architectures[0].isLittleEndian
    var random = SeededGenerator(seed: 7)
    let values = profile.interestingValues
    var wrong = 0
    for audit in Set(profile.architectures.map(\.audit)).sorted() + [0xc000_00b7, 1] {
        let listed = profile.architectures.contains { $0.audit == audit }
        for number in listed ? numbers(audit) : [0, 1, 0x4000_0000, .max] {
            for _ in 0..<samples {
                var call = FilteredCall(audit: audit, number: number)
                for index in 0..<6 { call.arguments[index] = values.randomElement(using: &random) ?? 0 }
                let words = call.words(littleEndian: littleEndian)
                let (expected, got) = (run(oracle.program, words), run(ours.instructions, words))
                if expected != got {
                    wrong += 1
                    if wrong < 4 { Issue.record("\(call): libseccomp \(expected), hull \(got)") }
                }
            }
        }
    }
    #expect(wrong == 0)
}

/// All numbers in use on an architecture, and those around the limits of the ranges.
private func numbers(_ audit: UInt32) -> [UInt32] {
    var numbers: [UInt32] = [0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 983_041, 983_045]
    numbers += 0...470
    numbers += 0x4000_0000...0x4000_0230
    if audit & 0xffff == 8 { for base in [4000, 5000, 6000] as [UInt32] { numbers += base...(base + 450) } }
    return numbers
}

// MARK: - Random profiles

private func randomProfile(_ random: inout SeededGenerator, _ first: Architecture) -> SeccompProfile {
    let answers: [SeccompAnswer] = [
        .allow, .log, .errno(1), .errno(38), .killThread, .killProcess, .trap, .trace(5), .notify,
    ]
    var architectures = [first]
    if first == .x86_64 { architectures += [.x86, .x32, .aarch64, .arm].filter { _ in Bool.random(using: &random) } }
    var profile = SeccompProfile(
        defaultAnswer: answers.dropLast().randomElement(using: &random) ?? .allow, architectures: architectures)
    let pool = names.shuffled(using: &random).prefix(Int.random(in: 1...250, using: &random))
    for name in pool {
        let answer = { (random: inout SeededGenerator) in answers.randomElement(using: &random) ?? .allow }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: profile.rules += orderRules(name, answer(&random), &random)
        case 1: for _ in 0..<3 { profile.rules.append(equalRule(name, answer(&random), &random)) }
        case 2:
            let same = answer(&random)
            for _ in 0..<3 { profile.rules.append(maskRule(name, same, &random)) }
        case 3:
            profile.rules.append(equalRule(name, answer(&random), &random))
            profile.rules.append(.init(name: name, answer: answer(&random)))
            profile.rules.append(equalRule(name, answer(&random), &random))
        default: profile.rules.append(.init(name: name, answer: answer(&random)))
        }
    }
    return profile
}

private let values: [UInt64] = [
    0, 1, 2, 3, 16, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001, 0x2_0000_0001,
    0xffff_ffff_0000_0000, 0x7fff_ffff_ffff_ffff, .max,
]

private func arguments(_ random: inout SeededGenerator) -> [UInt8] {
    Array([0, 1, 2, 5].shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
}

/// Conditions of all kinds in one rule.
private func orderRules(_ name: Bytes, _ answer: SeccompAnswer, _ random: inout SeededGenerator) -> [SeccompProfile
    .Rule]
{
    let conditions = arguments(&random).map { argument in
        SeccompCondition(
            argument, SeccompCondition.Comparison.allCases.randomElement(using: &random) ?? .equal,
            values.randomElement(using: &random) ?? 0,
            mask: Bool.random(using: &random) ? .max : values.randomElement(using: &random) ?? 0)
    }
    return [.init(name: name, answer: answer, conditions: conditions.map(\.withMaskOnlyWhereItCounts))]
}

private func equalRule(_ name: Bytes, _ answer: SeccompAnswer, _ random: inout SeededGenerator) -> SeccompProfile.Rule {
    .init(
        name: name, answer: answer,
        conditions: arguments(&random).map { .init($0, .equal, values.randomElement(using: &random) ?? 0) })
}

private func maskRule(_ name: Bytes, _ answer: SeccompAnswer, _ random: inout SeededGenerator) -> SeccompProfile.Rule {
    .init(
        name: name, answer: answer,
        conditions: arguments(&random).map {
            .init(
                $0, .maskedEqual, values.randomElement(using: &random) ?? 0,
                mask: values.randomElement(using: &random) ?? 0)
        })
}

extension SeccompCondition {
    fileprivate var withMaskOnlyWhereItCounts: SeccompCondition {
        comparison == .maskedEqual ? self : SeccompCondition(argument, comparison, value)
    }
}

/// Names of x86_64 and of i386 only; not those calls of socketcall(2) and ipc(2) without a number of their own, where
/// we know better (`SeccompCompilerTests.multiplexed`).
private let names: [Bytes] = {
    var names: [Bytes] = []
    for architecture in [Architecture.x86_64, .x86] {
        for number in 0...460 as ClosedRange<UInt32> {
            if let name = architecture.syscallName(number), !names.contains(name) { names.append(name) }
        }
    }
    let left: [Bytes] = ["accept", "send", "recv", "semop", "semtimedop"]
    return names.filter { !left.contains($0) }
}()
