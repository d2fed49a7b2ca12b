// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension DBusValue {
    /// Reads GVariant's text format: `true`, `'text'`, `5`, `uint64 5`, `1.5`, `['a', 'b']`, `('a', uint64 5)`,
    /// `@as []`. Dictionaries and variants, which no property of a unit is made of, are a problem.
    package init(text: Bytes) throws(DBusProblem) {
        var reader = DBusTextReader(text)
        self = try reader.value(as: nil, depth: 0)
        reader.skipBlanks()
        guard reader.isAtEnd else { throw reader.problem("something follows the value") }
        // Written out, a type has no limit; on the bus it has 255 bytes and a depth, and a longer one ends it.
        _ = try DBusSignature.types(of: signature)
    }
}

private struct DBusTextReader {
    private static let depth = 16
    private let text: [UInt8]
    private var offset = 0

    init(_ text: Bytes) { self.text = text.array }

    var isAtEnd: Bool { offset >= text.count }
    private var next: UInt8? { offset < text.count ? text[offset] : nil }

    func problem(_ words: Bytes) -> DBusProblem { DBusProblem(words, at: offset) }

    mutating func skipBlanks() {
        while let next, next == 0x20 || next == 0x09 || next == 0x0a { offset += 1 }
    }

    /// A value of the type, if one is said.
    mutating func value(as type: Bytes?, depth: Int) throws(DBusProblem) -> DBusValue {
        guard depth < DBusTextReader.depth else { throw problem("it is nested too deep") }
        skipBlanks()
        guard let next else { throw problem("a value is missing") }
        switch next {
        case UInt8(ascii: "@"):
            offset += 1
            let types = try DBusSignature.types(of: word { $0 > 0x20 })
            guard types.count == 1 else { throw problem("@ is followed by one type") }
            return try value(as: agreed(types[0], type), depth: depth + 1)
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return try text(quoted(next), as: type)
        case UInt8(ascii: "["): return try array(as: type, depth)
        case UInt8(ascii: "("): return try structure(as: type, depth)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try number(as: type)
        default: return try named(as: type, depth)
        }
    }

    /// The type that a value names, which must be the one that its surroundings want: the elements of an array have one
    /// type, and a message with another one in it is refused by whoever reads it.
    private func agreed(_ named: Bytes, _ wanted: Bytes?) throws(DBusProblem) -> Bytes {
        guard wanted == nil || wanted == named else { throw problem("\(named) is not of type \(wanted ?? "")") }
        return named
    }

    private mutating func word(_ isPart: (UInt8) -> Bool) -> Bytes {
        let start = offset
        while let next, isPart(next) { offset += 1 }
        return Bytes(text[start..<offset])
    }

    /// A truth value, or the name of a type and a value of it.
    private mutating func named(as type: Bytes?, _ depth: Int) throws(DBusProblem) -> DBusValue {
        let name = word { $0 >= 0x61 && $0 <= 0x7a || $0 >= 0x30 && $0 <= 0x39 }
        if name == "true" || name == "false" {
            guard type == nil || type == "b" else { throw problem("\"\(name)\" is not of type \(type ?? "")") }
            return .boolean(name == "true")
        }
        guard let letter = typeNames.first(where: { $0.name == name })?.letter else {
            throw problem("\"\(name)\" is no value and no type; text stands in quotes")
        }
        return try value(as: agreed(letter, type), depth: depth + 1)
    }

    private func text(_ text: Bytes, as type: Bytes?) throws(DBusProblem) -> DBusValue {
        switch type {
        case nil, "s": return .string(text)
        case "o": return .objectPath(text)
        case "g":
            _ = try DBusSignature.types(of: text)
            return .signature(text)
        case let type?: throw problem("text is not of type \(type)")
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(DBusProblem) -> Bytes {
        offset += 1
        var result: [UInt8] = []
        while let next, next != quote {
            offset += 1
            guard next == 0x5c else {
                guard next != 0 else { throw problem("text has no NUL in it") }
                result.append(next)
                continue
            }
            guard let escaped = self.next else { break }
            offset += 1
            switch escaped {
            case UInt8(ascii: "n"): result.append(0x0a)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "r"): result.append(0x0d)
            case 0x5c, UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(escaped)
            default: throw problem("after a backslash there is n, t, r, a quote or a backslash")
            }
        }
        guard next == quote else { throw problem("the text has no closing quote") }
        offset += 1
        return Bytes(result)
    }

    /// The elements up to the bracket that ends them.
    private mutating func elements(
        until bracket: UInt8, _ element: (inout DBusTextReader, Int) throws(DBusProblem) -> DBusValue
    ) throws(DBusProblem) -> [DBusValue] {
        offset += 1
        var values: [DBusValue] = []
        skipBlanks()
        while next != bracket {
            values.append(try element(&self, values.count))
            skipBlanks()
            guard next == UInt8(ascii: ",") else { break }
            offset += 1
            skipBlanks()
        }
        guard next == bracket else { throw problem("a comma or the closing bracket is missing") }
        offset += 1
        return values
    }

    private mutating func array(as type: Bytes?, _ depth: Int) throws(DBusProblem) -> DBusValue {
        if let type, !type.hasPrefix("a") { throw problem("a list is not of type \(type)") }
        // All elements have the type of the first.
        var element = type?.dropFirst(1)
        let values = try elements(until: UInt8(ascii: "]")) { (reader, _) throws(DBusProblem) in
            let value = try reader.value(as: element, depth: depth + 1)
            element = element ?? value.signature
            return value
        }
        guard let element else { throw problem("the type of an empty list is not known: write @as []") }
        return .array(of: element, values)
    }

    private mutating func structure(as type: Bytes?, _ depth: Int) throws(DBusProblem) -> DBusValue {
        var types: [Bytes]?
        if let type {
            guard type.hasPrefix("(") else { throw problem("what is in brackets is not of type \(type)") }
            types = try DBusSignature.types(of: Bytes(type.array.dropFirst().dropLast()))
        }
        let values = try elements(until: UInt8(ascii: ")")) { (reader, index) throws(DBusProblem) in
            if let types, index >= types.count { throw reader.problem("there are too many values") }
            return try reader.value(as: types?[index], depth: depth + 1)
        }
        guard !values.isEmpty, types == nil || types?.count == values.count else {
            throw problem("there are too few values")
        }
        return .structure(values)
    }

    private mutating func number(as type: Bytes?) throws(DBusProblem) -> DBusValue {
        let word = word { $0 == 0x2b || $0 == 0x2d || $0 == 0x2e || $0 >= 0x30 && $0 <= 0x39 || isLetter($0) }
        let isFraction = word.contains(UInt8(ascii: "."))
        if type == "d" || isFraction && type == nil {
            return .double(try fraction(word))
        }
        var digits = word
        if digits.hasPrefix("-") || digits.hasPrefix("+") { digits = digits.dropFirst(1) }
        let isHexadecimal = digits.hasPrefix("0x")
        guard let magnitude = isHexadecimal ? hexadecimal(digits.dropFirst(2)) : digits.decimal else {
            throw problem("\"\(word)\" is no whole number below 2^64")
        }
        guard let value = whole(magnitude, isNegative: word.hasPrefix("-"), type ?? "i") else {
            throw problem("\(word) is not of type \(type ?? "i, which a number is without one: write uint64 \(word)")")
        }
        return value
    }

    /// A decimal fraction. The standard library's own reader would be the largest part of the program that nothing else
    /// uses.
    private func fraction(_ word: Bytes) throws(DBusProblem) -> Double {
        let parts = (word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst(1) : word)
            .split(0x2e, omittingEmpty: false)
        let digits = parts.joined("")
        guard parts.count <= 2, digits.count <= 18, let number = digits.decimal else {
            throw problem("\"\(word)\" is no decimal fraction of 18 digits at most")
        }
        var scale = 1.0
        for _ in 0..<(parts.count == 2 ? parts[1].count : 0) { scale *= 10 }
        return Double(number) / (word.hasPrefix("-") ? -scale : scale)
    }

    private func hexadecimal(_ digits: Bytes) -> UInt64? {
        guard (1...16).contains(digits.count) else { return nil }
        var value: UInt64 = 0
        for byte in digits.array {
            guard let digit = hexadecimalDigit(byte) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    private func whole(_ magnitude: UInt64, isNegative: Bool, _ type: Bytes) -> DBusValue? {
        func fit<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
            if !isNegative { return Number(exactly: magnitude) }
            guard Number.isSigned, magnitude <= 1 << 63 else { return magnitude == 0 ? 0 : nil }
            return Number(exactly: 0 - Int64(truncatingIfNeeded: magnitude &- 1) - 1)
        }
        return switch type {
        case "y": fit(UInt8.self).map { .byte($0) }
        case "n": fit(Int16.self).map { .int16($0) }
        case "q": fit(UInt16.self).map { .uint16($0) }
        case "i": fit(Int32.self).map { .int32($0) }
        case "u": fit(UInt32.self).map { .uint32($0) }
        case "h": fit(UInt32.self).map { .descriptor($0) }
        case "x": fit(Int64.self).map { .int64($0) }
        case "t": fit(UInt64.self).map { .uint64($0) }
        default: nil
        }
    }
}

private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

private let typeNames: [(name: Bytes, letter: Bytes)] = [
    ("boolean", "b"), ("byte", "y"), ("int16", "n"), ("uint16", "q"), ("int32", "i"), ("uint32", "u"),
    ("int64", "x"), ("uint64", "t"), ("handle", "h"), ("double", "d"), ("string", "s"), ("objectpath", "o"),
    ("signature", "g"),
]
