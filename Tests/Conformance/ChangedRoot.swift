// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Roots that are entered by chroot(2): in the runtime's mount namespace, in one that is joined, and with --no-pivot.
@Suite(.runnable, .conformance)
struct ChangedRoot {
    // Goal: a container in the runtime's mount namespace still has its own root and mounts. Method: look from inside.
    @Test("CR-01 a container without a mount namespace has its root and stays in the runtime's namespace")
    func inherited() throws {
        try scenario { s in
            let lines = try s.inside(
                "ls -d /home /boot 2>/dev/null; readlink /proc/self/ns/mnt; echo $$; test -c /dev/null && echo null"
            ) { Self.withoutMountNamespace(&$0) }
            #expect(lines == ["/home", Machine.namespace("mnt"), "1", "null"])
        }
    }

    /// runc takes neither masked nor read-only paths then.
    static func withoutMountNamespace(_ config: inout JSON) {
        config.removeNamespace("mount")
        config["/linux/maskedPaths"] = nil
        config["/linux/readonlyPaths"] = nil
        config["/root/readonly"] = false
    }

    // Goal: the host's mount table is not the container's. Method: the table while the container lives, and the
    // propagation of every mount.
    @Test("CR-02 nothing of a container without a mount namespace is mounted on the host")
    func untouched() throws {
        try scenario { s in
            let before = HostSnapshot.mounts(s)
            let container = try s.start("exec sleep 100") { Self.withoutMountNamespace(&$0) }
            #expect(HostSnapshot.mounts(s) == before)
            try #expect(container("delete", "--force").ok)
        }
    }

    // Goal: masked and read-only paths hold there too. Method: write and read inside.
    @Test("CR-03 masked and read-only paths hold without a mount namespace")
    func masked() throws {
        try scenario { s in
            let lines = try s.inside("wc -c < /proc/keys; echo x > /proc/sys/kernel/hostname; echo x > /etc/x; true") {
                $0.removeNamespace("mount")
            }
            #expect(lines == ["0"])
        }
    }

    // Goal: exec enters the container's root, not the host's. Method: what is at /, with each way to such a root.
    @Test("CR-04 exec enters the root of the container", arguments: ["inherited", "joined", "no-pivot"])
    func exec(way: String) throws {
        try scenario(case: way) { s in
            let first = try s.start("exec sleep 100")
            let path = "/proc/\(try first.pid())/ns/mnt"
            let options = way == "no-pivot" ? ["--no-pivot"] : []
            let container = try s.start("echo here > /tmp/mark; exec sleep 100", options) {
                Self.withoutMountNamespace(&$0)
                if way == "joined" { $0.namespace("mount", path: path) }
                if way == "no-pivot" { $0.namespace("mount") }
            }
            #expect(eventually { Files.exists(container.bundle.rootfs + "/tmp/mark") })
            let outcome = try container.exec(
                "/bin/sh", "-c", "cat /tmp/mark; cd /; cd ..; ls -d boot home; readlink /proc/1/root; cat /proc/1/comm")
            #expect(outcome.lines == ["here", "home", "/", "sleep"], "\(outcome)")
        }
    }

    // Goal: the root of --no-pivot. Method: the mounts as seen inside, and what is above the root.
    @Test("CR-05 with --no-pivot the container's root is all that it sees")
    func noPivot() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo; cd /; cd ..; ls -d home boot; umask") {
                $0["/process/user/umask"] = 0o027
            }
            let outcome = try s.runtime("run", "--no-pivot", "--bundle", bundle.directory, s.id())
            let table = MountTable(outcome.lines)
            #expect(table.mounts.first?.point == "/", "\(outcome)")
            #expect(table.mounts.filter { $0.point == "/" }.count == 1)
            #expect(table.mounts.filter { $0.type == "proc" && $0.root == "/" }.count == 1)
            #expect(outcome.lines.suffix(2) == ["home", "0027"])
        }
    }

    // Goal: the host's procfs is not left under the root: the kernel lets a user namespace mount a procfs of its own
    // where a whole one is in sight. Method: try to inside, where the container's /proc is masked.
    @Test(
        "CR-06 with --no-pivot no whole procfs of the host is left below", .needs(.userNamespace),
        arguments: [false, true])
    func hidden(user: Bool) throws {
        try scenario { s in
            let inner = "mount -t proc proc /proc && echo mounted; echo end"
            let bundle = try s.bundle(script: "busybox unshare -U -r -m -p -f /bin/sh -c '\(inner)'") {
                if user { $0.userNamespace() }
                // Giving root of the outer user namespace to an inner one would need CAP_SETFCAP.
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
            }
            let outcome = try s.runtime("run", "--no-pivot", "--bundle", bundle.directory, s.id())
            #expect(outcome.lines == ["end"], "\(outcome)")
        }
    }

    // Goal: an old root that stays must hear of the host's unmounting. Method: create is refused.
    @Test("CR-07 --no-pivot with a private root is refused", arguments: ["private", "rprivate"])
    func privateRoot(word: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/linux/rootfsPropagation"] = .string(word) }
            let outcome = try s.runtime("create", "--no-pivot", "--bundle", bundle.directory, s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["rootfsPropagation"])
        }
    }
}
