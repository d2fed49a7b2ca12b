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
        var later = Int(nodes[object + 2].next)
        while later < nodes.count {
            var earlier = object + 1
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
