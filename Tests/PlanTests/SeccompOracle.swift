// SPDX-License-Identifier: Apache-2.0

import CSeccomp
import Foundation
import HullBytes
import HullLinux
import HullPlan
import Oracles

/// A profile in the words of a config, to be made into a program by two ways.
struct SeccompProfile {
    struct Rule {
        var name: Bytes
        var answer: SeccompAnswer
        var conditions: [SeccompCondition] = []
    }

    var defaultAnswer: SeccompAnswer
    var architectures: [Architecture]
    var rules: [Rule] = []

    /// Our policy, without the rules whose index is in `leaving`.
    func policy(leaving refused: Set<Int> = []) -> SeccompPolicy {
        var policy = SeccompPolicy(defaultAnswer: defaultAnswer, architectures: architectures)
        for (index, rule) in rules.enumerated() where rule.answer != defaultAnswer && !refused.contains(index) {
            policy.add(SyscallName(rule.name), rule.answer, rule.conditions, origin: index)
        }
        return policy
    }
}

/// What libseccomp makes of a profile.
struct SeccompOracle {
    var program: [BPFInstruction]
    /// The rules that it refused because they contradict an earlier one.
    var refused: Set<Int> = []

    /// Feeds libseccomp as runc and crun do: the native number of each name, rules equal to the default left out.
    init(_ profile: SeccompProfile) throws {
        guard let context = seccomp_init(profile.defaultAnswer.value) else { throw OracleError.refused("seccomp_init") }
        defer { seccomp_release(context) }
        if !profile.architectures.contains(.native) { seccomp_arch_remove(context, Architecture.native.token) }
        for architecture in profile.architectures where architecture != .native {
            guard seccomp_arch_add(context, architecture.token) == 0 else {
                throw OracleError.refused("seccomp_arch_add \(architecture.name.text)")
            }
        }
        for (index, rule) in profile.rules.enumerated() where rule.answer != profile.defaultAnswer {
            let number = seccomp_syscall_resolve_name(rule.name.text)
            guard number != -1 else { continue }
            let arguments = rule.conditions.map(\.forLibseccomp)
            let result = seccomp_rule_add_array(
                context, rule.answer.value, number, UInt32(arguments.count), arguments)
            if result == -EEXIST { refused.insert(index) } else if result != 0 { throw OracleError.refused("\(rule)") }
        }
        program = try Self.export(
            context, littleEndian: profile.architectures[0].isLittleEndian,
            answers: Set([profile.defaultAnswer.value] + profile.rules.map(\.answer.value)))
    }

    enum OracleError: Error { case refused(String) }

    private static func export(
        _ context: scmp_filter_ctx, littleEndian: Bool, answers: Set<UInt32>
    ) throws -> [BPFInstruction] {
        guard let file = tmpfile() else { throw OracleError.refused("tmpfile") }
        defer { fclose(file) }
        guard seccomp_export_bpf(context, fileno(file)) == 0 else { throw OracleError.refused("seccomp_export_bpf") }
        rewind(file)
        let data = try FileHandle(fileDescriptor: fileno(file)).readToEnd() ?? Data()
        return stride(from: 0, to: data.count, by: 8).map { start in
            let bytes = [UInt8](data[start..<start + 8])
            func number(_ part: ArraySlice<UInt8>) -> UInt32 {
                (littleEndian ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | UInt32($1) }
            }
            let code = UInt16(number(bytes[0..<2]))
            let k = number(bytes[4..<8])
            // libseccomp 2.5 forgets the target's byte order for some answers; natively that makes no difference.
            let swapped = code == 0x06 && !answers.contains(k)
            return BPFInstruction(code: code, jt: bytes[2], jf: bytes[3], k: swapped ? k.byteSwapped : k)
        }
    }
}

extension SeccompCondition {
    fileprivate var forLibseccomp: scmp_arg_cmp {
        let operation: scmp_compare
        switch comparison {
        case .notEqual: operation = SCMP_CMP_NE
        case .less: operation = SCMP_CMP_LT
        case .lessOrEqual: operation = SCMP_CMP_LE
        case .equal: operation = SCMP_CMP_EQ
        case .greaterOrEqual: operation = SCMP_CMP_GE
        case .greater: operation = SCMP_CMP_GT
        case .maskedEqual:
            return scmp_arg_cmp(arg: UInt32(argument), op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
        }
        return scmp_arg_cmp(arg: UInt32(argument), op: operation, datum_a: value, datum_b: 0)
    }
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
