// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct ReadonlyPaths {
    // Goal: a directory and all below cannot be written. Method: write inside, look at the mount table.
    @Test("RP-01 a read-only directory in a writable root")
    func directory() throws {
        try scenario { s in
            let bundle = try s.bundle(
                script: "touch /data/below/new; touch /tmp/new && echo other; cat /proc/self/mountinfo"
            ) {
                $0["/root/readonly"] = false
                $0["/linux/readonlyPaths/-"] = "/data"
            }
            try Files.makeDirectory(bundle.rootfs + "/data/below")
            let outcome = try s.run(bundle)
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
            #expect(outcome.lines.first == "other")
            #expect(MountTable(outcome.lines).mount(at: "/data")?.options.contains("ro") == true)
        }
    }

    // Goal: a single file. Method: append to it.
    @Test("RP-02 a read-only file in a writable root")
    func file() throws {
        try scenario { s in
            let outcome = try s.run("echo x >> /etc/passwd; echo y >> /etc/group && echo other") {
                $0["/root/readonly"] = false
                $0["/linux/readonlyPaths/-"] = "/etc/passwd"
            }
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
            #expect(outcome.lines == ["other"])
        }
    }

    // Goal: a path that is not there is skipped. Method: the container runs.
    @Test("RP-03 a missing path is skipped")
    func missing() throws {
        try scenario { s in
            try #expect(s.inside("echo ran") { $0["/linux/readonlyPaths/-"] = "/no/such/path" } == ["ran"])
        }
    }

    // Goal: kernel settings cannot be changed. Method: write a setting of an own namespace as root.
    @Test("RP-04 /proc/sys is read-only")
    func sys() throws {
        try scenario { s in
            let outcome = try s.run("echo 7 > /proc/sys/net/core/somaxconn")
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
        }
    }

    // Goal: the flags of the mount below stay. Method: a path on a mount with the three flags.
    @Test("RP-05 nosuid, nodev and noexec of the mount stay")
    func flags() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["nosuid", "nodev", "noexec"])
                    $0["/linux/readonlyPaths"] = ["/mnt"]
                })
            #expect(table.mount(at: "/mnt")?.options.isSuperset(of: ["ro", "nosuid", "nodev", "noexec"]) == true)
        }
    }

    // Goal: a path must be absolute. Method: create is refused.
    @Test("RP-06 a relative path is refused")
    func relative() throws {
        try scenario { s in
            try s.refuses("/linux/readonlyPaths/0", "absolute", "elative") { $0["/linux/readonlyPaths"] = ["etc"] }
        }
    }
}
