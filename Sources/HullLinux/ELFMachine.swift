// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The machine that an ELF file is built for: `e_machine` of elf(5), numbers of linux/elf-em.h.
package enum ELFMachine {
    /// What this machine executes by itself.
    package static var native: [UInt16] {
        #if arch(x86_64)
            [62, 3]
        #elseif arch(arm64)
            [183, 40]
        #else
            #error("add this architecture's e_machine")
        #endif
    }

    /// This machine's name.
    package static var nativeName: Bytes { name(native[0]) }

    /// The usual name of the machine, or its number.
    package static func name(_ machine: UInt16) -> Bytes {
        let names: [UInt16: Bytes] = [
            3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86-64", 183: "aarch64",
            243: "riscv",
            258: "loongarch",
        ]
        return names[machine] ?? "ELF machine \(machine)"
    }
}
