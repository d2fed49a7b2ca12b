// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// Names and where each was met first, sorted by name. A `Dictionary` does the same, but its type is only put together
/// at run time: that takes longer than to look up all names of a usual list.
struct PlacesByName {
    private var names: [Bytes] = []
    private var places: [Int] = []

    /// The place of the name; nil for a new one, which from now on is at the place given.
    mutating func place(of name: Bytes, orNote place: Int) -> Int? {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        if low < names.count, names[low] == name { return places[low] }
        names.insert(name, at: low)
        places.insert(place, at: low)
        return nil
    }
}
