// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

/// A program that an annotation gives, ready made, in place of `linux.seccomp`, as crun has it: `struct sock_filter`
/// after `struct sock_filter`, in base 64. The kernel checks the rest.
func resolveSeccompProgram(
    _ text: Bytes, _ native: Architecture, at pointer: JSONPointer, _ findings: inout Findings
) -> SeccompPlan? {
    guard let bytes = Bytes(base64: text.trimmed) else {
        findings.error(pointer, "is not in base 64 (RFC 4648)")
        return nil
    }
    let count = bytes.count / 8
    guard bytes.count % 8 == 0, (1...BPFInstruction.limit).contains(count) else {
        findings.error(
            pointer,
            "is \(bytes.count) bytes long: an instruction has 8, and the kernel takes 1 to "
                + "\(BPFInstruction.limit) instructions")
        return nil
    }
    let program = (0..<count).map { BPFInstruction(bytes.array[(8 * $0)..<(8 * $0 + 8)], native) }
    return SeccompPlan(program: program, flags: SeccompFlags.speculationAllowed.rawValue, listener: nil)
}

extension BPFInstruction {
    /// Eight bytes as the processor has them in memory.
    fileprivate init(_ bytes: ArraySlice<UInt8>, _ native: Architecture) {
        let first = bytes.startIndex
        func number(_ range: Range<Int>) -> UInt32 {
            let part = range.map { bytes[first + $0] }
            return (native.isLittleEndian ? part.reversed() : part).reduce(0) { $0 << 8 | UInt32($1) }
        }
        self.init(code: UInt16(number(0..<2)), jt: bytes[first + 2], jf: bytes[first + 3], k: number(4..<8))
    }
}
