// SPDX-License-Identifier: Apache-2.0

internal import CSeccomp
package import HullBytes

/// How a system call is made on an architecture.
package enum SyscallEntry: Hashable, Sendable {
    /// No architecture has it, as far as libseccomp knows.
    case unknown
    /// Another architecture has it.
    case absent
    /// By its own number.
    case number(UInt32)
    /// By a number that it shares with others, and perhaps by its own besides.
    case multiplexed(SyscallMultiplex)
}

/// The name of a system call, ready to be asked for on several architectures.
package struct SyscallName: Sendable {
    private let cString: [UInt8]

    /// Takes a name. One with a NUL inside counts as empty, which no system call is: the part before it may be one.
    package init(_ name: Bytes) { cString = (name.contains(0) ? [] : name.array) + [0] }

    /// How it is made there. libseccomp's tables decide, so hull knows the same names as other runtimes.
    package func entry(on architecture: Architecture) -> SyscallEntry {
        let found = unsafe cString.withUnsafeBytes {
            unsafe seccomp_syscall_resolve_name_arch(
                architecture.token, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
        }
        if found >= 0 { return .number(UInt32(found)) }
        // __NR_SCMP_ERROR. Every other negative number stands for a name that is known elsewhere.
        if found == -1 { return .unknown }
        return SyscallMultiplex(pseudo: found, on: architecture).map { .multiplexed($0) } ?? .absent
    }
}

extension Architecture {
    /// Whether libseccomp has a table for it.
    package var hasSyscallTable: Bool { SyscallName("read").entry(on: self) != .unknown }

    /// The name of the system call with that number; nil where there is none.
    package func syscallName(_ number: UInt32) -> Bytes? {
        var name = [CChar](repeating: 0, count: 64)
        guard let signed = Int32(exactly: number) else { return nil }
        let length = unsafe name.withUnsafeMutableBufferPointer {
            unsafe seccomp_copy_name(token, signed, $0.baseAddress, $0.count)
        }
        guard length >= 0 else { return nil }
        return Bytes(name.prefix(Int(length)).map { UInt8(bitPattern: $0) })
    }
}
