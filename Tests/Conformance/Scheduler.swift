// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Scheduler {
    /// What the kernel says inside of a process with these properties.
    private func scheduler(_ said: JSON?) throws -> [String: Int] {
        var found: [String: Int] = [:]
        try scenario { s in
            let outcome = try s.run(
                s.bundle(["/bin/probe", "report", "scheduler"]) { $0["/process/scheduler"] = said })
            let json = try #require(outcome.json?["/scheduler"], "\(outcome)")
            for (key, value) in json.object ?? [:] { found[key] = value.int }
        }
        return found
    }

    // Goal: policies of ordinary processes, nice and flags. Method: the kernel's attributes inside.
    @Test(
        "SD-01 the policy, nice value and flags are set",
        arguments: [("SCHED_OTHER", 0, 7), ("SCHED_BATCH", 3, 12), ("SCHED_IDLE", 5, 0)] as [(String, Int, Int64)])
    func ordinary(policy: String, number: Int, nice: Int64) throws {
        let it = try scheduler([
            "policy": .string(policy), "nice": .int(nice), "flags": ["SCHED_FLAG_RESET_ON_FORK"],
        ])
        #expect(it["policy"] == number && it["nice"] == Int(nice) && it["flags"] == 1, "\(it)")
    }

    // Goal: the policies with priorities. Method: the kernel's attributes inside.
    @Test(
        "SD-02 a real-time policy has its priority", .needs(.realTime),
        arguments: [("SCHED_FIFO", 1, 1), ("SCHED_RR", 2, 99)] as [(String, Int, Int64)])
    func realTime(policy: String, number: Int, priority: Int64) throws {
        let it = try scheduler(["policy": .string(policy), "priority": .int(priority)])
        #expect(it["policy"] == number && it["priority"] == Int(priority), "\(it)")
    }

    // Goal: what is wrong is refused at its place. Method: one mistake each.
    @Test(
        "SD-03 an unknown policy or flag, and a value outside its range, are refused",
        arguments: [
            ("policy", ["policy": "SCHED_FAST"]), ("policy", ["policy": ""]),
            ("nice", ["policy": "SCHED_OTHER", "nice": 20]), ("nice", ["policy": "SCHED_OTHER", "nice": -21]),
            ("priority", ["policy": "SCHED_FIFO"]), ("priority", ["policy": "SCHED_OTHER", "priority": 1]),
            ("flags/0", ["policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_FAST"]]),
        ] as [(String, JSON)])
    func mistakes(place: String, said: JSON) throws {
        try scenario { s in
            try s.refuses("/process/scheduler/" + place) { $0["/process/scheduler"] = said }
        }
    }

    // Goal: the deadline policy's times. Method: the kernel's attributes inside; times for another policy are refused.
    @Test("SD-04 runtime, deadline and period are those of SCHED_DEADLINE", .needs(.realTime))
    func deadline() throws {
        let it = try scheduler([
            "policy": "SCHED_DEADLINE", "runtime": 5_000_000, "deadline": 20_000_000, "period": 40_000_000,
        ])
        #expect(it["policy"] == 6, "\(it)")
        #expect(it["runtime"] == 5_000_000 && it["deadline"] == 20_000_000 && it["period"] == 40_000_000, "\(it)")
        try scenario { s in
            try s.refuses("/process/scheduler/runtime") {
                $0["/process/scheduler"] = ["policy": "SCHED_BATCH", "runtime": 5_000_000]
            }
        }
    }

    // Goal: not said is not touched. Method: the runtime itself runs with a nice value.
    @Test("SD-05 without it the caller's scheduling stays")
    func unsaid() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "report", "scheduler"])
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.arguments = ["-n", "3", launch.program] + launch.arguments
            launch.program = "/usr/bin/nice"
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.json?["/scheduler/nice"]?.int == 3, "\(outcome)")
        }
    }

    // Goal: a further process has its own. Method: another policy in the document of exec, and none.
    @Test("SD-06 exec has the scheduling of its own process document")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") { $0["/process/scheduler"] = ["policy": "SCHED_IDLE"] }
            var process = Exec.process
            process["/args"] = ["/bin/probe", "report", "scheduler"]
            process["/scheduler"] = ["policy": "SCHED_BATCH", "nice": 4]
            let json = try Exec.exec(s, container, process).json
            #expect(json?["/scheduler/policy"]?.int == 3 && json?["/scheduler/nice"]?.int == 4)
            let inherited = try container.exec("/bin/probe", "report", "scheduler").json
            #expect(inherited?["/scheduler/policy"]?.int == 5)
        }
    }
}
