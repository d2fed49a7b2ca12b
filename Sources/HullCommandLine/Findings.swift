// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI
package import HullPlan

/// How a report looks.
package enum ReportFormat: Word {
    case text, json

    package var word: Bytes {
        switch self {
        case .text: "text"
        case .json: "json"
        }
    }
}

/// The two spellings of how a report looks; of both, the last counts.
func reportOptions<Target>(
    _ help: Bytes, _ set: @escaping (inout Target, ReportFormat) -> Void
) -> [Option<Target>] {
    [
        .choice("format", help, set),
        .flag("json", "the same as --format json") { set(&$0, $1 ? .json : .text) },
    ]
}

extension Severity {
    /// The word in JSON, and between place and pointer of a line.
    package var word: Bytes {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .weakness: "security"
        case .note: "note"
        }
    }
}

/// The findings in a file, as `check` prints them: a line for each, or an array of objects.
package func findingsText(_ findings: [Finding], in file: Bytes, _ format: ReportFormat) -> Bytes {
    switch format {
    case .text: return findings.map { $0.error.line(in: file, $0.severity) + "\n" }.joined("")
    case .json:
        var writer = JSONWriter(.blanks(2))
        writer.array { writer in
            for finding in findings { finding.write(in: file, &writer) }
        }
        return Bytes(writer.bytes) + "\n"
    }
}

/// What `plan --diff` prints: lines that begin with + or -, below the heading of their part.
package func changesText(_ changes: [PlanChange]) -> Bytes {
    var text: Bytes = ""
    var section: Bytes = ""
    for change in changes {
        if change.section != section {
            section = change.section
            text = text + section + "\n"
        }
        text = text + (change.isAdded ? "+ " : "- ") + change.text + "\n"
    }
    return text
}

extension Finding {
    fileprivate func write(in file: Bytes, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("severity", severity.word)
            writer.member("file", file)
            if let line = error.line { writer.member("line", Int64(line)) }
            if let column = error.column { writer.member("column", Int64(column)) }
            writer.member("pointer", error.pointer.text)
            writer.member("problem", error.problem)
            if let hint = error.hint { writer.member("hint", hint) }
        }
    }
}
