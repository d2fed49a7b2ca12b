// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A value of the D-Bus specification, "Type system".
package enum DBusValue: Equatable, Sendable {
    case byte(UInt8)
    case boolean(Bool)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    case string(Bytes)
    case objectPath(Bytes)
    case signature(Bytes)
    /// The number of a descriptor that comes beside the message.
    case descriptor(UInt32)
    /// Elements of one type, which an empty array has too.
    case array(of: Bytes, [DBusValue])
    case structure([DBusValue])
    /// A key and a value: an element of an array that is a dictionary.
    indirect case entry(DBusValue, DBusValue)
    /// A value that brings its type along.
    indirect case variant(DBusValue)

    /// An array of strings.
    package static func strings(_ strings: [Bytes]) -> DBusValue { .array(of: "s", strings.map { .string($0) }) }

    /// Its type, as signatures write it.
    package var signature: Bytes {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .descriptor: "h"
        case .array(let element, _): "a" + element
        case .structure(let fields): "(" + fields.map(\.signature).joined("") + ")"
        case .entry(let key, let value): "{\(key.signature)\(value.signature)}"
        case .variant: "v"
        }
    }

    /// The value for a person, nearly as GVariant's text format has it.
    package var text: Bytes {
        switch self {
        case .byte(let number): Bytes(decimal: number)
        case .boolean(let truth): truth ? "true" : "false"
        case .int16(let number): Bytes(decimal: number)
        case .uint16(let number): Bytes(decimal: number)
        case .int32(let number): Bytes(decimal: number)
        case .uint32(let number): Bytes(decimal: number)
        case .int64(let number): Bytes(decimal: number)
        case .uint64(let number): number == .max ? "infinity" : Bytes(decimal: number)
        case .double(let number): abs(number) < 1e12 ? "\(Int64(number * 1_000_000)) millionths" : "huge"
        case .string(let text), .objectPath(let text), .signature(let text): "'\(text)'"
        case .descriptor(let index): "handle \(index)"
        case .array(_, let elements): "[" + elements.map(\.text).joined(", ") + "]"
        case .structure(let fields): "(" + fields.map(\.text).joined(", ") + ")"
        case .entry(let key, let value): "\(key.text): \(value.text)"
        case .variant(let value): "<\(value.text)>"
        }
    }
}

/// Why bytes are no message, or no value.
package struct DBusProblem: Error, Equatable, Sendable {
    /// In words.
    package let words: Bytes
    /// At which byte.
    package let offset: Int

    /// What is wrong, and where.
    package init(_ words: Bytes, at offset: Int) {
        self.words = words
        self.offset = offset
    }
}

/// The rules of signatures: D-Bus specification, "Valid signatures".
package enum DBusSignature {
    /// The most bytes.
    static let limit = 255
    /// How deep arrays, and how deep structures, may be nested.
    static let depth = 32

    /// The types of a signature, each complete.
    package static func types(of signature: Bytes) throws(DBusProblem) -> [Bytes] {
        guard signature.count <= limit else { throw DBusProblem("a signature of \(signature.count) bytes", at: 0) }
        var types: [Bytes] = []
        var start = 0
        while start < signature.count {
            let end = try end(in: signature.array, from: start, arrays: 0, structures: 0)
            types.append(Bytes(signature.array[start..<end]))
            start = end
        }
        return types
    }

    /// Where the complete type that begins at a place ends.
    private static func end(
        in bytes: [UInt8], from start: Int, arrays: Int, structures: Int
    ) throws(DBusProblem) -> Int {
        guard start < bytes.count else { throw DBusProblem("the signature ends within a type", at: start) }
        guard arrays <= depth, structures <= depth else { throw DBusProblem("the type is nested too deep", at: start) }
        switch bytes[start] {
        case UInt8(ascii: "a"):
            guard start + 1 < bytes.count, bytes[start + 1] == UInt8(ascii: "{") else {
                return try end(in: bytes, from: start + 1, arrays: arrays + 1, structures: structures)
            }
            return try endOfEntry(in: bytes, from: start + 2, arrays: arrays + 1, structures: structures + 1)
        case UInt8(ascii: "("):
            var next = start + 1
            repeat {
                next = try end(in: bytes, from: next, arrays: arrays, structures: structures + 1)
            } while next < bytes.count && bytes[next] != UInt8(ascii: ")")
            guard next < bytes.count else { throw DBusProblem("the structure has no end", at: next) }
            return next + 1
        case let letter where isBasic(letter) || letter == UInt8(ascii: "v"): return start + 1
        case let letter: throw DBusProblem("no type has the letter of code \(letter)", at: start)
        }
    }

    private static func endOfEntry(
        in bytes: [UInt8], from start: Int, arrays: Int, structures: Int
    ) throws(DBusProblem) -> Int {
        guard start < bytes.count, isBasic(bytes[start]) else {
            throw DBusProblem("the key of a dictionary is no basic type", at: start)
        }
        let next = try end(in: bytes, from: start + 1, arrays: arrays, structures: structures)
        guard next < bytes.count, bytes[next] == UInt8(ascii: "}") else {
            throw DBusProblem("the entry of a dictionary has no end", at: next)
        }
        return next + 1
    }

    private static func isBasic(_ letter: UInt8) -> Bool { ("ybnqiuxtdsogh" as Bytes).contains(letter) }

    /// To a multiple of how many bytes a value of the type is padded.
    static func alignment(of letter: UInt8) -> Int {
        switch letter {
        case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
        case UInt8(ascii: "n"), UInt8(ascii: "q"): 2
        case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"): 8
        default: 4
        }
    }
}
