// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct ExecCgroup {
    private func container(
        _ s: Scenario, _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> (Container, cgroup: String) {
        (try s.start("exec sleep 100", [], edit), s.cgroupDirectory("g1"))
    }

    @Test("EC-01 --cgroup puts the process into a cgroup below the container's", arguments: ["sub", "/sub/", "./sub"])
    func below(path: String) throws {
        try scenario { s in
            let (container, cgroup) = try container(s)
            try Files.makeDirectory(cgroup + "/sub")
            let outcome = try container.exec("cat", "/proc/self/cgroup", options: ["--cgroup", path])
            #expect(outcome.lines.contains("0::/sub"), "\(outcome)")
        }
    }

    @Test(
        "EC-02 a cgroup outside the container's, or one that is not there, is refused",
        arguments: ["..", "../caller", "sub/../../caller", "none", "cpu:sub"])
    func outside(path: String) throws {
        try scenario(case: path) { s in
            let (container, cgroup) = try container(s)
            try Files.makeDirectory(cgroup + "/sub")
            let outcome = try container.exec("true", options: ["--cgroup", path])
            #expect(outcome.failed, "\(outcome)")
        }
    }

    // Goal: a container whose first process has moved below and given its children controllers, as systemd does.
    // Method: the same from outside; then the container's own cgroup takes no process.
    @Test("EC-03 exec goes to the first process's cgroup where the container's takes none", .needs(.controller("pids")))
    func moved() throws {
        try scenario { s in
            let (container, cgroup) = try container(s) { $0["/linux/resources/pids"] = ["limit": 100] }
            try Files.makeDirectory(cgroup + "/init.scope")
            try Files.put("\(container.pid())", in: cgroup + "/init.scope/cgroup.procs")
            Files.put("+pids", in: cgroup + "/cgroup.subtree_control")
            try #require(Files.read(cgroup + "/cgroup.subtree_control") == "pids\n")
            let outcome = try container.exec("cat", "/proc/self/cgroup")
            #expect(outcome.lines.contains("0::/init.scope"), "\(outcome)")
        }
    }

    @Test("EC-04 exec in a paused container is refused")
    func paused() throws {
        try scenario { s in
            let (container, cgroup) = try container(s)
            Files.put("1", in: cgroup + "/cgroup.freeze")
            try container.comes(to: "paused")
            let outcome = try container.exec("true")
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["paused"])
            Files.put("0", in: cgroup + "/cgroup.freeze")
        }
    }

    // Goal: the process waits with the others. Method: the call ends once the container is thawed, not before.
    @Test("EC-05 exec --ignore-paused runs when the container is thawed")
    func ignorePaused() throws {
        try scenario { s in
            let (container, cgroup) = try container(s)
            Files.put("1", in: cgroup + "/cgroup.freeze")
            try container.comes(to: "paused")
            let call = try s.runtime.start(["exec", "--ignore-paused", container.id, "echo", "thawed"])
            usleep(500_000)
            #expect(call.stdout == "")
            Files.put("0", in: cgroup + "/cgroup.freeze")
            #expect(call.outcome().lines == ["thawed"])
        }
    }
}
