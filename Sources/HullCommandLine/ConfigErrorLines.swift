// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI
package import HullPlan

extension ConfigError {
    /// `FILE:LINE:COLUMN: /pointer: problem (hint)`, the form that editors jump to; without a newline.
    package func line(in file: Bytes, _ severity: Severity = .error) -> Bytes {
        var place = file
        if let line { place = place + ":" + Bytes(decimal: line) }
        if line != nil, let column { place = place + ":" + Bytes(decimal: column) }
        var parts = [place]
        switch severity {
        case .error: break
        case .warning: parts.append("warning")
        case .weakness: parts.append("security")
        case .note: parts.append("note")
        }
        if pointer != .root { parts.append(pointer.text) }
        parts.append(problem)
        let line = parts.joined(": ")
        return printable(hint.map { "\(line) (\($0))" } ?? line)
    }
}

extension ConfigErrors {
    /// Every error on a line of its own, each line with a newline.
    package func lines(in file: Bytes) -> Bytes { list.map { $0.line(in: file) + "\n" }.joined("") }

    /// Every error in one line, for a log record; the first 16 of very many. Without a newline.
    package func line(in file: Bytes) -> Bytes {
        let shown = list.prefix(16).map { $0.line(in: file) }.joined("; ")
        return list.count <= 16 ? shown : "\(shown); and \(list.count - 16) more"
    }
}
