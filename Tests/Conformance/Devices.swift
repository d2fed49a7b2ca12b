// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Devices {
    // Goal: the devices that every container has. Method: type, numbers, mode and owner inside.
    @Test(
        "DV-01 the default devices are there",
        arguments: [
            ("null", "1 3"), ("zero", "1 5"), ("full", "1 7"), ("random", "1 8"), ("urandom", "1 9"), ("tty", "5 0"),
        ])
    func defaults(name: String, numbers: String) throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%F %t %T %a %u:%g' /dev/\(name)")
            #expect(lines == ["character special file \(numbers) 666 0:0"])
        }
    }

    // Goal: ptmx of the container's own devpts. Method: the link, and a pseudoterminal opened through it.
    @Test("DV-02 /dev/ptmx is that of the container")
    func ptmx() throws {
        try scenario { s in
            let lines = try s.inside("readlink /dev/ptmx; exec 3<>/dev/ptmx; ls /dev/pts")
            #expect(["pts/ptmx", "/dev/pts/ptmx"].contains(lines.first))
            #expect(lines.dropFirst() == ["0", "ptmx"])
        }
    }

    // Goal: the links of the spec. Method: read each.
    @Test("DV-03 /dev has the links fd, stdin, stdout and stderr")
    func links() throws {
        try scenario { s in
            let lines = try s.inside(
                "cd /dev; readlink fd stdin stdout stderr || for l in fd stdin stdout stderr; do readlink $l; done")
            #expect(lines.suffix(4) == ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"])
        }
    }

    // Goal: configured devices with numbers, mode and owner. Method: stat inside.
    @Test(
        "DV-04 configured character and block devices",
        arguments: [("c", "character special file"), ("u", "character special file"), ("b", "block special file")])
    func configured(type: String, said: String) throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%F %t %T %a %u:%g' /dev/mine") {
                $0["/linux/devices"] = [
                    [
                        "path": "/dev/mine", "type": .string(type), "major": 250, "minor": 77, "fileMode": 0o640,
                        "uid": 5,
                        "gid": 6,
                    ]
                ]
            }
            #expect(lines == ["\(said) fa 4d 640 5:6"])
        }
    }

    // Goal: a FIFO needs no numbers. Method: its type inside.
    @Test("DV-05 a configured FIFO")
    func fifo() throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%F %a' /dev/pipe") {
                $0["/linux/devices"] = [["path": "/dev/pipe", "type": "p", "fileMode": 0o600]]
            }
            #expect(lines == ["fifo 600"])
        }
    }

    // Goal: what is not said has a default. Method: a device without mode and owner.
    @Test("DV-06 mode 0666 and root as the owner when not said")
    func unsaid() throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%a %u:%g' /dev/mine") {
                $0["/linux/devices"] = [["path": "/dev/mine", "type": "c", "major": 250, "minor": 77]]
            }
            #expect(lines == ["666 0:0"])
        }
    }

    // Goal: directories on the way are made. Method: a device two levels down.
    @Test("DV-07 missing parent directories are made")
    func parents() throws {
        try scenario { s in
            let lines = try s.inside("test -c /dev/a/b/mine && echo there") {
                $0["/linux/devices"] = [["path": "/dev/a/b/mine", "type": "c", "major": 250, "minor": 77]]
            }
            #expect(lines == ["there"])
        }
    }

    // Goal: unknown types are errors. Method: create is refused.
    @Test("DV-08 an unknown device type is refused")
    func unknownType() throws {
        try scenario { s in
            try s.refuses("/linux/devices/0/type", "type", "device", "not a device node") {
                $0["/linux/devices"] = [["path": "/dev/mine", "type": "z", "major": 1, "minor": 3]]
            }
        }
    }

    // Goal: a file in the way that is another thing is an error. Method: a plain file at the path.
    @Test("DV-09 a path where another file is, is refused")
    func occupied() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/root/readonly"] = false
                $0["/linux/devices"] = [["path": "/etc/passwd", "type": "c", "major": 250, "minor": 77]]
            }
            try s.refuses(bundle, "/linux/devices/0", ["exists", "passwd"])
            #expect(Files.read(bundle.rootfs + "/etc/passwd")?.hasPrefix("root:") == true)
        }
    }

    // Goal: the numbers are needed. Method: leave them out.
    @Test("DV-10 a character device without numbers is refused")
    func numbers() throws {
        try scenario { s in
            try s.refuses("/linux/devices/0", "major", "minor") {
                $0["/linux/devices"] = [["path": "/dev/mine", "type": "c"]]
            }
        }
    }

    // Goal: a device of the defaults may be given other ownership. Method: name /dev/null with a mode.
    @Test("DV-11 a configured device replaces the default of that path")
    func replaces() throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%t %T %a' /dev/full") {
                $0["/linux/devices"] = [["path": "/dev/full", "type": "c", "major": 1, "minor": 7, "fileMode": 0o600]]
            }
            #expect(lines == ["1 7 600"])
        }
    }

    // Goal: a /dev of somebody else's is left as it is. Method: bind a directory there; nothing is made in it.
    @Test("DV-13 no device is made where /dev is bound")
    func boundDev() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/busybox", "ls", "/dev"]) {
                $0["/mounts"] = [["destination": "/proc", "type": "proc", "source": "proc"]]
                $0.mount("/dev", type: "bind", from: "data", ["rbind"])
            }
            try bundle.addData()
            let null = Launch(
                Files.program("mknod") ?? "/bin/mknod", [bundle.directory + "/data/null", "c", "1", "3"], in: "/")
            #expect(try null.start(outputs: s.directory + "/mknod").outcome().ok)
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["name", "null"], "\(outcome)")
            #expect(Files.list(bundle.directory + "/data") == ["name", "null"])
        }
    }

    // Goal: in a user namespace mknod is not allowed, the device is still there. Method: one that the host has too.
    @Test("DV-12 a configured device in a user namespace", .needs(.userNamespace))
    func userNamespace() throws {
        try scenario { s in
            let lines = try s.inside("stat -c '%F %t %T' /dev/full; head -c 3 /dev/full | wc -c") {
                $0.userNamespace()
                $0["/linux/devices"] = [["path": "/dev/full", "type": "c", "major": 1, "minor": 7]]
                $0["/linux/resources/devices/-"] = DeviceRules.allow("rwm", major: 1, minor: 7)
            }
            #expect(lines == ["character special file 1 7", "3"])
        }
    }

    // Goal: the device that is bound is the one that is meant. Method: other numbers than the host's device has.
    @Test("DV-14 in a user namespace other numbers than the host's device has are refused", .needs(.userNamespace))
    func otherNumbers() throws {
        try scenario { s in
            try s.refuses("/linux/devices/0", "no such device") {
                $0.userNamespace()
                $0["/linux/devices"] = [["path": "/dev/full", "type": "c", "major": 1, "minor": 3]]
            }
        }
    }

    // Goal: a file in the way is an error there too, an empty one is not: it is the place of a mount. Method: a /dev of
    // the root's own, in which one file says something.
    @Test("DV-15 in a user namespace a device covers no other file", .needs(.userNamespace))
    func covered() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0.userNamespace()
                $0["/mounts"] = [["destination": "/proc", "type": "proc", "source": "proc"]]
                $0["/linux/devices"] = [["path": "/dev/full", "type": "c", "major": 1, "minor": 7]]
                $0["/linux/resources/devices/-"] = DeviceRules.allow("rwm", major: 1, minor: 7)
            }
            for name in ["null", "zero", "full", "random", "urandom", "tty"] {
                try Files.write("", to: bundle.rootfs + "/dev/" + name)
            }
            try Files.write("cargo", to: bundle.rootfs + "/dev/full")
            try s.refuses(bundle, "/linux/devices/0", ["file exists"])
        }
    }
}
