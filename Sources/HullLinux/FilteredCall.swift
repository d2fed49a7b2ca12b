// SPDX-License-Identifier: Apache-2.0

/// A system call as a filter sees it: `struct seccomp_data` of linux/seccomp.h.
package struct FilteredCall: Hashable, Sendable {
    /// The architecture by whose table the number counts: AUDIT_ARCH_* of linux/audit.h.
    package var audit: UInt32
    /// The number, which of x32 has bit 30.
    package var number: UInt32
    /// The six arguments as the registers have them, used or not.
    package var arguments: [UInt64] = [0, 0, 0, 0, 0, 0]

    /// A call.
    package init(audit: UInt32, number: UInt32, arguments: [UInt64] = [0, 0, 0, 0, 0, 0]) {
        self.audit = audit
        self.number = number
        self.arguments = arguments
    }

    /// The 32-bit words in the order of the structure; the instruction pointer is 0.
    package func words(littleEndian: Bool) -> [UInt32] {
        var words = [number, audit, 0, 0]
        for argument in arguments {
            let low = UInt32(truncatingIfNeeded: argument)
            let high = UInt32(truncatingIfNeeded: argument >> 32)
            words += littleEndian ? [low, high] : [high, low]
        }
        return words
    }
}

extension BPFInstruction {
    /// What a classic BPF program answers to these words, as the kernel would: for a program that the kernel takes. One
    /// that it would not take, by an unknown code or a way out of the program, is answered with the death of the
    /// process.
    package static func answer(of program: [BPFInstruction], to words: [UInt32]) -> SeccompAnswer {
        var accumulator: UInt32 = 0
        var next = 0
        while next < program.count {
            let instruction = program[next]
            next += 1
            let k = instruction.k
            let holds: Bool
            switch instruction.code {
            case Code.load:
                guard k % 4 == 0, Int(k / 4) < words.count else { return .killProcess }
                accumulator = words[Int(k / 4)]
                continue
            case Code.and:
                accumulator &= k
                continue
            case Code.jump:
                next += Int(k)
                continue
            case Code.answer: return SeccompAnswer(k)
            case Code.equal: holds = accumulator == k
            case Code.greater: holds = accumulator > k
            case Code.atLeast: holds = accumulator >= k
            case Code.anyBit: holds = accumulator & k != 0
            default: return .killProcess
            }
            next += Int(holds ? instruction.jt : instruction.jf)
        }
        return .killProcess
    }
}
