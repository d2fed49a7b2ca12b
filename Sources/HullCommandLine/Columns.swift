// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Rows with their columns under each other, three spaces between; each row ends with a newline. Names and paths are
/// made printable: a table is for a terminal. All cells lie in one text, for a table may have thousands of rows.
package struct Columns {
    private struct Cell {
        /// Where it ends in the text.
        var end: Int
        /// In characters.
        var width: Int
        var isLast: Bool
    }

    private var cells: [Cell] = []
    private var text: [UInt8] = []
    private var widths: [Int] = []

    /// A table that starts with a row, mostly that of the names.
    package init(_ row: [Bytes]) { add(row) }

    /// One row more.
    package mutating func add(_ row: [Bytes]) {
        for (column, cell) in row.enumerated() {
            let start = text.count
            text += printable(cell).array
            let width = text[start...].reduce(0) { $1 & 0xc0 != 0x80 ? $0 + 1 : $0 }
            cells.append(Cell(end: text.count, width: width, isLast: column == row.count - 1))
            if column == widths.count { widths.append(0) }
            widths[column] = max(widths[column], width)
        }
    }

    /// The table.
    package var lines: Bytes {
        let across = widths.reduce(0) { $0 + $1 + 3 }
        var lines: [UInt8] = []
        lines.reserveCapacity(text.count + cells.count / max(widths.count, 1) * (across - widths.count))
        var (start, column) = (0, 0)
        for cell in cells {
            lines += text[start..<cell.end]
            start = cell.end
            if cell.isLast {
                lines.append(UInt8(ascii: "\n"))
                column = 0
            } else {
                lines += repeatElement(UInt8(ascii: " "), count: widths[column] - cell.width + 3)
                column += 1
            }
        }
        return Bytes(lines)
    }
}

/// The rows as a table.
package func columns(_ rows: [[Bytes]]) -> Bytes {
    guard let first = rows.first else { return "" }
    var columns = Columns(first)
    for row in rows.dropFirst() { columns.add(row) }
    return columns.lines
}
