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

    // Goal: the kernel says what is wrong, and the error passes it on. Method: bad options of several filesystems.
    @Test(
        "MT-16 the kernel's own words about an option are in the error", .only(.hull),
        arguments: [
            ("tmpfs", ["mode=700", "sise=1m"], "/mounts/6/options/1", "Unknown parameter 'sise'"),
            ("tmpfs", ["size=much"], "/mounts/6/options/0", "Bad value for 'size'"),
            ("devpts", ["newinstance", "modes=1"], "/mounts/6/options/1", "modes"),
            ("cgroup2", ["nosuchoption"], "/mounts/6/options/0", "Unknown parameter 'nosuchoption'"),
            ("proc", ["hidepid=9"], "/mounts/6/options/0", "hidepid"),
            ("overlay", ["lowerdir=data", "index=maybe"], "/mounts/6/options/1", "Bad value for 'index'"),
        ] as [(String, [String], String, String)])
    func kernelsWords(type: String, options: [String], pointer: String, words: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.mount("/mnt", type: type, from: type, options) }
            try bundle.addData()
            let outcome = try s.refuses(bundle, pointer, [words])
            #expect(outcome.stderr.contains("nvalid argument"), "\(outcome)")
        }
    }

    // Goal: a tmpfs looks like the directory that it covers; one that had to be made is the filesystem's choice.
    // Method: modes inside.
    @Test("MT-17 a tmpfs without mode= has that of the directory that it covers")
    func takesMode() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "stat -c %a /covered /missing /said") {
                for name in ["/covered", "/missing"] { $0.mount(name, type: "tmpfs", from: "tmpfs") }
                $0.mount("/said", type: "tmpfs", from: "tmpfs", ["mode=750"])
            }
            for name in ["/covered", "/said"] { try Files.makeDirectory(bundle.rootfs + name, mode: 0o2711) }
            let lines = try s.run(bundle).lines
            #expect(lines == ["2711", "1777", "750"])
        }
    }

    // Goal: a mount point is not made in what is mounted read-only. Method: one inside a read-only bind of the host.
    @Test("MT-18 no mount point is made inside a read-only bind mount")
    func insideReadOnly() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0.mount("/mnt", from: "data", ["bind", "ro"])
                $0.mount("/mnt/new", type: "tmpfs", from: "tmpfs")
            }
            try bundle.addData()
            try s.refuses(bundle, "/mounts/7", ["ead-only file system"])
            #expect(Files.list(bundle.directory + "/data") == ["name"])
        }
    }

    // Goal: a source that root inside may not reach. Method: a directory of the host's root alone above it.
    @Test("MT-22 a source below a directory of the host's root alone is bound", .needs(.userNamespace))
    func unreachable() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /mnt/name") {
                $0.userNamespace()
                $0.mount("/mnt", from: "closed/data", ["bind"])
            }
            try Files.makeDirectory(bundle.directory + "/closed", mode: 0o700)
            try Files.makeDirectory(bundle.directory + "/closed/data")
            try Files.write("data\n", to: bundle.directory + "/closed/data/name")
            try #expect(s.run(bundle).lines == ["data"])
        }
    }

    // Goal: any filesystem of the kernel. Method: ramfs with an option of its own.
    @Test("MT-23 other filesystems of the kernel are mounted with their options")
    func otherTypes() throws {
        try scenario { s in
            let lines = try s.inside("stat -c %a /mnt; cat /proc/self/mountinfo") {
                $0.mount("/mnt", type: "ramfs", from: "none", ["mode=0710"])
            }
            #expect(lines.first == "710")
            #expect(MountTable(lines).mount(at: "/mnt")?.type == "ramfs")
        }
    }

    // Goal: options of cgroup2 reach the kernel. Method: one that it has; MT-16 has one that it lacks.
    @Test("MT-24 cgroup2 takes its options")
    func cgroupOptions() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/sys/fs/cgroup", type: "cgroup2", from: "cgroup", ["ro", "nsdelegate"])
                })
            #expect(table.mount(at: "/sys/fs/cgroup")?.type == "cgroup2")
        }
    }

    // Goal: a container that may not mount cgroup2 sees its own cgroup all the same. Method: a user namespace of its
    // own beside the cgroup namespace of the test.
    @Test(
        "MT-26 cgroup2 is the container's own part where the kernel makes no mount", .needs(.userNamespace),
        .only(.hull))
    func cgroupFallback() throws {
        try scenario { s in
            let lines = try s.inside("cat /proc/self/mountinfo; cat /sys/fs/cgroup/cgroup.procs") {
                $0.userNamespace()
                $0.namespace("cgroup", path: "/proc/self/ns/cgroup")
                $0.mount("/sys/fs/cgroup", type: "cgroup2", from: "cgroup", ["ro", "noexec"])
            }
            let mount = try #require(MountTable(lines).mount(at: "/sys/fs/cgroup"))
            #expect(mount.type == "cgroup2" && mount.options.isSuperset(of: ["ro", "noexec"]))
            #expect(mount.root.contains("/g1"), "\(mount.root)")
            #expect(lines.contains("1"))
        }
    }

    // Goal: each field of a mount is named by its pointer, a misspelt word with the nearest. Method: a table.
    @Test(
        "MT-25 errors name the field of the mount", .only(.hull),
        arguments: [
            (["destination": ""], "/mounts/6/destination", "is empty"),
            (["destination": "/mnt"], "/mounts/6/type", "must name a filesystem"),
            (["destination": "/mnt", "type": "tempfs"], "/mounts/6/type", "did you mean \"tmpfs\"?"),
            (["destination": "/mnt", "options": ["bind"]], "/mounts/6/source", "the path to bind"),
            (["destination": "/mnt", "source": "/", "options": ["bnid"]], "/mounts/6/type", "must name a filesystem"),
            (
                ["destination": "/mnt", "source": "/", "options": ["bind", "nosiud"]], "/mounts/6/options/1",
                "did you mean \"nosuid\"?"
            ),
            (["destination": "/", "type": "tmpfs"], "/mounts/6/destination", "only a mount of type overlay"),
        ] as [(JSON, String, String)])
    func fields(mount: JSON, pointer: String, words: String) throws {
        try scenario { s in
            try s.refuses(pointer, words) { $0["/mounts/-"] = mount }
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
