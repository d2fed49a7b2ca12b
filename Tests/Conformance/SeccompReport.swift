// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// `run --seccomp-report`, which the other runtimes do not have.
@Suite(.runnable, .conformance)
struct SeccompReport {
    private func report(_ s: Scenario, _ bundle: TestBundle) throws -> (outcome: Outcome, json: JSON) {
        let file = s.directory + "/report.json"
        let outcome = try s.runtime("run", "--seccomp-report=" + file, "--bundle", bundle.directory, s.id())
        return (outcome, try JSON(parsing: try #require(Files.read(file), "\(outcome)")))
    }

    // Goal: each denied call is named with its arguments, count and rule, and the program sees what it sees without the
    // report. Method: the same container twice.
    @Test("SR-01 the report names what was denied, and changes nothing", .only(.hull))
    func names() throws {
        try scenario { s in
            let words = [
                "/bin/probe", "syscall", "sethostname", "0", "3", ",", "syscall", "sethostname", "0", "4", ",",
                "syscall", "sethostname", "0", "3", ",", "syscall", "getppid", ",", "syscall", "getuid",
            ]
            let bundle = try s.bundle(words) {
                $0["/linux/seccomp"] = Seccomp.profile(["sethostname", "getppid"], "SCMP_ACT_ERRNO")
                $0["/linux/seccomp/syscalls/0/errnoRet"] = 77
            }
            let plain = try s.run(bundle)
            let (outcome, json) = try report(s, bundle)
            #expect(outcome.lines == plain.lines && outcome.ending == plain.ending, "\(outcome) \(plain)")
            #expect(json["/denied"]?.array?.map { $0["/syscall"]?.string } == ["sethostname", "getppid"])
            #expect(json["/denied/0/count"]?.int == 3)
            #expect(json["/denied/0/errno"]?.string == "errno 77" || json["/denied/0/errno"]?.string == "EBADFD")
            #expect(json["/denied/0/calls"]?.array?.map { $0["/args/1"]?.int } == [3, 4])
            #expect(json["/denied/0/calls/0/command"]?.string == "probe")
            #expect(
                json["/denied/0/allow"] == [["names": ["sethostname"], "action": "SCMP_ACT_ALLOW"]], "\(json.text)")
            let text = try s.runtime("run", "--seccomp-report", "--bundle", bundle.directory, s.id())
            #expect(text.stderr.contains("\nsethostname (SCMP_ARCH_"), "\(text)")
        }
    }

    // Goal: the rules are those that help. Method: a call that the profile allows for one argument only; the report's
    // rule put into the profile.
    @Test("SR-02 the rules of the report allow what was denied, and no more", .only(.hull))
    func rules() throws {
        try scenario { s in
            let words = [
                "/bin/probe", "syscall", "personality", "0x8", ",", "syscall", "personality", "0x20000",
            ]
            let bundle = try s.bundle(words) {
                $0["/linux/seccomp"] = Seccomp.profile([], "SCMP_ACT_ALLOW")
                $0["/linux/seccomp/syscalls"] = [
                    [
                        "names": ["personality"], "action": "SCMP_ACT_ERRNO",
                        "args": [["index": 0, "value": 8, "op": "SCMP_CMP_EQ"]],
                    ]
                ]
            }
            let (outcome, json) = try report(s, bundle)
            #expect(try outcome.lines.map { try JSON(parsing: $0)["/errno"]?.int } == [1, nil], "\(outcome)")
            let rule: JSON = [
                "names": ["personality"], "action": "SCMP_ACT_ALLOW",
                "args": [["index": 0, "value": 8, "op": "SCMP_CMP_EQ"]],
            ]
            #expect(json["/denied/0/allow"] == [rule], "\(json.text)")
        }
    }

    // Goal: who is killed by the filter is killed all the same, and the call is named. Method: a child of the first
    // process, which tells its child's status, and then the first process itself; with and without the report.
    @Test("SR-03 a killed process ends as it does without the report", .only(.hull))
    func killed() throws {
        try scenario { s in
            let script = "probe syscall sethostname 0 3; echo $?; sh -c 'probe sleep 0; exit 5'; echo $?"
            let child = try s.bundle(script: script) {
                $0["/linux/seccomp"] = Seccomp.profile(["sethostname"], "SCMP_ACT_KILL_PROCESS")
            }
            let plain = try s.run(child)
            let (outcome, json) = try report(s, child)
            #expect(outcome.lines == plain.lines && outcome.ending == plain.ending, "\(outcome) \(plain)")
            #expect(json["/denied/0/action"]?.string == "SCMP_ACT_KILL_PROCESS", "\(json.text)")
            // What the shell as the first process calls before anything else.
            let first = try s.bundle(["/bin/busybox", "hostname", "x"]) {
                $0["/linux/seccomp"] = Seccomp.profile(["sethostname"], "SCMP_ACT_KILL_PROCESS")
            }
            try #expect(s.run(first).ending == .exit(128 + SIGSYS))
            let (end, named) = try report(s, first)
            #expect(end.ending == .exit(128 + SIGSYS), "\(end)")
            #expect(named["/denied/0/syscall"]?.string == "sethostname", "\(named.text)")
        }
    }

    // Goal: the container goes on while the runtime waits for a hook that waits for the container. Method: a poststart
    // hook that ends when the program has made its denied call.
    @Test("SR-04 calls are answered while hooks run", .only(.hull))
    func whileHooksRun() throws {
        try scenario { s in
            let done = s.directory + "/done"
            let bundle = try s.bundle(script: "probe syscall sethostname 0 3; mknod /run/out/done p; sleep 0.2") {
                $0["/linux/seccomp"] = Seccomp.profile(["sethostname"], "SCMP_ACT_ERRNO")
                $0["/mounts/-"] = [
                    "destination": "/run/out", "type": "bind", "source": .string(s.directory), "options": ["rbind"],
                ]
                $0["/hooks/poststart"] = [
                    [
                        "path": "/bin/sh", "timeout": 20,
                        "args": ["sh", "-c", .string("until [ -e \(done) ]; do sleep 0.02; done")],
                    ]
                ]
            }
            let (outcome, json) = try report(s, bundle)
            #expect(outcome.ok, "\(outcome)")
            #expect(json["/denied/0/count"]?.int == 1, "\(json.text)")
            Files.remove(done)
        }
    }

    @Test("SR-05 without a filter, with an agent and in the background there is no report", .only(.hull))
    func refused() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let none = try s.runtime("run", "--seccomp-report", "--bundle", bundle.directory, s.id())
            #expect(none.ending == .exit(1) && none.stderr.contains("/linux/seccomp: there is no filter"), "\(none)")
            let detached = try s.runtime("run", "-d", "--seccomp-report", "--bundle", bundle.directory, s.id())
            #expect(detached.ending == .exit(1) && detached.stderr.contains("option --seccomp-report: "), "\(detached)")
            let nowhere = try s.runtime(
                "run", "--seccomp-report=\(s.directory)/none/file", "--bundle", bundle.directory, s.id())
            #expect(nowhere.ending == .exit(1) && nowhere.stderr.contains("no such file"), "\(nowhere)")
        }
    }

    @Test("SR-06 where nothing is denied the report says so", .only(.hull))
    func nothing() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/linux/seccomp"] = Seccomp.profile(["sethostname"], "SCMP_ACT_ERRNO")
            }
            let outcome = try s.runtime("run", "--seccomp-report", "--bundle", bundle.directory, s.id("a"))
            #expect(outcome.ok && outcome.stderr.contains("the filter denied no system call"), "\(outcome)")
        }
    }
}
