// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Mounts {
    // Goal: entries are mounted in the listed order. Method: a tmpfs before and after a bind below it.
    @Test("MT-01 entries are mounted in the listed order")
    func order() throws {
        try scenario { s in
            let edit = { (config: inout JSON, bindLast: Bool) in
                if !bindLast { config.mount("/mnt/sub", type: "bind", from: "data", ["bind"]) }
                config.mount("/mnt", type: "tmpfs", from: "tmpfs")
                if bindLast { config.mount("/mnt/sub", type: "bind", from: "data", ["bind"]) }
            }
            for last in [true, false] {
                let bundle = try s.bundle(script: "cat /mnt/sub/name || echo hidden")
                try bundle.addData()
                try bundle.edit {
                    $0["/root/readonly"] = false
                    edit(&$0, last)
                }
                #expect(try s.run(bundle).lines == [last ? "data" : "hidden"])
            }
        }
    }

    // Goal: a directory is bound, its source taken from the bundle. Method: read through, write through.
    @Test("MT-02 a bind mount of a directory with a source relative to the bundle")
    func bindDirectory() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /mnt/name; echo new > /mnt/new") {
                $0.mount("/mnt", type: "bind", from: "data", ["bind"])
            }
            try bundle.addData()
            #expect(try s.run(bundle).lines == ["data"])
            #expect(Files.read(bundle.directory + "/data/new") == "new\n")
        }
    }

    // Goal: a file is bound on a file that did not exist. Method: an absolute source, a missing target.
    @Test("MT-03 a bind mount of a file makes its mount point")
    func bindFile() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /etc/deep/name")
            try bundle.addData()
            try bundle.edit {
                $0.mount("/etc/deep/name", from: bundle.directory + "/data/name", ["bind", "ro"])
            }
            #expect(try s.run(bundle).lines == ["data"])
            #expect(Files.exists(bundle.rootfs + "/etc/deep/name"))
        }
    }

    // Goal: missing mount points are made as directories. Method: three levels below the root.
    @Test("MT-04 missing mount points are made")
    func mountPoint() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/a/b/c", type: "tmpfs", from: "tmpfs")
                })
            #expect(table.mount(at: "/a/b/c")?.type == "tmpfs")
        }
    }

    // Goal: rbind takes what is mounted below, bind does not. Method: a tmpfs below the source.
    @Test("MT-05 rbind brings submounts, bind does not", arguments: ["rbind", "bind"])
    func recursive(option: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "ls /mnt/below") { $0.mount("/mnt", from: "data", [option]) }
            try bundle.addData()
            try HostMount.tmpfs(at: bundle.directory + "/data/below")
            defer { HostMount.remove(bundle.directory + "/data/below") }
            try Files.write("x", to: bundle.directory + "/data/below/inner")
            #expect(try s.run(bundle).lines == (option == "rbind" ? ["inner"] : []))
        }
    }

    // Goal: a source that is not there is an error of that entry. Method: create is refused with the kernel's words.
    @Test("MT-06 a missing bind source is refused")
    func missingSource() throws {
        try scenario { s in
            try s.refuses("/mounts/6", "no such file or directory", "No such file or directory") {
                $0.mount("/mnt", from: "/nonexistent/source", ["bind"])
            }
        }
    }

    // Goal: file system data is passed on. Method: a tmpfs of a given size and mode.
    @Test("MT-07 options that are no flags are data for the file system")
    func data() throws {
        try scenario { s in
            let lines = try s.inside("stat -c %a /mnt; cat /proc/self/mountinfo") {
                $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["size=128k", "mode=0701"])
            }
            #expect(lines.first == "701")
            #expect(MountTable(lines).mount(at: "/mnt")?.data.contains("size=128k") == true)
        }
    }

    // Goal: data that the file system does not know is an error. Method: an option nobody has.
    @Test("MT-08 an unknown option is refused")
    func unknownOption() throws {
        try scenario { s in
            try s.refuses("/mounts/6", "nvalid argument", "unknown", "nosuchoption") {
                $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["nosuchoption"])
            }
        }
    }

    // Goal: an unknown file system type is an error. Method: a name nobody has.
    @Test("MT-09 an unknown file system type is refused")
    func unknownType() throws {
        try scenario { s in
            try s.refuses("/mounts/6", "no such device", "No such device") {
                $0.mount("/mnt", type: "nosuchfs", from: "none")
            }
        }
    }

    // Goal: a relative destination is one below "/". Method: mount, look at the table.
    @Test("MT-10 a relative destination is taken from the root")
    func relativeDestination() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("mnt", type: "tmpfs", from: "tmpfs")
                })
            #expect(table.mount(at: "/mnt")?.type == "tmpfs")
        }
    }

    // Goal: links in a destination are followed inside the root only. Method: an absolute and a climbing link.
    @Test(
        "MT-11 a link in the destination resolves inside the root", arguments: ["/target", "../../../../../../target"])
    func linkDestination(link: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /target/name") { $0.mount("/link", from: "data", ["bind"]) }
            try bundle.addData()
            try Files.makeDirectory(bundle.rootfs + "/target")
            try Files.link(link, at: bundle.rootfs + "/link")
            #expect(try s.run(bundle).lines == ["data"])
            #expect(!Files.exists("/target"))
        }
    }

    // Goal: every kind of file system an engine asks for. Method: the types in the mount table inside.
    @Test("MT-12 proc, sysfs, devpts, mqueue, tmpfs and cgroup2 are mounted")
    func types() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount(
                        "/sys/fs/cgroup", type: "cgroup", from: "cgroup",
                        ["nosuid", "noexec", "nodev", "relatime", "ro"])
                })
            let expected = [
                "/proc": "proc", "/dev": "tmpfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs", "/dev/mqueue": "mqueue",
                "/sys": "sysfs", "/sys/fs/cgroup": "cgroup2",
            ]
            for (point, type) in expected { #expect(table.mount(at: point)?.type == type) }
        }
    }

    // Goal: remount changes an earlier mount. Method: make a writable tmpfs read-only by a second entry.
    @Test("MT-13 remount changes the flags of an earlier mount")
    func remount() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["rw"])
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["remount", "ro", "nosuid"])
                })
            let mounts = table.mounts.filter { $0.point == "/mnt" }
            #expect(mounts.count == 1)
            #expect(mounts.first?.options.isSuperset(of: ["ro", "nosuid"]) == true)
        }
    }

    // Goal: a bind cannot have data. Method: an option that is no flag.
    @Test("MT-14 a bind mount with data is refused")
    func bindData() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.mount("/mnt", from: "data", ["bind", "size=10k"]) }
            try bundle.addData()
            try s.refuses(bundle, "/mounts/6/options", ["bind", "nvalid argument", "size"])
        }
    }

    // Goal: a directory cannot be mounted on a file. Method: the kernel's words, the entry's pointer.
    @Test("MT-15 a directory on a file is refused")
    func mismatch() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.mount("/etc/passwd", from: "data", ["bind"]) }
            try bundle.addData()
            try s.refuses(bundle, "/mounts/6", ["ot a directory"])
        }
    }
}

extension TestBundle {
    /// A directory `data` with a file `name` beside the config.
    func addData() throws {
        try Files.makeDirectory(directory + "/data")
        try Files.write("data\n", to: directory + "/data/name")
    }
}

/// Mounts that a test makes on the host, in its own directory.
enum HostMount {
    static func tmpfs(at path: String, options: String = "rw") throws {
        try Files.makeDirectory(path)
        try run(["-t", "tmpfs", "-o", options, "tmpfs", path])
    }

    static func run(_ words: [String]) throws {
        var launch = Launch(Files.program("mount") ?? "/bin/mount", words, in: "/")
        launch.environment = Runtime.environment
        let outcome = try launch.start(outputs: Machine.base + "/mount").outcome()
        if !outcome.ok { throw Problem("\(outcome)") }
    }

    static func remove(_ path: String) {
        let launch = Launch(Files.program("umount") ?? "/bin/umount", ["-l", path], in: "/")
        _ = try? launch.start(outputs: Machine.base + "/umount").outcome()
    }
}
