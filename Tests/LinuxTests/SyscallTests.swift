// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import Testing

@Suite struct SyscallTests {
    // Goal: numbers are those of each architecture. Method: known numbers of the kernel's tables.
    @Test func numbers() {
        let table: [(Bytes, Architecture, SyscallEntry)] = [
            ("read", .x86_64, .number(0)), ("read", .x86, .number(3)), ("read", .x32, .number(0x4000_0000)),
            ("read", .aarch64, .number(63)), ("read", .mips, .number(4003)), ("read", .mips64, .number(5000)),
            ("read", .mips64n32, .number(6000)), ("read", .s390x, .number(3)), ("openat2", .riscv64, .number(437)),
            ("waitpid", .x86_64, .absent), ("waitpid", .x86, .number(7)), ("arch_prctl", .aarch64, .absent),
            ("raed", .x86_64, .unknown), ("", .x86_64, .unknown), ("READ", .x86_64, .unknown),
            ("read", .loongarch64, .unknown),
        ]
        for (name, architecture, expected) in table {
            #expect(SyscallName(name).entry(on: architecture) == expected, "\(name.text) \(architecture.name.text)")
        }
    }

    // Goal: a name with a NUL is not taken for the part before it. Method: "read", NUL.
    @Test func nul() {
        #expect(SyscallName(Bytes(Array("read\0".utf8))).entry(on: .x86_64) == .unknown)
    }

    // Goal: numbers become names again, on every architecture with a table. Method: there and back for all that have a
    // number, and numbers that nothing has.
    @Test func names() {
        let bases: [Architecture: UInt32] = [
            .x32: 0x4000_0000, .mips: 4000, .mipsel: 4000, .mips64: 5000, .mipsel64: 5000, .mips64n32: 6000,
            .mipsel64n32: 6000,
        ]
        for architecture in Architecture.all where architecture.hasSyscallTable {
            let base = bases[architecture] ?? 0
            var found = 0
            for number in base..<(base + 470) {
                guard let name = architecture.syscallName(number) else { continue }
                found += 1
                switch SyscallName(name).entry(on: architecture) {
                case .number(let back): #expect(back == number, "\(name.text) \(architecture.name.text)")
                case .multiplexed(let multiplex):
                    #expect(multiplex.direct == number, "\(name.text) \(architecture.name.text)")
                case .absent, .unknown: Issue.record("\(name.text) \(architecture.name.text)")
                }
            }
            #expect(found > 250, "\(architecture.name.text)")
        }
        #expect(Architecture.x86_64.syscallName(0xffff_ffff) == nil)
        #expect(Architecture.x86_64.syscallName(100_000) == nil)
    }

    // SC-33: Goal: calls behind socketcall(2) and ipc(2) have the common number, the call and their own number. Method:
    // known values, and i386's accept, which has no number of its own.
    @Test func multiplexed() throws {
        let table: [(Bytes, Architecture, UInt32, UInt32, UInt32?)] = [
            ("socket", .x86, 102, 1, 359), ("accept", .x86, 102, 5, nil), ("sendmmsg", .x86, 102, 20, 345),
            ("recvmmsg", .s390x, 102, 19, 357), ("connect", .ppc64le, 102, 3, 328), ("send", .mips, 4102, 9, 4178),
            ("semop", .x86, 117, 1, nil), ("semtimedop", .x86, 117, 4, nil), ("semtimedop", .s390x, 117, 4, 392),
            ("shmctl", .x86, 117, 24, 396), ("msgsnd", .mipsel, 4117, 11, 4400), ("msgctl", .ppc, 117, 14, 402),
        ]
        for (name, architecture, number, call, direct) in table {
            guard case .multiplexed(let multiplex) = SyscallName(name).entry(on: architecture) else {
                Issue.record("\(name.text) is not multiplexed on \(architecture.name.text)")
                continue
            }
            #expect(multiplex.number == number && multiplex.call == call && multiplex.direct == direct, "\(name.text)")
        }
        #expect(SyscallName("socket").entry(on: .x86_64) == .number(41))
        #expect(SyscallName("socketcall").entry(on: .x86) == .number(102))
    }

    // SC-21: Goal: architectures are those of the specification, with the kernel's numbers. Method: a table of
    // linux/audit.h.
    @Test func architectures() {
        let table: [(Architecture, UInt32, Bool, Bool)] = [
            (.x86, 0x4000_0003, false, true), (.x86_64, 0xc000_003e, true, true), (.x32, 0xc000_003e, false, true),
            (.arm, 0x4000_0028, false, true), (.aarch64, 0xc000_00b7, true, true), (.mips, 0x0000_0008, false, false),
            (.mips64, 0x8000_0008, true, false), (.mips64n32, 0xa000_0008, false, false),
            (.mipsel64n32, 0xe000_0008, false, true), (.ppc, 0x0000_0014, false, false),
            (.ppc64le, 0xc000_0015, true, true), (.s390, 0x0000_0016, false, false), (.s390x, 0x8000_0016, true, false),
            (.parisc64, 0x8000_000f, true, false), (.riscv64, 0xc000_00f3, true, true),
            (.loongarch64, 0xc000_0102, true, true), (.m68k, 0x0000_0004, false, false),
            (.sh, 0x4000_002a, false, true),
            (.sheb, 0x0000_002a, false, false),
        ]
        for (architecture, audit, is64Bit, isLittleEndian) in table {
            #expect(architecture.audit == audit, "\(architecture.name.text)")
            #expect(architecture.is64Bit == is64Bit && architecture.isLittleEndian == isLittleEndian)
            #expect(Architecture(name: architecture.name) == architecture)
        }
        #expect(Architecture.all.count == 23)
        #expect(Set(Architecture.all).count == 23)
        #expect(Architecture(name: "SCMP_ARCH_Z80") == nil)
        #expect(Architecture.native.hasSyscallTable)
    }

    // Goal: instructions have the layout of the kernel's structures. Method: size, and the byte of the registers.
    @Test func layout() {
        #expect(MemoryLayout<BPFInstruction>.size == 8 && MemoryLayout<BPFInstruction>.stride == 8)
        #expect(MemoryLayout<EBPFInstruction>.size == 8 && MemoryLayout<EBPFInstruction>.stride == 8)
        let instruction = EBPFInstruction(0x61, destination: 3, source: 1, offset: 4)
        #expect(instruction.destination == 3 && instruction.source == 1)
        #expect(instruction.registers == (Architecture.native.isLittleEndian ? 0x13 : 0x31))
    }
}
