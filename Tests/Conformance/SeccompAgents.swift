// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// SCMP_ACT_NOTIFY, with a real agent.
@Suite(.runnable, .conformance)
struct SeccompAgents {
    /// A profile that asks about calls; everything else passes.
    private static func asking(_ path: String?, _ names: [String] = ["getppid"], metadata: String? = nil) -> JSON {
        var profile = Seccomp.profile(names, "SCMP_ACT_NOTIFY")
        if let path { profile["/listenerPath"] = .string(path) }
        if let metadata { profile["/listenerMetadata"] = .string(metadata) }
        return profile
    }

    private static let ask = ["/bin/probe", "syscall", "getppid"]

    // Goal: the whole protocol of a created container: one message, its properties, one descriptor with its first part;
    // and the answers are the agent's. Method: an agent that reads the connection to its end.
    @Test("SC-39 the agent of listenerPath gets one message with the filter's descriptor, and decides")
    func message() throws {
        try scenario { s in
            let agent = try Agent(at: s.directory + "/agent", answering: 77)
            let bundle = try s.bundle(Self.ask) {
                $0["/annotations"] = ["org.example.key": "a/b"]
                $0["/linux/seccomp"] = Self.asking(agent.path, metadata: "MKNOD=/dev/null \"ü\"")
            }
            let container = try s.create(bundle)
            let pid = try container.pid()
            try #expect(container("start").ok)
            let heard = try agent.heard()
            let json = try #require(heard.json, "\(heard.text)")
            #expect(heard.descriptors.first == true && !heard.descriptors.dropFirst().contains(true))
            #expect(json["/ociVersion"]?.string?.hasPrefix("1.") == true)
            #expect(json["/fds"]?.strings == ["seccompFd"])
            #expect(json["/pid"]?.int == pid)
            #expect(json["/metadata"]?.string == "MKNOD=/dev/null \"ü\"")
            #expect(json["/state/id"]?.string == container.id)
            #expect(json["/state/pid"]?.int == pid)
            #expect(["creating", "created"].contains(json["/state/status"]?.string))
            #expect(json["/state/bundle"]?.string == bundle.directory)
            #expect(json["/state/annotations/org.example.key"]?.string == "a/b")
            try container.comes(to: "stopped")
            #expect(agent.answered() == 1)
            #expect(try JSON(parsing: container.output)["/errno"]?.int == 77, "\(container.output)")
        }
    }

    // Goal: the same for the other ways to a process. Method: run in the foreground with each value of noNewPrivileges,
    // which decides when the filter is loaded; the agent lets the call happen.
    @Test("SC-40 run asks the agent, with and without noNewPrivileges", arguments: [true, false])
    func run(noNewPrivileges: Bool) throws {
        try scenario { s in
            let agent = try Agent(at: s.directory + "/agent", answering: 0)
            let outcome = try s.run(
                try s.bundle(Self.ask) {
                    $0["/linux/seccomp"] = Self.asking(agent.path)
                    $0["/process/noNewPrivileges"] = .bool(noNewPrivileges)
                })
            #expect(outcome.json?["/ok"]?.bool == true, "\(outcome)")
            // A runtime may have asked as well, after it has loaded the filter.
            #expect(agent.answered() >= 1)
            #expect(try agent.heard().json?["/metadata"] == nil)
        }
    }

    // Goal: a process that joins has a filter and an agent's connection of its own. Method: a second agent at the path.
    @Test("SC-41 exec asks the agent, in a message of its own")
    func exec() throws {
        try scenario { s in
            let path = s.directory + "/agent"
            let first = try Agent(at: path, answering: 1)
            let container = try s.start("exec sleep 100") { $0["/linux/seccomp"] = Self.asking(path) }
            let pid = try container.pid()
            #expect(try first.heard().json?["/pid"]?.int == pid)
            first.hangUp()
            Files.remove(path)
            let second = try Agent(at: path, answering: 78)
            let outcome = try container.exec("/bin/probe", "syscall", "getppid")
            #expect(outcome.json?["/errno"]?.int == 78, "\(outcome)")
            let json = try #require(try second.heard().json)
            #expect(json["/state/status"]?.string == "running")
            #expect(json["/state/id"]?.string == container.id)
            #expect(json["/state/pid"]?.int == pid)
            #expect(json["/pid"]?.int != pid)
        }
    }

    // Goal: nobody there is an error that names whom. Method: no socket, and a socket that nobody listens on.
    @Test("SC-42 an agent that is not there is an error with its path, and nothing is left", arguments: [false, true])
    func absent(bound: Bool) throws {
        try scenario(case: bound ? "refused" : nil) { s in
            let path = s.directory + "/agent"
            if bound { try Agent(at: path, answering: 0).hangUp() }
            let outcome = try s.run(try s.bundle(Self.ask) { $0["/linux/seccomp"] = Self.asking(path) })
            #expect(outcome.failed && outcome.stdout.isEmpty, "\(outcome)")
            expect(outcome, says: bound ? ["onnection refused"] : ["o such file or directory"])
            expect(outcome, says: [path, "seccomp"])
            if Runtime.kind == .hull { expect(outcome, says: ["/linux/seccomp/listenerPath"]) }
        }
    }

    // Goal: an agent that gives up does no harm. Method: it closes the descriptor; calls then are ENOSYS, as
    // seccomp_unotify(2) says.
    @Test("SC-43 an agent that closes early does no harm")
    func closing() throws {
        try scenario { s in
            let agent = try Agent(at: s.directory + "/agent", answering: 0, closing: true)
            let outcome = try s.run(
                try s.bundle(Self.ask) { $0["/linux/seccomp"] = Self.asking(agent.path) })
            #expect(outcome.json?["/errno"]?.int == 38, "\(outcome)")
        }
    }

    @Test("SC-44 NOTIFY without a listenerPath is refused")
    func pathless() throws {
        try scenario { s in
            try s.refuses("/linux/seccomp/syscalls/0/action", "listenerPath", "listener", "notify") {
                $0["/linux/seccomp"] = Self.asking(nil)
            }
        }
    }

    // Goal: what would wait for itself is refused. Method: as the default, and on write(2).
    @Test("SC-45 NOTIFY is refused as the default action and on write", arguments: ["default", "write"])
    func refused(what: String) throws {
        try scenario { s in
            let pointer = what == "default" ? "/linux/seccomp/defaultAction" : "/linux/seccomp/syscalls/0/names/0"
            try s.refuses(pointer, "SCMP_ACT_NOTIFY", "notify", "seccomp") {
                $0["/linux/seccomp"] = Self.asking(s.directory + "/agent", ["write"])
                if what == "default" { $0["/linux/seccomp/defaultAction"] = "SCMP_ACT_NOTIFY" }
                if what == "default" { $0["/linux/seccomp/syscalls"] = [] }
            }
        }
    }

    // Goal: an engine that cannot set the property names the agent otherwise, as crun has it. Method: both ways.
    @Test("SC-46 the agent may come from an annotation or the environment", arguments: ["annotation", "environment"])
    func receiver(from place: String) throws {
        try scenario { s in
            let agent = try Agent(at: s.directory + "/agent", answering: 79)
            let bundle = try s.bundle(Self.ask) {
                $0["/linux/seccomp"] = Self.asking(nil)
                if place == "annotation" { $0["/annotations"] = ["run.oci.seccomp.receiver": .string(agent.path)] }
            }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            if place == "environment" { launch.environment.append("RUN_OCI_SECCOMP_RECEIVER=" + agent.path) }
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.json?["/errno"]?.int == 79, "\(outcome)")
            #expect(try agent.heard().json?["/fds"]?.strings == ["seccompFd"])
        }
    }

    // Goal: the descriptor reaches the agent whatever the filter says. Method: a filter that asks about every call that
    // hull or anybody makes between the filter and the program; the agent lets all of them happen.
    @Test("SC-47 the runtime's own calls may be asked about", .only(.hull), arguments: [true, false])
    func ownCalls(noNewPrivileges: Bool) throws {
        try scenario { s in
            let agent = try Agent(at: s.directory + "/agent", answering: 0)
            let names = [
                "execve", "sendmsg", "recvmsg", "sendto", "recvfrom", "read", "close", "prctl", "capset", "setresuid",
                "setresgid", "setgroups", "clone", "clone3", "futex", "sched_yield", "exit", "exit_group",
                "rt_sigprocmask", "getppid",
            ]
            let outcome = try s.run(
                try s.bundle(Self.ask) {
                    $0["/linux/seccomp"] = Self.asking(agent.path, names)
                    $0["/process/noNewPrivileges"] = .bool(noNewPrivileges)
                })
            #expect(outcome.json?["/ok"]?.bool == true, "\(outcome)")
            #expect(agent.answered() > 2)
        }
    }

    @Test("SC-50 a listenerPath that no rule asks is ignored")
    func ignored() throws {
        try scenario { s in
            let outcome = try s.run(
                try s.bundle(Self.ask) {
                    $0["/linux/seccomp"] = Seccomp.profile(["getppid"], "SCMP_ACT_ERRNO", errno: 80)
                    $0["/linux/seccomp/listenerPath"] = .string(s.directory + "/nobody")
                })
            #expect(outcome.json?["/errno"]?.int == 80, "\(outcome)")
        }
    }
}
