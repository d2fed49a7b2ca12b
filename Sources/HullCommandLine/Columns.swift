// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Rows with their columns under each other, three spaces between; each row ends with a newline. Names and paths are
/// made printable: a table is for a terminal.
package func columns(_ rows: [[Bytes]]) -> Bytes {
    let rows = rows.map { $0.map(printable) }
    var widths: [Int] = []
    for row in rows {
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(0) }
            widths[column] = max(widths[column], width(cell))
        }
    }
    return rows.map { row in
        var line: [UInt8] = []
        for (column, cell) in row.enumerated() {
            line += cell.array
            guard column < row.count - 1 else { break }
            line += [UInt8](repeating: UInt8(ascii: " "), count: widths[column] - width(cell) + 3)
        }
        return Bytes(line) + "\n"
    }.joined("")
}

/// How many characters the text has: UTF-8 bytes that do not continue a sequence.
private func width(_ text: Bytes) -> Int { text.array.count { $0 & 0xc0 != 0x80 } }
