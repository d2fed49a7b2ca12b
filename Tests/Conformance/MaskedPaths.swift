// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct MaskedPaths {
    // Goal: a masked file reads as empty. Method: a file with content, its type and size inside.
    @Test("MP-01 a masked file is the null device")
    func file() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "stat -c '%F %t %T' /etc/secret; wc -c < /etc/secret") {
                $0["/linux/maskedPaths/-"] = "/etc/secret"
            }
            try Files.write("secret\n", to: bundle.rootfs + "/etc/secret")
            #expect(try s.run(bundle).lines == ["character special file 1 3", "0"])
            #expect(Files.read(bundle.rootfs + "/etc/secret") == "secret\n")
        }
    }

    // Goal: a masked directory is empty and stays so. Method: list it, write into it.
    @Test("MP-02 a masked directory is empty and read-only")
    func directory() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "ls /secret | wc -l; touch /secret/new; cat /proc/self/mountinfo") {
                $0["/root/readonly"] = false
                $0["/linux/maskedPaths/-"] = "/secret"
            }
            try Files.makeDirectory(bundle.rootfs + "/secret")
            try Files.write("secret\n", to: bundle.rootfs + "/secret/key")
            let outcome = try s.run(bundle)
            #expect(outcome.lines.first == "0")
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
            #expect(MountTable(outcome.lines).mount(at: "/secret")?.type == "tmpfs")
        }
    }

    // Goal: a path that is not there needs no mask. Method: the container runs.
    @Test("MP-03 a missing path is skipped")
    func missing() throws {
        try scenario { s in
            try #expect(s.inside("echo ran") { $0["/linux/maskedPaths/-"] = "/no/such/path" } == ["ran"])
        }
    }

    // Goal: masks lie over the mounts. Method: a directory of a bind mount.
    @Test("MP-04 a path below a mount is masked")
    func belowMount() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "ls /mnt; wc -c < /mnt/name") {
                $0.mount("/mnt", from: "data", ["bind"])
                $0["/linux/maskedPaths/-"] = "/mnt/name"
            }
            try bundle.addData()
            #expect(try s.run(bundle).lines == ["name", "0"])
        }
    }

    // Goal: a path must be absolute. Method: create is refused.
    @Test("MP-05 a relative path is refused")
    func relative() throws {
        try scenario { s in
            try s.refuses("/linux/maskedPaths/0", "absolute", "elative") { $0["/linux/maskedPaths"] = ["etc/secret"] }
        }
    }

    // Goal: files and directories of proc and sysfs are hidden. Method: those of the usual list that this kernel has.
    @Test("MP-06 files of proc and directories of sysfs are masked")
    func proc() throws {
        let files = ["/proc/kcore", "/proc/keys", "/proc/timer_list"].filter(Files.exists)
        try scenario { s in
            let script = files.map { "wc -c < \($0); " }.joined() + "ls -A /sys/firmware | wc -l"
            try #expect(s.inside(script) == files.map { _ in "0" } + ["0"])
        }
    }

    // Goal: one path named twice is no error. Method: the container runs.
    @Test("MP-07 a path may be named twice")
    func twice() throws {
        try scenario { s in
            try #expect(
                s.inside("wc -c < /etc/passwd") { $0["/linux/maskedPaths"] = ["/etc/passwd", "/etc/passwd"] } == ["0"])
        }
    }

    // Goal: one empty filesystem serves all. Method: the device numbers of two masked directories and of a third.
    @Test("MP-08 all masked directories share one empty filesystem", .only(.hull))
    func shared() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "stat -c %d /one /two /deep/three /") {
                $0["/linux/maskedPaths"] = ["/one", "/two", "/deep/three"]
            }
            for name in ["/one", "/two", "/deep", "/deep/three"] { try Files.makeDirectory(bundle.rootfs + name) }
            let devices = try s.run(bundle).lines
            #expect(devices.count == 4 && Set(devices.prefix(3)).count == 1 && devices.first != devices.last)
        }
    }

    // Goal: what covers a file is the null device and nothing that is called so (CVE-2025-31133). Method: a /dev of the
    // host's side whose null is another file.
    @Test("MP-09 a /dev/null that is not the null device is refused", .only(.hull))
    func null() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0.removeMount("/dev/mqueue")
                $0.removeMount("/dev/shm")
                $0.removeMount("/dev/pts")
                $0.removeMount("/dev")
                $0.mount("/dev", from: "dev", ["bind"])
                $0["/linux/maskedPaths"] = ["/etc/passwd"]
            }
            try Files.makeDirectory(bundle.directory + "/dev")
            try Files.write("not null", to: bundle.directory + "/dev/null")
            try s.refuses(bundle, "/linux/maskedPaths/0", ["null device"])
        }
    }

    // Goal: a link is masked where it leads to, inside the root. Method: a link to a file and one out of the root.
    @Test("MP-10 a link in a masked path resolves inside the root")
    func link() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "wc -c < /etc/passwd; wc -c < /etc/group") {
                $0["/linux/maskedPaths"] = ["/link", "/up"]
            }
            try Files.link("/etc/passwd", at: bundle.rootfs + "/link")
            try Files.link("../../../../../../etc/group", at: bundle.rootfs + "/up")
            let before = Files.read("/etc/group")
            #expect(try s.run(bundle).lines == ["0", "0"])
            #expect(Files.read("/etc/group") == before)
        }
    }
}
