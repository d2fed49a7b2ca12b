// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

@Suite(.runnable, .conformance)
struct Exec {
    private func container(_ s: Scenario, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> Container {
        try s.start("exec sleep 100", [], edit)
    }

    // Goal: a second process in every namespace of the container. Method: link texts of both.
    @Test("EX-01 exec is in the namespaces and the cgroup of the container")
    func namespaces() throws {
        try scenario { s in
            let container = try container(s)
            let names = ["cgroup", "ipc", "mnt", "net", "pid", "uts", "user"]
            let pid = try container.pid()
            let outcome = try container.exec("/bin/probe", "report", "namespaces", "cgroup", "process")
            for name in names {
                #expect(
                    outcome.json?["/namespaces/" + name]?.string == Files.linkTarget("/proc/\(pid)/ns/\(name)"),
                    "\(name)")
            }
            #expect(outcome.json?["/cgroup"]?.string?.split(separator: "\n").contains("0::/") == true, "\(outcome)")
            #expect((outcome.json?["/process/pid"]?.int ?? 0) > 1)
        }
    }

    @Test("EX-02 exec gives the exit code of the process", arguments: [0, 1, 7, 254] as [Int32])
    func code(code: Int32) throws {
        try scenario { s in
            try #expect(container(s).exec("sh", "-c", "exit \(code)").ending == .exit(code))
        }
    }

    @Test("EX-03 exec gives 128 and the number of the signal")
    func signal() throws {
        try scenario { s in
            try #expect(container(s).exec("/bin/probe", "kill-self", "9").ending == .exit(137))
        }
    }

    @Test("EX-04 exec passes stdin, stdout and stderr")
    func streams() throws {
        try scenario { s in
            let container = try container(s)
            let outcome = try s.runtime(["exec", container.id, "sh", "-c", "cat; echo err >&2"], stdin: "in\n")
            #expect(outcome.stdout == "in\n")
            #expect(outcome.stderr.contains("err\n"))
        }
    }

    // Goal: the options of the command line. Method: each, seen from inside.
    @Test("EX-05 --cwd, --env and --user")
    func options() throws {
        try scenario { s in
            let container = try container(s)
            let words = ["--cwd", "/tmp", "--env", "ONE=1, and more", "--env", "TWO=2", "--user", "1000:2000"]
            let outcome = try container.exec("sh", "-c", "pwd; echo $ONE; echo $TWO; id -u; id -g", options: words)
            #expect(outcome.lines == ["/tmp", "1, and more", "2", "1000", "2000"], "\(outcome)")
        }
    }

    @Test("EX-06 exec starts from the process of the config")
    func fromConfig() throws {
        try scenario { s in
            let container = try container(s) {
                $0["/process/env/-"] = "WORD=config"
                $0["/process/cwd"] = "/tmp"
            }
            #expect(try container.exec("sh", "-c", "echo $WORD; pwd").lines == ["config", "/tmp"])
        }
    }

    static let process: JSON = [
        "user": ["uid": 1000, "gid": 1000, "additionalGids": [2000], "umask": 0o077], "cwd": "/tmp",
        "args": ["/bin/probe", "report", "ids", "env", "cwd", "security", "rlimits"], "env": ["PATH=/bin", "A=b"],
        "noNewPrivileges": true, "rlimits": [["type": "RLIMIT_CORE", "soft": 5, "hard": 6]],
    ]

    /// Runs a process document in a container.
    static func exec(_ s: Scenario, _ container: Container, _ process: JSON, _ options: [String] = []) throws
        -> Outcome
    {
        let file = s.directory + "/process.\(s.id("file"))"
        try Files.write(process.text, to: file)
        return try s.runtime(["exec", "--process", file] + options + [container.id])
    }

    @Test("EX-07 exec --process takes everything from the file")
    func processFile() throws {
        try scenario { s in
            let outcome = try Self.exec(s, try container(s), Self.process)
            let json = try #require(outcome.json, "\(outcome)")
            #expect(json["/ids/uid"]?.int == 1000)
            #expect(json["/ids/groups"]?.array?.contains(2000) == true)
            #expect(json["/ids/umask"]?.string == "0077")
            #expect(json["/cwd"]?.string == "/tmp")
            #expect(json["/security/noNewPrivileges"]?.int == 1)
            #expect(json["/rlimits/RLIMIT_CORE/soft"]?.int == 5)
            #expect(json["/env"]?.strings.filter { !$0.hasPrefix("HOME=") } == ["PATH=/bin", "A=b"])
        }
    }

    @Test("EX-08 exec --detach returns with the pid file written")
    func detach() throws {
        try scenario { s in
            let container = try container(s)
            let file = s.directory + "/exec.pid"
            let outcome = try container.exec("sleep", "50", options: ["--detach", "--pid-file", file])
            #expect(outcome.ok, "\(outcome)")
            let text = try #require(Files.read(file))
            let pid = try #require(Int(text))
            #expect(eventually { Files.read("/proc/\(pid)/cmdline") == "sleep\0" + "50\0" })
            let procs = Files.read(s.cgroupDirectory("g1") + "/cgroup.procs") ?? ""
            #expect(procs.split(separator: "\n").contains { $0 == text })
        }
    }

    // Goal: a failure of the runtime itself is told apart. Method: a missing program; 255 and engines' words.
    @Test(
        "EX-09 a missing program is exit 255 with the engines' words",
        arguments: [("nosuch", "executable file not found in $PATH"), ("/bin/nosuch", "no such file or directory")])
    func missing(program: String, words: String) throws {
        try scenario { s in
            let outcome = try container(s).exec(program)
            #expect(outcome.ending == .exit(255), "\(outcome)")
            expect(outcome, says: [words])
        }
    }

    @Test("EX-10 exec in an unknown container is refused")
    func unknown() throws {
        try scenario { s in
            let outcome = try s.runtime("exec", "nobody", "true")
            #expect(outcome.failed && outcome.ending != .exit(0), "\(outcome)")
            expect(outcome, says: ["does not exist"])
        }
    }

    @Test("EX-11 exec in a stopped container is refused")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            try container.comes(to: "stopped")
            let outcome = try container.exec("true")
            #expect(outcome.failed, "\(outcome)")
            expect(outcome, says: ["stopped", "not running"])
        }
    }

    @Test(
        "EX-12 a process file that is no JSON, or without args, is refused",
        arguments: ["{", "{}", "[]", "{\"args\": []}"])
    func badFile(text: String) throws {
        try scenario { s in
            let container = try container(s)
            try Files.write(text, to: s.directory + "/bad.json")
            let outcome = try s.runtime("exec", "--process", s.directory + "/bad.json", container.id)
            #expect(outcome.failed, "\(outcome)")
            #expect(try container.status() == "running")
        }
    }

    @Test("EX-13 --cap adds a capability for this process")
    func capability() throws {
        try scenario { s in
            let container = try container(s)
            let status = Status(
                text: try container.exec("cat", "/proc/self/status", options: ["--cap", "CAP_CHOWN"]).lines)
            let effective = UInt64(status["CapEff"] ?? "", radix: 16) ?? 0
            #expect(effective & 1 == 1)
            #expect(status["CapInh"] == "0000000000000000")
        }
    }

    @Test("EX-14 --preserve-fds passes descriptors, otherwise only the standard ones")
    func descriptors() throws {
        try scenario { s in
            let container = try container(s)
            try Files.write("three\n", to: s.directory + "/3")
            for (options, expected) in [([String](), [0, 1, 2]), (["--preserve-fds", "1"], [0, 1, 2, 3])] {
                let extra = open(s.directory + "/3", O_RDONLY | O_CLOEXEC)
                defer { close(extra) }
                var launch = s.runtime.launch(["exec"] + options + [container.id, "/bin/probe", "report", "fds"])
                launch.descriptors = [extra]
                let outcome = try s.runtime.start(launch).outcome()
                #expect(outcome.json?["/fds"]?.array?.compactMap { $0["/fd"]?.int } == expected, "\(outcome)")
            }
        }
    }

    @Test("EX-15 exec leads a session of its own")
    func session() throws {
        try scenario { s in
            let json = try container(s).exec("/bin/probe", "report", "process").json
            #expect(json?["/process/sid"]?.int == json?["/process/pid"]?.int)
        }
    }

    @Test("EX-16 exec in a user namespace", .needs(.userNamespace))
    func userNamespace() throws {
        try scenario { s in
            let container = try container(s) { $0.userNamespace() }
            #expect(
                try container.exec("sh", "-c", "id -u; cut -c1-40 /proc/self/uid_map | tr -s ' '").lines == [
                    "0", " 0 100000 65536",
                ])
        }
    }

    @Test("EX-17 --additional-gids, numbers of groups")
    func groups() throws {
        try scenario { s in
            let outcome = try container(s).exec(
                "id", "-G", options: ["--additional-gids", "2000", "--additional-gids", "3000"])
            #expect(outcome.lines == ["0 2000 3000"], "\(outcome)")
        }
    }

    @Test("EX-18 many execs at once")
    func parallel() throws {
        try scenario { s in
            let container = try container(s)
            let calls = try (0..<8).map {
                try s.runtime.start(["exec", container.id, "sh", "-c", "echo \($0); exit \($0)"])
            }
            for (number, call) in calls.enumerated() {
                let outcome = call.outcome()
                #expect(outcome.ending == .exit(Int32(number)) && outcome.lines == ["\(number)"], "\(outcome)")
            }
        }
    }

    @Test("EX-19 --no-new-privs sets the bit for this process")
    func noNewPrivs() throws {
        try scenario { s in
            let container = try container(s) { $0["/process/noNewPrivileges"] = false }
            let outcome = try container.exec("grep", "NoNewPrivs", "/proc/self/status", options: ["--no-new-privs"])
            #expect(outcome.lines == ["NoNewPrivs:\t1"], "\(outcome)")
        }
    }

    // Goal: the line that conmon writes. Method: all of its options at once.
    @Test("EX-21 the exec line of engines is accepted")
    func engines() throws {
        try scenario { s in
            let container = try container(s)
            let file = s.directory + "/pid"
            let outcome = try Self.exec(s, container, Self.process, ["--pid-file", file, "--detach"])
            #expect(outcome.ok, "\(outcome)")
            #expect(Files.read(file).flatMap { Int($0) } != nil)
        }
    }

    @Test("EX-20 exec without a command is refused")
    func noCommand() throws {
        try scenario { s in
            let container = try container(s)
            try #expect(s.runtime("exec", container.id).failed)
            try #expect(s.runtime("exec").failed)
        }
    }
}
