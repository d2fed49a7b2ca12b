// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Update {
    /// Runs updates one after the other and gives what the files of the cgroup say after each.
    private func after(
        _ updates: [[String]], stdin: String? = nil, read names: [String], _ given: [(String, JSON)] = []
    ) throws -> [[String?]] {
        var found: [[String?]] = []
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                for (pointer, value) in given { $0["/linux/resources" + pointer] = value }
            }
            for update in updates {
                let outcome = try s.runtime(["update"] + update + [container.id], stdin: stdin)
                #expect(outcome.ok, "\(outcome)")
                found.append(names.map { Files.read(s.cgroupDirectory("g1") + "/" + $0)?.trimmed })
            }
        }
        return found
    }

    @Test("UP-01 --pids-limit and no limit", .needs(.controller("pids")))
    func pids() throws {
        try #expect(
            after([["--pids-limit", "20"], ["--pids-limit", "-1"]], read: ["pids.max"]) == [["20"], ["max"]])
    }

    @Test("UP-02 --memory with a suffix, --memory-reservation", .needs(.controller("memory")))
    func memory() throws {
        let found = try after(
            [["--memory", "64m"], ["--memory-reservation", "33554432"]], read: ["memory.max", "memory.low"])
        #expect(found == [["67108864", "0"], ["67108864", "33554432"]])
    }

    // Goal: swap counts memory too, also when only one of the two is said. Method: one after the other.
    @Test("UP-03 --memory-swap counts memory and swap together", .needs(.controller("memory")))
    func swap() throws {
        let found = try after(
            [["--memory", "64m", "--memory-swap", "96m"]], read: ["memory.max", "memory.swap.max"])
        #expect(found == [["67108864", "33554432"]])
    }

    @Test("UP-04 --memory-swap alone counts from the limit that there is", .needs(.controller("memory")), .only(.hull))
    func swapAlone() throws {
        let found = try after([["--memory", "64m"], ["--memory-swap", "80m"]], read: ["memory.swap.max"])
        #expect(found.last == ["16777216"])
    }

    @Test("UP-05 --cpu-quota keeps the period that there is", .needs(.controller("cpu")))
    func quota() throws {
        let found = try after(
            [["--cpu-quota", "20000", "--cpu-period", "50000"], ["--cpu-quota", "10000"]], read: ["cpu.max"])
        #expect(found == [["20000 50000"], ["10000 50000"]])
    }

    @Test("UP-06 --cpu-share is a weight", .needs(.controller("cpu")), .only(.hull))
    func shares() throws {
        try #expect(after([["--cpu-share", "2048"]], read: ["cpu.weight"]) == [["174"]])
    }

    @Test("UP-07 --cpuset-cpus", .needs(.controller("cpuset")))
    func cpus() throws {
        try #expect(after([["--cpuset-cpus", "0"]], read: ["cpuset.cpus"]) == [["0"]])
    }

    // Goal: a smaller quota than the burst is no error. Method: both made smaller and greater at once.
    @Test("UP-08 quota and burst change together", .needs(.controller("cpu")), .only(.hull))
    func burst() throws {
        let found = try after(
            [
                ["--cpu-quota", "50000", "--cpu-burst", "40000"], ["--cpu-quota", "20000", "--cpu-burst", "10000"],
                ["--cpu-quota", "60000", "--cpu-burst", "60000"],
            ], read: ["cpu.max", "cpu.max.burst"])
        #expect(found == [["50000 100000", "40000"], ["20000 100000", "10000"], ["60000 100000", "60000"]])
    }

    @Test("UP-09 a document on standard input", .needs(.controller("memory")))
    func document() throws {
        let found = try after(
            [["--resources", "-"]], stdin: #"{"memory":{"limit":67108864},"unified":{"memory.high":"33554432"}}"#,
            read: ["memory.max", "memory.high"])
        #expect(found == [["67108864", "33554432"]])
    }

    // Goal: half an update is none. Method: a limit that can be written, then a file that there is not.
    @Test("UP-10 an update that fails is taken back", .needs(.controller("hugetlb")), .only(.hull))
    func rollback() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let directory = s.cgroupDirectory("g1")
            let name = try #require(Files.list("/sys/kernel/mm/hugepages").first?.dropFirst("hugepages-".count))
            let size = try #require(Int(name.dropLast(2)))
            let page = size >= 1_048_576 ? "\(size / 1_048_576)GB" : size >= 1024 ? "\(size / 1024)MB" : "\(size)KB"
            let document = """
                {"hugepageLimits":[{"pageSize":"\(page)","limit":0}],"unified":{"hugetlb.no-such":"1"}}
                """
            let outcome = try s.runtime(["update", "--resources", "-", container.id], stdin: document)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["/hugetlb.no-such: no such file or directory at /unified/hugetlb.no-such"])
            #expect(Files.read("\(directory)/hugetlb.\(page).max")?.trimmed != "0")
            let good = try s.runtime(
                ["update", "--resources", "-", container.id],
                stdin: #"{"hugepageLimits":[{"pageSize":"\#(page)","limit":0}]}"#)
            #expect(good.ok, "\(good)")
            #expect(Files.read("\(directory)/hugetlb.\(page).max")?.trimmed == "0")
        }
    }

    // Goal: the options that no other clause has. Method: each, and the file that it is for.
    @Test(
        "UP-20 --cpu-idle, --cpuset-mems, --blkio-weight", .only(.hull),
        .needs(.controller("cpu"), .controller("cpuset"), .controller("io")))
    func others() throws {
        try #expect(after([["--cpu-idle", "1"], ["--cpu-idle", "0"]], read: ["cpu.idle"]) == [["1"], ["0"]])
        try #expect(after([["--cpuset-mems", "0"]], read: ["cpuset.mems"]) == [["0"]])
        let weights = try after([["--blkio-weight", "500"]], read: ["io.weight", "io.bfq.weight"])
        #expect(weights.first?.contains { $0?.hasPrefix("default ") == true && $0 != "default 100" } == true)
    }

    // Goal: the limit is lowered at any rate, and whoever did it hears of the price. Method: less than is in use.
    @Test("UP-21 a limit below the usage kills, and that is told", .needs(.controller("memory")), .only(.hull))
    func kills() throws {
        try scenario { s in
            let container = try s.start("probe alloc 33554432 , sleep 100; exec sleep 100") {
                $0["/linux/resources/memory"] = ["limit": 67_108_864, "swap": 67_108_864]
            }
            container.says(#"{"ok":true"#)
            let outcome = try s.runtime("update", "--memory", "16m", container.id)
            #expect(outcome.ok, "\(outcome)")
            // It may kill another one while the first is dying.
            expect(outcome, says: ["/memory/limit: the kernel has killed "])
            #expect(Files.read(s.cgroupDirectory("g1") + "/memory.max")?.trimmed == "16777216")
        }
    }

    // Goal: lines of a class of service are not passed over. Method: a container that has none.
    @Test(
        "UP-15 lines for a class of service that the container has not are refused", .needs(.noResctrl),
        .only(.hull, .runc), arguments: [["--l3-cache-schema", "L3:0=f"], ["--mem-bw-schema", "MB:0=50"]])
    func noClass(_ options: [String]) throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try s.runtime(["update"] + options + [container.id])
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["the container has no class of service", "RDT"])
        }
    }

    // Goal: what cgroup v2 cannot do is said. Method: the options of runc that are for cgroup v1.
    @Test(
        "UP-16 options that only cgroup v1 can carry out are refused or warned of", .only(.hull),
        arguments: [
            (["--cpu-rt-runtime", "1000"], 1, "/cpu/realtimeRuntime: cgroup v2 has no limit of real-time tasks"),
            (["--cpu-rt-period", "1000"], 1, "/cpu/realtimePeriod: cgroup v2 has no limit of real-time tasks"),
            (["--kernel-memory", "1m"], 0, "/memory/kernel: ignored: cgroup v2 counts the kernel's memory"),
            (["--kernel-memory-tcp", "1m"], 0, "/memory/kernelTCP: ignored: cgroup v2 counts the kernel's memory"),
        ])
    func old(_ options: [String], _ code: Int32, _ words: String) throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try s.runtime(["update"] + options + [container.id])
            #expect(outcome.ending == .exit(code), "\(outcome)")
            expect(outcome, says: [words])
        }
    }

    @Test("UP-11 a container that has stopped cannot be updated")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            eventually { (try? s.runtime("state", container.id).json?["/status"]?.string) == "stopped" }
            let outcome = try s.runtime("update", "--pids-limit", "20", container.id)
            #expect(outcome.failed, "\(outcome)")
        }
    }

    @Test(
        "UP-12 bad values have the field and the reason", .only(.hull),
        arguments: [
            (#"{"cpu":{"quota":1}}"#, "/cpu/quota: 1 is less than the 1000 microseconds"),
            (#"{"memory":{"limit":-5}}"#, "/memory/limit: the limit is negative: -5"),
            (#"{"memory":{"limit":"x"}}"#, "/memory/limit"), ("{", "standard input:1:"),
            (#"{"devices":[{"allow":true,"type":"z"}]}"#, "/devices/0/type: \"z\" is no type of a device rule"),
        ])
    func bad(_ document: String, _ words: String) throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try s.runtime(["update", "--resources", "-", container.id], stdin: document)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: [words])
        }
    }

    // Goal: a limit below what is used is refused when that is asked for. Method: a page cache of some megabytes.
    @Test("UP-13 checkBeforeUpdate refuses a limit below the usage", .needs(.controller("memory")))
    func checkBeforeUpdate() throws {
        try scenario { s in
            let container = try s.start("head -c 20000000 /dev/zero > /dev/shm/x; echo full; exec sleep 100") {
                $0["/linux/resources/memory"] = ["limit": 67_108_864, "checkBeforeUpdate": true]
            }
            container.says("full")
            let document = #"{"memory":{"limit":4194304,"checkBeforeUpdate":true}}"#
            let outcome = try s.runtime(["update", "--resources", "-", container.id], stdin: document)
            #expect(outcome.failed, "\(outcome)")
            #expect(Files.read(s.cgroupDirectory("g1") + "/memory.max")?.trimmed == "67108864")
        }
    }
}
