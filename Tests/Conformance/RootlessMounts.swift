// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Mounts, devices and places of a runtime that is called by an ordinary user, or by the root of a user namespace.
@Suite(.runnable, .conformance, .needs(.userNamespace))
struct RootlessMounts {
    // Goal: the network of the caller: no sysfs can be made then. Method: /sys is there, and read-only with all that is
    // mounted below: nothing can be made among the caller's cgroups.
    @Test("RO-20 with the caller's network sysfs is the caller's, read-only")
    func sysfs() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            try user.delegate()
            let outcome = try user.run(
                "ls /sys/class > /dev/null && echo there; mkdir /sys/fs/cgroup/\(s.cgroupsPath("bad")) 2>/dev/null "
                    + "|| echo kept; ls /sys/class/net | wc -l"
            ) {
                $0.removeNamespace("network")
                $0.removeNamespace("cgroup")
            }
            #expect(outcome.ok && outcome.lines.prefix(2) == ["there", "kept"], "\(outcome)")
            user.leavesNothing()
        }
    }

    // Goal: namespaces of the caller: the kernel makes no procfs and no mqueue for who does not own them. Method: both
    // without a namespace; processes outside are seen, a queue of the caller's is there.
    @Test("RO-29 with the caller's pid or ipc namespace procfs and mqueue are the caller's")
    func bound() throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            // A queue that goes with the namespaces around the call.
            user.before = "mkdir -p /dev/mqueue; mount -t mqueue mqueue /dev/mqueue; : > /dev/mqueue/\(s.name)"
            let outcome = try user.run(
                "tr '\\0' ' ' < /proc/\(getpid())/cmdline | wc -w; test -e /dev/mqueue/\(s.name) && echo queue; "
                    + "test $$ -gt 1 && echo outside"
            ) {
                $0.removeNamespace("pid")
                $0.removeNamespace("ipc")
                $0.mount("/dev/mqueue", type: "mqueue", from: "mqueue", ["nosuid", "noexec", "nodev"])
            }
            #expect(outcome.ok && outcome.lines.count == 3, "\(outcome)")
            #expect((outcome.lines.first.flatMap { Int($0) } ?? 0) > 0, "\(outcome)")
            #expect(outcome.lines.suffix(2) == ["queue", "outside"], "\(outcome)")
            let own = try user.run("ls /proc | grep -c '^[0-9]'; test -e /dev/mqueue/\(s.name) || echo own") {
                $0.mount("/dev/mqueue", type: "mqueue", from: "mqueue", ["nosuid", "noexec", "nodev"])
            }
            #expect(own.ok && own.lines.last == "own", "\(own)")
            #expect((own.lines.first.flatMap { Int($0) } ?? 99) < 5, "\(own)")
            user.leavesNothing()
        }
    }

    // Goal: devices are the host's. Method: use them.
    @Test("RO-21 the default devices are bound")
    func devices() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let outcome = try user.run("echo x > /dev/null; head -c 3 /dev/zero | wc -c; stat -c %u /dev/null")
            #expect(outcome.ok && outcome.lines == ["3", "65534"], "\(outcome)")
        }
    }

    // Goal: a root that is written to and stays as it is. Method: both kinds of upper layers; what was written is the
    // user's.
    @Test("RO-22 an ordinary user has --overlay", .only(.hull), arguments: ["tmpfs", "DIR"])
    func overlay(kind: String) throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let upper = kind == "DIR" ? user.home + "/upper" : kind
            let bundle = try user.bundle("echo new > /new && rm /etc/group && cat /new; grep -c userxattr /proc/mounts")
            for _ in 0..<2 {
                let outcome = try user("run", "--overlay=\(upper)", "--bundle", bundle.directory, "c")
                #expect(outcome.lines.first == "new" && outcome.lines.last == "1", "\(outcome)")
                guard kind == "DIR" else { continue }
                try user.change(bundle, "test ! -e /etc/group && echo new; grep -c userxattr /proc/mounts")
            }
            #expect(!Files.exists(bundle.rootfs + "/new") && Files.exists(bundle.rootfs + "/etc/group"))
            if kind == "DIR" { #expect(Files.owner(upper + "/upper/new") == Int(OrdinaryUser.id)) }
        }
    }

    // Goal: where on a path the kernel says no. Method: a directory that only root enters, above the source of a mount
    // and above the root; a root that is somebody else's.
    @Test("RO-23 permission denied names the directory, its owner and mode, and who was denied", .only(.hull))
    func denied() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let closed = s.directory + "/closed"
            try Files.makeDirectory(closed, mode: 0o700)
            try Files.makeDirectory(closed + "/data")
            let words =
                "\(closed) belongs to uid 0 and gid 0 and has the mode 0700; uid \(OrdinaryUser.id) and gid "
                + "\(OrdinaryUser.id) may not search it"
            let mount = try user.run("true") { $0.mount("/mnt", from: closed + "/data", ["bind"]) }
            #expect(mount.failed, "\(mount)")
            expect(mount, says: [words])
            expect(mount, says: [" at /mounts/"])
            let root = try user.run("true") { $0["/root/path"] = .string(closed + "/data") }
            #expect(root.failed, "\(root)")
            expect(root, says: [words])
            // Inside: a root of somebody else, in which mount points are missing.
            let foreign = try user.bundle("true") { $0.mount("/missing/place", type: "tmpfs") }
            try Files.give(foreign.rootfs, to: 0)
            let inside = try user("run", "--bundle", foreign.directory, "c")
            #expect(inside.failed, "\(inside)")
            expect(inside, says: ["/ belongs to uid that is not mapped here and gid that is not mapped here"])
            expect(inside, says: ["uid 0 (\(OrdinaryUser.id) outside)"])
            user.leavesNothing()
        }
    }

    // Goal: `hull spec --rootless; hull run x`. Method: exactly that, in a directory of the user's.
    @Test("RO-24 what spec --rootless writes runs")
    func spec() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let bundle = try user.bundle("true")
            try FileManager.default.removeItem(atPath: bundle.directory + "/config.json")
            try #require(try user("spec", "--rootless", "--bundle", bundle.directory).ok)
            var config = try JSON(parsing: try #require(Files.read(bundle.directory + "/config.json")))
            if Runtime.kind == .crun { config.userNamespace(first: Int64(OrdinaryUser.id), size: 1) }
            #expect(config["/linux/uidMappings/0/hostID"]?.int == Int(OrdinaryUser.id))
            config["/process/terminal"] = false
            config["/process/args"] = ["id", "-u"]
            try FileManager.default.removeItem(atPath: bundle.directory + "/config.json")
            try Files.write(config.text, to: bundle.directory + "/config.json")
            let outcome = try user("run", "--bundle", bundle.directory, "c")
            #expect(outcome.ok && outcome.lines == ["0"], "\(outcome)")
        }
    }

    // Goal: records are in the user's runtime directory; without one it is said what to do. Method: no --root.
    @Test("RO-25 records are in XDG_RUNTIME_DIR", .only(.hull))
    func records() throws {
        try scenario { s in
            var user = try OrdinaryUser(s)
            let bundle = try user.bundle("exec sleep 100")
            try #require(try user.start(["create", "--bundle", bundle.directory, "c"]).outcome().ok)
            #expect(Files.list(user.home + "/runtime/hull") == ["c"])
            try #expect(user.start(["delete", "--force", "c"]).outcome().ok)
            user.environment = ["XDG_RUNTIME_DIR="]
            let lost = try user.start(["run", "--bundle", bundle.directory, "c"]).outcome()
            #expect(lost.failed, "\(lost)")
            expect(lost, says: ["set XDG_RUNTIME_DIR, or say --root DIR"])
        }
    }

    // Goal: a map of the own id to itself. Method: nobody is root inside; who the process is, in exec too.
    @Test("RO-26 a container needs no root inside", .only(.hull))
    func noRoot() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let id = Int64(OrdinaryUser.id)
            let bundle = try user.bundle("id -u; exec sleep 100") {
                let map: JSON = [["containerID": .int(id), "hostID": .int(id), "size": 1]]
                $0["/linux/uidMappings"] = map
                $0["/linux/gidMappings"] = map
                $0["/process/user"] = ["uid": .int(id), "gid": .int(id)]
            }
            let created = try user.start(["--root", user.home + "/state", "create", "--bundle", bundle.directory, "c"])
            try #require(created.outcome().ok)
            try #expect(user("start", "c").ok)
            #expect(eventually { created.stdout == "\(id)\n" }, "\(created.stdout)")
            let inside = try user("exec", "c", "id", "-u")
            #expect(inside.ok && inside.lines == ["\(id)"], "\(inside)")
            try #expect(user("delete", "--force", "c").ok)
        }
    }

    // Goal: everybody's config gives terminals to group 5, which an own map does not have. Method: it runs, with a
    // warning; the same of a tmpfs is an error with the id.
    @Test("RO-27 an owner that is not mapped is told of", .only(.hull))
    func unmappedOwner() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let terminals = try user.run("test -c /dev/ptmx && echo there") {
                $0["/mounts/2/options/-"] = "gid=5"
            }
            #expect(terminals.ok && terminals.lines == ["there"], "\(terminals)")
            expect(terminals, says: ["/mounts/2/options/5: ignored: group 5 is not mapped in the user namespace"])
            let memory = try user.run("true") { $0.mount("/mnt", type: "tmpfs", ["uid=7"]) }
            #expect(memory.failed, "\(memory)")
            expect(memory, says: ["/options/0: 7 is not mapped in the container's user namespace"])
            user.leavesNothing()
        }
    }

    // Goal: a badness below the caller's own is root's to give. Method: one below, one above.
    @Test("RO-28 oom_score_adj is raised, and not lowered in silence", .only(.hull))
    func badness() throws {
        try scenario { s in
            let user = try OrdinaryUser(s)
            let raised = try user.run("cat /proc/self/oom_score_adj") { $0["/process/oomScoreAdj"] = 900 }
            #expect(raised.lines == ["900"], "\(raised)")
            let lowered = try user.run("echo ran") { $0["/process/oomScoreAdj"] = -1000 }
            #expect(lowered.lines == ["ran"], "\(lowered)")
            expect(lowered, says: ["/process/oomScoreAdj: not applied"])
        }
    }
}

extension OrdinaryUser {
    /// The same bundle with another script.
    func change(_ bundle: TestBundle, _ script: String) throws {
        try bundle.edit { $0["/process/args"] = ["/bin/sh", "-c", .string(script)] }
    }
}
