// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

extension Trace {
    /// The trace as a picture: a lane for each process, a bar for each step, and the steps that took longest.
    package var svg: Bytes {
        let longest = bars.filter { !$0.waits }.enumerated()
            .sorted { ($1.element.duration, $0.offset) < ($0.element.duration, $1.offset) }
            .prefix(Drawing.rows).map(\.element)
        let height = Drawing.list + 20 * (longest.count + 1)
        var lines: [Bytes] = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"\(height)\" "
                + "viewBox=\"0 0 1200 \(height)\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">",
            "<rect width=\"1200\" height=\"\(height)\" fill=\"#fff\"/>",
            "<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">container \(escaped(id)): "
                + "\(milliseconds(duration))</text>",
        ]
        lines += axis
        lines.append(label("runtime", pids.runtime, Drawing.lanes.runtime))
        lines.append(label(process, pids.process, Drawing.lanes.process))
        // Neighbours differ in shade, so that steps of one kind stay apart.
        for (index, bar) in bars.enumerated() { lines += drawn(bar, isLight: index % 2 == 1) }
        lines.append("<text x=\"16\" y=\"\(Drawing.list)\" font-weight=\"bold\">longest, waits left out</text>")
        for (index, bar) in longest.enumerated() { lines += row(bar, Drawing.list + 20 * (index + 1)) }
        return (lines + ["</svg>"]).map { $0 + "\n" }.joined("")
    }

    /// A line at each round time.
    private var axis: [Bytes] {
        var step: Int64 = 1000
        // 1, 2, 5, 10, 20, 50 microseconds, and so on.
        while duration / step > 10 { step = Bytes(decimal: step).hasPrefix("2") ? step / 2 * 5 : step * 2 }
        return stride(from: 0, through: duration, by: Int64.Stride(step)).flatMap { time -> [Bytes] in
            let x = place(time).text
            // The last one would go over the edge.
            let anchor: Bytes = place(time).count > 1_120_000 ? " text-anchor=\"end\"" : ""
            return [
                "<path d=\"M\(x) 52V\(Drawing.lanes.process + Drawing.thickness + 6)\" stroke=\"#ddd\"/>",
                "<text x=\"\(x)\" y=\"48\" fill=\"#777\"\(anchor)>\(milliseconds(time))</text>",
            ]
        }
    }

    /// Where a time is, in thousandths of the unit. A clock that was set may make any duration.
    private func place(_ time: Int64) -> Thousandths {
        Thousandths(16_000 + Int64(Double(time) / Double(max(duration, 1)) * 1_168_000))
    }

    private func label(_ name: Bytes, _ pid: Int32, _ top: Int) -> Bytes {
        let pid: Bytes = pid > 0 ? ", pid \(pid)" : ""
        return "<text x=\"16\" y=\"\(top - 6)\" font-weight=\"bold\">\(name)\(pid)</text>"
    }

    private func drawn(_ bar: Bar, isLight: Bool) -> [Bytes] {
        let top = bar.isInside ? Drawing.lanes.process : Drawing.lanes.runtime
        let width = Thousandths(max(place(bar.end).count - place(bar.begin).count, 400))
        let number: Bytes = bar.number.map { "\($0) " } ?? ""
        let origin: Bytes = bar.origin == .root ? "" : " [\(bar.origin.text)]"
        let end: Bytes = bar.isDone ? "" : ", unfinished"
        let title = "\(number)\(bar.name)\(origin): \(milliseconds(bar.duration))\(end)" as Bytes
        var lines: [Bytes] = [
            "<g><title>\(escaped(title))</title>",
            "<rect x=\"\(place(bar.begin).text)\" y=\"\(top)\" width=\"\(width.text)\" height=\"\(Drawing.thickness)\" "
                + "fill=\"\(colour(bar, isLight))\"/>",
        ]
        // Six units are what a letter of this size takes, the broad ones included.
        let room = Int(width.count / 1000) - 8
        if let text = [printable(bar.name), bar.words.verb].first(where: { $0.count * 6 <= room }) {
            lines.append(
                "<text x=\"\(Thousandths(place(bar.begin).count + 4000).text)\" y=\"\(top + 22)\" "
                    + "fill=\"\(bar.waits ? "#333" : "#fff" as Bytes)\">\(escaped(text))</text>")
        }
        return lines + ["</g>"]
    }

    private func colour(_ bar: Bar, _ isLight: Bool) -> Bytes {
        if bar.waits { return bar.isInside ? "#cfe3d4" : "#cbd9e8" }
        if !bar.isDone { return "#c0504d" }
        if bar.isInside { return isLight ? "#5fa070" : "#3f7d4f" }
        return isLight ? "#5d8cbb" : "#3b6997"
    }

    /// A line of the list.
    private func row(_ bar: Bar, _ y: Int) -> [Bytes] {
        let side: Bytes = bar.isInside ? "inside" : "outside"
        let number: Bytes = bar.number.map { " \($0)" } ?? ""
        let origin: Bytes = bar.origin == .root ? "" : " [\(bar.origin.text)]"
        return [
            "<text x=\"90\" y=\"\(y)\" text-anchor=\"end\">\(milliseconds(bar.duration))</text>",
            "<text x=\"110\" y=\"\(y)\">\(side)\(number)</text>",
            "<text x=\"190\" y=\"\(y)\">\(escaped((bar.name + origin).prefix(160)))</text>",
        ]
    }
}

/// Where things are in the picture.
private enum Drawing {
    /// The tops of the lanes' bars.
    static let lanes = (runtime: 78, process: 140)
    static let thickness = 36
    /// The line above the list, and how many steps it has.
    static let list = 214
    static let rows = 10
}

private func milliseconds(_ nanoseconds: Int64) -> Bytes { "\(Thousandths(nanoseconds / 1000).text) ms" }

/// Text of XML. What may stand there is what can be printed, but for the two noncharacters at the end of the plane.
private func escaped(_ text: Bytes) -> Bytes {
    var out: [UInt8] = []
    for byte in printable(text).array {
        switch byte {
        case UInt8(ascii: "&"): out.append("&amp;")
        case UInt8(ascii: "<"): out.append("&lt;")
        case UInt8(ascii: ">"): out.append("&gt;")
        case 0xbe where out.suffix(2) == [0xef, 0xbf], 0xbf where out.suffix(2) == [0xef, 0xbf]: out.append(0xbd)
        default: out.append(byte)
        }
    }
    return Bytes(out)
}
