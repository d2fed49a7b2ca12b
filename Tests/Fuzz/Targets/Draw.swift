// SPDX-License-Identifier: Apache-2.0

import HullBytes

/// Values drawn from the bytes of a fuzzer: when they are used up, every further one is 0.
struct Draw {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func bool() -> Bool { byte() & 1 == 1 }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { number, _ in number << 8 | Number(truncatingIfNeeded: byte()) }
    }

    mutating func count(upTo most: Int) -> Int { Int(byte()) % (most + 1) }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(byte()) % values.count] }

    /// Bytes, their number first.
    mutating func text(upTo most: Int = 40) -> Bytes {
        let size = min(count(upTo: most), rest.count)
        defer { rest = rest.dropFirst(size) }
        return Bytes(rest.prefix(size))
    }

    /// One of the words, or any bytes.
    mutating func word(_ words: [Bytes]) -> Bytes {
        let choice = Int(byte())
        return choice < 192 ? words[choice % words.count] : text()
    }

    /// One of the numbers or one next to it, or any.
    mutating func near<Number: FixedWidthInteger>(_ numbers: [Number]) -> Number {
        let choice = Int(byte())
        guard choice < 192 else { return number(Number.self) }
        return pick(numbers) &+ [0, 1, Number(truncatingIfNeeded: -1)][choice % 3]
    }

    mutating func all() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}

extension Bytes {
    /// For messages.
    var shown: String { quoted(self).text }
}
