// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance, .needs(.systemd))
struct Systemd {
    /// A scenario in which systemd makes the cgroups: the unit and its slice are named by it.
    private func systemd(_ body: (Scenario, Unit) throws -> Void) throws {
        try scenario { s in
            s.runtime.globals = ["--systemd-cgroup"]
            let unit = Unit(slice: "conf.slice", prefix: "t", name: s.name)
            try body(s, unit)
            try #expect(unit.isGone(), "the unit is left")
        }
    }

    /// A device of a number that no driver has: the filter denies it, or lets pass what the kernel then does not know.
    private static func node(_ minor: Int) -> String { "mknod /tmp/\(minor) c 250 \(minor)" }

    /// The unit of a container, as systemd itself shows it.
    private struct Unit {
        let slice: String
        let prefix: String
        let name: String

        var unit: String { "\(prefix)-\(name).scope" }
        var path: JSON { .string("\(slice):\(prefix):\(name)") }
        var directory: String { "/sys/fs/cgroup/\(slice)/\(unit)" }

        /// What a program of systemd prints.
        static func ask(_ words: String...) throws -> Outcome {
            let program = try #require(Files.program(words[0]))
            return try Launch(program, Array(words.dropFirst()), in: "/").start(
                outputs: Machine.base + "/ask.\(Self.counter.next())"
            ).outcome(within: 60)
        }
        private static let counter = Counter()

        func show(_ property: String) throws -> String {
            try Self.ask("systemctl", "show", "--value", "-p", property, unit).stdout.trimmed
        }

        /// Whether systemd has forgotten it: it does so a moment after its end.
        func isGone() throws -> Bool { try eventually { try show("LoadState") == "not-found" } }

        func file(_ name: String) -> String? { Files.read(directory + "/" + name)?.trimmed }
    }

    // Goal: the scope is where engines look, with the process in it, and nothing is left. Method: systemd's own view
    // and the files, twice with one name.
    @Test("UN-10 UN-11 a transient scope in its slice, delegated, gone after delete")
    func scope() throws {
        try systemd { s, unit in
            for _ in 0..<2 {
                let container = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = unit.path }
                #expect(Files.read("/proc/\(try container.pid())/cgroup")?.contains("/conf.slice/\(unit.unit)") == true)
                #expect(unit.file("cgroup.procs") == "\(try container.pid())")
                try #expect(unit.show("ActiveState") == "active")
                try #expect(unit.show("Slice") == "conf.slice")
                try #expect(unit.show("Delegate") == "yes")
                try #expect(unit.show("DefaultDependencies") == "no")
                try container.remove()
                try #expect(unit.isGone())
                #expect(!Files.exists(unit.directory))
            }
        }
    }

    // Goal: a name by the id, as engines expect. Method: no cgroupsPath.
    @Test("UN-12 without cgroupsPath the scope is named by the runtime and the id")
    func unsaid() throws {
        try systemd { s, _ in
            let container = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = nil }
            let place = Files.read("/proc/\(try container.pid())/cgroup") ?? ""
            let prefix = Runtime.kind?.rawValue ?? ""
            #expect(place.contains("/system.slice/\(prefix)-\(container.id).scope"), "\(place)")
            try container.remove()
        }
    }

    // Goal: systemd knows the limits, so that it does not undo them. Method: daemon-reload while a container runs,
    // limits and devices before and after; then an update and another one.
    @Test("UN-13 UN-14 UN-15 limits, updates and devices survive a daemon-reload")
    func reload() throws {
        try systemd { s, unit in
            let script = "\(Self.node(77)) && \(Self.node(78)) && echo made; exec sleep 100"
            let container = try s.start(script) {
                $0["/linux/cgroupsPath"] = unit.path
                $0["/linux/resources"] = [
                    "memory": ["limit": 67_108_864], "cpu": ["quota": 12345, "period": 50000], "pids": ["limit": 77],
                    "devices": [
                        ["allow": false, "access": "rwm"],
                        ["allow": true, "type": "c", "major": 250, "minor": 78, "access": "r"],
                    ],
                ]
                $0.mount("/tmp", type: "tmpfs", from: "tmpfs", ["nosuid"])
                $0.capabilities(["CAP_MKNOD"], sets: ["bounding", "effective", "permitted"])
            }
            container.says("made")
            func expectLimits(memory: String, quota: String, _ moment: String) throws {
                #expect(unit.file("memory.max") == memory, "\(moment)")
                #expect(unit.file("cpu.max") == quota, "\(moment)")
                try #expect(unit.show("MemoryMax") == memory, "\(moment)")
                #expect(unit.file("pids.max") == "77", "\(moment)")
                try #expect(container.exec("/bin/sh", "-c", "echo x > /dev/null").ok, "\(moment)")
                let denied = try container.exec("cat", "/tmp/77")
                #expect(denied.stderr.contains("not permitted"), "\(moment): \(denied)")
                let allowed = try container.exec("cat", "/tmp/78")
                #expect(allowed.stderr.contains("No such device or address"), "\(moment): \(allowed)")
            }
            try expectLimits(memory: "67108864", quota: "12345 50000", "created")
            try #expect(unit.show("CPUQuotaPerSecUSec") == "250ms")
            try #expect(Unit.ask("systemctl", "daemon-reload").ok)
            // systemd counts in steps of 10 ms.
            try expectLimits(memory: "67108864", quota: unit.file("cpu.max") ?? "", "reloaded")
            try #expect(container("update", "--memory=83886080").ok)
            try #expect(Unit.ask("systemctl", "daemon-reload").ok)
            try expectLimits(memory: "83886080", quota: unit.file("cpu.max") ?? "", "updated and reloaded")
            try container.remove()
        }
    }

    // Goal: an update is exact where systemd rounds. Method: a quota between two steps, the file right after.
    @Test("UN-16 an update's quota is exact in the file, rounded up in the unit", .only(.hull))
    func quota() throws {
        try systemd { s, unit in
            let container = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = unit.path }
            try #expect(container("update", "--cpu-quota=12345", "--cpu-period=50000").ok)
            #expect(unit.file("cpu.max") == "12345 50000")
            try #expect(unit.show("CPUQuotaPerSecUSec") == "250ms")
            // Refused by systemd, so nothing is changed.
            let refused = try s.runtime(
                ["update", "--resources", "-", container.id],
                stdin: #"{"memory": {"limit": 73400320}, "unified": {"cpu.weight": "20000"}}"#)
            #expect(refused.ending == .exit(1) && refused.stderr.contains("/unified/cpu.weight"), "\(refused)")
            #expect(unit.file("memory.max") == "max")
            try #expect(unit.show("MemoryMax") == "infinity")
            try container.remove()
        }
    }

    // Goal: engines say more of a unit by annotations. Method: what systemd shows of it.
    @Test("UN-17 annotations are properties of the unit")
    func annotations() throws {
        try systemd { s, unit in
            let container = try s.start("exec sleep 100") {
                $0["/linux/cgroupsPath"] = unit.path
                $0["/annotations"] = [
                    "org.systemd.property.TimeoutStopSec": "uint64 7",
                    "org.systemd.property.CollectMode": "'inactive-or-failed'",
                ]
            }
            try #expect(unit.show("TimeoutStopUSec") == "7s")
            try #expect(unit.show("CollectMode") == "inactive-or-failed")
            try container.remove()
        }
    }

    // Goal: the container remembers who made its cgroup. Method: the other verbs without the option.
    @Test("UN-18 exec, pause, resume and delete need no option")
    func laterCalls() throws {
        try systemd { s, unit in
            let container = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = unit.path }
            s.runtime.globals = []
            let place = try container.exec("cat", "/proc/1/cgroup")
            #expect(place.lines == ["0::/"], "\(place)")
            try #expect(container("pause").ok)
            #expect(unit.file("cgroup.freeze") == "1")
            try #expect(container("resume").ok)
            try #expect(container("pause").ok)
            // Also of a container that is paused.
            try container.remove()
            try #expect(unit.isGone())
        }
    }

    // Goal: a container that ended by itself leaves no unit and can be deleted. Method: its end, then delete.
    @Test("UN-19 the end of the container is the end of its unit")
    func ended() throws {
        try systemd { s, unit in
            let container = try s.start("read line < /gate") {
                $0["/linux/cgroupsPath"] = unit.path
                $0["/process/args"] = ["/bin/sh", "-c", "exec sleep 0.1"]
            }
            try container.comes(to: "stopped")
            try #expect(unit.isGone())
            try #expect(container("delete").ok)
        }
    }

    // Goal: a unit that is not the container's is left alone. Method: one with the name, made before.
    @Test("UN-20 a unit of the name that is there already is an error, and stays")
    func taken() throws {
        try systemd { s, unit in
            let made = try Unit.ask(
                "systemd-run", "--unit=" + unit.unit.dropLast(6) + ".scope", "--scope", "--slice=conf.slice",
                "--", "/bin/sh", "-c", "sleep 1000 > /dev/null 2>&1 &")
            #expect(made.ok, "\(made)")
            try s.refuses("/linux/cgroupsPath", unit.unit) { $0["/linux/cgroupsPath"] = unit.path }
            try #expect(unit.show("ActiveState") == "active")
            _ = try Unit.ask("systemctl", "stop", unit.unit)
        }
    }

    // Goal: what systemd refuses is said with its place and its words. Method: a value that is out of range, and a
    // property that there is not.
    @Test("UN-21 a property that systemd refuses is named with its field", .only(.hull))
    func badProperty() throws {
        try systemd { s, unit in
            try s.refuses("/annotations/org.systemd.property.CPUWeight", "CPUWeight") {
                $0["/linux/cgroupsPath"] = unit.path
                $0["/annotations"] = ["org.systemd.property.CPUWeight": "uint64 20000"]
            }
            try s.refuses("/annotations/org.systemd.property.NoSuch", "NoSuch") {
                $0["/linux/cgroupsPath"] = unit.path
                $0["/annotations"] = ["org.systemd.property.NoSuch": "true"]
            }
        }
    }

    // Goal: without a bus somebody knows what to do. Method: an address where nobody listens.
    @Test("UN-22 without a bus the error says where it was looked for and what else there is", .only(.hull))
    func noBus() throws {
        try systemd { s, unit in
            let bundle = try s.bundle(script: "true") { $0["/linux/cgroupsPath"] = unit.path }
            var launch = s.runtime.launch(["create", "--bundle", bundle.directory, s.id()])
            launch.environment.append("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/nobody/here")
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.ending == .exit(1))
            for words in ["/run/nobody/here: no such file", "DBUS_SYSTEM_BUS_ADDRESS", "--cgroup-manager cgroupfs"] {
                #expect(outcome.stderr.contains(words), "\(outcome)")
            }
        }
    }

    // Goal: both ways to systemd serve. Method: the bus by its variable, in place of systemd's own socket.
    @Test("UN-23 over the system bus", .only(.hull))
    func bus() throws {
        try systemd { s, unit in
            let bundle = try s.bundle(script: "exec sleep 100") { $0["/linux/cgroupsPath"] = unit.path }
            let id = s.id()
            for verb in [["create", "--bundle", bundle.directory], ["delete", "--force"]] {
                var launch = s.runtime.launch(verb + [id])
                launch.environment.append("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket")
                let outcome = try s.runtime.start(launch).outcome()
                #expect(outcome.ok, "\(outcome)")
            }
        }
    }

    @Test("UN-24 a path is no name for systemd", arguments: ["/a/b", "a.slice:b", "a:b:c"])
    func form(path: String) throws {
        try scenario { s in
            s.runtime.globals = ["--systemd-cgroup"]
            try s.refuses("/linux/cgroupsPath", path, "slice name") { $0["/linux/cgroupsPath"] = .string(path) }
        }
    }
}

extension Container {
    /// Deletes it, with the runtime's words if that fails.
    fileprivate func remove(at location: SourceLocation = #_sourceLocation) throws {
        let outcome = try self("delete", "--force")
        #expect(outcome.ok, "\(outcome)", sourceLocation: location)
    }
}
