// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// How statistics look.
package enum StatsFormat: Word {
    case table, json, openmetrics

    package var word: Bytes {
        switch self {
        case .table: "table"
        case .json: "json"
        case .openmetrics: "openmetrics"
        }
    }
}

/// What `stats` was told.
package struct StatsOptions: VerbOptions {
    /// The containers; empty for all that run.
    package var ids: [Bytes] = []
    /// How it looks.
    package var format = StatsFormat.table
    /// Not again and again.
    package var once = false
    /// The time between two tables, in milliseconds.
    package var interval: Int64 = 2000

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "show what containers use", operands: "[ID...]",
            more: "Without ID all that run. In a terminal the table is renewed until it is\n"
                + "interrupted. openmetrics is for the textfile collector of a node exporter.",
            example: "stats --format openmetrics")
    }

    package static var table: [Option<StatsOptions>] {
        [
            .choice("format", letter: "f", "how it looks (default: table)") { $0.format = $1 },
            .flag("once", letter: "1", "show it once, also in a terminal") { $0.once = $1 },
            .text("interval", "TIME", "the time between two tables (default: 2s)") {
                (options: inout StatsOptions, value) throws(UsageProblem) in
                options.interval = try parseDuration(value, of: "interval")
            },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { ids = operands }
}

/// Renders statistics; for the use of CPU time it remembers the last ones.
package struct StatsView {
    /// A container and what it uses.
    package typealias Row = (id: Bytes, statistics: Statistics)

    private let format: StatsFormat
    /// CPU time in nanoseconds and when it was read, by container.
    private var before: [Bytes: (cpu: UInt64, time: Int64)] = [:]

    /// Remembers nothing yet.
    package init(_ format: StatsFormat) { self.format = format }

    /// The text of a moment, given in nanoseconds of a clock that never goes back. A live table takes the place of the
    /// one before it on the screen.
    package mutating func text(of rows: [Row], at time: Int64, live: Bool) -> Bytes {
        switch format {
        case .json: return json(rows)
        case .openmetrics: return openMetrics(rows)
        case .table:
            let text = table(rows, at: time)
            before = [:]
            for row in rows { before[row.id] = (row.statistics.cpu.total, time) }
            guard live else { return text }
            // Home, each line to its end, then whatever is left of the last table. A line that the terminal is too
            // narrow for is cut, not folded; that is taken back at once, for an interrupt may come at any time.
            let lines = text.split(0x0a, omittingEmpty: false).joined("\u{1b}[K\n")
            return "\u{1b}[?7l\u{1b}[H\(lines)\u{1b}[J\u{1b}[?7h"
        }
    }

    private func table(_ rows: [Row], at time: Int64) -> Bytes {
        let header: [Bytes] = ["ID", "CPU%", "CPU TIME", "MEMORY", "LIMIT", "MEM%", "PIDS", "READ", "WRITTEN"]
        return columns([header] + rows.map { cells($0, at: time) })
    }

    private func cells(_ row: Row, at time: Int64) -> [Bytes] {
        let now = row.statistics
        var share: Bytes = "-"
        if let old = before[row.id], time > old.time, now.cpu.total >= old.cpu {
            share = percent(now.cpu.total - old.cpu, of: UInt64(time - old.time))
        }
        let memory = now.memory.usage
        let isLimited = memory.limit > 0 && memory.limit < .max
        func sum(_ operation: Bytes) -> UInt64 {
            now.serviceBytes.filter { $0.operation == operation }.reduce(0) { $0 &+ $1.value }
        }
        return [
            row.id, share, seconds(now.cpu.total) + "s", size(memory.usage), isLimited ? size(memory.limit) : "-",
            isLimited ? percent(memory.usage, of: memory.limit) : "-", "\(now.pids)", size(sum("Read")),
            size(sum("Write")),
        ]
    }
}

private func json(_ rows: [StatsView.Row]) -> Bytes {
    var writer = JSONWriter()
    writer.array { writer in
        for row in rows {
            writer.object { writer in
                writer.member("id", row.id)
                writer.member("data", row.statistics)
            }
        }
    }
    return Bytes(writer.bytes) + "\n"
}

/// Three digits at least of what a person wants to know: `512B`, `1.5KiB`, `20.0MiB`.
func size(_ bytes: UInt64) -> Bytes {
    if bytes < 1024 { return "\(bytes)B" }
    var (whole, unit) = (bytes, 0)
    var tenth: UInt64 = 0
    while whole >= 1024, unit < 6 {
        tenth = (whole % 1024) * 10 / 1024
        whole /= 1024
        unit += 1
    }
    return "\(whole).\(tenth)\(["", "K", "M", "G", "T", "P", "E"][unit] as Bytes)iB"
}

/// Nanoseconds as seconds with three digits after the point.
func seconds(_ nanoseconds: UInt64) -> Bytes {
    let rest = nanoseconds / 1_000_000 % 1000
    let zeros: Bytes = rest < 10 ? "00" : rest < 100 ? "0" : ""
    return "\(nanoseconds / 1_000_000_000).\(zeros)\(rest)"
}

private func percent(_ part: UInt64, of whole: UInt64) -> Bytes {
    let tenths = UInt64(Double(part) / Double(max(whole, 1)) * 1000 + 0.5)
    return "\(tenths / 10).\(tenths % 10)%"
}
