// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// What the first bytes of a program tell of how the kernel is going to execute it.
package struct ProgramStart {
    private let bytes: Bytes

    /// Takes the bytes; a kilobyte has all that is looked for.
    package init(_ bytes: Bytes) { self.bytes = bytes }

    /// Whether it begins as a script does.
    package var isScript: Bool { bytes.hasPrefix("#!") }

    /// The interpreter that the first line of a script names.
    package var interpreter: Bytes? {
        guard isScript else { return nil }
        let line = Bytes(bytes.array.dropFirst(2).prefix { $0 != 0x0a })
        return line.split(0x20).flatMap { $0.split(0x09) }.first
    }

    /// Why a script cannot be executed whose interpreter is not there.
    package static func absence(of interpreter: Bytes) -> Bytes {
        guard interpreter.hasSuffix("\r") else {
            return "its interpreter \"\(interpreter)\" does not exist in the container"
        }
        return "its first line ends in a carriage return, so the interpreter is "
            + "\"\(interpreter.prefix(interpreter.count - 1))\\r\": save the script with Unix line ends"
    }

    /// Why the kernel takes it for no program of its own; a handler of binfmt_misc may know better. nil for a script,
    /// and for a program of this architecture.
    package var formatProblem: Bytes? {
        if bytes.isEmpty { return "it is empty" }
        if isScript { return nil }
        guard bytes.hasPrefix("\u{7f}ELF"), bytes.count >= 20 else {
            return "it is neither an ELF file nor a script that begins with #!"
        }
        let machine = UInt16(bytes.array[18]) | UInt16(bytes.array[19]) << 8
        if ELFMachine.native.contains(machine) { return nil }
        return "it is built for \(ELFMachine.name(machine)), this machine is \(ELFMachine.nativeName)"
    }

    /// The loader that an ELF file names.
    package var loader: Bytes? { isScript ? nil : ELFLoader.name(in: bytes) }
}
