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
    package init(decimal number: some BinaryInteger) {
        self.array = []
        array.append(decimal: number)
    }
    /// A number in decimal; this type alone is not generic, since a caller in another module pays for that at run time.
    package init(decimal number: Int) {
        self.array = []
        array.append(decimal: number)
    }

    /// Bytes put together from literals, byte strings and numbers, without ever being a `String` that is compared.
    package struct Interpolation: StringInterpolationProtocol {
        var array: [UInt8] = []
        package init(literalCapacity: Int, interpolationCount: Int) {
            array.reserveCapacity(literalCapacity + interpolationCount * 16)
        }
        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { unsafe array.append(contentsOf: $0) }
        }
        /// Puts bytes in as they are.
        package mutating func appendInterpolation(_ bytes: Bytes) { array.append(contentsOf: bytes.array) }
        /// Puts a text's UTF-8 in.
        package mutating func appendInterpolation(_ text: String) { array.append(contentsOf: text.utf8) }
        /// Puts a number in, in decimal.
        package mutating func appendInterpolation(_ number: some BinaryInteger) { array.append(decimal: number) }
        /// Puts a number in, in decimal.
        package mutating func appendInterpolation(_ number: Int) { array.append(decimal: number) }
        /// Puts a number in, in decimal.
        package mutating func appendInterpolation(_ number: Int32) { array.append(decimal: number) }
    }

    package var count: Int { array.count }
    package var isEmpty: Bool { array.isEmpty }

    package static func < (a: Bytes, b: Bytes) -> Bool { a.array.lexicographicallyPrecedes(b.array) }
    /// Both, one after the other.
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
        var parts: [Bytes] = []
        var start = 0
        for end in 0...count where end == count || array[end] == separator {
            if end > start || !omittingEmpty { parts.append(Bytes(array[start..<end])) }
            start = end + 1
        }
        return parts
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

extension [UInt8] {
    /// Adds the digits of a number in decimal.
    fileprivate mutating func append(decimal number: some BinaryInteger) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var low = count
        var rest = UInt64(number.magnitude)
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        var high = count - 1
        while low < high {
            swapAt(low, high)
            low += 1
            high -= 1
        }
    }
}

extension [Bytes] {
    /// The parts with `separator` between them.
    package func joined(_ separator: Bytes) -> Bytes {
        var all: [UInt8] = []
        all.reserveCapacity(reduce(0) { $0 + $1.count + separator.count })
        for (index, part) in enumerated() {
            if index > 0 { all += separator.array }
            all += part.array
        }
        return Bytes(all)
    }
}
