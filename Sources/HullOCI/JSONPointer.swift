// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The place of a value in a JSON document (RFC 6901): "/mounts/3/options/0".
package struct JSONPointer: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The pointer as text, with "~" written "~0" and "/" written "~1" inside the keys; empty for the whole document.
    package private(set) var text: Bytes

    /// The whole document.
    package static let root = JSONPointer(text: Bytes([UInt8]()))

    /// Takes a pointer that is already escaped.
    package init(text: Bytes) { self.text = text }
    package init(stringLiteral value: StaticString) { self.text = Bytes(stringLiteral: value) }

    /// The member of this object that has the key.
    package func appending(_ key: Bytes) -> JSONPointer {
        var array = text.array
        array.reserveCapacity(array.count + key.count + 1)
        array.append(UInt8(ascii: "/"))
        for byte in key.array {
            switch byte {
            case UInt8(ascii: "~"): array += [UInt8(ascii: "~"), UInt8(ascii: "0")]
            case UInt8(ascii: "/"): array += [UInt8(ascii: "~"), UInt8(ascii: "1")]
            default: array.append(byte)
            }
        }
        return JSONPointer(text: Bytes(array))
    }

    /// The element of this array that has the index.
    package func appending(_ index: Int) -> JSONPointer { appending(Bytes(decimal: index)) }
}
