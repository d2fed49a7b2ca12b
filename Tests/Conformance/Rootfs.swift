// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Rootfs {
    // Goal: root.path is taken from the bundle, or as an absolute path. Method: both; look for a marker inside.
    @Test("RF-01 the root path may be relative to the bundle or absolute", arguments: [false, true])
    func path(absolute: Bool) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /marker")
            try Files.write("here\n", to: bundle.rootfs + "/marker")
            try bundle.edit { $0["/root/path"] = absolute ? .string(bundle.rootfs) : "rootfs" }
            #expect(try s.run(bundle).lines == ["here"])
        }
    }

    // Goal: readonly means read-only inside. Method: write, and read the mount options.
    @Test("RF-02 a read-only root refuses writes")
    func readonly() throws {
        try scenario { s in
            let outcome = try s.run("echo x > /etc/new; grep ' / / ' /proc/self/mountinfo") {
                $0["/root/readonly"] = true
            }
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
            #expect(MountTable(outcome.lines).mount(at: "/")?.options.contains("ro") != false)
        }
    }

    // Goal: without it the root can be written. Method: write and look on the host; the default is false.
    @Test("RF-03 a writable root keeps what is written", arguments: [JSON.bool(false), nil])
    func writable(value: JSON?) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo data > /etc/new") { $0["/root/readonly"] = value }
            #expect(try s.run(bundle).ok)
            #expect(Files.read(bundle.rootfs + "/etc/new") == "data\n")
        }
    }

    // Goal: a root that is not there is an error with the kernel's words. Method: a missing name, then a file.
    @Test("RF-04 a missing root is refused")
    func missing() throws {
        try scenario { s in
            try s.refuses("/root/path", "no such file or directory", "No such file or directory") {
                $0["/root/path"] = "nothing"
            }
        }
    }

    @Test("RF-05 a root that is no directory is refused")
    func notDirectory() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/root/path"] = "file" }
            try Files.write("x", to: bundle.directory + "/file")
            try s.refuses(bundle, "/root/path", ["ot a directory"])
        }
    }

    // Goal: the host's tree is gone after pivot. Method: the mount table inside names nothing of the host's.
    @Test("RF-06 nothing of the host's mounts is seen inside")
    func pivoted() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/self/mountinfo; ls -d /.. /../tmp/conf.* 2>/dev/null; true")
            let table = MountTable(lines)
            let expected: Set = ["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"]
            let others = table.mounts.map(\.point).filter { !$0.hasPrefix("/proc/") && !$0.hasPrefix("/sys/") }
            #expect(Set(others) == expected)
            #expect(!lines.contains { $0.contains("/tmp/conf.") && $0.hasPrefix("/") })
        }
    }

    // Goal: ".." of the root is the root. Method: compare device and inode.
    @Test("RF-07 the parent of the root is the root")
    func dotdot() throws {
        try scenario { s in
            let lines = try s.inside("stat -c %d:%i /; stat -c %d:%i /../..")
            #expect(lines.count == 2)
            #expect(lines.first == lines.last)
        }
    }

    // Goal: rootfsPropagation sets the root's type. Method: the optional fields of the mount table inside.
    @Test(
        "RF-08 rootfsPropagation sets the propagation of the root",
        arguments: [("shared", "shared"), ("rshared", "shared"), ("private", ""), ("rprivate", "")])
    func propagation(value: String, field: String) throws {
        try scenario(case: value) { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") { $0["/linux/rootfsPropagation"] = .string(value) })
            let root = try #require(table.mount(at: "/"))
            #expect(root.propagation.map { String($0.prefix { $0 != ":" }) }.joined() == field)
        }
    }

    // Goal: an unbindable root. Method: the optional field says so.
    @Test("RF-09 rootfsPropagation unbindable")
    func unbindable() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") { $0["/linux/rootfsPropagation"] = "unbindable" })
            #expect(table.mount(at: "/")?.propagation == ["unbindable"])
        }
    }

    // Goal: all eight words, for the root and what is mounted in it. Method: a root whose own mount is shared on the
    // host, with a bind of another such mount in it.
    @Test(
        "RF-13 each rootfsPropagation is that of a root that is shared on the host",
        arguments: [
            ("shared", "shared"), ("rshared", "shared"), ("slave", "master"), ("rslave", "master"), ("private", ""),
            ("rprivate", ""), ("unbindable", "unbindable"), ("runbindable", "unbindable"),
        ])
    func all(value: String, field: String) throws {
        try scenario(case: value) { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0["/linux/rootfsPropagation"] = .string(value)
            }
            try HostMount.run(["--bind", bundle.rootfs, bundle.rootfs])
            defer { HostMount.remove(bundle.rootfs) }
            try HostMount.run(["--make-shared", bundle.rootfs])
            try HostMount.tmpfs(at: bundle.rootfs + "/run")
            defer { HostMount.remove(bundle.rootfs + "/run") }
            let outcome = try s.run(bundle)
            try #require(outcome.ok, "\(outcome)")
            let table = MountTable(outcome.lines)
            let root = try #require(table.mount(at: "/"))
            let words = root.propagation.map { String($0.prefix { $0 != ":" }) }
            // A shared root may be a slave of the host's mount, or be of its group.
            #expect(field == "shared" ? words.contains(field) : words.joined() == field, "\(words)")
            let below = try #require(table.mount(at: "/run")).propagation
            #expect(below.contains { $0.hasPrefix("shared:") } == (value == "rshared"))
            #expect(below.contains("unbindable") == (value == "runbindable"))
        }
    }

    // Goal: an unknown value is an error. Method: create is refused.
    @Test("RF-10 an unknown rootfsPropagation is refused")
    func unknownPropagation() throws {
        try scenario { s in
            try s.refuses("/linux/rootfsPropagation", "ropagation") { $0["/linux/rootfsPropagation"] = "sideways" }
        }
    }

    // Goal: mounts inside do not reach the host with slave propagation. Method: the snapshot, with a mount made inside.
    @Test("RF-11 a mount made inside does not reach the host", arguments: ["private", "slave", "rslave"])
    func noLeak(value: String) throws {
        try scenario { s in
            let lines = try s.inside("mount -t tmpfs x /mnt && echo mounted") {
                $0["/linux/rootfsPropagation"] = .string(value)
                $0.capabilities(["CAP_SYS_ADMIN"], sets: ["bounding", "effective", "permitted"])
            }
            #expect(lines == ["mounted"])
        }
    }

    // Goal: without /root there is nothing to run in. Method: create is refused.
    @Test("RF-12 a config without a root is refused")
    func noRoot() throws {
        try scenario { s in
            try s.refuses("/root", "root") { $0["/root"] = nil }
        }
    }
}

/// A mount table as a process saw it (proc(5), mountinfo).
struct MountTable {
    struct Mount {
        var root: String
        var point: String
        var options: Set<String>
        var propagation: [String]
        var type: String
        var source: String
        var data: Set<String>
        /// Options of the mount and of the file system together.
        var all: Set<String> { options.union(data) }
    }

    let mounts: [Mount]

    init(_ lines: [String]) {
        mounts = lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count >= dash + 4 else { return nil }
            return Mount(
                root: words[3], point: words[4], options: Set(words[5].split(separator: ",").map(String.init)),
                propagation: Array(words[6..<dash]), type: words[dash + 1], source: words[dash + 2],
                data: Set(words[dash + 3].split(separator: ",").map(String.init)))
        }
    }

    /// The topmost mount at a path.
    func mount(at point: String) -> Mount? { mounts.last { $0.point == point } }
}
