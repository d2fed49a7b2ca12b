// SPDX-License-Identifier: Apache-2.0

/// A string of bytes: a path, an id, an option, an environment entry, a cgroup or sysctl key.
///
/// Linux compares bytes. `String` compares by canonical equivalence and repairs invalid UTF-8, so a policy written
/// with it can be walked around ("/proc/\u{301}self" has no "/proc/" prefix there). This type has no such opinions.
package struct Bytes: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// The bytes, without a terminating NUL.
    package var array: [UInt8]

    /// Takes the bytes as they are.
    package init(_ array: [UInt8]) { self.array = array }
    /// Copies a part of another byte string.
    package init(_ slice: ArraySlice<UInt8>) { self.array = [UInt8](slice) }
    /// The UTF-8 bytes of a text of our own.
    package init(_ text: String) { self.array = [UInt8](text.utf8) }
    package init(stringLiteral value: StaticString) {
        self.array = value.withUTF8Buffer { unsafe [UInt8]($0) }
    }
    package init(stringInterpolation: Interpolation) { self.array = stringInterpolation.array }
    /// A number in decimal.
    package init(decimal number: some BinaryInteger) { self.array = [UInt8](String(number).utf8) }

    /// Bytes put together from literals, byte strings and numbers, without ever being a `String` that is compared.
    package struct Interpolation: StringInterpolationProtocol {
        var array: [UInt8] = []
        package init(literalCapacity: Int, interpolationCount: Int) {
            array.reserveCapacity(literalCapacity + interpolationCount * 16)
        }
        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { unsafe array.append(contentsOf: $0) }
        }
        package mutating func appendInterpolation(_ bytes: Bytes) { array.append(contentsOf: bytes.array) }
        package mutating func appendInterpolation(_ text: String) { array.append(contentsOf: text.utf8) }
        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            array.append(contentsOf: String(number).utf8)
        }
    }

    package var count: Int { array.count }
    package var isEmpty: Bool { array.isEmpty }

    package static func < (a: Bytes, b: Bytes) -> Bool { a.array.lexicographicallyPrecedes(b.array) }
    package static func + (a: Bytes, b: Bytes) -> Bytes { Bytes(a.array + b.array) }

    /// Whether the first bytes are those of `prefix`.
    package func hasPrefix(_ prefix: Bytes) -> Bool { array.starts(with: prefix.array) }
    /// Whether the last bytes are those of `suffix`.
    package func hasSuffix(_ suffix: Bytes) -> Bool {
        count >= suffix.count && array.suffix(suffix.count).elementsEqual(suffix.array)
    }
    /// Whether the byte occurs anywhere.
    package func contains(_ byte: UInt8) -> Bool { array.contains(byte) }
    /// Where the byte occurs first.
    package func firstIndex(of byte: UInt8) -> Int? { array.firstIndex(of: byte) }
    /// All but the first `number` bytes.
    package func dropFirst(_ number: Int) -> Bytes { Bytes(array.dropFirst(number)) }
    /// The first `number` bytes at most.
    package func prefix(_ number: Int) -> Bytes { Bytes(array.prefix(number)) }

    /// The parts between the separator bytes; with `omittingEmpty` as in a path, without it as in a table.
    package func split(_ separator: UInt8, omittingEmpty: Bool = true) -> [Bytes] {
        array.split(separator: separator, omittingEmptySubsequences: omittingEmpty).map { Bytes($0) }
    }

    /// Without white space (space, tab, newline) at both ends.
    package var trimmed: Bytes {
        func blank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a }
        guard let first = array.firstIndex(where: { !blank($0) }), let last = array.lastIndex(where: { !blank($0) })
        else { return "" }
        return Bytes(array[first...last])
    }

    /// The text for a person: bytes that are not valid UTF-8 are replaced. Never used to decide or to enter the kernel.
    package var text: String { String(decoding: array, as: UTF8.self) }

    /// The number that the bytes spell in decimal, digits only; nil for anything else and on overflow.
    package var decimal: UInt64? {
        guard !isEmpty, count <= 20 else { return nil }
        var value: UInt64 = 0
        for byte in array {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}

extension Sequence<Bytes> {
    /// The parts with `separator` between them.
    package func joined(_ separator: Bytes) -> Bytes { Bytes([UInt8](self.map(\.array).joined(separator: separator.array))) }
}
