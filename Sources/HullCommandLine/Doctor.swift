// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI
package import HullPlan

/// What `doctor` was told.
package struct DoctorOptions: VerbOptions {
    /// How the findings look.
    package var format = ReportFormat.text

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "tell what this machine offers, and what is stuck or left", operands: "",
            more: """
                Nothing is changed. The exit status is 1 if anything does not work or was
                left; what hull can do without is a note.
                """, example: "doctor --json")
    }

    package static var table: [Option<DoctorOptions>] {
        reportOptions("how the findings look (default: text)") { $0.format = $1 }
    }
}

extension Diagnosis.Verdict {
    fileprivate var word: Bytes {
        switch self {
        case .good: "ok"
        case .note: "note"
        case .problem: "problem"
        }
    }
}

/// What `doctor` prints: a line for each thing, with what it means and what to do in brackets; or an array of objects.
package func diagnosesText(_ diagnoses: [Diagnosis], _ format: ReportFormat) -> Bytes {
    guard format == .json else {
        return diagnoses.map { diagnosis in
            let more = [diagnosis.meaning, diagnosis.remedy].compactMap(\.self).joined("; ")
            let line = "\(diagnosis.verdict.word): \(diagnosis.subject): \(diagnosis.found)" as Bytes
            return printable(more.isEmpty ? line : "\(line) (\(more))") + "\n"
        }.joined("")
    }
    var writer = JSONWriter(.blanks(2))
    writer.array { writer in
        for diagnosis in diagnoses {
            writer.object { writer in
                writer.member("verdict", diagnosis.verdict.word)
                writer.member("subject", diagnosis.subject)
                writer.member("found", diagnosis.found)
                if let meaning = diagnosis.meaning { writer.member("meaning", meaning) }
                if let remedy = diagnosis.remedy { writer.member("remedy", remedy) }
            }
        }
    }
    return Bytes(writer.bytes) + "\n"
}
