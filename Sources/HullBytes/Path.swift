// SPDX-License-Identifier: Apache-2.0

extension Bytes {
    /// Whether the path starts at the root.
    package var isAbsolutePath: Bool { array.first == 0x2f }

    /// The path with `.`, `..` and doubled slashes taken out of the text alone; the result starts with one slash and
    /// never leaves it. Only for names that are not resolved yet: symbolic links are the kernel's business.
    package var cleanedPath: Bytes {
        var clean: [UInt8] = []
        clean.reserveCapacity(count + 1)
        var start = 0
        while start < count {
            let end = array[start...].firstIndex(of: 0x2f) ?? count
            let part = array[start..<end]
            if part.count > 2 || !part.allSatisfy({ $0 == UInt8(ascii: ".") }) {
                clean.append(0x2f)
                clean += part
            } else if part.count == 2 {
                while let last = clean.popLast(), last != 0x2f {}
            }
            start = end + 1
        }
        return clean.isEmpty ? "/" : Bytes(clean)
    }

    /// This path below `directory`, unless it is absolute.
    package func below(_ directory: Bytes) -> Bytes {
        isAbsolutePath ? self : (directory.hasSuffix("/") ? directory + self : directory + "/" + self)
    }

    /// The path without its last component; "/" for what lies directly below the root, "." for a bare name.
    package var parentPath: Bytes {
        guard let slash = array.lastIndex(of: 0x2f) else { return "." }
        return slash == 0 ? "/" : Bytes(array[..<slash])
    }

    /// The last component of the path.
    package var lastComponent: Bytes {
        guard let slash = array.lastIndex(of: 0x2f) else { return self }
        return Bytes(array[(slash + 1)...])
    }
}
