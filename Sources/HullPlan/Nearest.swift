// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The known name that an unknown one was probably meant to be; nil where none is near.
///
/// Near is: the same but for the case of letters, or one a beginning of the other from three letters on (`net` for
/// `network`), or about a third of its bytes mistyped at most. The first of equally near names wins. A `prefix` that
/// all known names have counts for nothing, and may be missing: `NOFILE` for `RLIMIT_NOFILE`.
package func nearest(to unknown: Bytes, among known: [Bytes], prefix: Bytes = "") -> Bytes? {
    // No real name is longer; the distance takes time by the product of both lengths.
    guard !unknown.isEmpty, unknown.count <= 64 else { return nil }
    let common = lowercased(prefix)
    let wanted = stripped(unknown, common)
    var best: (distance: Int, name: Bytes)?
    for name in known where name != unknown {
        guard best?.distance != 0 else { break }
        let other = stripped(name, common)
        let limit = max(1, (max(wanted.count, other.count) + 1) / 3)
        let distance = isStart(wanted, other) ? min(1, other.count - wanted.count) : editDistance(wanted, other)
        if distance <= limit, distance < best?.distance ?? Int.max { best = (distance, name) }
    }
    return best?.name
}

/// The hint that names the nearest known name.
package func nearestHint(to unknown: Bytes, among known: [Bytes], prefix: Bytes = "") -> Bytes? {
    nearest(to: unknown, among: known, prefix: prefix).map { "did you mean \"\($0)\"?" }
}

/// The hint for a name out of a list that fits on a line: the nearest one, or all of them where none is near.
package func namesHint(for unknown: Bytes, among known: [Bytes], prefix: Bytes = "") -> Bytes {
    nearestHint(to: unknown, among: known, prefix: prefix) ?? known.joined(", ")
}

private func stripped(_ name: Bytes, _ prefix: [UInt8]) -> [UInt8] {
    let name = lowercased(name)
    return name.starts(with: prefix) ? Array(name.dropFirst(prefix.count)) : name
}

private func lowercased(_ name: Bytes) -> [UInt8] { name.array.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 0x20 : $0 } }

private func isStart(_ short: [UInt8], _ long: [UInt8]) -> Bool { short.count >= 3 && long.starts(with: short) }

/// The least number of bytes to insert, remove, replace or swap with their neighbour (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
            row.append(cost)
        }
        before = last
        last = row
    }
    return last[b.count]
}
