// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct AnnotationsTests {
    /// The rows of the table in Specs/Annotations.md: the annotation and what hull does.
    private func page() throws -> [(name: String, hull: String)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Specs/Annotations.md"), encoding: .utf8)
        return text.matches(of: #/\n\| `([^`]+)` \| ([^|]+) \|/#).map { (String($0.1), String($0.2)) }
    }

    // AN-50. Goal: engines learn of each annotation that changes what hull does, and so do readers. Method: the names
    // of `features` are those of the rows that say "carried out".
    @Test func potentiallyUnsafe() throws {
        let features = HullPlan.features(of: ProgramVersion(hull: "1", commit: "a", specification: "1.3.0"))
        let carriedOut = try page().filter { $0.hull == "carried out" }.map { $0.name.filter { $0 != "*" } }.sorted()
        let named = try #require(features.potentiallyUnsafeConfigAnnotations).map(\.text)
        #expect(named.sorted() == carriedOut && !named.isEmpty)
    }

    // AN-51. Goal: nobody is told that an annotation works when it does not. Method: each row that says so warns, the
    // others that are passed on are taken in silence.
    @Test func passedOn() throws {
        let rows = try page().filter { $0.hull != "carried out" }
        #expect(rows.count > 5)
        for row in rows {
            let name = row.name.hasSuffix("*") ? row.name.dropLast() + "x" : row.name[...]
            var config = Config.smallest
            config.annotations = [Entry(key: Bytes(String(name)), value: "x")]
            let warnings = try config.plan().warnings.map { "\($0.pointer.text.text)" }
            let place = "/annotations/" + name.replacingOccurrences(of: "/", with: "~1")
            #expect(warnings == (row.hull == "passed on, `check` warns" ? [place] : []), "\(row.name)")
        }
    }
}
