// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// `--cgroup-manager disabled`, which podman says for `--cgroups=disabled`: only to `create` and `exec`.
@Suite(.runnable, .conformance)
struct CgroupDisabled {
    private func start(
        _ s: Scenario, _ script: String = "exec sleep 100", _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> Container {
        s.runtime.globals = ["--cgroup-manager", "disabled"]
        defer { s.runtime.globals = [] }
        return try s.start(script) { config in
            config["/linux/cgroupsPath"] = nil
            config["/linux/resources"] = nil
            try edit(&config)
        }
    }

    private func place(of pid: Int) -> String {
        String(Files.read("/proc/\(pid)/cgroup")?.split(separator: "\n").last ?? "")
    }

    // Goal: no cgroup is made or given away, and the container lives and ends without one. Method: its processes are
    // beside their caller; what the host's tree has; exec, kill, delete.
    @Test("CG-70 with --cgroup-manager disabled the container stays in the caller's cgroup")
    func stays() throws {
        try scenario { s in
            let before = HostSnapshot.directories(below: s.cgroup ?? "")
            let container = try start(s)
            let pid = try container.pid()
            #expect(place(of: pid).hasSuffix("/\(s.name)/caller"), "\(place(of: pid))")
            #expect(HostSnapshot.directories(below: s.cgroup ?? "") == before)
            let inside = try container.exec("cat", "/proc/self/cgroup")
            #expect(inside.lines.last == "0::/", "\(inside)")
            try #expect(s.runtime("state", container.id).json?["/status"]?.string == "running")
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
            try #expect(container("kill", "--all", "TERM").ok, "engines say so after the end, too")
            try #expect(container("delete").ok)
            #expect(HostSnapshot.directories(below: s.cgroup ?? "") == before)
        }
    }

    // Goal: what only a cgroup can do is refused with its reason, and changes nothing. Method: each verb in turn.
    @Test(
        "CG-71 without a cgroup what needs one is refused",
        arguments: ["pause", "ps", "events --stats", "update --pids-limit 5", "kill --all USR1"])
    func refused(line: String) throws {
        try scenario(case: String(line.prefix { $0 != " " })) { s in
            let container = try start(s, "trap 'echo hit' USR1; echo ready; while :; do sleep 0.1; done")
            container.says("ready")
            var words = line.split(separator: " ").map(String.init)
            words.insert(container.id, at: line.hasPrefix("kill") ? 2 : words.count)
            let outcome = try s.runtime(words)
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["cgroup"])
            try #expect(s.runtime("state", container.id).json?["/status"]?.string == "running")
            #expect(!container.output.contains("hit"))
        }
    }

    // Goal: SIGKILL for all needs no cgroup where the pid namespace goes with its first process. Method: a second
    // process, by exec, is gone as well.
    @Test("CG-72 kill --all KILL ends a pid namespace, with a cgroup or without")
    func killsAll() throws {
        try scenario { s in
            let container = try start(s)
            let other = try container.exec("sh", "-c", "sleep 100 > /dev/null 2>&1 < /dev/null & echo $!")
            #expect(other.ok, "\(other)")
            try #expect(s.runtime("kill", "--all", container.id, "KILL").ok)
            try container.comes(to: "stopped")
        }
    }

    // Goal: nobody is told of a limit that nobody keeps. Method: a limit, the pointer in the error; a limit of
    // "no limit" is kept by doing nothing.
    @Test("CG-73 with --cgroup-manager disabled a limit is an error")
    func limits() throws {
        try scenario { s in
            s.runtime.globals = ["--cgroup-manager", "disabled"]
            let bundle = try s.bundle(script: "true") {
                $0["/linux/cgroupsPath"] = nil
                $0["/linux/resources"] = ["pids": ["limit": 20], "memory": ["limit": -1]]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["/linux/resources/pids/limit"])
            #expect(!outcome.stderr.contains("/linux/resources/memory"), "\(outcome)")
        }
    }
}
