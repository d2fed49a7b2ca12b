// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Resources {
    /// What a file of the container's cgroup holds while it runs with these resources.
    private func file(_ name: String, _ pointer: String, _ value: JSON) throws -> String? {
        try files([name], [(pointer, value)]).first ?? nil
    }

    private func files(_ names: [String], _ resources: [(String, JSON)]) throws -> [String?] {
        var found: [String?] = []
        try scenario { s in
            _ = try s.start("exec sleep 100") {
                for (pointer, value) in resources { $0["/linux/resources" + pointer] = value }
            }
            found = names.map { Files.read(s.cgroupDirectory("g1") + "/" + $0)?.trimmed }
        }
        return found
    }

    // Goal: memory limits land in the files of version 2. Method: read them on the host.
    @Test("RS-01 memory.limit", .needs(.controller("memory")))
    func memory() throws {
        try #expect(file("memory.max", "/memory", ["limit": 67_108_864]) == "67108864")
    }

    // Goal: -1 is no limit. Method: the file says so, or is not there because nobody asked for its controller.
    @Test("RS-02 memory.limit -1 is no limit", .needs(.controller("memory")))
    func memoryUnlimited() throws {
        try #expect(file("memory.max", "/memory", ["limit": -1]) ?? "max" == "max")
    }

    // Goal: swap of version 2 is without memory. Method: the difference.
    @Test("RS-03 memory.swap counts memory and swap together", .needs(.controller("memory")))
    func swap() throws {
        let found = try files(
            ["memory.max", "memory.swap.max"], [("/memory", ["limit": 67_108_864, "swap": 100_663_296])])
        #expect(found == ["67108864", "33554432"])
    }

    @Test("RS-04 memory.reservation", .needs(.controller("memory")))
    func reservation() throws {
        try #expect(file("memory.low", "/memory", ["reservation": 33_554_432]) == "33554432")
    }

    @Test("RS-05 pids.limit", .needs(.controller("pids")))
    func pids() throws {
        try #expect(file("pids.max", "/pids", ["limit": 20]) == "20")
    }

    @Test("RS-06 pids.limit -1 is no limit", .needs(.controller("pids")))
    func pidsUnlimited() throws {
        try #expect(file("pids.max", "/pids", ["limit": -1]) ?? "max" == "max")
    }

    // Goal: the limit bites. Method: more processes than allowed.
    @Test("RS-07 the pids limit is enforced", .needs(.controller("pids")))
    func pidsEnforced() throws {
        try scenario { s in
            let outcome = try s.run("for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait; echo done") {
                $0["/linux/resources/pids"] = ["limit": 4]
            }
            #expect(outcome.stderr.contains("fork"), "\(outcome)")
        }
    }

    // Goal: the memory limit bites. Method: touch more than allowed.
    @Test("RS-08 the memory limit is enforced", .needs(.controller("memory")))
    func memoryEnforced() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "alloc", "134217728"]) {
                $0["/linux/resources/memory"] = ["limit": 33_554_432, "swap": 33_554_432]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.ending == .exit(137) || outcome.json?["/ok"]?.bool == false, "\(outcome)")
        }
    }

    @Test("RS-09 cpu quota and period", .needs(.controller("cpu")))
    func cpu() throws {
        try #expect(file("cpu.max", "/cpu", ["quota": 20000, "period": 50000]) == "20000 50000")
    }

    // Goal: shares become a weight between 1 and 10000. Method: the default 1024 and the extremes.
    @Test("RS-10 cpu shares become a weight", .needs(.controller("cpu")), arguments: [2, 1024, 262_144] as [Int64])
    func shares(value: Int64) throws {
        let weight = try file("cpu.weight", "/cpu", ["shares": .int(value)]).flatMap { Int($0) } ?? 0
        #expect((1...10000).contains(weight))
        if value == 2 { #expect(weight == 1) }
        if value == 262_144 { #expect(weight == 10000) }
        if value == 1024, Runtime.kind == .hull { #expect(weight == 100) }
    }

    @Test("RS-11 cpuset cpus and mems", .needs(.controller("cpuset")))
    func cpuset() throws {
        let found = try files(["cpuset.cpus", "cpuset.mems"], [("/cpu", ["cpus": "0", "mems": "0"])])
        #expect(found == ["0", "0"])
    }

    @Test("RS-12 blockIO weight", .needs(.controller("io")))
    func blockIO() throws {
        let found = try files(["io.weight", "io.bfq.weight"], [("/blockIO", ["weight": 500])])
        #expect(found.contains { $0 != nil })
    }

    @Test("RS-13 hugepageLimits", .needs(.hugetlb))
    func hugepages() throws {
        let size = Files.list("/sys/kernel/mm/hugepages").contains("hugepages-2048kB") ? "2MB" : "64KB"
        let found = try file(
            "hugetlb.\(size).max", "/hugepageLimits", [["pageSize": .string(size), "limit": 4_194_304]])
        #expect(found == "4194304")
    }

    // Goal: unified wins over nothing and reaches every controller. Method: memory.high, which has no property.
    @Test("RS-14 unified writes files of controllers", .needs(.controller("memory")))
    func unified() throws {
        try #expect(file("memory.high", "/unified", ["memory.high": "50331648"]) == "50331648")
    }

    // Goal: a limit that cannot be kept is an error that names the controller. Method: where it is missing.
    @Test(
        "RS-15 a limit whose controller is absent is refused",
        .enabled("needs a machine without the memory controller") { !Machine.controllers.contains("memory") })
    func absent() throws {
        try scenario { s in
            try s.refuses("/linux/resources/memory/limit", "memory") {
                $0["/linux/resources/memory"] = ["limit": 67_108_864]
            }
        }
    }

    // Goal: a page size is a name of the kernel's, no path. Method: a climbing one.
    @Test("RS-16 a page size that is a path is refused")
    func pageSize() throws {
        try scenario { s in
            try s.refuses("/linux/resources/hugepageLimits/0/pageSize", "hugetlb", "page", "invalid", "o such file") {
                $0["/linux/resources/hugepageLimits"] = [["pageSize": "../../x", "limit": 1]]
            }
        }
    }

    // Goal: numbers outside the kernel's are errors. Method: a weight of 5000.
    @Test("RS-17 a blockIO weight outside 10...1000 is refused", .needs(.controller("io")))
    func weight() throws {
        try scenario { s in
            try s.refuses("/linux/resources/blockIO/weight", "weight", "nvalid argument", "ange") {
                $0["/linux/resources/blockIO"] = ["weight": 5000]
            }
        }
    }

    // Goal: empty resources are nothing to do. Method: the container runs.
    @Test(
        "RS-18 empty resources are no error", arguments: [[:], ["memory": [:], "cpu": [:], "devices": []]] as [JSON])
    func empty(resources: JSON) throws {
        try scenario { s in
            try #expect(s.inside("echo ran") { $0["/linux/resources"] = resources } == ["ran"])
        }
    }
}
