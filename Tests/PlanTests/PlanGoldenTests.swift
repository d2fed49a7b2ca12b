// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullCommandLine
import HullOCI
import HullPlan
import Testing

@Suite struct PlanGoldenTests {
    // RF-14 PL-07 PL-13 PL-14 DV-52 CO-50 US-50. Goal: every decision of a plan, and every error with its place, is
    // seen when it changes. Method: the text of each fixture is compared with the one beside it. HULL_UPDATE_PLANS=1
    // writes the texts anew; then `git diff` is to be read.
    @Test(arguments: PlanFixture.all) func golden(fixture: PlanFixture) throws {
        let text = try fixture.resolved()
        if ProcessInfo.processInfo.environment["HULL_UPDATE_PLANS"] != nil {
            try Data(text.utf8).write(to: fixture.expected)
        }
        let expected = try String(decoding: Data(contentsOf: fixture.expected), as: UTF8.self)
        if text != expected { Issue.record(Comment(rawValue: difference(expected, text))) }
    }

    // Goal: a fixture says what it is by its name. Method: errors have no sections of a plan, plans have.
    @Test(arguments: PlanFixture.all) func kinds(fixture: PlanFixture) throws {
        let text = try fixture.resolved()
        #expect(text.hasPrefix("container c1\n") != fixture.isError)
        #expect(!text.isEmpty)
    }

    // PL-12. Goal: the fixture "spec" is what `hull spec` writes. Method: compare.
    @Test func specFixture() throws {
        #expect(Bytes(try PlanFixture(name: "spec").config()) == DefaultConfig.privileged.text)
    }

    // PL-06. Goal: resolving decides and nothing else does. Method: the same config twice gives the same text.
    @Test(arguments: PlanFixture.all) func pure(fixture: PlanFixture) throws {
        #expect(try fixture.resolved() == fixture.resolved())
    }

    /// The lines that differ.
    private func difference(_ expected: String, _ text: String) -> String {
        let old = expected.components(separatedBy: "\n")
        let new = text.components(separatedBy: "\n")
        return new.difference(from: old).map { change in
            switch change {
            case .remove(let offset, let line, _): "-\(offset + 1): \(line)"
            case .insert(let offset, let line, _): "+\(offset + 1): \(line)"
            }
        }.joined(separator: "\n")
    }
}
