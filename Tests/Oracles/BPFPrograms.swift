// SPDX-License-Identifier: Apache-2.0

import HullLinux

extension FilteredCall: CustomStringConvertible {
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
    BPFInstruction.answer(of: program, to: words)
}
