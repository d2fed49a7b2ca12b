// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Namespaces that are new, joined by path or inherited, beside a user namespace that is any of these.
@Suite(.runnable, .conformance, .needs(.userNamespace))
struct Joins {
    enum Source: String, CaseIterable { case new, joined, inherited }

    struct Case: CustomTestStringConvertible {
        let user: Source
        let others: Source
        /// The namespaces to join belong to the host's user namespace, not to the one that is joined.
        var foreign = false

        var testDescription: String { "user \(user), others \(others)\(foreign ? " from outside" : "")" }
    }

    static let cases: [Case] =
        Source.allCases.flatMap { user in Source.allCases.map { Case(user: user, others: $0) } }
        + [Case(user: .joined, others: .joined, foreign: true)]

    /// The spec's names and the kernel's. Debian's runc and crun cannot do with time namespaces: NS-02.
    static var kinds: [(type: String, link: String)] {
        Namespaces.kinds.filter { $0.type != "user" } + (Runtime.kind == .hull ? [("time", "time")] : [])
    }

    /// A container that has a namespace of each kind, to be joined.
    static func donor(_ s: Scenario, user: Bool) throws -> Int {
        try s.start("exec sleep 100") {
            if user { $0.userNamespace() }
            if Runtime.kind == .hull { $0.namespace("time") }
        }.pid()
    }

    /// A procfs of one's own is not for all of these; runc cannot do without any.
    static let mounts: JSON = [
        ["destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]],
        ["destination": "/dev", "type": "tmpfs", "source": "tmpfs"],
    ]

    static func link(_ pid: Int, _ link: String) -> String { Files.linkTarget("/proc/\(pid)/ns/\(link)") }

    /// Where the kernel lets nobody mount, JN-02, the mount namespace stays a new one.
    static func source(of type: String, _ what: Case) -> Source {
        type != "mount" || what.user == .inherited || what.user == .joined && what.others == .joined && !what.foreign
            ? what.others : .new
    }

    // Goal: every process is in the namespaces that were said. Method: all kinds from the same source, then each kind
    // alone with the others new; the links below /proc/PID/ns against those of the host and of another container.
    @Test("JN-01 joined, new and inherited namespaces beside any user namespace", arguments: cases)
    func matrix(what: Case) throws {
        try scenario(case: what.testDescription) { s in
            let owner = try Self.donor(s, user: true)
            let other = what.user == .joined && !what.foreign ? owner : try Self.donor(s, user: false)
            for alone in [nil] + Self.kinds.map(\.type) {
                let sources = Self.kinds.map { kind in
                    alone == nil || kind.type == alone ? Self.source(of: kind.type, what) : .new
                }
                let container = try s.start("exec sleep 100") { config in
                    config["/hostname"] = nil
                    config["/mounts"] = Self.mounts
                    if what.user != .inherited { config.userNamespace() }
                    if what.user == .joined { config.namespace("user", path: "/proc/\(owner)/ns/user") }
                    for (kind, source) in zip(Self.kinds, sources) {
                        switch source {
                        case .new: config.namespace(kind.type)
                        case .joined: config.namespace(kind.type, path: "/proc/\(other)/ns/\(kind.link)")
                        case .inherited: config.removeNamespace(kind.type)
                        }
                    }
                }
                let pid = try container.pid()
                for (kind, source) in zip(Self.kinds, sources) {
                    expect(pid, kind.link, source, other, "\(alone ?? "all"): \(kind.type)")
                }
                expect(pid, "user", what.user, owner, "\(alone ?? "all"): user")
                try #expect(container("delete", "--force").ok)
            }
        }
    }

    private func expect(_ pid: Int, _ link: String, _ source: Source, _ donor: Int, _ what: String) {
        let found = Self.link(pid, link)
        switch source {
        case .joined: #expect(found == Self.link(donor, link), "\(what)")
        case .inherited: #expect(found == Machine.namespace(link), "\(what)")
        case .new: #expect(!["", Machine.namespace(link), Self.link(donor, link)].contains(found), "\(what)")
        }
    }

    // Goal: where nothing could be mounted is said, not tried. Method: create is refused.
    @Test(
        "JN-02 a mount namespace that the user namespace does not own is refused",
        arguments: [(Source.new, Source.inherited), (.new, .joined), (.joined, .inherited)])
    func mount(user: Source, mount: Source) throws {
        try scenario(case: "user \(user), mount \(mount)") { s in
            let owner = try Self.donor(s, user: true)
            let pointer = mount == .joined ? "/linux/namespaces/" : "/linux/namespaces"
            try s.refuses(pointer, "mount", "MNT", "ermission denied", "not permitted") {
                $0.userNamespace()
                if user == .joined { $0.namespace("user", path: "/proc/\(owner)/ns/user") }
                $0.removeNamespace("mount")
                if mount == .joined { $0.namespace("mount", path: "/proc/\(owner)/ns/mnt") }
            }
        }
    }

    // Goal: the runtime itself joins nothing. Method: a createRuntime hook tells its namespaces.
    @Test("JN-03 hooks of the runtime's side run in its own namespaces whatever is joined", arguments: [false, true])
    func hooks(user: Bool) throws {
        try scenario { s in
            let donor = try Self.donor(s, user: false)
            let bundle = try s.bundle(script: "true")
            let out = bundle.directory + "/ns"
            let links = ["net", "ipc", "uts", "cgroup", "pid", "mnt"]
            let files = links.map { "/proc/self/ns/" + $0 }.joined(separator: " ")
            try bundle.edit {
                $0["/hostname"] = nil
                $0["/mounts"] = Self.mounts
                if user { $0.userNamespace() }
                for (type, link) in [("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("pid", "pid")] {
                    $0.namespace(type, path: "/proc/\(donor)/ns/\(link)")
                }
                $0["/hooks/createRuntime"] = .array([
                    try Hooks.recorder("x", bundle, then: "readlink \(files) > \(out)")
                ])
            }
            let container = try s.create(bundle)
            try #expect(container("delete", "--force").ok)
            let seen = (Files.read(out) ?? "").split(separator: "\n").map(String.init)
            #expect(seen == links.map(Machine.namespace))
        }
    }

    // Goal: id maps beside the path of a user namespace are those of that namespace. Method: the same ones.
    @Test("JN-04 id maps that the joined user namespace has are taken")
    func sameMaps() throws {
        try scenario { s in
            let owner = try Self.donor(s, user: true)
            let lines = try s.inside("id -u") {
                $0.userNamespace()
                $0.namespace("user", path: "/proc/\(owner)/ns/user")
            }
            #expect(lines == ["0"])
        }
    }

    // Goal: maps that contradict the namespace are an error. Method: one number differs.
    @Test("JN-05 id maps that the joined user namespace does not have are refused", arguments: ["uid", "gid"])
    func otherMaps(kind: String) throws {
        try scenario { s in
            let owner = try Self.donor(s, user: true)
            try s.refuses("/linux/\(kind)Mappings", "apping") {
                $0.userNamespace()
                $0["/linux/\(kind)Mappings/0/hostID"] = 100_001
                $0.namespace("user", path: "/proc/\(owner)/ns/user")
            }
        }
    }

    // Goal: clocks of a container with a user namespace. Method: the offsets as the kernel shows them inside.
    @Test("JN-06 timeOffsets beside a new or joined user namespace", .needs(.kernel(5, 6)), arguments: [true, false])
    func timeOffsets(new: Bool) throws {
        try scenario { s in
            let owner = try Self.donor(s, user: true)
            let lines = try s.inside("cat /proc/self/timens_offsets; readlink /proc/self/ns/user") {
                if new { $0.userNamespace() } else { $0.namespace("user", path: "/proc/\(owner)/ns/user") }
                $0.namespace("time")
                $0["/linux/timeOffsets"] = ["boottime": ["secs": 77], "monotonic": ["secs": 5, "nanosecs": 6]]
            }
            let words = lines.prefix(2).map { $0.split(separator: " ").map(String.init) }
            #expect(words == [["monotonic", "5", "6"], ["boottime", "77", "0"]])
            #expect((lines.last == Self.link(owner, "user")) == !new)
        }
    }

    // Goal: exec goes where the container is, time and user namespaces included. Method: compare all links.
    @Test("JN-07 exec joins every namespace of the container", arguments: [true, false])
    func exec(user: Bool) throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                if user { $0.userNamespace() }
                if Runtime.kind == .hull { $0.namespace("time") }
            }
            let pid = try container.pid()
            let links = Namespaces.kinds.map(\.link) + ["time"]
            let script = "for n in \(links.joined(separator: " ")); do readlink /proc/self/ns/$n; done; id -u"
            let outcome = try container.exec("/bin/sh", "-c", script)
            #expect(outcome.lines == links.map { Self.link(pid, $0) } + ["0"], "\(outcome)")
        }
    }
}
