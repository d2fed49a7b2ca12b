// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

// Two members with one key: readers differ in which of them counts, so what a checker approved need not be what the
// runtime does. We take neither.
extension JSONScanner {
    /// Up to this many members every pair is compared; beyond, the keys are sorted.
    private static let pairwise = 16

    /// Notes the keys that this object has twice.
    mutating func findDuplicates(_ object: Int) {
        guard nodes[object].size > Self.pairwise else { return comparePairs(object) }
        var keys: [Int] = []
        keys.reserveCapacity(Int(nodes[object].size))
        var key = object + 1
        while key < nodes.count {
            keys.append(key)
            key = Int(nodes[key + 1].next)
        }
        keys.sort { isBefore($0, $1) }
        for (earlier, later) in zip(keys, keys.dropFirst()) where isSame(earlier, later) { duplicates.append(later) }
    }

    private mutating func comparePairs(_ object: Int) {
        var seen = trait(of: object + 1)
        var later = Int(nodes[object + 2].next)
        while later < nodes.count {
            let trait = trait(of: later)
            // Most keys have a trait that none before them has, and need no comparison.
            var earlier = seen & trait == 0 ? later : object + 1
            seen |= trait
            while earlier < later {
                if isSame(earlier, later) {
                    duplicates.append(later)
                    break
                }
                earlier = Int(nodes[earlier + 1].next)
            }
            later = Int(nodes[later + 1].next)
        }
    }

    /// A bit that keys of one text share; all bits of one whose text is not as it is written.
    private func trait(of key: Int) -> UInt64 {
        guard !nodes[key].marks.contains(.escaped) else { return .max }
        let (first, size) = (Int(nodes[key].start) + 1, Int(nodes[key].size))
        guard size > 0 else { return 1 }
        return 1 << UInt64((size &* 5 &+ Int(bytes[first]) &* 3 &+ Int(bytes[first + size - 1])) & 63)
    }

    private func isSame(_ a: Int, _ b: Int) -> Bool {
        let escaped = nodes[a].marks.union(nodes[b].marks).contains(.escaped)
        if escaped { return key(a).elementsEqual(key(b)) }
        guard nodes[a].size == nodes[b].size else { return false }
        let (first, second) = (Int(nodes[a].start) + 1, Int(nodes[b].start) + 1)
        return (0..<Int(nodes[a].size)).allSatisfy { bytes[first + $0] == bytes[second + $0] }
    }

    /// In the order of their texts, those of one text in the order of the document.
    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        let (first, second) = (key(a), key(b))
        if first.lexicographicallyPrecedes(second) { return true }
        return a < b && first.elementsEqual(second)
    }

    private func key(_ node: Int) -> ArraySlice<UInt8> {
        let start = Int(nodes[node].start) + 1
        let source = bytes[start..<start + Int(nodes[node].size)]
        return nodes[node].marks.contains(.escaped) ? JSONEscapes.resolve(source)[...] : source
    }
}
