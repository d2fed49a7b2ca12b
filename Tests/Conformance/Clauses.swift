// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// CLAUSES.md is what the pages of Specs take over: it must name the tests that there are.
@Suite
struct Clauses {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

    /// Clause id to test name, as the sources say it.
    private func proved() -> [String: String] {
        var found: [String: String] = [:]
        for file in Files.list(Self.directory) where file.hasSuffix(".swift") && file != "Clauses.swift" {
            let text = Files.read(Self.directory + "/" + file) ?? ""
            for match in text.matches(of: #/@Test\(\s*"((?:[A-Z]{2,4}-[0-9]{2} )+)/#) {
                let before = text[..<match.range.lowerBound].matches(of: #/\nstruct (\w+)/#).last?.1 ?? ""
                let after = text[match.range.upperBound...].firstMatch(of: #/func (\w+)\(/#)?.1 ?? ""
                for id in clauseIDs(in: String(match.1)) {
                    #expect(found[id] == nil, "two tests for \(id)")
                    found[id] = "\(before)/\(after)"
                }
            }
        }
        return found
    }

    // Goal: the table and the tests agree. Method: the rows of CLAUSES.md against the display names in the sources.
    @Test("every clause has one test and every test a clause")
    func table() throws {
        let text = try #require(Files.read(Self.directory + "/CLAUSES.md"))
        var rows: [String: String] = [:]
        for line in text.split(separator: "\n") where line.contains(#/^\| [A-Z]{2,4}-[0-9]{2} \|/#) {
            let cells = line.split(separator: " | ").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "| ")) }
            try #require(cells.count == 4, "\(line)")
            rows[cells[0]] = cells[3].replacingOccurrences(of: " (hull)", with: "")
        }
        let proved = proved()
        for (id, test) in proved { #expect(rows[id] == test, "\(id)") }
        for id in rows.keys { #expect(proved[id] != nil, "\(id) has no test") }
    }

    // Goal: no stale deviation. Method: each key begins with a clause that has a test.
    @Test("every known deviation is one of a clause")
    func deviations() {
        let proved = proved()
        let keys = [crunDeviations, runcDeviations, crunSometimes, runcSometimes].flatMap(\.keys)
        for key in keys { #expect(proved[String(key.prefix(5))] != nil, "\(key)") }
    }
}
