// SPDX-License-Identifier: Apache-2.0

/// One instruction of a classic BPF program: `struct sock_filter` of linux/filter.h, same layout.
package struct BPFInstruction: Hashable, Sendable {
    /// What it does: class, size, mode or comparison.
    package var code: UInt16
    /// How many instructions are skipped where the comparison is true.
    package var jt: UInt8
    /// How many instructions are skipped where it is false.
    package var jf: UInt8
    /// The constant: offset, operand, distance or answer.
    package var k: UInt32

    /// Takes the fields as they are.
    package init(code: UInt16, jt: UInt8 = 0, jf: UInt8 = 0, k: UInt32) {
        self.code = code
        self.jt = jt
        self.jf = jf
        self.k = k
    }

    /// The most instructions that the kernel takes in one program: `BPF_MAXINSNS`.
    package static let limit = 4096
}

/// The instructions that seccomp(2) allows and hull uses; linux/bpf_common.h.
extension BPFInstruction {
    /// Codes without operands.
    package enum Code {
        /// The accumulator becomes the word at offset k of `struct seccomp_data`.
        package static let load: UInt16 = 0x20
        /// The accumulator loses the bits that k lacks.
        package static let and: UInt16 = 0x54
        /// Skips k instructions.
        package static let jump: UInt16 = 0x05
        /// Is the accumulator k?
        package static let equal: UInt16 = 0x15
        /// Is the accumulator greater than k, without sign?
        package static let greater: UInt16 = 0x25
        /// Is the accumulator k or greater, without sign?
        package static let atLeast: UInt16 = 0x35
        /// Does the accumulator have any bit of k?
        package static let anyBit: UInt16 = 0x45
        /// The program ends with the answer k.
        package static let answer: UInt16 = 0x06
    }
}

/// What a seccomp program answers: `SECCOMP_RET_*` of linux/seccomp.h with its 16 bits of data.
package struct SeccompAnswer: Hashable, Sendable {
    /// The answer as the kernel reads it.
    package var value: UInt32

    /// Takes the answer as it is.
    package init(_ value: UInt32) { self.value = value }

    /// Kills the whole process with SIGSYS.
    package static let killProcess = SeccompAnswer(0x8000_0000)
    /// Kills the thread that made the call.
    package static let killThread = SeccompAnswer(0x0000_0000)
    /// Sends SIGSYS, which may be handled.
    package static let trap = SeccompAnswer(0x0003_0000)
    /// Asks the listener.
    package static let notify = SeccompAnswer(0x7fc0_0000)
    /// Lets the call happen and logs it.
    package static let log = SeccompAnswer(0x7ffc_0000)
    /// Lets the call happen.
    package static let allow = SeccompAnswer(0x7fff_0000)

    /// Does not make the call; the caller sees this errno.
    package static func errno(_ number: UInt16) -> SeccompAnswer { SeccompAnswer(0x0005_0000 | UInt32(number)) }
    /// Asks the tracer, who is given this message.
    package static func trace(_ message: UInt16) -> SeccompAnswer { SeccompAnswer(0x7ff0_0000 | UInt32(message)) }
}

/// Flags of seccomp(2) with SECCOMP_SET_MODE_FILTER.
package struct SeccompFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// All threads of the process get the filter.
    package static let synchronizeThreads = SeccompFlags(rawValue: 1)
    /// Answers other than "allow" are logged.
    package static let log = SeccompFlags(rawValue: 2)
    /// Speculative store bypass stays on: faster, and the default of the kernel since 5.16.
    package static let speculationAllowed = SeccompFlags(rawValue: 4)
    /// seccomp(2) gives a descriptor on which notifications are read.
    package static let newListener = SeccompFlags(rawValue: 8)
    /// Once the listener has read a notification, only a deadly signal interrupts the caller (Linux 5.19).
    package static let waitKillable = SeccompFlags(rawValue: 32)
}
