// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// A Python service as people run one: unprivileged, filtered, on a read-only root.
@Suite(.runnable, .python, .serialized)
struct Service {
    /// The service in a bundle of its own: uid 1000, podman's default filter, a read-only root, a tmpfs, limits.
    static func bundle(_ s: Scenario, _ words: [String], _ edit: (inout JSON) -> Void = { _ in }) throws -> TestBundle {
        let root = try PythonRoot.path.get()
        let text = Files.read(RootFilesystem.repository + "/Tests/PlanTests/Fixtures/seccomp-podman.json")
        let filter = try JSON(parsing: try #require(text))
        return try s.bundle(["python3", "app.py"] + words) {
            $0["/root"] = ["path": .string(root), "readonly": true]
            $0["/process/user"] = ["uid": 1000, "gid": 1000]
            $0["/process/cwd"] = "/srv/app"
            $0["/process/capabilities"] = [:]
            $0["/linux/seccomp"] = filter
            $0.mount("/tmp", type: "tmpfs", from: "tmpfs", ["nosuid", "nodev", "mode=1777", "size=16m"])
            $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["ro", "nosuid", "nodev", "noexec"])
            $0.mount(
                "/srv/app", type: "bind", from: RootFilesystem.repository + "/Tests/Workloads/app", ["bind", "ro"])
            if Machine.controllers.contains("memory") { $0["/linux/resources/memory/limit"] = .int(memory) }
            if Machine.controllers.contains("pids") { $0["/linux/resources/pids/limit"] = .int(pids) }
            edit(&$0)
        }
    }

    static let memory: Int64 = 256 << 20
    static let pids: Int64 = 32

    /// The port that the service has chosen. Its output is that of the call which made it; the process may be another.
    private func port(_ call: Call, of pid: Int) throws -> Int {
        let line = /listening on ([0-9]+)/
        eventually(within: 60) { call.stdout.contains(line) || !Files.exists("/proc/\(pid)/stat") }
        let match = try #require(
            call.stdout.firstMatch(of: line), "\(call.stdout) \(Files.read(call.outputs.stderr) ?? "")")
        return try #require(Int(match.1))
    }

    private func check(_ facts: JSON, pid: Int? = 1) {
        #expect(facts["/uid"] == 1000)
        #expect(facts["/gid"] == 1000)
        #expect(facts["/seccomp"] == "2")
        #expect(facts["/capabilities"] == "0000000000000000")
        #expect(facts["/noNewPrivileges"] == "1")
        #expect(facts["/root"] == "Read-only file system")
        #expect(facts["/tmp"] == "written")
        if let pid { #expect(facts["/pid"]?.int == pid) }
        if Machine.controllers.contains("memory") {
            #expect(facts["/memory"] == .string("\(Self.memory)"))
        } else {
            print("service: no memory controller here, so the service ran without a memory limit")
        }
        if Machine.controllers.contains("pids") {
            #expect(facts["/pids"] == .string("\(Self.pids)"))
        } else {
            print("service: no pids controller here, so the service ran without a pids limit")
        }
    }

    // Goal: in the foreground, asked over the host's loopback, ended by SIGTERM. Method: three ways in which a program
    // can take that signal; the first process of a pid namespace ignores it by default, so the last one shares the
    // host's.
    @Test(
        "a service in the foreground", .timeLimit(.minutes(3)),
        arguments: [("exit0", 0), ("exit143", 143), ("default", 143)])
    func foreground(end: String, code: Int32) throws {
        try scenario { s in
            let bundle = try Self.bundle(s, [end]) {
                $0.removeNamespace("network")
                if end == "default" { $0.removeNamespace("pid") }
            }
            let call = try s.runtime.start(["run", "--bundle", bundle.directory, s.id()])
            check(try ask(try port(call, of: Int(call.pid))), pid: end == "default" ? nil : 1)
            call.send(SIGTERM)
            let outcome = call.outcome()
            #expect(outcome.ending == .exit(code), "\(outcome)")
        }
    }

    // Goal: as an engine runs it, in a network of its own. Method: create, start, ask from inside that network, kill.
    @Test("a service driven by an engine", .timeLimit(.minutes(3)), .program("nsenter"))
    func detached() throws {
        try scenario { s in
            let bundle = try Self.bundle(s, ["exit0", "8080"])
            let id = s.id()
            let pidFile = bundle.directory + "/pid"
            let create = try s.runtime.start(["create", "--bundle", bundle.directory, "--pid-file", pidFile, id])
            try #require(create.outcome().ok, "\(create.outcome())")
            let pid = try #require(Files.read(pidFile).flatMap(Int.init))
            let start = try s.runtime("start", id)
            try #require(start.ok, "\(start)")
            #expect(try port(create, of: pid) == 8080)
            check(try ask(8080, through: ["nsenter", "--net=/proc/\(pid)/ns/net"]))
            #expect(try s.runtime("kill", id, "TERM").ok)
            #expect(ending(of: pid) == .exit(0))
            #expect(try s.runtime("state", id).json?["/status"] == "stopped")
            #expect(try s.runtime("delete", id).ok)
        }
    }

    // Goal: the filter bites. Method: a call that the profile refuses by name, EPERM; one with a value that it does not
    // know, ENOSYS, which the kernel itself would allow to everybody.
    @Test("the default filter refuses what it should", .timeLimit(.minutes(3)))
    func refused() throws {
        try scenario { s in
            let bundle = try Self.bundle(s, []) {
                $0["/process/args"] = [
                    "probe", "syscall", "uselib", ",", "syscall", "personality", "0x1234", ",", "report", "ids",
                ]
                $0["/process/cwd"] = "/"
            }
            let outcome = try s.runtime("run", "--bundle", bundle.directory, s.id())
            let said = outcome.lines.map { try? JSON(parsing: $0) }
            try #require(said.count == 3, "\(outcome)")
            #expect(said[0]?["/name"] == "EPERM", "\(outcome)")
            #expect(said[1]?["/name"] == "ENOSYS", "\(outcome)")
            #expect(said[2]?["/ids/uid"] == 1000, "\(outcome)")
        }
    }
}
