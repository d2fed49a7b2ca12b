// SPDX-License-Identifier: Apache-2.0

/// The bytes made fit for one line of a terminal or a log.
///
/// Names come from hostile configs and images: a newline in a path would forge a second log record, an escape sequence
/// would command the reader's terminal (CVE-2003-0063 and its many successors), and a bidirectional override would show
/// another name than there is. Such characters, and bytes that are not UTF-8, are written as Go writes them: `\n`,
/// `\x1b`, `\u202e`.
package func printable(_ bytes: Bytes) -> Bytes { escaped(bytes, quotes: false) }

/// The bytes in double quotes, as Go's `%q`: logrus writes values so, and its readers take them back.
package func quoted(_ bytes: Bytes) -> Bytes { "\"" + escaped(bytes, quotes: true) + "\"" }

private func escaped(_ bytes: Bytes, quotes: Bool) -> Bytes {
    if !quotes, bytes.array.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return bytes }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + 8)
    var rest = bytes.array[...]
    while let byte = rest.first {
        let length = byte < 0x80 ? 1 : lengthOfScalar(rest)
        if byte < 0x80 {
            appendASCII(byte, quotes: quotes, to: &out)
        } else if length == 0 {
            out += [UInt8]("\\x".utf8) + hex(UInt32(byte), 2)
        } else if let scalar = hiddenScalar(rest.prefix(length)) {
            out += [UInt8]("\\u".utf8) + hex(scalar, 4)
        } else {
            out += rest.prefix(length)
        }
        rest = rest.dropFirst(max(1, length))
    }
    return Bytes(out)
}

private func appendASCII(_ byte: UInt8, quotes: Bool, to out: inout [UInt8]) {
    let backslash = UInt8(ascii: "\\")
    switch byte {
    case 0x07: out += [backslash, UInt8(ascii: "a")]
    case 0x08: out += [backslash, UInt8(ascii: "b")]
    case 0x09: out += [backslash, UInt8(ascii: "t")]
    case 0x0a: out += [backslash, UInt8(ascii: "n")]
    case 0x0b: out += [backslash, UInt8(ascii: "v")]
    case 0x0c: out += [backslash, UInt8(ascii: "f")]
    case 0x0d: out += [backslash, UInt8(ascii: "r")]
    case UInt8(ascii: "\""), backslash: out += quotes ? [backslash, byte] : [byte]
    case 0x00..<0x20, 0x7f: out += [UInt8]("\\x".utf8) + hex(UInt32(byte), 2)
    default: out.append(byte)
    }
}

/// How many bytes the well-formed UTF-8 sequence at the start has (Unicode table 3-7); 0 where it is not well-formed.
private func lengthOfScalar(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let first = bytes.first else { return 0 }
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xbf
    switch first {
    case 0x00...0x7f: return 1
    case 0xc2...0xdf: length = 2
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: length = 3
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    case 0xf1...0xf3: length = 4
    default: return 0
    }
    guard bytes.count >= length, second.contains(bytes[bytes.startIndex + 1]) else { return 0 }
    let others = bytes.prefix(length).dropFirst(2)
    return others.allSatisfy { (0x80...0xbf).contains($0) } ? length : 0
}

/// The scalar that a sequence of two or three bytes spells, if it is one that acts on the text instead of being seen.
private func hiddenScalar(_ sequence: ArraySlice<UInt8>) -> UInt32? {
    guard sequence.count <= 3, let first = sequence.first else { return nil }
    let lead = UInt32(first & (sequence.count == 2 ? 0x1f : 0x0f))
    let scalar = sequence.dropFirst().reduce(lead) { $0 << 6 | UInt32($1 & 0x3f) }
    switch scalar {
    case 0x80...0x9f, 0xad: return scalar  // the second set of control characters, soft hyphen
    case 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: return scalar  // bidirectional, zero width
    default: return nil
    }
}

private func hex(_ value: UInt32, _ width: Int) -> [UInt8] {
    let digits = [UInt8](String(value, radix: 16).utf8)
    return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - digits.count)) + digits
}
