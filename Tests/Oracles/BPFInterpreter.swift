// SPDX-License-Identifier: Apache-2.0

import HullLinux

/// A system call as a filter sees it: `struct seccomp_data`.
package struct FilteredCall: CustomStringConvertible {
    package var audit: UInt32
    package var number: UInt32
    package var arguments: [UInt64] = [0, 0, 0, 0, 0, 0]

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

    package var description: String {
        let hex = arguments.map { String($0, radix: 16) }.joined(separator: ",")
        return "arch \(String(audit, radix: 16)) nr \(number) (\(hex))"
    }
}

/// What the kernel says of a seccomp program before it runs (seccomp_check_filter, bpf_check_classic); nil if it
/// takes it.
package func filterProblem(_ program: [BPFInstruction]) -> String? {
    guard !program.isEmpty, program.count <= 4096 else { return "length \(program.count)" }
    for (index, instruction) in program.enumerated() {
        let left = program.count - index - 1
        switch instruction.code {
        case 0x20: if instruction.k % 4 != 0 || instruction.k >= 64 { return "\(index): load at \(instruction.k)" }
        case 0x05: if instruction.k >= left { return "\(index): jump by \(instruction.k)" }
        case 0x15, 0x25, 0x35, 0x45:
            if Int(max(instruction.jt, instruction.jf)) >= left {
                return "\(index): conditional jump out of the program"
            }
        case 0x54, 0x06: break
        default: return "\(index): code \(instruction.code)"
        }
    }
    return program.last?.code == 0x06 ? nil : "does not end with an answer"
}

/// Runs a classic BPF program that `filterProblem` found nothing wrong with.
package func run(_ program: [BPFInstruction], _ words: [UInt32]) -> SeccompAnswer {
    var accumulator: UInt32 = 0
    var next = 0
    while true {
        let instruction = program[next]
        next += 1
        let k = instruction.k
        let holds: Bool
        switch instruction.code {
        case 0x20:
            accumulator = words[Int(k / 4)]
            continue
        case 0x54:
            accumulator &= k
            continue
        case 0x05:
            next += Int(k)
            continue
        case 0x06: return SeccompAnswer(k)
        case 0x15: holds = accumulator == k
        case 0x25: holds = accumulator > k
        case 0x35: holds = accumulator >= k
        default: holds = accumulator & k != 0
        }
        next += Int(holds ? instruction.jt : instruction.jf)
    }
}
