// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// What the limit of tasks does, apart from what its file says.
@Suite(.runnable, .conformance)
struct TaskLimits {
    // Goal: a fork bomb stops at the limit, and so does exec. Method: fifty children under a limit of ten.
    @Test("LT-20 a fork bomb stops at the pids limit, exec too", .needs(.controller("pids")))
    func forkBomb() throws {
        try scenario { s in
            let script = "probe fork 50; i=0; while [ $i -lt 9 ]; do i=$((i+1)); sleep 100 & done; wait"
            let container = try s.start(script) { $0["/linux/resources/pids"] = ["limit": 10] }
            container.says("made")
            let answer = try JSON(parsing: try #require(container.lines.first))
            #expect(answer["/ok"]?.bool == false && answer["/errno"]?.int == 11, "\(answer)")
            // The shell and the probe are two of the ten.
            #expect(answer["/made"]?.int == 8, "\(answer)")
            let events = Files.read(s.cgroupDirectory("g1") + "/pids.events") ?? ""
            #expect(events.hasPrefix("max ") && events != "max 0\n", "\(events)")
            #expect(eventually { Files.read(s.cgroupDirectory("g1") + "/pids.current")?.trimmed == "10" })
            let outcome = try container.exec("true")
            #expect(outcome.failed, "\(outcome)")
            if Runtime.kind == .hull {
                expect(outcome, says: ["clone3: resource temporarily unavailable at /linux/resources/pids/limit"])
                expect(outcome, says: ["the limit of 10 tasks is reached: 10 are there, 11 would do"])
            }
        }
    }

    // Goal: the first process is there whatever the limit, and has no child. Method: the least numbers.
    @Test("LT-21 with a pids limit of 0 or 1 the program runs, alone", .needs(.controller("pids")), arguments: [0, 1])
    func alone(limit: Int64) throws {
        try scenario(case: "\(limit)") { s in
            let bundle = try s.bundle(["/bin/probe", "fork", "1"]) {
                $0["/linux/resources/pids"] = ["limit": .int(limit)]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.json?["/made"]?.int == 0 && outcome.json?["/errno"]?.int == 11, "\(outcome)")
        }
    }

    // Goal: the set-up may have a child although the program may not. Method: a hook inside.
    @Test("LT-22 a pids limit of 1 does not stop hooks", .needs(.controller("pids")), .only(.hull))
    func hooks() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/true"]) {
                $0["/linux/resources/pids"] = ["limit": 1]
                $0["/hooks/createContainer"] = [["path": "/bin/true"]]
            }
            try #expect(s.run(bundle).ok)
        }
    }

    // Goal: what needs a task that the limit does not allow says so. Method: a hook after the limit is in force.
    @Test("LT-23 a startContainer hook that the limit forbids is told", .needs(.controller("pids")), .only(.hull))
    func lateHook() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/true"]) {
                $0["/linux/resources/pids"] = ["limit": 1]
                $0["/hooks/startContainer"] = [["path": "/bin/true"]]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["resource temporarily unavailable"])
            expect(outcome, says: ["the limit of 1 tasks is reached: 1 are there, 2 would do"])
        }
    }
}
