// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct SystemdTests {
    private let machine = ServiceManagerFacts(isOfUser: false, cgroup: "")

    private func host(_ manager: ServiceManagerFacts? = nil) -> HullPlan.Host {
        var host = HullPlan.Host.usual
        host.serviceManager = manager ?? machine
        return host
    }

    private func unit(_ path: String?, id: Bytes = "c1", _ manager: ServiceManagerFacts? = nil) throws -> [String] {
        var config = Config.smallest
        config.linux?.cgroupsPath = path.map { Bytes($0) }
        let plan = try config.plan(Request(id: id, bundle: "/b"), host(manager))
        for case .startUnit(let unit) in plan.outside.map(\.action) {
            return [unit.name.text, unit.slice.text, plan.cgroup.path.text]
        }
        return []
    }

    // UN-01. Goal: unit, slice and cgroup are what engines expect. Method: table of paths.
    @Test(
        arguments: [
            (nil, "hull-c1.scope", "system.slice", "/system.slice"),
            ("a.slice:x:y", "x-y.scope", "a.slice", "/a.slice"),
            (":x:y", "x-y.scope", "system.slice", "/system.slice"), ("a.slice::y", "y.scope", "a.slice", "/a.slice"),
            ("a-b-c.slice:x:y", "x-y.scope", "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice"),
            ("-.slice:x:y", "x-y.scope", "-.slice", ""),
        ] as [(String?, String, String, String)])
    func units(path: String?, name: String, slice: String, directory: String) throws {
        #expect(try unit(path) == [name, slice, directory + "/" + name])
    }

    // UN-02. Goal: the user's manager has its own place and default. Method: the facts of a session.
    @Test func ofUser() throws {
        let manager = ServiceManagerFacts(isOfUser: true, cgroup: "/user.slice/user-7.slice/user@7.service")
        let found = try unit(nil, manager)
        #expect(found == ["hull-c1.scope", "user.slice", manager.cgroup.text + "/user.slice/hull-c1.scope"])
    }

    // UN-03. Goal: an id is always a part of a unit's name. Method: the one character that no unit has.
    @Test func escaped() throws {
        #expect(try unit(nil, id: "a+b")[0] == #"hull-a\x2bb.scope"#)
    }

    // UN-03. Goal: an id of which systemd would take no unit is told before it is asked. Method: the longest that it
    // takes, one more, and one whose escapes are too many.
    @Test func longIdentifiers() throws {
        let longest = String(repeating: "i", count: 244)
        #expect(try unit(nil, id: Bytes(longest))[0] == "hull-\(longest).scope")
        for id in [longest + "i", String(repeating: "+", count: 62)] {
            let errors = Config.smallest.errors(Request(id: Bytes(id), bundle: "/b"), host())
            let length = 11 + id.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "+") ? 4 : 1) }
            let words = "the container's id makes a unit's name of \(length) characters, a unit has 255 at most"
            #expect(errors == ["/linux/cgroupsPath: " + words])
        }
    }

    // UN-04. Goal: what is no unit is refused with its place. Method: table of paths and words.
    @Test(arguments: [
        ("/a/b", "is not of the form slice:prefix:name"), ("a.slice:b", "is not of the form"),
        ("a.slice:b:c:d", "is not of"),
        ("a:b:c", "invalid slice name \"a\""), ("-:b:c", "invalid slice name"), ("-a.slice:b:c", "invalid slice name"),
        ("a--b.slice:b:c", "invalid slice name"), ("a/b.slice:b:c", "invalid slice name"),
        (".slice:b:c", "invalid slice"),
        ("a.slice:b:", "has no name"), ("a.slice:b:c.slice", "names a slice"), ("a.slice:b:c d", "has a character"),
        ("a.slice:b/:c", "has a character"), ("a.slice::../c", "has a character"),
    ])
    func refused(path: String, words: String) {
        var config = Config.smallest
        config.linux?.cgroupsPath = Bytes(path)
        let errors = config.errors(Request(id: "c1", bundle: "/b"), host())
        #expect(errors.count == 1 && errors[0].hasPrefix("/linux/cgroupsPath: "), "\(errors)")
        #expect(errors.first?.contains(words) == true, "\(errors)")
    }

    private func properties(of files: [(Bytes, Bytes)]) -> [String] {
        var properties = UnitProperties()
        var said = Config.Linux.Resources()
        said.unified = files.map { Entry(key: $0.0, value: $0.1) }
        var findings = Findings()
        properties.add(resolveResources(said, at: "", &findings).files)
        return properties.list.map { "\($0.name.text) = \($0.value.text.text)" }
    }

    // UN-05. Goal: systemd writes the same as hull at a daemon-reload. Method: table of files and properties.
    @Test(
        arguments: [
            ([("memory.max", "67108864")], ["MemoryMax = 67108864"]),
            ([("memory.max", "1G")], ["MemoryMax = 1073741824"]),
            ([("memory.max", "max")], ["MemoryMax = infinity"]), ([("memory.max", "0")], []),
            ([("memory.low", "0")], ["MemoryLow = 0"]), ([("memory.swap.max", "0")], ["MemorySwapMax = 0"]),
            ([("memory.high", "1"), ("memory.min", "2")], ["MemoryHigh = 1", "MemoryMin = 2"]),
            ([("memory.max", "1"), ("memory.max", "2")], ["MemoryMax = 2"]),
            ([("pids.max", "7")], ["TasksMax = 7"]), ([("pids.max", "0")], []),
            ([("cpu.weight", "20")], ["CPUWeight = 20"]),
            ([("cpu.weight", "20"), ("cpu.idle", "1")], ["CPUWeight = 0"]), ([("cpu.idle", "0")], []),
            ([("cpu.max", "12345 50000")], ["CPUQuotaPerSecUSec = 250000", "CPUQuotaPeriodUSec = 50000"]),
            ([("cpu.max", "20000")], ["CPUQuotaPerSecUSec = 200000"]),
            ([("cpu.max", "max 50000")], ["CPUQuotaPerSecUSec = infinity", "CPUQuotaPeriodUSec = 50000"]),
            ([("cpuset.cpus", "0-2,9")], ["AllowedCPUs = [7, 2]"]),
            ([("cpuset.mems", "0")], ["AllowedMemoryNodes = [1]"]),
            ([("io.weight", "200")], ["IOWeight = 200"]), ([("io.weight", "default 200")], ["IOWeight = 200"]),
            ([("io.bfq.weight", "1000")], ["IOWeight = 10000"]), ([("io.bfq.weight", "50")], ["IOWeight = 50"]),
            (
                [("io.weight", "8:0 200"), ("io.weight", "8:16 300")],
                ["IODeviceWeight = [('/dev/block/8:0', 200), ('/dev/block/8:16', 300)]"]
            ),
            (
                [("io.max", "8:0 rbps=100 wiops=max")],
                ["IOReadBandwidthMax = [('/dev/block/8:0', 100)]", "IOWriteIOPSMax = [('/dev/block/8:0', infinity)]"]
            ),
            ([("hugetlb.2MB.max", "1"), ("memory.oom.group", "1"), ("cpu.max.burst", "5"), ("memory.max", "x")], []),
        ] as [([(Bytes, Bytes)], [String])])
    func files(files: [(Bytes, Bytes)], expected: [String]) {
        #expect(properties(of: files) == expected)
    }

    // UN-06. Goal: systemd's filter never denies what the container's allows. Method: rules, and what is said of them.
    @Test(
        arguments: [
            ([(false, nil, nil, nil, "rwm")], "strict", ["char-* m", "block-* m"]),
            ([(true, nil, nil, nil, "rwm")], "auto", []),
            ([(false, nil, nil, nil, "rwm"), (true, "c", 10, 229, "rw")], "strict", ["/dev/char/10:229 rw"]),
            ([(true, "b", 8, nil, "r")], "strict", ["block-8 r"]),
            ([(true, nil, 8, nil, "r")], "strict", ["char-8 r", "block-8 r"]),
            ([(true, "c", 10, 229, "rw"), (false, "c", 10, nil, "rwm")], "strict", []),
            ([(true, nil, nil, nil, "rwm"), (false, "c", 10, nil, "rwm")], "auto", []),
            ([(true, "c", nil, 5, "r")], "strict", ["char-* r"]),
        ] as [([(Bool, Bytes?, Int64?, Int64?, Bytes)], String, [String])])
    func devices(rules: [(Bool, Bytes?, Int64?, Int64?, Bytes)], policy: String, entries: [String]) {
        var properties = UnitProperties()
        properties.add(
            devices: rules.map { rule in
                var said = Config.Linux.Resources.DeviceRule(allow: rule.0)
                (said.type, said.major, said.minor, said.access) = (rule.1, rule.2, rule.3, rule.4)
                return said
            }, at: "")
        let text = properties.list.map { "\($0.name.text) = \($0.value.text.text)" }
        #expect(text[0] == "DevicePolicy = '\(policy)'")
        for entry in entries {
            let words = entry.split(separator: " ")
            #expect(text[1].contains("('\(words[0])', '\(words[1])')"), "\(text[1])")
        }
        #expect((policy == "auto") == (text[1] == "DeviceAllow = []"))
        // Of the devices that a container always has.
        if policy == "strict" { #expect(text[1].contains("('char-136', 'rwm')")) }
        if rules.count == 2, !rules[1].0 { #expect(!text[1].contains("10:229")) }
    }

    private func annotated(_ key: String, _ value: String) -> Config {
        var config = Config.smallest
        config.annotations = [Entry(key: Bytes("org.systemd.property." + key), value: Bytes(value))]
        return config
    }

    // UN-07. Goal: annotations become properties, seconds microseconds. Method: table.
    @Test(arguments: [
        ("CollectMode", "'inactive-or-failed'", "CollectMode = 'inactive-or-failed'"),
        ("TimeoutStopSec", "uint32 7", "TimeoutStopUSec = 7000000"),
        ("TimeoutStopSec", "1.5", "TimeoutStopUSec = 1500000"),
        ("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec = 5"),
        ("DefaultDependencies", "true", "DefaultDependencies = true"),
        ("After", "['a.service']", "After = ['a.service']"),
    ])
    func annotations(key: String, value: String, expected: String) throws {
        let steps = try annotated(key, value).plan(Request(id: "c1", bundle: "/b"), host()).steps("outside")
        #expect(steps.filter { $0.contains(" " + expected) }.count == 1, "\(steps)")
        // Once each: what an annotation says replaces what hull says.
        let name = expected.prefix { $0 != " " }
        #expect(steps.filter { $0.contains(" \(name) = ") }.count == 1, "\(steps)")
    }

    // UN-08. Goal: a wrong annotation is refused with its place, and only where it means something. Method: table.
    @Test(arguments: [
        ("ab", "1", "is no name of a property"), ("a_b", "1", "is no name"),
        ("TimeoutStopSec", "'x'", "it is no number"),
        ("TimeoutStopSec", "-1", "it is no number"), ("CollectMode", "x", "is no value and no type"),
    ])
    func badAnnotations(key: String, value: String, words: String) {
        let config = annotated(key, value)
        let errors = config.errors(Request(id: "c1", bundle: "/b"), host())
        #expect(errors.count == 1 && errors[0].hasPrefix("/annotations/org.systemd.property.\(key): "), "\(errors)")
        #expect(errors.first?.contains(words) == true, "\(errors)")
        #expect(config.errors == [])
    }

    // UN-25. Goal: an update that is taken back leaves systemd as it was. Method: what was there before and what was
    // not, a list, a quota that goes by the period of before.
    @Test func update() throws {
        var before = Config.Linux.Resources()
        before.memory = .init()
        before.memory?.limit = 100
        before.cpu = .init()
        before.cpu?.period = 50000
        before.cpu?.quota = 10000
        before.unified = [Entry(key: "io.max", value: "8:0 rbps=5")]
        var said = Config.Linux.Resources()
        said.memory = .init()
        said.memory?.limit = 200
        said.cpu = .init()
        said.cpu?.quota = 20000
        said.cpu?.cpus = "0"
        said.pids = .init()
        said.pids?.limit = 9
        said.unified = [Entry(key: "io.max", value: "8:16 rbps=6")]
        let change = try resolveUpdate(said, before: before, .usual, strict: false).unitProperties(before: before)
        func text(_ properties: [UnitProperty]) -> [String] {
            properties.map { "\($0.name.text) \($0.value.text.text)" }
        }
        #expect(
            text(change.now) == [
                "CPUQuotaPerSecUSec 400000", "AllowedCPUs [1]", "MemoryMax 200", "TasksMax 9",
                "IOReadBandwidthMax [('/dev/block/8:16', 6)]",
            ])
        #expect(
            text(change.former) == [
                "CPUQuotaPerSecUSec 200000", "AllowedCPUs []", "MemoryMax 100", "TasksMax infinity",
                "IOReadBandwidthMax []", "IOReadBandwidthMax [('/dev/block/8:0', 5)]",
            ])
    }

    // UN-09. Goal: without systemd nothing of it is in a plan. Method: the steps.
    @Test func cgroupfs() throws {
        let steps = try Config.smallest.plan().steps("outside")
        #expect(!steps.contains { $0.hasPrefix("unit") })
    }
}
