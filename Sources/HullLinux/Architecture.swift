// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A system call interface of the kernel: which numbers, which word size, which byte order.
package struct Architecture: Hashable, Sendable {
    /// libseccomp's number for it: the kernel's, but different for x32, which the kernel does not tell from x86_64.
    package let token: UInt32
    /// The name in the runtime specification.
    let text: StaticName

    /// The name in the runtime specification, "SCMP_ARCH_X86_64".
    package var name: Bytes { Bytes(stringLiteral: text.value) }

    /// What the kernel puts in `seccomp_data.arch`: `AUDIT_ARCH_*` of linux/audit.h.
    package var audit: UInt32 { self == .x32 ? Self.x86_64.token : token }
    /// Whether arguments have 64 bits. The 32-bit interfaces of 64-bit processors have 32: x32 and the MIPS N32 ones.
    package var is64Bit: Bool { token & Self.wide != 0 && token & Self.mipsN32 == 0 }
    /// Whether the low half of a 64-bit argument comes first.
    package var isLittleEndian: Bool { token & Self.littleEndian != 0 }

    private static let wide: UInt32 = 0x8000_0000
    private static let littleEndian: UInt32 = 0x4000_0000
    private static let mipsN32: UInt32 = 0x2000_0000

    /// ELF machine number (elf.h), word size and byte order make the number.
    private init(_ name: StaticString, _ machine: UInt32, _ bits: UInt32 = 0) {
        token = machine | bits
        text = StaticName(value: name)
    }

    /// Intel, 32 bits.
    package static let x86 = Architecture("SCMP_ARCH_X86", 3, littleEndian)
    /// Intel, 64 bits.
    package static let x86_64 = Architecture("SCMP_ARCH_X86_64", 62, wide | littleEndian)
    /// 64-bit Intel processors with 32-bit pointers.
    package static let x32 = Architecture("SCMP_ARCH_X32", 62, littleEndian)
    /// Arm, 32 bits, EABI.
    package static let arm = Architecture("SCMP_ARCH_ARM", 40, littleEndian)
    /// Arm, 64 bits.
    package static let aarch64 = Architecture("SCMP_ARCH_AARCH64", 183, wide | littleEndian)
    /// LoongArch, 64 bits.
    package static let loongarch64 = Architecture("SCMP_ARCH_LOONGARCH64", 258, wide | littleEndian)
    /// Motorola 68000.
    package static let m68k = Architecture("SCMP_ARCH_M68K", 4)
    /// MIPS, O32, big-endian.
    package static let mips = Architecture("SCMP_ARCH_MIPS", 8)
    /// MIPS, N64, big-endian.
    package static let mips64 = Architecture("SCMP_ARCH_MIPS64", 8, wide)
    /// MIPS, N32, big-endian.
    package static let mips64n32 = Architecture("SCMP_ARCH_MIPS64N32", 8, wide | mipsN32)
    /// MIPS, O32, little-endian.
    package static let mipsel = Architecture("SCMP_ARCH_MIPSEL", 8, littleEndian)
    /// MIPS, N64, little-endian.
    package static let mipsel64 = Architecture("SCMP_ARCH_MIPSEL64", 8, wide | littleEndian)
    /// MIPS, N32, little-endian.
    package static let mipsel64n32 = Architecture("SCMP_ARCH_MIPSEL64N32", 8, wide | littleEndian | mipsN32)
    /// PowerPC, 32 bits, big-endian.
    package static let ppc = Architecture("SCMP_ARCH_PPC", 20)
    /// PowerPC, 64 bits, big-endian.
    package static let ppc64 = Architecture("SCMP_ARCH_PPC64", 21, wide)
    /// PowerPC, 64 bits, little-endian.
    package static let ppc64le = Architecture("SCMP_ARCH_PPC64LE", 21, wide | littleEndian)
    /// IBM Z, 31 bits.
    package static let s390 = Architecture("SCMP_ARCH_S390", 22)
    /// IBM Z, 64 bits.
    package static let s390x = Architecture("SCMP_ARCH_S390X", 22, wide)
    /// SuperH, little-endian.
    package static let sh = Architecture("SCMP_ARCH_SH", 42, littleEndian)
    /// SuperH, big-endian.
    package static let sheb = Architecture("SCMP_ARCH_SHEB", 42)
    /// PA-RISC, 32 bits.
    package static let parisc = Architecture("SCMP_ARCH_PARISC", 15)
    /// PA-RISC, 64 bits.
    package static let parisc64 = Architecture("SCMP_ARCH_PARISC64", 15, wide)
    /// RISC-V, 64 bits.
    package static let riscv64 = Architecture("SCMP_ARCH_RISCV64", 243, wide | littleEndian)

    /// All that the runtime specification names.
    package static let all: [Architecture] = [
        x86, x86_64, x32, arm, aarch64, loongarch64, m68k, mips, mips64, mips64n32, mipsel, mipsel64, mipsel64n32, ppc,
        ppc64, ppc64le, s390, s390x, sh, sheb, parisc, parisc64, riscv64,
    ]

    /// The one with that name.
    package init?(name: Bytes) {
        guard let found = Self.all.first(where: { name.matches($0.text.value) }) else { return nil }
        self = found
    }

    package static func == (a: Architecture, b: Architecture) -> Bool { a.token == b.token }
    package func hash(into hasher: inout Hasher) { hasher.combine(token) }

    /// The one this program was built for.
    package static var native: Architecture {
        #if arch(x86_64)
            .x86_64
        #elseif arch(arm64)
            .aarch64
        #elseif arch(riscv64)
            .riscv64
        #elseif arch(powerpc64le)
            .ppc64le
        #elseif arch(s390x)
            .s390x
        #else
            #error("say which architecture this is")
        #endif
    }
}

/// A text of the program, kept as it is so that a table of names costs no allocation.
struct StaticName: Sendable {
    let value: StaticString
}
