// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// The program that an ELF file asks the kernel to load beside it: elf(5), PT_INTERP.
package enum ELFLoader {
    /// How a hint begins that tells of a missing one. It holds only where execve(2) answers ENOENT.
    package static let hint: Bytes = "its loader"

    /// The path in the program headers, as far as they lie in these first bytes of the file; nil where there is none.
    package static func name(in start: Bytes) -> Bytes? {
        let bytes = start.array
        func number(_ offset: Int, _ size: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - size else { return nil }
            let order =
                Architecture.native.isLittleEndian
                ? Array(bytes[offset..<offset + size].reversed())
                : Array(bytes[offset..<offset + size])
            return Int(exactly: order.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        guard bytes.count > 52 else { return nil }
        let isLong = bytes[4] == 2
        guard let table = isLong ? number(0x20, 8) : number(0x1c, 4),
            let size = number(isLong ? 0x36 : 0x2a, 2), let count = number(isLong ? 0x38 : 0x2c, 2), size > 0
        else { return nil }
        for index in 0..<min(count, 64) {
            guard table < bytes.count, let type = number(table + index * size, 4) else { return nil }
            guard type == programInterpreter else { continue }
            let header = table + index * size
            guard let offset = number(header + (isLong ? 8 : 4), isLong ? 8 : 4),
                let length = number(header + (isLong ? 32 : 16), isLong ? 8 : 4),
                offset < bytes.count, length > 1, length <= bytes.count - offset
            else { return nil }
            return Bytes(bytes[offset..<offset + length - 1])
        }
        return nil
    }
}

/// PT_INTERP of elf.h.
private let programInterpreter = 3
