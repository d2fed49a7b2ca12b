// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What `events` was told.
package struct EventsOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The time between two records of statistics, in milliseconds.
    package var interval: Int64 = 5000
    /// One record of statistics and no more.
    package var onlyStats = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "print statistics and out-of-memory kills as JSON lines", operands: "ID",
            more: "It ends when the container does.", example: "events --interval 1s web")
    }

    package static var table: [Option<EventsOptions>] {
        [
            .text("interval", "TIME", "the time between statistics (default: 5s)") {
                (options: inout EventsOptions, value) throws(UsageProblem) in
                options.interval = try parseDuration(value, of: "interval")
            },
            .flag("stats", "print the statistics once and end") { $0.onlyStats = $1 },
        ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}
