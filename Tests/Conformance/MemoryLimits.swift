// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// What the limits of memory do, apart from what their files say.
@Suite(.runnable, .conformance)
struct MemoryLimits {
    /// A container that takes memory when it is told to, by `kill ID USR1`.
    private func waiting(
        _ s: Scenario, takes bytes: Int, _ edit: (inout JSON) throws -> Void
    ) throws -> Container {
        let script = "trap 'exec probe alloc \(bytes) , sleep 100' USR1; echo up; while :; do sleep 0.1; done"
        let container = try s.start(script, [], edit)
        container.says("up")
        return container
    }

    private func count(_ key: String, _ file: String, _ s: Scenario) -> Int {
        let lines = (Files.read(s.cgroupDirectory("g1") + "/" + file) ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix(key + " ") }
        return line.flatMap { Int($0.dropFirst(key.count + 1)) } ?? 0
    }

    // Goal: an allocation above the limit is killed, and whoever waits sees SIGKILL. Method: in the foreground.
    @Test("LT-01 an allocation above the memory limit ends in 137", .needs(.controller("memory")))
    func killed() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "alloc", "67108864"]) {
                $0["/linux/resources/memory"] = ["limit": 33_554_432, "swap": 33_554_432]
            }
            try #expect(s.run(bundle).ending == .exit(137))
        }
    }

    // Goal: engines hear of it. Method: `events` looks on while the first process takes too much.
    @Test(
        "LT-02 events tells of the kill of the first process", .needs(.controller("memory")), .only(.hull, .runc))
    func told() throws {
        try scenario { s in
            let container = try waiting(s, takes: 67_108_864) {
                $0["/linux/resources/memory"] = ["limit": 33_554_432, "swap": 33_554_432]
            }
            let pid = try container.pid()
            let call = try s.runtime.start(["events", "--interval", "100s", container.id])
            eventually { call.stdout.contains("stats") || Runtime.kind == .runc }
            _ = try s.runtime("kill", container.id, "USR1")
            #expect(ending(of: pid) == .signal(9))
            #expect(eventually { call.stdout.contains(#""type":"oom""#) }, "\(call.stdout)")
            if Runtime.kind == .runc { call.send(15) }
            #expect(call.outcome(within: 10).ending != .timeout)
        }
    }

    // Goal: memory.high, which only `unified` can say, slows down and does not kill. Method: its counter.
    @Test("LT-03 memory.high slows an allocation down", .needs(.controller("memory")))
    func high() throws {
        try scenario { s in
            let container = try waiting(s, takes: 33_554_432) {
                $0["/linux/resources/unified"] = ["memory.high": "20971520"]
            }
            _ = try s.runtime("kill", container.id, "USR1")
            #expect(eventually { count("high", "memory.events", s) > 0 })
            #expect(count("oom_kill", "memory.events", s) == 0)
            try #expect(container.status() == "running")
        }
    }

    // Goal: as much swap as the two numbers differ by. Method: more than the memory, then more than both.
    @Test("LT-04 swap is the difference of the two limits", .needs(.controller("memory"), .swap))
    func swap() throws {
        try scenario { s in
            let container = try waiting(s, takes: 41_943_040) {
                $0["/linux/resources/memory"] = ["limit": 25_165_824, "swap": 58_720_256]
            }
            _ = try s.runtime("kill", container.id, "USR1")
            let used = s.cgroupDirectory("g1") + "/memory.swap.current"
            #expect(eventually { (Files.read(used).flatMap { Int($0.trimmed) } ?? 0) > 0 })
            container.says(#"{"ok":true"#)
            let more = try container.exec("/bin/probe", "alloc", "67108864")
            #expect(more.ending == .exit(137), "\(more)")
        }
    }

    // Goal: equal numbers are no swap. Method: more than the memory, where the machine has swap.
    @Test("LT-05 without a difference there is no swap", .needs(.controller("memory"), .swap))
    func noSwap() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "alloc", "41943040"]) {
                $0["/linux/resources/memory"] = ["limit": 25_165_824, "swap": 25_165_824]
            }
            try #expect(s.run(bundle).ending == .exit(137))
        }
    }

    // Goal: the error of a limit too low to start says which, how much was used, and what would do. Method: a limit
    // that nothing fits into; then the number that the error gave.
    @Test(
        "LT-06 a memory limit too low to start is told with a number that works", .needs(.controller("memory")),
        .only(.hull), arguments: [[:], ["oomScoreAdj": -1000]] as [[String: JSON]])
    func tooLow(process: [String: JSON]) throws {
        let limit: Int64 = 4096
        func bundle(_ s: Scenario, _ limit: Int64) throws -> TestBundle {
            try s.bundle(["/bin/true"]) {
                for (key, value) in process { $0["/process/" + key] = value }
                $0["/linux/resources/memory"] = ["limit": .int(limit)]
            }
        }
        try scenario { s in
            let words = ["container init was OOM-killed (memory limit too low?): limit \(limit) bytes, peak "]
            let outcome = try s.refuses(bundle(s, limit), "/linux/resources/memory/limit", words)
            let number = try #require(outcome.stderr.firstMatch(of: /\(([0-9]+) bytes would do for the set-up\)/)?.1)
            let second = try s.run(bundle(s, limit))
            #expect(second.ending == .exit(1), "\(second)")
            expect(second, says: words)
            let good = try s.run(bundle(s, try #require(Int64(number))))
            #expect(good.ok, "\(good)")
        }
    }

    // Goal: between too low and enough there is no limit at which anything hangs, or fails without a word. Method: the
    // steps in between, by `run` and by create and start; what the kernel kills after execve is the program's end, and
    // an execve that has let the old program go and has no page for the new one's stack ends by SIGSEGV.
    @Test(
        "LT-07 no memory limit makes a call hang", .needs(.controller("memory")), .only(.hull),
        arguments: stride(from: 49_152, to: 278_528, by: 16_384).map { Int64($0) })
    func neverHangs(limit: Int64) throws {
        let words = ["container init was OOM-killed (memory limit too low?): limit \(limit) bytes"]
        try scenario { s in
            let bundle = try s.bundle(["/bin/true"]) {
                $0["/linux/resources/memory"] = ["limit": .int(limit)]
                if limit % 32_768 == 0 { $0["/process/oomScoreAdj"] = -1000 }
            }
            let outcome = try s.run(bundle)
            #expect([.exit(0), .exit(1), .exit(137), .exit(139)].contains(outcome.ending), "\(outcome)")
            if outcome.ending == .exit(1) { expect(outcome, says: words) }
            if outcome.ending == .exit(137) { expect(outcome, says: ["killed for memory"]) }
            let id = s.id()
            for verb in [["create", "--bundle", bundle.directory], ["start"]] {
                let outcome = try s.runtime(verb + [id])
                #expect([.exit(0), .exit(1)].contains(outcome.ending), "\(outcome)")
                guard outcome.ok else { return expect(outcome, says: words) }
            }
        }
    }

    // Goal: the limit may be that of a cgroup above. Method: one that is nearly nothing, made by the test.
    @Test("LT-08 a limit above the container is named", .needs(.controller("memory")), .only(.hull))
    func above() throws {
        try scenario { s in
            let outer = s.cgroupDirectory("pod")
            try Files.makeDirectory(outer)
            defer { Files.removeCgroup(outer) }
            Files.put("+memory", in: (s.cgroup ?? "") + "/cgroup.subtree_control")
            try #require(Files.put("65536", in: outer + "/memory.max") == 0)
            Files.put("+memory", in: outer + "/cgroup.subtree_control")
            let bundle = try s.bundle(["/bin/true"]) {
                $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("pod") + "/inner")
            }
            let outcome = try s.runtime("create", "--bundle", bundle.directory, s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["OOM-killed (memory limit too low?): limit 65536 bytes"])
            expect(outcome, says: ["of the cgroup \(outer)"])
        }
    }

    // Goal: memory.high, however low, is no wait of minutes for create. Method: less than any process has.
    @Test("LT-09 a memory.high of a page does not stop the set-up", .needs(.controller("memory")), .only(.hull))
    func highOfAPage() throws {
        try scenario { s in
            let container = try s.create(
                s.bundle(["/bin/true"]) { $0["/linux/resources/unified"] = ["memory.high": "4096"] })
            #expect(Files.read(s.cgroupDirectory("g1") + "/memory.high")?.trimmed == "4096")
            try #expect(container.status() == "created")
        }
    }

    // Goal: an exec that does not fit says the same. Method: a container whose memory is in use to the last page.
    @Test("LT-10 an exec for which no memory is left is told", .needs(.controller("memory")), .only(.hull))
    func exec() throws {
        try scenario { s in
            // The kernel kills what is worst: not the first process here.
            let container = try s.start("exec sleep 100") {
                $0["/process/oomScoreAdj"] = -1000
                $0["/linux/resources/memory"] = ["limit": 67_108_864]
            }
            // What it still had to load would otherwise be its end.
            let own = "/proc/\(try container.pid())"
            try #require(
                eventually {
                    Files.read(own + "/cmdline")?.hasPrefix("sleep") == true
                        && Files.read(own + "/stat")?.contains(") S ") == true
                })
            Files.put("4096", in: s.cgroupDirectory("g1") + "/memory.max")
            let process = #"{"args":["/bin/true"],"cwd":"/","oomScoreAdj":0,"user":{"uid":0,"gid":0}}"#
            try Files.write(process, to: s.directory + "/process.json")
            let outcome = try container.exec(options: ["--process", s.directory + "/process.json"])
            #expect(outcome.ending == .exit(255), "\(outcome)")
            expect(outcome, says: ["OOM-killed (memory limit too low?): limit 4096 bytes"])
        }
    }
}
