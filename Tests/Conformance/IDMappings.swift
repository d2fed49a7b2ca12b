// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance, .needs(.userNamespace))
struct IDMappings {
    static let map: JSON = [
        ["containerID": 0, "hostID": 100_000, "size": 1000], ["containerID": 1000, "hostID": 200_000, "size": 500],
    ]

    // Goal: both maps are written as said, all ranges. Method: read them inside.
    @Test("ID-01 the id maps are those of the config")
    func maps() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/self/uid_map /proc/self/gid_map") {
                $0.userNamespace()
                $0["/linux/uidMappings"] = Self.map
                $0["/linux/gidMappings"] = Self.map
            }
            let words = lines.map { $0.split(separator: " ").map(String.init) }
            let both = [["0", "100000", "1000"], ["1000", "200000", "500"]]
            #expect(words == both + both)
        }
    }

    // Goal: the process runs under the mapped id. Method: read its ids from the host's side.
    @Test("ID-02 the process has the mapped ids on the host")
    func hostSide() throws {
        try scenario { s in
            let container = try s.start("id -u; id -g; exec sleep 100") {
                $0.userNamespace()
                $0["/process/user"] = ["uid": 5, "gid": 7]
            }
            container.says("7")
            #expect(container.lines == ["5", "7"])
            let status = Status(of: "\(try container.pid())")
            #expect(status["Uid"] == "100005 100005 100005 100005")
            #expect(status["Gid"] == "100007 100007 100007 100007")
        }
    }

    // Goal: a user namespace without a map can run nobody. Method: create is refused.
    @Test("ID-03 a new user namespace without maps is refused")
    func noMaps() throws {
        try scenario { s in
            try s.refuses("/linux/", "apping") { $0.namespace("user") }
        }
    }

    // Goal: an id outside the maps is found before the program would run. Method: uid, gid and a group in turn.
    @Test(
        "ID-04 an id of the process outside the maps is refused",
        arguments: [
            ("/process/user/uid", 70000), ("/process/user/gid", 70000), ("/process/user/additionalGids", [70000]),
        ] as [(String, JSON)])
    func unmapped(pointer: String, value: JSON) throws {
        try scenario { s in
            try s.refuses(pointer, "mapped", "mapping", "nvalid argument", "setresuid", "setgroups") {
                $0.userNamespace()
                $0[pointer] = value
            }
        }
    }

    // Goal: supplementary groups work inside. Method: ask inside.
    @Test("ID-05 additional groups work in a user namespace")
    func groups() throws {
        try scenario { s in
            let lines = try s.inside("id -G") {
                $0.userNamespace()
                $0["/process/user/additionalGids"] = [2000, 3000]
            }
            #expect(lines == ["0 2000 3000"])
        }
    }

    // Goal: the default devices are usable where mknod is not allowed. Method: use them inside.
    @Test("ID-06 the default devices work in a user namespace")
    func devices() throws {
        try scenario { s in
            let lines = try s.inside("echo x >/dev/null && head -c 3 /dev/zero | wc -c; test -c /dev/tty && echo tty") {
                $0.userNamespace()
            }
            #expect(lines == ["3", "tty"])
        }
    }

    // Goal: ranges that the kernel refuses are named. Method: a range of no ids.
    @Test("ID-07 a map of size 0 is refused")
    func emptyRange() throws {
        try scenario { s in
            try s.refuses("/linux/uidMappings", "nvalid argument", "size", "not permitted", "map") {
                $0.userNamespace()
                $0["/linux/uidMappings"] = [["containerID": 0, "hostID": 100_000, "size": 0]]
            }
        }
    }

    // Goal: overlapping ranges are named. Method: the same container id twice.
    @Test("ID-08 overlapping maps are refused")
    func overlap() throws {
        try scenario { s in
            try s.refuses("/linux/uidMappings", "nvalid argument", "overlap", "not permitted", "map") {
                $0.userNamespace()
                $0["/linux/uidMappings/-"] = ["containerID": 10, "hostID": 300_000, "size": 10]
            }
        }
    }

    // Goal: root inside has no power over the host's files. Method: write a file that the host's root owns.
    @Test("ID-09 root inside does not own the host root's files")
    func powerless() throws {
        try scenario { s in
            let lines = try s.inside("stat -c %u /etc/passwd; echo x >> /etc/passwd && echo written; true") {
                $0.userNamespace()
                $0["/root/readonly"] = false
            }
            #expect(lines == ["65534"])
        }
    }

    // Goal: the owners of files are not changed to suit the map. Method: owners in the root before and after.
    @Test("ID-60 a user namespace leaves the owners of the root's files alone")
    func owners() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.userNamespace() }
            let files = ["", "/etc", "/etc/passwd", "/bin/sh", "/tmp"]
            let before = files.map { Files.owner(bundle.rootfs + $0) }
            #expect(try s.run(bundle).ok)
            #expect(files.map { Files.owner(bundle.rootfs + $0) } == before)
        }
    }
}

/// The lines of /proc/PID/status by name, with single spaces.
struct Status {
    private let lines: [String: String]

    init(text: [String]) {
        lines = Dictionary(
            text.compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { return nil }
                return (parts[0], parts[1].split(whereSeparator: \.isWhitespace).joined(separator: " "))
            }, uniquingKeysWith: { first, _ in first })
    }

    init(of pid: String) {
        self.init(text: (Files.read("/proc/\(pid)/status") ?? "").split(separator: "\n").map(String.init))
    }

    subscript(_ name: String) -> String? { lines[name] }
}
