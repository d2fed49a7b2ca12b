// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

// The inside of strings and numbers.
extension JSONScanner {
    /// A string from its opening to its closing quote.
    mutating func string(_ node: Int) throws(JSONSyntaxError) {
        let start = offset + 1
        offset = start
        var marks: JSONNode.Marks = []
        scan: while true {
            offset = endOfPlain()
            switch byte {
            case UInt8(ascii: "\""): break scan
            case UInt8(ascii: "\\"):
                marks.insert(.escaped)
                if try escape() == 0 { marks.insert(.hasNUL) }
            case 0x80...: try multibyte()
            default:
                guard offset < bytes.count else { throw fail("the document ends inside a string") }
                throw fail(
                    "control character \(found()) in a string", hint: "write a line break as \\n, a tab as \\t")
            }
        }
        nodes[node].kind = .string
        nodes[node].marks = marks
        nodes[node].size = UInt32(truncatingIfNeeded: offset - start)
        offset += 1
    }

    /// The end of the characters from here on that stand for themselves and need no look: printable ASCII.
    private func endOfPlain() -> Int {
        let span = bytes.span
        var index = offset
        while index < span.count {
            let byte = span[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    /// Goes past an escape and returns its scalar.
    private mutating func escape() throws(JSONSyntaxError) -> UInt32 {
        let place = offset
        offset += 2
        guard place + 1 < bytes.count else { throw fail("the document ends inside a string", at: bytes.count) }
        guard bytes[place + 1] == UInt8(ascii: "u") else {
            guard let byte = JSONEscapes.simple(bytes[place + 1]) else {
                throw fail("unknown escape in a string", at: place, hint: "a backslash is written \\\\")
            }
            return UInt32(byte)
        }
        let first = try hexadecimal(place)
        switch first {
        case 0xd800...0xdbff:
            guard byte == UInt8(ascii: "\\"), offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "u") else {
                throw fail("half of a surrogate pair in a string", at: place)
            }
            offset += 2
            let second = try hexadecimal(place)
            guard second >= 0xdc00, second <= 0xdfff else {
                throw fail("half of a surrogate pair in a string", at: place)
            }
            return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        case 0xdc00...0xdfff: throw fail("half of a surrogate pair in a string", at: place)
        default: return first
        }
    }

    private mutating func hexadecimal(_ place: Int) throws(JSONSyntaxError) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw fail("the document ends inside a string", at: bytes.count) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = JSONEscapes.digit(bytes[offset]) else {
                throw fail("\\u without four hexadecimal digits in a string", at: place)
            }
            value = value << 4 | digit
            offset += 1
        }
        return value
    }

    /// Goes past a character of several bytes. The table is that of the Unicode standard, 3-7: no overlong forms, no
    /// surrogates, nothing beyond U+10FFFF.
    private mutating func multibyte() throws(JSONSyntaxError) {
        let lead = bytes[offset]
        let (count, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xc2...0xdf: (2, 0x80...0xbf)
            case 0xe0: (3, 0xa0...0xbf)
            case 0xed: (3, 0x80...0x9f)
            case 0xe1...0xef: (3, 0x80...0xbf)
            case 0xf0: (4, 0x90...0xbf)
            case 0xf1...0xf3: (4, 0x80...0xbf)
            case 0xf4: (4, 0x80...0x8f)
            default: (0, 0x80...0xbf)
            }
        guard count > 0, offset + count <= bytes.count, second.contains(bytes[offset + 1]),
            bytes[offset + 2..<offset + count].allSatisfy({ $0 & 0xc0 == 0x80 })
        else { throw fail("invalid UTF-8 in a string") }
        offset += count
    }

    /// A number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func number(_ node: Int) throws(JSONSyntaxError) {
        let start = offset
        if byte == UInt8(ascii: "-") { offset += 1 }
        if byte == UInt8(ascii: "0") {
            offset += 1
            if JSONEscapes.isDecimal(byte) {
                throw fail("a number starts with 0", at: start, hint: "numbers are decimal; octal is not known")
            }
        } else {
            try digits()
        }
        if byte == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        nodes[node].kind = .number
        nodes[node].size = UInt32(truncatingIfNeeded: offset - start)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        guard JSONEscapes.isDecimal(byte) else { throw fail("expected a digit, found \(found())") }
        while JSONEscapes.isDecimal(byte) { offset += 1 }
    }
}

/// What follows a backslash.
enum JSONEscapes {
    static func simple(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func isDecimal(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// The text of a string that is known to be well-formed.
    static func resolve(_ source: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(source.count)
        var rest = source
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                text.append(byte)
                continue
            }
            guard letter == UInt8(ascii: "u") else {
                text.append(simple(letter) ?? letter)
                continue
            }
            var value = fourDigits(&rest)
            if value >= 0xd800, value <= 0xdbff {
                rest.removeFirst(2)
                value = 0x10000 + ((value - 0xd800) << 10) + (fourDigits(&rest) - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(value) else { continue }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return text
    }

    private static func fourDigits(_ rest: inout ArraySlice<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 { value = value << 4 | (rest.popFirst().flatMap(digit) ?? 0) }
        return value
    }
}
