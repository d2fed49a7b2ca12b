// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Namespaces {
    /// The spec's names and the kernel's.
    static let kinds: [(type: String, link: String)] = [
        (type: "pid", link: "pid"), ("network", "net"), ("mount", "mnt"), ("ipc", "ipc"), ("uts", "uts"),
        ("user", "user"), ("cgroup", "cgroup"),
    ]

    // Goal: an entry without a path makes a new namespace. Method: compare the link texts inside with the host's.
    @Test(
        "NS-01 an entry without a path makes a new namespace", .needs(.userNamespace),
        arguments: kinds.map { ($0.type, $0.link) })
    func new(type: String, link: String) throws {
        try scenario { s in
            let lines = try s.inside("readlink /proc/self/ns/\(link)") {
                if type == "user" { $0.userNamespace() } else { $0.namespace(type) }
            }
            #expect(lines.first?.hasPrefix("\(link):[") == true)
            #expect(lines.first != Machine.namespace(link))
        }
    }

    // Goal: the same for time, which needs a second process. Method: compare the link texts.
    @Test("NS-02 a new time namespace", .needs(.kernel(5, 6)))
    func time() throws {
        try scenario { s in
            let lines = try s.inside("readlink /proc/self/ns/time") { $0.namespace("time") }
            #expect(lines.first?.hasPrefix("time:[") == true)
            #expect(lines.first != Machine.namespace("time"))
        }
    }

    // Goal: what is not listed is inherited. Method: leave the entry out and compare the link texts.
    @Test(
        "NS-03 a type that is not listed is inherited", arguments: ["network", "ipc", "uts", "cgroup", "pid", "user"])
    func inherited(type: String) throws {
        let link = type == "network" ? "net" : type
        try scenario { s in
            let lines = try s.inside("readlink /proc/self/ns/\(link)") {
                $0.removeNamespace(type)
                if type == "uts" { $0["/hostname"] = nil }
                if type == "network" { Self.bindSys(&$0) }
            }
            #expect(lines == [Machine.namespace(link)])
        }
    }

    /// A new sysfs needs a network namespace of the same user namespace; engines bind the host's instead.
    static func bindSys(_ config: inout JSON) {
        config.removeMount("/sys")
        config.mount("/sys", type: "bind", from: "/sys", ["rbind", "ro"])
    }

    // Goal: one type twice cannot be meant. Method: create is refused at the second entry.
    @Test("NS-04 a second entry of the same type is refused")
    func duplicate() throws {
        try scenario { s in
            try s.refuses("/linux/namespaces/6", "duplicate", "malformed", "already", "second") {
                $0["/linux/namespaces/-"] = ["type": "pid"]
            }
        }
    }

    // Goal: an entry with a path joins it. Method: a second container names the namespaces of a first.
    @Test("NS-05 an entry with a path joins that namespace", arguments: ["network", "ipc", "uts", "pid", "cgroup"])
    func joined(type: String) throws {
        let link = type == "network" ? "net" : type
        try scenario { s in
            let first = try s.start("readlink /proc/self/ns/\(link); exec sleep 100")
            first.says("[")
            let path = "/proc/\(try first.pid())/ns/\(link)"
            let lines = try s.inside("readlink /proc/self/ns/\(link)") {
                $0.namespace(type, path: path)
                $0["/hostname"] = nil
            }
            #expect(lines == first.lines)
            #expect(lines != [Machine.namespace(link)])
        }
    }

    // Goal: joining a user namespace and what it owns. Method: join user and ipc of a first container; compare maps.
    @Test("NS-06 a user namespace is joined by path", .needs(.userNamespace))
    func joinedUser() throws {
        try scenario { s in
            let first = try s.start("readlink /proc/self/ns/user; exec sleep 100") { $0.userNamespace() }
            first.says("[")
            let pid = try first.pid()
            let lines = try s.inside("readlink /proc/self/ns/user; id -u") {
                $0.namespace("user", path: "/proc/\(pid)/ns/user")
                $0.namespace("ipc", path: "/proc/\(pid)/ns/ipc")
                $0.namespace("network", path: "/proc/\(pid)/ns/net")
            }
            #expect(lines == first.lines + ["0"])
        }
    }

    // Goal: the path must be of the type. Method: name a uts namespace as network; create is refused.
    @Test("NS-07 a path to a namespace of another type is refused")
    func wrongType() throws {
        try scenario { s in
            try s.refuses("/linux/namespaces/5", "invalid argument", "Invalid argument", "not a", "type") {
                $0.namespace("network", path: "/proc/self/ns/uts")
            }
        }
    }

    // Goal: a path to no namespace at all is an error. Method: a regular file; a missing file; a relative path.
    @Test(
        "NS-08 a path that is no namespace is refused",
        arguments: [
            ("/etc/hostname", ["invalid argument", "Invalid argument", "not a namespace"]),
            ("/nonexistent/ns", ["no such file or directory", "No such file or directory"]),
        ])
    func noNamespace(path: String, words: [String]) throws {
        try scenario(case: path) { s in
            let bundle = try s.bundle(script: "exit 0") { $0.namespace("network", path: path) }
            try s.refuses(bundle, "/linux/namespaces/5", words)
        }
    }

    // Goal: the path must be absolute. Method: a relative one, which would resolve in the bundle.
    @Test("NS-09 a relative path is refused")
    func relative() throws {
        try scenario { s in
            try s.refuses("/linux/namespaces/5", "absolute", "no such file or directory", "No such file or directory") {
                $0.namespace("network", path: "ns/net")
            }
        }
    }

    // Goal: a misspelt type is an error. Method: "net" in place of "network".
    @Test("NS-10 an unknown type is refused")
    func unknown() throws {
        try scenario { s in
            try s.refuses("/linux/namespaces/6/type", "net", "namespace") {
                $0["/linux/namespaces/-"] = ["type": "net"]
            }
        }
    }

    // Goal: loopback works in a new network namespace. Method: read its flags inside (IFF_UP is 1).
    @Test("NS-11 loopback is up in a new network namespace")
    func loopback() throws {
        try scenario { s in
            try #expect(s.inside("cat /sys/class/net/lo/flags; ls /sys/class/net | grep -v lo; true") == ["0x9"])
        }
    }

    // Goal: the program is the first process of a new pid namespace and alone in it. Method: ask inside.
    @Test("NS-12 the program is pid 1 of a new pid namespace")
    func pidOne() throws {
        try scenario { s in
            try #expect(
                s.inside("echo $$; ls /proc | grep '^[0-9]*$' | head -1; readlink /proc/1/exe") == [
                    "1", "1", "/bin/busybox",
                ])
        }
    }

    // Goal: the clocks of a new time namespace are shifted. Method: compare uptime inside and outside.
    @Test("NS-13 timeOffsets shift boottime and monotonic clocks", .needs(.kernel(5, 6)))
    func timeOffsets() throws {
        try scenario { s in
            let lines = try s.inside("cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets") {
                $0.namespace("time")
                $0["/linux/timeOffsets"] = [
                    "boottime": ["secs": 1_000_000, "nanosecs": 5], "monotonic": ["secs": 500],
                ]
            }
            #expect((lines.first.flatMap { Int($0) } ?? 0) > 1_000_000)
            let words = lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
            #expect(words == [["monotonic", "500", "0"], ["boottime", "1000000", "5"]])
        }
    }

    // Goal: processes of a container without a pid namespace still end with it. Method: kill, then look for the child.
    @Test("NS-14 a container in the host's pid namespace leaves no process after delete --force")
    func hostPid() throws {
        try scenario { s in
            let container = try s.start("setsid sleep 300 & echo up; exec sleep 300") { $0.removeNamespace("pid") }
            container.says("up")
            try #expect(container("delete", "--force").ok)
        }
    }

    // Goal: each mistake at its place. Method: a clock that there is not, offsets without a new namespace, a second of
    // nanoseconds, a clock that would run below zero.
    @Test(
        "NS-15 bad time offsets are refused", .needs(.kernel(5, 6)),
        arguments: [
            ("/linux/timeOffsets/realtime", ["realtime": ["secs": 1]], true),
            ("/linux/timeOffsets", ["boottime": ["secs": 1]], false),
            ("/linux/timeOffsets/boottime/nanosecs", ["boottime": ["nanosecs": 1_000_000_000]], true),
            ("/linux/timeOffsets/monotonic", ["monotonic": ["secs": -4_000_000_000]], true),
        ] as [(String, JSON, Bool)])
    func badTimeOffsets(pointer: String, offsets: JSON, new: Bool) throws {
        try scenario(case: pointer) { s in
            try s.refuses(pointer, "time", "offset", "nvalid", "range") {
                if new { $0.namespace("time") }
                $0["/linux/timeOffsets"] = offsets
            }
        }
    }
}
