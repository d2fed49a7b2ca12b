// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan

extension Findings {
    /// The errors as `POINTER: PROBLEM` or `POINTER: PROBLEM (HINT)`, so that a table can hold them.
    var errorLines: [String] { errors.map(line) }
    /// The warnings in the same form.
    var warningLines: [String] { warnings.map(line) }

    private func line(_ error: ConfigError) -> String {
        "\(error.pointer.text.text): \(error.problem.text)" + (error.hint.map { " (\($0.text))" } ?? "")
    }
}

extension [Bytes] {
    /// The byte strings of a list of texts.
    init(texts: [String]) { self = texts.map { Bytes($0) } }
}
