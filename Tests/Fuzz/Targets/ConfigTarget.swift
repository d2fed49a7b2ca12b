// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Oracles

/// A config.json: whatever it is, there is a plan, or there are errors with a place in it; and written again it means
/// the same.
enum ConfigTarget {
    static func check(_ input: [UInt8]) -> String? {
        let first = outcome(of: input)
        for error in first.errors {
            if let problem = misplaced(error, in: input) { return problem }
        }
        guard let document = try? JSONDocument(input) else {
            return first.errors.isEmpty ? "no JSON, and no error" : nil
        }
        for layout in [JSONWriter.Layout.compact, .tab] {
            let text = JSONWriter.text(of: document, layout)
            guard let again = try? JSONDocument(text) else { return "what was written is not read" }
            if JSONWriter.text(of: again, layout) != text { return "written twice it differs" }
            let second = outcome(of: text)
            if second.plan != first.plan { return "written again it makes another plan" }
            if words(second.errors) != words(first.errors) { return "written again it has other errors" }
        }
        return nil
    }

    private struct Outcome {
        var plan: Bytes?
        var errors: [ConfigError] = []
    }

    private static func outcome(of text: [UInt8]) -> Outcome {
        var unknown: [ConfigError] = []
        do throws(ConfigErrors) {
            let config = try Config.read(text, unknown: &unknown)
            let plan = try resolve(config, Request(id: "c1", bundle: "/b"), .usual)
            return Outcome(plan: explain(plan), errors: unknown)
        } catch {
            return Outcome(errors: unknown + error.located(in: text).list)
        }
    }

    private static func words(_ errors: [ConfigError]) -> [Bytes] { errors.map { $0.pointer.text + " " + $0.problem } }

    private static func misplaced(_ error: ConfigError, in text: [UInt8]) -> String? {
        let words = "\(error.pointer.text.shown): \(error.problem.shown)"
        if error.problem.isEmpty { return "an error without words at \(words)" }
        let pointer = error.pointer.text
        guard pointer.isEmpty || pointer.array.first == 0x2f else { return "no pointer: \(words)" }
        for (index, byte) in pointer.array.enumerated() where byte == 0x7e {
            let next = pointer.array.dropFirst(index + 1).first
            guard next == 0x30 || next == 0x31 else { return "no pointer: \(words)" }
        }
        // Too long a text is not read, so nothing is known of its lines.
        guard text.count <= JSONLimits().bytes else { return nil }
        let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false)
        guard let line = error.line, let column = error.column, lines.indices.contains(line - 1),
            (1...lines[line - 1].count + 1).contains(column)
        else { return "a place outside of the text, \(error.line ?? 0):\(error.column ?? 0): \(words)" }
        return nil
    }
}
