// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Many callers at once, as engines and their monitors are.
@Suite(.runnable, .serialized)
struct Racing {
    /// A caller that plays shell lines, `hull` being the runtime under test.
    private func caller(_ s: Scenario, _ lines: String, _ words: [String] = []) throws -> Call {
        var launch = s.runtime.launch([])
        let hull = "hull() { '\(launch.program)' --root '\(s.runtime.root)' \"$@\"; }\n"
        launch.arguments = ["-c", "set -e\n" + hull + lines, "sh"] + words
        launch.program = "/bin/sh"
        return try s.runtime.start(launch)
    }

    // Goal: list and state never fail because of others. Method: 20 callers go through whole lives, twice, meanwhile
    // they are asked for.
    @Test("20 lives at once, with list and state meanwhile", .timeLimit(.minutes(3)))
    func lives() throws {
        try scenario { s in
            let ids = (0..<20).map { _ in s.id() }
            let callers = try ids.map { id in
                let bundle = try s.bundle(["sleep", "300"]) { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath(id)) }
                return try caller(
                    s,
                    """
                    for turn in 1 2; do
                        hull create --bundle "$1" "$2"
                        hull start "$2"
                        hull state "$2" | grep -q '"status": "running"'
                        hull delete --force "$2"
                    done
                    """, [bundle.directory, id])
            }
            var asked = 0
            while callers.contains(where: { Files.read("/proc/\($0.pid)/stat") != nil }), asked < 2000 {
                let list = try s.runtime("list", "--format", "json")
                #expect(list.ok && list.json != nil, "\(list)")
                let state = try s.runtime("state", ids[asked % ids.count])
                #expect(state.ok ? state.json != nil : state.stderr.contains("does not exist"), "\(state)")
                if !list.ok || state.ending == .timeout { break }
                asked += 1
            }
            for call in callers {
                let outcome = call.outcome(within: 120)
                #expect(outcome.ok, "\(outcome)")
            }
            #expect(try s.runtime("list", "--quiet").lines.isEmpty)
        }
    }

    /// Plays the same call from several callers at once.
    private func together(_ s: Scenario, _ words: [[String]]) throws -> [Outcome] {
        try words.map { try s.runtime.start($0) }.map { $0.outcome(within: 60) }
    }

    // Goal: an id has one winner, a start one starter, and all may delete. Method: pairs of callers, many times.
    @Test("two callers for one id: exactly one wins", .timeLimit(.minutes(3)))
    func oneID() throws {
        try scenario { s in
            let id = s.id()
            let bundles = try (0..<2).map { number in
                try s.bundle(["sleep", "300"]) { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("r\(number)")) }
                    .directory
            }
            for _ in 0..<15 {
                let created = try together(s, bundles.map { ["create", "--bundle", $0, id] })
                #expect(created.filter(\.ok).count == 1, "\(created)")
                expectLoser(created, says: "container with given ID already exists")
                let started = try together(s, [["start", id], ["start", id], ["start", id]])
                #expect(started.filter(\.ok).count == 1, "\(started)")
                expectLoser(started, says: "cannot start an already running container")
                let deleted = try together(s, [["delete", "--force", id], ["delete", "--force", id]])
                #expect(deleted.filter(\.ok).count == 2, "\(deleted)")
                #expect(try s.runtime("state", id).failed)
            }
        }
    }

    private func expectLoser(_ outcomes: [Outcome], says words: String) {
        for loser in outcomes where !loser.ok { #expect(loser.stderr.contains(words), "\(loser)") }
    }

    // Goal: a delete never takes half of what a create is just making. Method: both at once, in every order that
    // happens; at the end, one more delete and the host as before (the scenario's own promise).
    @Test("create and delete --force of one id at once", .timeLimit(.minutes(3)))
    func createAndDelete() throws {
        try scenario { s in
            let id = s.id()
            let bundle = try s.bundle(["sleep", "300"]).directory
            for _ in 0..<15 {
                let calls = try [
                    ["create", "--bundle", bundle, id], ["delete", "--force", id], ["delete", "--force", id],
                ]
                .map { try s.runtime.start($0) }
                for call in calls.dropFirst() {
                    let outcome = call.outcome()
                    #expect(outcome.ok, "\(outcome)")
                }
                let create = calls[0].outcome()
                if create.ok {
                    let state = try s.runtime("state", id)
                    #expect(
                        state.ok ? state.json?["/status"] == "created" : state.stderr.contains("does not exist"),
                        "\(state)")
                }
                #expect(create.ending != .timeout, "\(create)")
                let delete = try s.runtime("delete", "--force", id)
                #expect(delete.ok, "\(delete)")
            }
        }
    }
}
