// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Delete {
    @Test("DL-01 delete of a stopped container removes its state and cgroup")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            #expect(!Files.exists(s.cgroupDirectory("g1")))
            #expect(!Files.list(s.runtime.root).contains(container.id))
        }
    }

    @Test("DL-02 delete of a running container is refused and has no effect")
    func running() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try container("delete")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(try container.status() == "running")
        }
    }

    @Test("DL-03 delete --force ends a running container", arguments: ["--force", "-f"])
    func force(option: String) throws {
        try scenario { s in
            let container = try s.start("trap '' TERM; while true; do sleep 1; done")
            let pid = try container.pid()
            try #expect(container("delete", option).ok)
            #expect(ending(of: pid) == .signal(9))
            #expect(!Files.exists(s.cgroupDirectory("g1")))
        }
    }

    @Test("DL-04 delete of a created container needs no force")
    func created() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "echo ran"))
            let outcome = try container("delete")
            #expect(outcome.ok, "\(outcome)")
            try #expect(container("state").failed)
            #expect(container.output.isEmpty)
        }
    }

    @Test("DL-05 delete --force of an unknown container succeeds")
    func forceNobody() throws {
        try scenario { s in
            let outcome = try s.runtime("delete", "--force", "nobody")
            #expect(outcome.ok, "\(outcome)")
        }
    }

    @Test("DL-06 delete of an unknown container is refused")
    func nobody() throws {
        try scenario { s in
            let outcome = try s.runtime("delete", "nobody")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["does not exist"])
        }
    }

    // Goal: what a killed create leaves can be removed. Method: an empty state directory of that id.
    @Test("DL-07 delete --force removes a half-made state directory")
    func halfMade() throws {
        try scenario { s in
            let id = s.id()
            try Files.makeDirectory(s.runtime.root + "/" + id)
            let outcome = try s.runtime("delete", "--force", id)
            #expect(outcome.ok, "\(outcome)")
            #expect(!Files.exists(s.runtime.root + "/" + id))
        }
    }

    @Test("DL-08 the bundle and its root file system stay as they are")
    func bundleStays() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            #expect(try s.run(bundle).ok)
            let before = Files.fingerprint(bundle.directory)
            #expect(try s.run(bundle).ok)
            #expect(Files.fingerprint(bundle.directory) == before)
        }
    }

    // Goal: exec'ed processes go too. Method: a container in the host's pid namespace with an exec left over.
    @Test("DL-09 delete --force ends exec'ed processes that outlive the first")
    func leftovers() throws {
        try scenario { s in
            let container = try s.start("exec sleep 300") { $0.removeNamespace("pid") }
            try #expect(container.exec("sleep", "300", options: ["--detach"]).ok)
            Support.kill(pid: try container.pid())
            try container.comes(to: "stopped")
            let outcome = try container("delete", "--force")
            #expect(outcome.ok, "\(outcome)")
            #expect(!Files.exists(s.cgroupDirectory("g1")))
        }
    }

    @Test("DL-10 delete of one container leaves the others alone")
    func others() throws {
        try scenario { s in
            let first = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("one")) }
            let second = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("two")) }
            try #expect(first("delete", "--force").ok)
            #expect(try second.status() == "running")
            #expect(try second.exec("echo", "alive").lines == ["alive"])
        }
    }

    // Goal: what does not die is named, with what the kernel is doing for it. Method: somebody else's process in a
    // sub-cgroup, which waits for a filesystem that does not answer; when it does, delete succeeds.
    @Test("DL-11 a process that survives is named with its state", .needs(.fuse), .only(.hull))
    func survivor() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let sub = s.cgroupDirectory("g1") + "/sub"
            try Files.makeDirectory(sub)
            let directory = s.directory + "/hang"
            try Files.makeDirectory(directory)
            let hang = try Hang(at: directory)
            defer { hang.release() }
            var launch = Launch("/bin/cat", [directory + "/x"], in: "/")
            launch.cgroup = sub
            let cat = try s.runtime.start(launch)
            #expect(eventually { hang.isAsked })
            let outcome = try container("delete", "--force")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["still there: \(cat.pid) (cat), state D"])
            expect(outcome, says: [", in sub"])
            try #expect(container.status() == "stopped")
            hang.release()
            _ = cat.outcome()
            let again = try container("delete", "--force")
            #expect(again.ok, "\(again)")
        }
    }

    // Goal: a cgroup that something is mounted on is named, and not waited for. Method: a mount on a sub-cgroup.
    @Test("DL-12 a sub-cgroup that is a mount point is named", .only(.hull))
    func mountPoint() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let sub = s.cgroupDirectory("g1") + "/sub"
            try Files.makeDirectory(sub)
            let mount = Launch(Files.program("mount") ?? "/bin/mount", ["--bind", s.directory, sub], in: "/")
            #expect(try s.runtime.start(mount).outcome().ok)
            let outcome = try container("delete", "--force")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["rmdir \(sub): device or resource busy (it is a mount point)"])
            let unmount = Launch(Files.program("umount") ?? "/bin/umount", [sub], in: "/")
            #expect(try s.runtime.start(unmount).outcome().ok)
            let again = try container("delete", "--force")
            #expect(again.ok, "\(again)")
        }
    }

    // Goal: who comes while the cgroup is being emptied is killed too. Method: a shell that moves one process after the
    // other into a sub-cgroup until that is gone.
    @Test("DL-13 processes that are moved in meanwhile are killed", .only(.hull))
    func movedIn() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let sub = s.cgroupDirectory("g1") + "/sub"
            try Files.makeDirectory(sub)
            let script = "while sleep 300 & echo $! > \(sub)/cgroup.procs; do :; done 2> /dev/null; kill $!"
            let mover = try s.runtime.start(Launch("/bin/sh", ["-c", script], in: "/"))
            #expect(eventually { Files.read(sub + "/cgroup.procs")?.isEmpty == false })
            let outcome = try container("delete", "--force")
            #expect(outcome.ok, "\(outcome)")
            #expect(mover.outcome().ending != .timeout)
            #expect(!Files.exists(s.cgroupDirectory("g1")))
        }
    }
}
