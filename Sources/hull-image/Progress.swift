// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullImage
internal import HullKernel
internal import HullLayers

/// How far an unpacking is: two bars on a terminal, the layer's and that of all; else a line for each layer when it is
/// done. Layers that are in the store already are not worth a word.
struct ProgressDisplay {
    private let descriptor: Int32
    private let isTerminal: Bool
    /// The sizes of the layers' blobs, the lowest first.
    private let sizes: [UInt64]
    private var done: UInt64 = 0
    private var areBarsShown = false
    private var nextDrawing: Int64 = 0
    /// Drawn no more often: a person sees no more.
    private static let interval: Int64 = 50_000_000

    init(on descriptor: Int32, sizes: [UInt64]) {
        self.descriptor = descriptor
        self.sizes = sizes
        isTerminal = Terminal.isTerminal(descriptor)
    }

    mutating func show(_ progress: ImageStore.LayerProgress) {
        let size = sizes[progress.index]
        let name: Bytes = "layer \(progress.index + 1)/\(progress.count) \(progress.digest.short)"
        switch progress.stage {
        case .present: done += size
        case .unpacking(let bytes, _):
            guard isTerminal, Clock.monotonic >= nextDrawing else { return }
            draw(name, bytes, of: size)
            nextDrawing = Clock.monotonic + ProgressDisplay.interval
        case .unpacked:
            done += size
            clear()
            write("\(name)  \(amount(size)) unpacked\n")
        }
    }

    /// Leaves the lines of the layers.
    mutating func finish() { clear() }

    private mutating func draw(_ name: Bytes, _ bytes: UInt64, of size: UInt64) {
        let width = Int(Terminal.size(descriptor)?.columns ?? 80)
        let total = sizes.reduce(0, +)
        let lines = [line(name, bytes, of: size, width), line("total", done + bytes, of: total, width)]
        write((areBarsShown ? "\u{1b}[2A" : "") + lines.map { "\r\($0)\u{1b}[K\n" as Bytes }.joined(""))
        areBarsShown = true
    }

    private mutating func clear() {
        if areBarsShown { write("\u{1b}[2A\r\u{1b}[J") }
        areBarsShown = false
    }

    /// `NAME [=====>    ] 12.3 of 45.6 MiB`, no longer than the terminal is wide: a line that wraps could not be
    /// drawn over.
    private func line(_ name: Bytes, _ bytes: UInt64, of size: UInt64, _ width: Int) -> Bytes {
        let head = name + Bytes([UInt8](repeating: 0x20, count: max(0, 24 - name.count)))
        let tail: Bytes = " \(amount(bytes)) of \(amount(size))"
        let room = min(40, width - 1 - head.count - tail.count - 3)
        guard room >= 8 else { return (head + tail).prefix(max(0, width - 1)) }
        let part = size == 0 ? 1 : min(1, Double(bytes) / Double(size))
        let filled = Int(part * Double(room))
        var bar = [UInt8](repeating: UInt8(ascii: "="), count: filled)
        if filled < room { bar.append(UInt8(ascii: ">")) }
        bar += [UInt8](repeating: 0x20, count: room - bar.count)
        return "\(head) [\(Bytes(bar))]\(tail)"
    }

    private func write(_ text: Bytes) { try? hullWriteAll(descriptor, text, "") }
}

/// Bytes for a person: `12.3 MiB`.
func amount(_ bytes: UInt64) -> Bytes {
    var unit = 0
    var scaled = bytes
    var tenths: UInt64 = 0
    while scaled >= 1024, unit < 4 {
        tenths = (scaled % 1024) * 10 / 1024
        scaled /= 1024
        unit += 1
    }
    let units: [Bytes] = ["B", "KiB", "MiB", "GiB", "TiB"]
    return unit == 0 ? "\(bytes) B" : "\(scaled).\(tenths) \(units[unit])"
}
