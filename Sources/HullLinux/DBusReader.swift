// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// Reads values from bytes that another process made: whatever they are, it ends with values or with a problem, in time
/// and memory that the number of bytes bounds.
struct DBusReader {
    /// How deep values may be nested, variants included.
    private static let depth = 64

    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil, isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
        offset = start
        self.end = min(end ?? bytes.count, bytes.count)
    }

    var isAtEnd: Bool { offset >= end }

    /// Skips what is filled up; the specification wants zeros there.
    mutating func align(_ boundary: Int) throws(DBusProblem) {
        while offset % boundary != 0 {
            guard try byte() == 0 else { throw DBusProblem("what is filled up is not zero", at: offset - 1) }
        }
    }

    mutating func byte() throws(DBusProblem) -> UInt8 {
        guard offset < end else { throw DBusProblem("it ends too early", at: offset) }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(DBusProblem) -> Number {
        let size = Number.bitWidth / 8
        try align(size)
        guard end - offset >= size else { throw DBusProblem("it ends too early", at: offset) }
        let part = bytes[offset..<(offset + size)]
        offset += size
        let ordered = isBigEndian ? Array(part) : Array(part.reversed())
        return ordered.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// Values of all types of a signature, one after another.
    mutating func values(of signature: Bytes) throws(DBusProblem) -> [DBusValue] {
        var values: [DBusValue] = []
        for type in try DBusSignature.types(of: signature) { values.append(try value(of: type, depth: 0)) }
        return values
    }

    /// A value of a type that is known to be complete.
    private mutating func value(of type: Bytes, depth: Int) throws(DBusProblem) -> DBusValue {
        guard depth < DBusReader.depth else { throw DBusProblem("the value is nested too deep", at: offset) }
        let letter = type.array.first ?? 0
        switch letter {
        case UInt8(ascii: "y"): return .byte(try byte())
        case UInt8(ascii: "b"):
            let number = try number(UInt32.self)
            guard number <= 1 else { throw DBusProblem("\(number) is no truth value", at: offset - 4) }
            return .boolean(number == 1)
        case UInt8(ascii: "n"): return .int16(try number(Int16.self))
        case UInt8(ascii: "q"): return .uint16(try number(UInt16.self))
        case UInt8(ascii: "i"): return .int32(try number(Int32.self))
        case UInt8(ascii: "u"): return .uint32(try number(UInt32.self))
        case UInt8(ascii: "x"): return .int64(try number(Int64.self))
        case UInt8(ascii: "t"): return .uint64(try number(UInt64.self))
        case UInt8(ascii: "d"): return .double(Double(bitPattern: try number(UInt64.self)))
        case UInt8(ascii: "h"): return .descriptor(try number(UInt32.self))
        case UInt8(ascii: "s"): return .string(try text(length: Int(number(UInt32.self))))
        case UInt8(ascii: "o"): return .objectPath(try text(length: Int(number(UInt32.self))))
        case UInt8(ascii: "g"): return .signature(try text(length: Int(byte())))
        case UInt8(ascii: "v"): return .variant(try variant(depth: depth))
        case UInt8(ascii: "a"): return try array(of: type.dropFirst(1), depth: depth)
        case UInt8(ascii: "("): return .structure(try fields(of: type, depth: depth))
        default:
            let pair = try fields(of: type, depth: depth)
            return .entry(pair[0], pair[1])
        }
    }

    /// What stands between the brackets.
    private mutating func fields(of type: Bytes, depth: Int) throws(DBusProblem) -> [DBusValue] {
        try align(8)
        var values: [DBusValue] = []
        for field in try DBusSignature.types(of: Bytes(type.array.dropFirst().dropLast())) {
            values.append(try value(of: field, depth: depth + 1))
        }
        return values
    }

    private mutating func variant(depth: Int) throws(DBusProblem) -> DBusValue {
        let signature = try text(length: Int(byte()))
        let types = try DBusSignature.types(of: signature)
        guard types.count == 1 else { throw DBusProblem("a variant has \(types.count) types", at: offset) }
        return try value(of: types[0], depth: depth + 1)
    }

    private mutating func array(of element: Bytes, depth: Int) throws(DBusProblem) -> DBusValue {
        let length = Int(try number(UInt32.self))
        try align(DBusSignature.alignment(of: element.array.first ?? 0))
        guard length <= end - offset else {
            throw DBusProblem("an array of \(length) bytes where \(end - offset) are left", at: offset)
        }
        let stop = offset + length
        var elements: [DBusValue] = []
        while offset < stop { elements.append(try value(of: element, depth: depth + 1)) }
        guard offset == stop else { throw DBusProblem("an element goes beyond the end of its array", at: stop) }
        return .array(of: element, elements)
    }

    /// Text without the NUL that ends it, of which no other may be in it.
    private mutating func text(length: Int) throws(DBusProblem) -> Bytes {
        guard length < end - offset else {
            throw DBusProblem("a text of \(length) bytes where \(end - offset) are left", at: offset)
        }
        let text = Bytes(bytes[offset..<(offset + length)])
        guard !text.contains(0), bytes[offset + length] == 0 else {
            throw DBusProblem("a text that is not ended by its only NUL", at: offset)
        }
        offset += length + 1
        return text
    }
}
