// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance, .only(.hull, .runc))
struct Events {
    @Test("EV-01 --stats prints one record in the shape that engines read")
    func stats() throws {
        try scenario { s in
            let container = try s.start("n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done; echo up; exec sleep 100")
            container.says("up")
            let outcome = try s.runtime("events", "--stats", container.id)
            #expect(outcome.ok && outcome.lines.count == 1, "\(outcome)")
            let record = try #require(outcome.json)
            #expect(record["/type"]?.string == "stats")
            #expect(record["/id"]?.string == container.id)
            #expect(try #require(record["/data/cpu/usage/total"]?.int) > 0)
            for key in ["memory/usage/limit", "memory/usage/failcnt", "pids", "blkio", "hugetlb"] {
                #expect(record["/data/" + key] != nil, "\(key)")
            }
        }
    }

    // Goal: the numbers are those of the cgroup. Method: its own files beside the record.
    @Test("EV-02 the numbers are those of the cgroup", .needs(.controller("memory"), .controller("pids")))
    func numbers() throws {
        try scenario { s in
            let container = try s.start("sleep 100 & sleep 100 & echo up; exec sleep 100") {
                $0["/linux/resources"] = ["memory": ["limit": 67_108_864], "pids": ["limit": 33]]
            }
            container.says("up")
            let record = try s.runtime("events", "--stats", container.id).json
            #expect(record?["/data/memory/usage/limit"]?.int == 67_108_864)
            #expect(record?["/data/pids/current"]?.int == 3)
            #expect(record?["/data/pids/limit"]?.int == 33)
            #expect(try #require(record?["/data/memory/raw/anon"]?.int) > 0)
        }
    }

    // Goal: statistics come again and again until the container ends, and then events ends too. Method: a short
    // interval, then kill.
    @Test("EV-03 records come in the interval until the container ends")
    func interval() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let call = try s.runtime.start(["events", "--interval", "200ms", container.id])
            eventually(within: 10) { call.stdout.split(separator: "\n").count >= 3 }
            #expect(call.stdout.split(separator: "\n").count >= 3)
            _ = try s.runtime("kill", container.id, "KILL")
            let outcome = call.outcome(within: 10)
            #expect(outcome.ok, "\(outcome)")
            let records = outcome.lines.compactMap { try? JSON(parsing: $0) }
            #expect(records.count == outcome.lines.count && records.allSatisfy { $0["/type"]?.string == "stats" })
        }
    }

    // Goal: a kill for memory is told when it happens. Method: an exec that takes more than the limit.
    @Test("EV-04 a kill for memory is a record of its own", .needs(.controller("memory")))
    func oom() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                $0["/linux/resources/memory"] = ["limit": 20_000_000, "swap": 20_000_000]
            }
            let call = try s.runtime.start(["events", "--interval", "100s", container.id])
            eventually(within: 10) { call.stdout.contains("stats") || Runtime.kind == .runc }
            _ = try s.runtime("exec", container.id, "/bin/sh", "-c", "head -c 60000000 /dev/zero | tail > /dev/null")
            eventually(within: 10) { call.stdout.contains(#""type":"oom""#) }
            let line = call.stdout.split(separator: "\n").last { $0.contains(#""type":"oom""#) }
            let record = try JSON(parsing: String(try #require(line, "\(call.stdout)")))
            #expect(record["/id"]?.string == container.id)
            if Runtime.kind == .hull {
                #expect(record["/data/kills"]?.int == 1)
                #expect(record["/data/level"]?.string == s.cgroupDirectory("g1"))
            }
            _ = try s.runtime("kill", container.id, "KILL")
            #expect(call.outcome(within: 10).ending != .timeout)
        }
    }

    @Test("EV-05 a container that has stopped has no statistics")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            eventually { (try? s.runtime("state", container.id).json?["/status"]?.string) == "stopped" }
            let outcome = try s.runtime("events", "--stats", container.id)
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["container not running", "not running"])
        }
    }

    // Goal: whoever reads runc's records finds every key in hull's. Method: both runtimes' record of a busy container.
    @Test(
        "EV-07 the records have every key of runc's",
        .needs(.controller("memory"), .controller("io"), .controller("pids"), .hugetlb, .disk), .only(.hull))
    func keys() throws {
        guard let runc = Files.program("runc") else { return }
        func paths(_ json: JSON?, _ prefix: String = "") -> Set<String> {
            switch json {
            case .object(let members)?:
                members.reduce(into: []) { $0.formUnion(paths($1.value, prefix + "/" + $1.key)) }
            case .array(let elements)?: elements.reduce(into: []) { $0.formUnion(paths($1, prefix + "/0")) }
            default: [prefix]
            }
        }
        try scenario { s in
            let script = "dd if=/dev/zero of=/mnt/x bs=4096 count=100 oflag=direct; sync; echo up; exec sleep 100"
            func edit(_ config: inout JSON) {
                config["/linux/resources"] = [
                    "memory": ["limit": 67_108_864], "pids": ["limit": 33],
                    "cpu": ["quota": 20_000, "period": 100_000], "blockIO": ["weight": 100],
                    "hugepageLimits": [["pageSize": "2MB", "limit": 2_097_152]],
                ]
                config.mount("/mnt", type: "bind", from: "/var/tmp", ["bind", "rw"])
            }
            let container = try s.start(script, [], edit)
            container.says("up")
            let own = try s.runtime("events", "--stats", container.id).json
            let bundle = try s.bundle(script: script, edit)
            let root = ["--root", s.directory + "/runc"]
            var launch = Launch(runc, root + ["run", "-d", "-b", bundle.directory, "theirs"], in: s.directory)
            launch.environment = Runtime.environment
            let call = try s.runtime.start(launch)
            defer {
                launch.arguments = root + ["delete", "--force", "theirs"]
                _ = try? s.runtime.start(launch).outcome()
                Files.remove("/var/tmp/x")
            }
            #expect(call.outcome().ok)
            eventually { call.stdout.contains("up") }
            launch.arguments = root + ["events", "--stats", "theirs"]
            let theirs = try s.runtime.start(launch).outcome().json
            let missing = paths(theirs).subtracting(paths(own))
            #expect(theirs != nil && missing.isEmpty, "\(missing.sorted())")
        }
    }

    @Test("EV-06 stats shows every running container in three forms", .only(.hull))
    func forms() throws {
        try scenario { s in
            let one = try s.start("exec sleep 100")
            let two = try s.start("exec sleep 100")
            let table = try s.runtime("stats")
            #expect(table.lines.first?.hasPrefix("ID ") == true && table.lines.count == 3, "\(table)")
            let json = try s.runtime("stats", "--format", "json", one.id).json?.array
            #expect(json?.count == 1 && json?.first?["/id"]?.string == one.id)
            let metrics = try s.runtime("stats", "--format", "openmetrics")
            #expect(metrics.lines.last == "# EOF")
            for id in [one.id, two.id] {
                #expect(metrics.stdout.contains("hull_container_cpu_seconds_total{id=\"\(id)\",mode=\"user\"} "))
            }
        }
    }
}
