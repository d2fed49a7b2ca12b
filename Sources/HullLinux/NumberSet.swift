// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A set of CPUs or memory nodes, as the kernel takes it: a bit for each, in as many words as the highest needs.
package struct NumberSet: Equatable, Sendable {
    /// Bit N % 64 of word N / 64 stands for N.
    package private(set) var words: [UInt64]
    /// The highest number: set_mempolicy(2) takes a page of bits, and no kernel has as many CPUs.
    package static let highest: UInt64 = 32767

    /// All CPUs that any kernel has: 8192 is the most that one can be built for.
    package static let all = NumberSet(words: [UInt64](repeating: .max, count: 8192 / 64))

    private init(words: [UInt64]) { self.words = words }

    /// Reads numbers and ranges with commas between: `0-3,7`. nil for anything else, and for a number above `highest`.
    package init?(list: Bytes) {
        words = []
        // For the kernel a list ends with its line.
        guard !list.trimmed.contains(0x0a) else { return nil }
        for item in list.split(0x2c, omittingEmpty: false) {
            let ends = item.trimmed.split(0x2d, omittingEmpty: false).map(\.decimal)
            guard ends.count <= 2, let first = ends[0], let last = ends.last ?? nil, first <= last,
                last <= NumberSet.highest
            else { return nil }
            insert(Int(first)...Int(last))
        }
    }

    /// A word at a time: a text may say a wide range many times.
    private mutating func insert(_ numbers: ClosedRange<Int>) {
        while words.count <= numbers.upperBound / 64 { words.append(0) }
        for word in numbers.lowerBound / 64...numbers.upperBound / 64 {
            let low = max(numbers.lowerBound - word * 64, 0)
            let high = min(numbers.upperBound - word * 64, 63)
            words[word] |= UInt64.max << UInt64(low) & UInt64.max >> UInt64(63 - high)
        }
    }

    private func contains(_ number: Int) -> Bool {
        number / 64 < words.count && words[number / 64] >> UInt64(number % 64) & 1 == 1
    }

    /// The set as a list, the shortest one.
    package var list: Bytes {
        var items: [Bytes] = []
        var number = 0
        while number < words.count * 64 {
            guard contains(number) else {
                number += 1
                continue
            }
            let first = number
            while contains(number + 1) { number += 1 }
            items.append(first == number ? "\(first)" : "\(first)-\(number)")
            number += 1
        }
        return items.joined(",")
    }
}
