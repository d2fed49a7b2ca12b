// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance, .only(.hull))
struct RootOverlay {
    private func bundle(
        _ s: Scenario, _ script: String, _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> TestBundle {
        try s.bundle(script: script) {
            $0["/root/readonly"] = false
            try edit(&$0)
        }
    }

    private func run(_ s: Scenario, _ bundle: TestBundle, _ overlay: String) throws -> Outcome {
        try s.runtime("run", overlay, "--bundle", bundle.directory, s.id())
    }

    // Goal: a root that stays as it is under a container that writes. Method: the tree before and after, two runs; the
    // root directory's own mode is seen through the union.
    @Test(
        "OV-12 --overlay leaves the root as it is and throws changes away", arguments: ["--overlay", "--overlay=tmpfs"])
    func thrownAway(option: String) throws {
        try scenario { s in
            let bundle = try bundle(
                s,
                "test ! -e /new && echo fresh; echo new > /new; cat /new; rm /etc/group; stat -c %a /; "
                    + "grep ' / / ' /proc/self/mountinfo")
            try #require(chmod(bundle.rootfs, 0o751) == 0)
            let before = Files.fingerprint(bundle.rootfs)
            for _ in 0..<2 {
                let outcome = try run(s, bundle, option)
                #expect(outcome.lines.prefix(3) == ["fresh", "new", "751"], "\(outcome)")
                #expect(MountTable(outcome.lines).mount(at: "/")?.type == "overlay", "\(outcome)")
            }
            #expect(Files.fingerprint(bundle.rootfs) == before)
        }
    }

    // Goal: a container cannot fill the memory through its root. Method: 2 MiB into 1 MiB.
    @Test("OV-13 a size limits what is written to the root")
    func size() throws {
        try scenario { s in
            let bundle = try bundle(
                s, "dd if=/dev/zero of=/big bs=1024 count=2048 2>&1 | grep -o 'No space.*'; wc -c < /big")
            let outcome = try run(s, bundle, "--overlay=tmpfs:1m")
            #expect(outcome.lines.first == "No space left on device", "\(outcome)")
            let written = try #require(outcome.lines.last.flatMap { Int($0) }, "\(outcome)")
            #expect((900_000...1_048_576).contains(written))
        }
    }

    // Goal: changes that stay, next to a root that stays as it is. Method: two runs, the host's view of the directory.
    @Test("OV-14 with a directory changes stay in it and are there the next time")
    func directory() throws {
        try scenario { s in
            let bundle = try bundle(s, "cat /new 2> /dev/null; echo new >> /new")
            let before = Files.fingerprint(bundle.rootfs)
            let changes = s.directory + "/deep/changes"
            try #expect(run(s, bundle, "--overlay=" + changes).lines == [])
            try #expect(run(s, bundle, "--overlay=" + changes).lines == ["new"])
            #expect(Files.read(changes + "/upper/new") == "new\nnew\n")
            #expect(Files.fingerprint(bundle.rootfs) == before)
            // A relative one is in the caller's directory, as for every path of the command line.
            try #expect(run(s, bundle, "--overlay=deep/changes").lines == ["new", "new"])
        }
    }

    // Goal: two containers never write to one upper layer, which the kernel calls undefined. Method: the second while
    // the first runs; afterwards it may.
    @Test("OV-15 a directory that another container uses is refused")
    func busy() throws {
        try scenario { s in
            let bundle = try bundle(s, "echo up; exec sleep 100")
            let option = "--overlay=" + s.directory + "/changes"
            let first = try s.create(bundle, [option])
            try #expect(first("start").ok)
            first.says("up")
            let other = try self.bundle(s, "true") { $0["/root/path"] = .string(bundle.rootfs) }
            let second = try s.runtime("create", option, "--bundle", other.directory, s.id())
            #expect(second.ending == .exit(1), "\(second)")
            #expect(second.stderr.contains("another container uses its upper layer"), "\(second)")
            try #expect(first("delete", "--force").ok)
            try #expect(run(s, other, option).ok)
        }
    }

    // Goal: changes are only put on the root that they were made on. Method: another root below the same changes.
    @Test("OV-16 changes that were made on another root are refused")
    func otherRoot() throws {
        try scenario { s in
            let option = "--overlay=" + s.directory + "/changes"
            try #expect(run(s, try bundle(s, "echo new > /etc/passwd"), option).ok)
            let outcome = try run(s, try bundle(s, "true"), option)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains("its upper layer was written over other layers"), "\(outcome)")
        }
    }

    // Goal: an engine can ask for it. Method: annotations, with layers in place of the root's directory; one is not
    // there.
    @Test("OV-17 annotations ask for the same, and name layers")
    func annotations() throws {
        try scenario { s in
            let bundle = try bundle(s, "cat /both /top; echo new > /both")
            for layer in ["top", "lower"] {
                try Files.makeDirectory(bundle.directory + "/" + layer)
                try Files.write(layer + "\n", to: bundle.directory + "/" + layer + "/both")
            }
            try Files.write("here\n", to: bundle.directory + "/top/top")
            try bundle.edit {
                $0["/annotations"] = ["run.hull.overlay": "tmpfs:1m", "run.hull.overlay.lower": "top:lower:rootfs"]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["top", "here"], "\(outcome)")
            #expect(Files.read(bundle.directory + "/top/both") == "top\n")
            try bundle.edit { $0["/annotations/run.hull.overlay.lower"] = "top:nothing" }
            try s.refuses(bundle, "/annotations/run.hull.overlay.lower", ["no such file or directory"])
        }
    }

    // Goal: it works where the container's root is nobody on the host. Method: a root that belongs to it, with tmpfs
    // and with a directory; who owns what was written.
    @Test("OV-18 in a user namespace too", arguments: ["tmpfs", "changes"])
    func userNamespace(upper: String) throws {
        try scenario(case: upper) { s in
            let bundle = try bundle(s, "echo new > /new && cat /new && stat -c '%u %g' / /new /etc/passwd") {
                $0.userNamespace()
            }
            for path in ["", "/etc", "/etc/passwd"] { try Files.give(bundle.rootfs + path, to: 100_000) }
            let before = Files.fingerprint(bundle.rootfs)
            let outcome = try run(s, bundle, "--overlay=" + upper)
            #expect(outcome.lines == ["new", "0 0", "0 0", "0 0"], "\(outcome)")
            #expect(Files.fingerprint(bundle.rootfs) == before)
        }
    }

    // Goal: what the specification demands of root.readonly stays true, and is said. Method: write, read the warning.
    @Test("OV-19 root.readonly keeps the union from being written, with a warning")
    func readonly() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo new > /new") { $0["/root/readonly"] = true }
            let outcome = try run(s, bundle, "--overlay")
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
            #expect(outcome.stderr.contains("/root/readonly: keeps the union from being written"), "\(outcome)")
        }
    }

    // Goal: one root for many costs nothing for each: no mount on the host, the same inodes, so the same page cache.
    // Method: five at once; device and inode of a program of the root, and the mounts of the host.
    @Test("OV-20 containers on one root share its files")
    func shared() throws {
        try scenario { s in
            let root = try bundle(s, "true").rootfs
            let containers = try (0..<5).map { _ in
                let bundle = try bundle(s, "stat -c %i /bin/busybox; echo up; exec sleep 100") {
                    $0["/root/path"] = .string(root)
                }
                return try s.create(bundle, ["--overlay"])
            }
            for container in containers {
                try #expect(container("start").ok)
                container.says("up")
            }
            let inodes = Set(containers.compactMap(\.lines.first))
            #expect(inodes == [Files.inode(of: root + "/bin/busybox")])
            #expect(!Machine.mountinfo().contains { $0.contains(s.directory) })
        }
    }
}
