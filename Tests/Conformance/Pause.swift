// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Pause {
    private func status(_ s: Scenario, _ id: String) throws -> String? {
        try s.runtime("state", id).json?["/status"]?.string
    }

    // Goal: nothing of the container runs while it is paused, and all goes on afterwards. Method: a counter in a file.
    @Test("PA-01 pause stops every process and resume lets it go on")
    func stops() throws {
        try scenario { s in
            let container = try s.start("n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done")
            container.says("3")
            let paused = try container("pause")
            #expect(paused.ok, "\(paused)")
            try #expect(status(s, container.id) == "paused")
            let before = container.output
            eventually(within: 0.2) { container.output != before }
            #expect(container.output == before)
            let resumed = try container("resume")
            #expect(resumed.ok, "\(resumed)")
            try #expect(status(s, container.id) == "running")
            eventually(within: 5) { container.output != before }
            #expect(container.output != before)
        }
    }

    @Test("PA-02 a container that is not paused cannot be resumed")
    func notPaused() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try container("resume")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["not paused"])
        }
    }

    @Test("PA-03 a container that has stopped cannot be paused")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            eventually { (try? status(s, container.id)) == "stopped" }
            for verb in ["pause", "resume"] {
                let outcome = try container(verb)
                #expect(outcome.ending == .exit(1), "\(outcome)")
            }
        }
    }

    @Test("PA-04 KILL ends a paused container, and it can be deleted")
    func kill() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            _ = try container("pause")
            let outcome = try s.runtime("kill", container.id, "KILL")
            #expect(outcome.ok, "\(outcome)")
            eventually { (try? status(s, container.id)) == "stopped" }
            try #expect(container("delete").ok)
        }
    }

    @Test("PA-05 exec in a paused container is refused")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            _ = try container("pause")
            let outcome = try s.runtime("exec", container.id, "/bin/true")
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["paused"])
            _ = try container("resume")
        }
    }

    @Test("PA-06 delete --force takes a paused container away")
    func deleteForce() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            _ = try container("pause")
            let outcome = try s.runtime("delete", "--force", container.id)
            #expect(outcome.ok, "\(outcome)")
        }
    }

    @Test("PA-07 a created container that is paused is not started", .only(.hull))
    func created() throws {
        try scenario { s in
            let container = try s.create(s.bundle(script: "exec sleep 100"))
            _ = try container("pause")
            try #expect(status(s, container.id) == "paused")
            let outcome = try container("start")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["cannot start a paused container"])
            _ = try container("resume")
            try #expect(container("start").ok)
        }
    }
}
