// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A message in the encoding of Protocol Buffers as it grows: each field is its number and kind, then its value.
package struct ProtocolBufferWriter: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = []

    /// A message without any field.
    package init() {}

    /// A number that is never negative, an enumerated one, or a truth value.
    package mutating func number(_ field: Int, _ value: UInt64) {
        key(field, kind: 0)
        variable(value)
    }

    /// An int32: negative ones are written as if they had 64 bits.
    package mutating func number(_ field: Int, _ value: Int32) {
        number(field, UInt64(bitPattern: Int64(value)))
    }

    /// A truth value.
    package mutating func flag(_ field: Int, _ value: Bool) { number(field, UInt64(value ? 1 : 0)) }

    /// A text, or bytes.
    package mutating func text(_ field: Int, _ value: Bytes) {
        key(field, kind: 2)
        variable(UInt64(value.count))
        bytes += value.array
    }

    /// A message inside this one.
    package mutating func message(_ field: Int, _ value: ProtocolBufferWriter) { text(field, Bytes(value.bytes)) }

    private mutating func key(_ field: Int, kind: Int) { variable(UInt64(field << 3 | kind)) }

    /// Seven bits in a byte, the lowest first; all but the last byte have the highest bit.
    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// One field of a message in the encoding of Protocol Buffers.
package struct ProtocolBufferField: Equatable, Sendable {
    /// What the field holds.
    package enum Value: Equatable, Sendable {
        case number(UInt64)
        /// A text, bytes, or another message.
        case bytes(Bytes)
        /// A kind of value of which only the length is known: 4 or 8 bytes.
        case fixed([UInt8])
    }

    package let number: Int
    package let value: Value

    /// The fields of a whole message, in their order. Nothing is copied but what is there: a length that goes beyond
    /// the end is an error before anything is made of it.
    package static func all(in bytes: [UInt8]) throws(ProtocolBufferProblem) -> [ProtocolBufferField] {
        var reader = ProtocolBufferReader(bytes: bytes)
        var fields: [ProtocolBufferField] = []
        while !reader.isAtEnd {
            guard fields.count < mostFields else {
                throw ProtocolBufferProblem(words: "more than \(mostFields) fields", offset: reader.offset)
            }
            fields.append(try reader.field())
        }
        return fields
    }

    /// More than any message has that hull reads.
    private static let mostFields = 4096

    /// The number, where it is one.
    package var uint64: UInt64? { if case .number(let number) = value { number } else { nil } }
    /// The same as int32.
    package var int32: Int32? { uint64.map { Int32(truncatingIfNeeded: $0) } }
    /// The text or message, where it is one.
    package var bytes: Bytes? { if case .bytes(let bytes) = value { bytes } else { nil } }
}

/// What is wrong with a message, and where.
package struct ProtocolBufferProblem: Error, Equatable {
    package let words: Bytes
    package let offset: Int

    package init(words: Bytes, offset: Int) {
        self.words = words
        self.offset = offset
    }
}

private struct ProtocolBufferReader {
    let bytes: [UInt8]
    var offset = 0

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func field() throws(ProtocolBufferProblem) -> ProtocolBufferField {
        let start = offset
        let key = try variable()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else {
            throw ProtocolBufferProblem(words: "a field has the number \(key >> 3)", offset: start)
        }
        let number = Int(key >> 3)
        switch key & 7 {
        case 0: return ProtocolBufferField(number: number, value: .number(try variable()))
        case 1: return ProtocolBufferField(number: number, value: .fixed(try take(8)))
        case 2:
            let length = try variable()
            return ProtocolBufferField(number: number, value: .bytes(Bytes(try take(length))))
        case 5: return ProtocolBufferField(number: number, value: .fixed(try take(4)))
        default: throw ProtocolBufferProblem(words: "a value of the unknown kind \(key & 7)", offset: start)
        }
    }

    private mutating func take(_ length: UInt64) throws(ProtocolBufferProblem) -> [UInt8] {
        guard length <= UInt64(bytes.count - offset) else {
            throw ProtocolBufferProblem(
                words: "a value of \(length) bytes where \(bytes.count - offset) are left", offset: offset)
        }
        defer { offset += Int(length) }
        return Array(bytes[offset..<(offset + Int(length))])
    }

    private mutating func variable() throws(ProtocolBufferProblem) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard offset < bytes.count else {
                throw ProtocolBufferProblem(words: "a number is cut off", offset: offset)
            }
            let byte = bytes[offset]
            offset += 1
            if index == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7f) << UInt64(index * 7)
            if byte & 0x80 == 0 { return value }
        }
        throw ProtocolBufferProblem(words: "a number has more than 64 bits", offset: offset)
    }
}
