// SPDX-License-Identifier: Apache-2.0

/// One instruction of an eBPF program: `struct bpf_insn` of linux/bpf.h, same layout.
package struct EBPFInstruction: Hashable, Sendable {
    /// What it does: class, operation and where the operand comes from.
    package var code: UInt8
    /// The destination register in one half, the source register in the other; which half is which follows the byte
    /// order.
    package var registers: UInt8
    /// The distance of a jump, or the offset of a load.
    package var offset: Int16
    /// The constant operand.
    package var immediate: Int32

    /// Takes the registers by number and the other fields as they are.
    package init(_ code: UInt8, destination: UInt8 = 0, source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0) {
        self.code = code
        self.offset = offset
        self.immediate = immediate
        // Two C bit fields: the first one declared is the low half on little-endian machines only.
        registers = Architecture.native.isLittleEndian ? source << 4 | destination : destination << 4 | source
    }

    /// The register that is written or compared.
    package var destination: UInt8 { Architecture.native.isLittleEndian ? registers & 15 : registers >> 4 }
    /// The register that is read.
    package var source: UInt8 { Architecture.native.isLittleEndian ? registers >> 4 : registers & 15 }

    /// The most instructions hull puts in one program: `BPF_MAXINSNS`, which every kernel takes.
    package static let limit = 4096
}

/// The instructions hull uses; linux/bpf.h and linux/bpf_common.h.
extension EBPFInstruction {
    /// Codes; "32" works on the low half of the registers and clears the high one.
    package enum Code {
        /// destination = 32 bits at source + offset
        package static let load32: UInt8 = 0x61
        /// destination = source
        package static let copy32: UInt8 = 0xbc
        /// destination = immediate
        package static let set32: UInt8 = 0xb4
        /// destination &= immediate
        package static let and32: UInt8 = 0x54
        /// destination >>= immediate
        package static let shiftRight32: UInt8 = 0x74
        /// destination == immediate?
        package static let equal32: UInt8 = 0x16
        /// destination != immediate?
        package static let unequal32: UInt8 = 0x56
        /// Has destination any bit of immediate?
        package static let anyBit32: UInt8 = 0x46
        /// Always.
        package static let jump: UInt8 = 0x05
        /// The program ends; register 0 is the answer.
        package static let exit: UInt8 = 0x95
    }
}
