// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Network devices that are moved into the container. Debian's crun and runc are older than the property.
@Suite(.runnable, .conformance, .only(.hull), .needs(.network, .networkTool))
struct NetDevices {
    /// A network namespace in place of the host's, in which the runtime is started.
    struct Network {
        let scenario: Scenario
        let holder: Call
        private let counter = Counter()

        init(_ s: Scenario) throws {
            scenario = s
            let unshare = Files.program("unshare") ?? "/usr/bin/unshare"
            holder = try Launch(unshare, ["-n", "sleep", "600"], in: "/").start(outputs: s.directory + "/holder")
            let own = Machine.namespace("net")
            let path = "/proc/\(holder.pid)/ns/net"
            #expect(eventually { !["", own].contains(Files.linkTarget(path)) })
        }

        /// Runs a program there.
        func callAsFunction(_ launch: Launch, in pid: Int? = nil) throws -> Outcome {
            var inside = launch
            inside.arguments = ["--net=/proc/\(pid ?? Int(holder.pid))/ns/net", launch.program] + launch.arguments
            inside.program = Files.program("nsenter") ?? "/usr/bin/nsenter"
            return try inside.start(outputs: scenario.directory + "/n\(counter.next())").outcome()
        }

        /// The program ip, there or where a process is; its lines.
        @discardableResult
        func ip(
            _ words: String, in pid: Int? = nil, at location: SourceLocation = #_sourceLocation
        ) throws -> [String] {
            let program = Files.program("ip") ?? "/sbin/ip"
            let outcome = try self(Launch(program, words.split(separator: " ").map(String.init), in: "/"), in: pid)
            #expect(outcome.ok, "\(outcome)", sourceLocation: location)
            return outcome.lines
        }

        /// The runtime, there.
        func runtime(_ arguments: [String]) throws -> Outcome { try self(scenario.runtime.launch(arguments)) }

        /// A started container that sleeps; its pid.
        func start(_ edit: (inout JSON) throws -> Void) throws -> Int {
            let bundle = try scenario.bundle(script: "exec sleep 100", edit)
            let id = scenario.id()
            let outcome = try runtime(["run", "--detach", "--bundle", bundle.directory, id])
            try #require(outcome.ok, "\(outcome)")
            return try #require(try scenario.runtime("state", id).json?["/pid"]?.int)
        }

        /// Expects create to fail with the pointer.
        func refuses(_ pointer: String, _ words: String, _ edit: (inout JSON) throws -> Void) throws {
            let bundle = try scenario.bundle(script: "true", edit)
            let outcome = try runtime(["create", "--bundle", bundle.directory, scenario.id()])
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains(" \(pointer)") && outcome.stderr.contains(words), "\(outcome)")
        }

        /// The names of the devices there.
        func devices(in pid: Int? = nil) throws -> [String] {
            try ip("-o link", in: pid).compactMap { line in
                line.split(separator: " ").dropFirst().first.map { String($0.prefix { $0 != ":" && $0 != "@" }) }
            }.sorted()
        }

        /// The addresses of a device, without those that the kernel makes itself.
        func addresses(_ device: String, in pid: Int? = nil) throws -> [String] {
            try ip("-o addr show dev \(device)", in: pid).map { line in
                line.split(separator: " ").dropFirst(2).prefix { $0 != "\\" }.joined(separator: " ")
                    .replacing(" tentative", with: "")
            }.filter { !$0.contains("fe80:") }
        }
    }

    private func network(_ body: (Scenario, Network) throws -> Void) throws {
        try scenario { s in
            let network = try Network(s)
            defer {
                network.holder.send(9)
                _ = network.holder.outcome()
            }
            try network.ip("link add v0 type veth peer name v1")
            try network.ip("link set v1 up")
            try body(s, network)
        }
    }

    // Goal: the device is the container's, and up. Method: the links on both sides.
    @Test("ND-01 a device is moved and set up")
    func moved() throws {
        try network { _, network in
            let pid = try network.start { $0["/linux/netDevices"] = ["v0": [:]] }
            try #expect(network.devices() == ["lo", "v1"])
            try #expect(network.devices(in: pid) == ["lo", "v0"])
            try #expect(network.ip("-o link show dev v0", in: pid).first?.contains(",UP") == true)
        }
    }

    // Goal: a new name. Method: the links inside.
    @Test("ND-02 a device gets its name in the container")
    func renamed() throws {
        try network { _, network in
            let pid = try network.start { $0["/linux/netDevices"] = ["v0": ["name": "harbour0"]] }
            try #expect(network.devices(in: pid) == ["harbour0", "lo"])
        }
    }

    // Goal: a template gives the first free name, beside what is there. Method: join a namespace that has eth0.
    @Test("ND-03 a template is filled in by the kernel")
    func template() throws {
        try network { s, network in
            let other = try Network(s)
            defer {
                other.holder.send(9)
                _ = other.holder.outcome()
            }
            try other.ip("link add eth0 type veth peer name b")
            let path = "/proc/\(other.holder.pid)/ns/net"
            let pid = try network.start {
                $0.namespace("network", path: path)
                $0["/linux/netDevices"] = ["v0": ["name": "eth%d"]]
            }
            #expect(Files.linkTarget("/proc/\(pid)/ns/net") == Files.linkTarget(path))
            try #expect(network.devices(in: pid) == ["b", "eth0", "eth1", "lo"])
        }
    }

    // Goal: addresses go along if they are permanent and global. Method: some of each, of both families.
    @Test("ND-04 permanent global addresses are kept, and the attributes of the device")
    func kept() throws {
        try network { _, network in
            try network.ip("link set v0 address 02:00:00:00:00:07 mtu 1400")
            try network.ip("addr add 10.9.8.7/24 dev v0")
            try network.ip("addr add 10.9.8.8/24 brd 10.9.8.255 dev v0 label v0:web")
            try network.ip("addr add 10.7.0.1 peer 10.7.0.2/32 dev v0")
            try network.ip("addr add fd00::5/64 dev v0")
            try network.ip("addr add 10.1.1.1/24 dev v0 valid_lft 1000 preferred_lft 500")
            try network.ip("addr add 169.254.1.1/16 scope link dev v0")
            let before = try network.addresses("v0").filter { !$0.contains("10.1.1.1") && !$0.contains("169.254") }
            #expect(before.count == 4)
            let pid = try network.start { $0["/linux/netDevices"] = ["v0": ["name": "c0"]] }
            let after = try network.addresses("c0", in: pid)
            #expect(after.sorted() == before.map { $0.replacing("v0", with: "c0") }.sorted())
            let link = try network.ip("-o link show dev c0", in: pid).first ?? ""
            #expect(link.contains("mtu 1400") && link.contains("02:00:00:00:00:07"), "\(link)")
        }
    }

    // Goal: a device that is not there is named. Method: create is refused.
    @Test("ND-05 a missing device is refused")
    func missing() throws {
        try network { _, network in
            try network.refuses("/linux/netDevices/v7", "no such device") { $0["/linux/netDevices"] = ["v7": [:]] }
        }
    }

    // Goal: a name that is taken is an error, and the device stays. Method: join a namespace that has it.
    @Test("ND-06 a name that the container has already is refused")
    func taken() throws {
        try network { s, network in
            let other = try Network(s)
            defer {
                other.holder.send(9)
                _ = other.holder.outcome()
            }
            try other.ip("link add eth0 type veth peer name v0")
            for (name, pointer) in [("eth0", "/linux/netDevices/v0/name"), ("", "/linux/netDevices/v0")] {
                try network.refuses(pointer, "file exists") {
                    $0.namespace("network", path: "/proc/\(other.holder.pid)/ns/net")
                    $0["/linux/netDevices"] = ["v0": ["name": .string(name)]]
                }
            }
            try #expect(network.devices() == ["lo", "v0", "v1"])
        }
    }

    // Goal: nothing is moved within one namespace. Method: no namespace, and the runtime's own by path.
    @Test("ND-07 netDevices need a network namespace that is not the host's")
    func ownNamespace() throws {
        try network { _, network in
            try network.refuses("/linux/netDevices", "needs a network namespace") {
                $0.removeNamespace("network")
                Namespaces.bindSys(&$0)
                $0["/linux/netDevices"] = ["v0": [:]]
            }
            try network.refuses("/linux/netDevices", "not allowed") {
                $0.namespace("network", path: "/proc/self/ns/net")
                $0["/linux/netDevices"] = ["v0": ["name": "c0"]]
            }
            try #expect(network.devices() == ["lo", "v0", "v1"])
        }
    }

    // Goal: names that the kernel cannot take are found in the config. Method: two of them.
    @Test(
        "ND-08 bad names are refused",
        arguments: [("/linux/netDevices/v0/name", "a:b"), ("/linux/netDevices/lo", "x")])
    func names(pointer: String, name: String) throws {
        try network { _, network in
            try network.refuses(pointer, "device") {
                $0["/linux/netDevices"] = ["v0": ["name": .string(name)], "lo": [:]]
            }
        }
    }

    // Goal: a failed create takes nothing away. Method: two devices, the second missing; a program that is not there,
    // by create and by run.
    @Test("ND-09 after a failure the devices are back, with name, addresses and state")
    func failure() throws {
        try network { s, network in
            try network.ip("addr add 10.9.8.7/24 dev v0")
            try network.ip("link set v0 up")
            let before = try network.ip("-o addr") + network.ip("-o link show dev v0")
            try network.refuses("/linux/netDevices/v7", "no such device") {
                $0["/linux/netDevices"] = ["v0": ["name": "c0"], "v7": [:]]
            }
            for verb in ["create", "run"] {
                let bundle = try s.bundle(["/nonexistent"]) { $0["/linux/netDevices"] = ["v0": ["name": "c0"]] }
                try #expect(!network.runtime([verb, "--bundle", bundle.directory, s.id()]).ok)
                try #expect(network.devices() == ["lo", "v0", "v1"])
            }
            let after = try network.ip("-o addr") + network.ip("-o link show dev v0")
            #expect(after.filter { !$0.contains("fe80:") } == before.filter { !$0.contains("fe80:") })
        }
    }

    // Goal: the network namespace may belong to a user namespace. Method: a new one.
    @Test("ND-10 netDevices with a user namespace", .needs(.userNamespace))
    func userNamespace() throws {
        try network { _, network in
            let pid = try network.start {
                $0.userNamespace()
                $0["/linux/netDevices"] = ["v0": ["name": "c0"]]
            }
            try #expect(network.devices(in: pid) == ["c0", "lo"])
        }
    }

    // Goal: hooks find the devices. Method: a createRuntime hook looks into the container's namespace.
    @Test("ND-11 the devices are there when createRuntime hooks run")
    func hooks() throws {
        try network { s, network in
            let bundle = try s.bundle(script: "true") { $0["/linux/netDevices"] = ["v0": ["name": "c0"]] }
            let out = bundle.directory + "/links"
            let script = "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' \(bundle.directory)/log.x)"
            let look = "nsenter --net=/proc/$pid/ns/net ip -o link > \(out); ip -o link > \(out).own"
            try bundle.edit {
                $0["/hooks/createRuntime"] = .array([try Hooks.recorder("x", bundle, then: script + "\n" + look)])
                $0["/hooks/createRuntime/0/env"] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
            }
            let id = s.id()
            let outcome = try network.runtime(["create", "--bundle", bundle.directory, id])
            #expect(outcome.ok, "\(outcome)")
            #expect(Files.read(out)?.contains("c0@") == true)
            #expect(Files.read(out + ".own")?.contains(" v1@") == true)
        }
    }
}
