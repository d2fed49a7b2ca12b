// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// The bytes as a JSON string. "/" stays as it is: hooks that look for a path in the text expect it so. Bytes that are
/// not UTF-8 become U+FFFD, as JSON has no other way to say them.
func jsonString(_ bytes: Bytes) -> Bytes {
    var out: [UInt8] = [UInt8(ascii: "\"")]
    out.reserveCapacity(bytes.count + 2)
    var rest = bytes.array[...]
    while let byte = rest.first {
        let length = lengthOfScalar(rest)
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
        case 0x0a: out += [UInt8]("\\n".utf8)
        case 0x0d: out += [UInt8]("\\r".utf8)
        case 0x09: out += [UInt8]("\\t".utf8)
        case 0x00..<0x20: out += [UInt8]("\\u".utf8) + hex(UInt32(byte), 4)
        default: out += length == 0 ? [0xef, 0xbf, 0xbd] : [UInt8](rest.prefix(length))
        }
        rest = rest.dropFirst(max(1, length))
    }
    out.append(UInt8(ascii: "\""))
    return Bytes(out)
}
