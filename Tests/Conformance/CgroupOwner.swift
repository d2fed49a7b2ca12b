// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Whose the container's cgroup is, and which cgroups are none for a container.
@Suite(.runnable, .conformance)
struct CgroupOwner {
    private func start(_ s: Scenario, uid: Int64, mapped: Bool, mount options: [String] = ["rw"]) throws -> String {
        _ = try s.start("exec sleep 100") {
            if mapped { $0.userNamespace() }
            $0["/process/user"] = ["uid": .int(uid), "gid": .int(uid)]
            $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", options + ["nosuid", "noexec", "nodev"])
        }
        return s.cgroupDirectory("g1")
    }

    // Goal: the user of the program manages the subtree. Method: owners on the host, of the directory, of what
    // manages it and of a limit.
    @Test("CG-60 the cgroup belongs to the user of the program", .needs(.userNamespace), arguments: [true, false])
    func user(mapped: Bool) throws {
        try scenario(case: mapped ? "mapped" : "unmapped") { s in
            let directory = try start(s, uid: 5, mapped: mapped)
            let owner = mapped ? 100_005 : 5
            for name in ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"] {
                #expect(Files.owner(directory + name) == owner, "\(name)")
            }
            #expect(Files.owner(directory + "/cgroup.max.depth") == 0)
        }
    }

    // Goal: nobody gets what is not to be managed. Method: a tree that is read-only, none, and one that is shared.
    @Test("CG-61 the cgroup stays root's where the container only reads it", .needs(.userNamespace))
    func readonly() throws {
        try scenario { s in
            let directory = try start(s, uid: 0, mapped: true, mount: ["ro"])
            #expect(Files.owner(directory) == 0)
        }
        try scenario { s in
            _ = try s.start("exec sleep 100") { $0.userNamespace() }
            #expect(Files.owner(s.cgroupDirectory("g1")) == 0)
        }
        try scenario { s in
            _ = try s.start("exec sleep 100") {
                $0.userNamespace()
                $0.removeNamespace("cgroup")
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["rw", "nosuid", "noexec", "nodev"])
            }
            #expect(Files.owner(s.cgroupDirectory("g1")) == 0)
        }
    }

    // Goal: a kernel that does not say what can be given away. Method: its list is covered, for the runtime alone.
    @Test("CG-62 without the kernel's list three files are given", .needs(.userNamespace))
    func noList() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100") {
                $0.userNamespace()
                // The kernel makes no sysfs in a user namespace where a part of the only one is covered.
                $0.removeMount("/sys")
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["rw", "nosuid", "noexec", "nodev"])
            }
            try Files.makeDirectory(bundle.rootfs + "/sys/fs/cgroup")
            var launch = s.runtime.launch(["create", "--bundle", bundle.directory, s.id()])
            let script = "mount -t tmpfs none /sys/kernel/cgroup && exec \"$0\" \"$@\""
            launch.arguments = ["-m", "/bin/sh", "-c", script, Runtime.program] + launch.arguments
            launch.program = try #require(Files.program("unshare"))
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.ok, "\(outcome)")
            for name in ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"] {
                #expect(Files.owner(s.cgroupDirectory("g1") + name) == 100_000, "\(name)")
            }
            #expect(Files.owner(s.cgroupDirectory("g1") + "/cgroup.events") == 0)
        }
    }

    // Goal: a kill of the container must not reach others. Method: a cgroup with a process, which lives on.
    @Test("CG-63 a cgroup with processes is refused")
    func occupied() throws {
        try scenario { s in
            let directory = s.cgroupDirectory("g1")
            try Files.makeDirectory(directory)
            var sleep = Launch("/bin/sleep", ["100"], in: "/")
            sleep.cgroup = directory
            let other = try s.runtime.start(sleep)
            defer {
                other.send(9)
                _ = other.outcome()
                Files.removeCgroup(directory)
            }
            try s.refuses("/linux/cgroupsPath", "not empty", "non-empty") { _ in }
            #expect(Files.read(directory + "/cgroup.procs")?.trimmed == "\(other.pid)")
        }
    }

    // Goal: nothing would ever run in it. Method: a cgroup that is frozen; it stays as it is.
    @Test("CG-64 a frozen cgroup is refused", .only(.hull, .runc))
    func frozen() throws {
        try scenario { s in
            let directory = s.cgroupDirectory("g1")
            try Files.makeDirectory(directory)
            defer { Files.removeCgroup(directory) }
            Files.put("1", in: directory + "/cgroup.freeze")
            try s.refuses("/linux/cgroupsPath", "frozen") { _ in }
            #expect(Files.read(directory + "/cgroup.freeze")?.trimmed == "1")
        }
    }
}
