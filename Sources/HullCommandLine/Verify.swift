// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI
package import HullPlan

/// What `verify` was told.
package struct VerifyOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// How the findings look.
    package var format = ListFormat.table

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "compare a running container with its config", operands: "ID",
            more: "A line for each difference; a note where the program may have made it by right.\n"
                + "The exit status is 1 if something differs that it may not.",
            example: "verify web")
    }

    package static var table: [Option<VerifyOptions>] {
        [.choice("format", letter: "f", "how the findings look (default: table)") { $0.format = $1 }]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) { id = try onlyID(operands) }
}

/// The differences between a container and its config, one on each line.
package func verifyText(_ differences: [Difference], config: [UInt8]) -> Bytes {
    lines(differences.filter { $0.reason == nil }, .error, config)
        + lines(differences.filter { $0.reason != nil }, .note, config)
}

private func lines(_ differences: [Difference], _ severity: Severity, _ config: [UInt8]) -> Bytes {
    let list = differences.map {
        ConfigError($0.pointer, "says \($0.said), found \($0.found)", hint: $0.reason)
    }
    return ConfigErrors(list).located(in: config).list.map { $0.line(in: "config.json", severity) + "\n" }.joined("")
}

/// The same as JSON.
package struct VerifyReport: JSONWritable {
    let id: Bytes
    let differences: [Difference]

    /// The findings of a container.
    package init(_ id: Bytes, _ differences: [Difference]) {
        self.id = id
        self.differences = differences
    }

    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            for (name, areNotes) in [("differences", false), ("notes", true)] as [(Bytes, Bool)] {
                writer.key(name)
                writer.array { writer in
                    for difference in differences where (difference.reason != nil) == areNotes {
                        writer.object { writer in
                            writer.member("pointer", difference.pointer.text)
                            writer.member("config", difference.said)
                            writer.member("found", difference.found)
                            writer.member("reason", difference.reason)
                        }
                    }
                }
            }
        }
    }
}
