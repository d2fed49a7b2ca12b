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
}
