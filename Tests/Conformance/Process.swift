// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

@Suite(.runnable, .conformance)
struct Process {
    private func report(_ arguments: [String], _ edit: (inout JSON) throws -> Void = { _ in }) throws -> JSON {
        var json = JSON.null
        try scenario { s in
            let outcome = try s.run(try s.bundle(arguments, edit))
            json = try #require(outcome.json, "\(outcome)")
        }
        return json
    }

    // Goal: args reach the program byte for byte. Method: blanks, quotes, an empty one, other letters.
    @Test("PR-01 args are passed as they are")
    func args() throws {
        let odd = ["/bin/probe", "report", "argv", ",", "say", "a b", ",", "say", "", ",", "say", "\"q\" \\ $HOME *"]
        try scenario { s in
            let outcome = try s.run(try s.bundle(odd))
            let values = try outcome.lines.map { try JSON(parsing: $0) }
            #expect(values.first?["/argv"]?.strings == odd, "\(outcome)")
            #expect(values.dropFirst().map(\.string) == ["a b", "", "\"q\" \\ $HOME *"])
        }
    }

    // Goal: the environment is that of the config. Method: all of it inside; HOME may be added.
    @Test("PR-02 env is passed as it is and nothing of the caller's")
    func env() throws {
        let json = try report(["/bin/probe", "report", "env"]) {
            $0["/process/env"] = ["B=2", "A=1 with = and spaces", "EMPTY="]
        }
        #expect(json["/env"]?.strings.filter { !$0.hasPrefix("HOME=") } == ["B=2", "A=1 with = and spaces", "EMPTY="])
    }

    @Test("PR-03 of a variable said twice the last is passed, once")
    func twice() throws {
        let json = try report(["/bin/probe", "report", "env"]) {
            $0["/process/env/-"] = "WORD=first"
            $0["/process/env/-"] = "WORD=last"
        }
        #expect(json["/env"]?.strings.filter { $0.hasPrefix("WORD=") } == ["WORD=last"])
    }

    // Goal: a name without a slash is looked up in PATH of the config. Method: a program in an odd directory.
    @Test("PR-04 a program is looked up in PATH of the config")
    func lookup() throws {
        try scenario { s in
            let bundle = try s.bundle(["odd"]) { $0["/process/env"] = ["PATH=/nowhere:/opt/odd:/bin"] }
            try Files.makeDirectory(bundle.rootfs + "/opt/odd")
            try Files.write("#!/bin/sh\necho found\n", to: bundle.rootfs + "/opt/odd/odd", mode: 0o755)
            #expect(try s.run(bundle).lines == ["found"])
        }
    }

    @Test("PR-05 a program with a slash is relative to cwd")
    func relativeProgram() throws {
        try scenario { s in
            try #expect(
                s.run(try s.bundle(["./busybox", "echo", "ran"]) { $0["/process/cwd"] = "/bin" }).lines == ["ran"])
        }
    }

    @Test("PR-06 cwd is the working directory")
    func cwd() throws {
        try scenario { s in try #expect(s.inside("pwd") { $0["/process/cwd"] = "/tmp" } == ["/tmp"]) }
    }

    @Test("PR-07 a missing cwd is made")
    func missingCwd() throws {
        try scenario { s in
            let lines = try s.inside("pwd; stat -c '%a %u' .") {
                $0["/root/readonly"] = false
                $0["/process/cwd"] = "/new/deep"
            }
            #expect(lines == ["/new/deep", "755 0"])
        }
    }

    @Test("PR-08 a relative cwd is refused")
    func relativeCwd() throws {
        try scenario { s in try s.refuses("/process/cwd", "absolute", "cwd", "Cwd") { $0["/process/cwd"] = "tmp" } }
    }

    @Test("PR-09 a cwd that is a file is refused")
    func fileCwd() throws {
        try scenario { s in try s.refuses("/process/cwd", "ot a directory") { $0["/process/cwd"] = "/etc/passwd" } }
    }

    // Goal: nothing but the three standard descriptors. Method: the caller has more open.
    @Test("PR-10 only the standard descriptors are open in the program")
    func descriptors() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/probe", "report", "fds"])
            let extra = [open("/etc/hostname", O_RDONLY), open("/", O_RDONLY | O_DIRECTORY)]
            defer { extra.forEach { close($0) } }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.descriptors = extra
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.json?["/fds"]?.array?.compactMap { $0["/fd"]?.int } == [0, 1, 2], "\(outcome)")
        }
    }

    @Test("PR-11 --preserve-fds passes that many more")
    func preserve() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat <&3; cat <&4")
            try Files.write("three\n", to: s.directory + "/3")
            try Files.write("four\n", to: s.directory + "/4")
            let extra = ["3", "4"].map { open(s.directory + "/" + $0, O_RDONLY | O_CLOEXEC) }
            defer { extra.forEach { close($0) } }
            var launch = s.runtime.launch(["run", "--preserve-fds", "2", "--bundle", bundle.directory, s.id()])
            launch.descriptors = extra
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.lines == ["three", "four"], "\(outcome)")
        }
    }

    // Goal: sockets of the service manager. Method: LISTEN_FDS of the caller, LISTEN_PID for pid 1.
    @Test("PR-12 LISTEN_FDS are passed with LISTEN_PID of the program")
    func listen() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo $LISTEN_FDS $LISTEN_PID; cat <&3")
            try Files.write("three\n", to: s.directory + "/3")
            let extra = open(s.directory + "/3", O_RDONLY | O_CLOEXEC)
            defer { close(extra) }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.descriptors = [extra]
            launch.program = "/bin/sh"
            launch.arguments =
                ["-c", "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\"", Runtime.program] + launch.arguments
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.lines == ["1 1", "three"], "\(outcome)")
        }
    }

    // Goal: the names beside the sockets. Method: LISTEN_FDNAMES of the caller.
    @Test("PR-21 LISTEN_FDNAMES are passed with LISTEN_FDS")
    func listenNames() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo $LISTEN_FDS $LISTEN_FDNAMES")
            let extra = open("/etc/hostname", O_RDONLY | O_CLOEXEC)
            defer { close(extra) }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.descriptors = [extra]
            launch.environment += ["LISTEN_FDS=1", "LISTEN_FDNAMES=web"]
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.lines == ["1 web"], "\(outcome)")
        }
    }

    // Goal: a working directory that leads out through an open descriptor is refused (CVE-2024-21626). Method: every
    // number that may be one.
    @Test("PR-22 a working directory outside of the root is refused", arguments: [3, 4, 5, 6, 7, 8, 9])
    func outsideCwd(number: Int) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "pwd; ls") {
                $0["/process/cwd"] = .string("/proc/self/fd/\(number)")
            }
            let extra = (3...9).map { _ in open("/", O_RDONLY | O_DIRECTORY) }
            defer { extra.forEach { close($0) } }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.descriptors = extra
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.failed, "\(outcome)")
            #expect(outcome.stdout == "")
        }
    }

    // Goal: what the user may not execute is an error of create. Method: root's own program.
    @Test("PR-23 a program that the user may not execute is refused by create")
    func forbiddenProgram() throws {
        try scenario { s in
            let bundle = try s.bundle(["/opt/own"]) { $0["/process/user"] = ["uid": 1000, "gid": 1000] }
            try Files.makeDirectory(bundle.rootfs + "/opt")
            try Files.copy(bundle.rootfs + "/bin/busybox", to: bundle.rootfs + "/opt/own", mode: 0o700)
            try s.refuses(bundle, "/process/args/0", ["ermission denied"])
        }
    }

    // Goal: what only the user may reach is found, as on NFS that squashes root. Method: a runtime without the
    // capabilities that let root through; a directory of the user's own, and a group's.
    @Test(
        "PR-24 a program that only the user may reach is found", arguments: [(1000, 0o700), (0, 0o070)] as [(Int, Int)])
    func squashedRoot(owner: Int, mode: Int) throws {
        try scenario { s in
            let bundle = try s.bundle(["/opt/own/busybox", "echo", "ran"]) {
                $0["/process/user"] = ["uid": 1000, "gid": 1000, "additionalGids": [2000]]
            }
            let directory = bundle.rootfs + "/opt/own"
            try Files.makeDirectory(directory)
            try Files.copy(bundle.rootfs + "/bin/busybox", to: directory + "/busybox", mode: 0o755)
            chown(directory, uid_t(owner), 2000)
            chmod(directory, mode_t(mode))
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.arguments =
                ["--bounding-set", "-dac_override,-dac_read_search", launch.program] + launch.arguments
            launch.program = "/usr/bin/setpriv"
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.lines == ["ran"], "\(outcome)")
        }
    }

    // Goal: signals are as a program expects them. Method: the kernel's masks inside.
    @Test("PR-13 no signal is blocked or ignored")
    func signals() throws {
        try scenario { s in
            let status = Status(text: try s.run(try s.bundle(["/bin/cat", "/proc/self/status"])).lines)
            #expect(status["SigBlk"] == "0000000000000000")
            #expect(status["SigIgn"] == "0000000000000000")
        }
    }

    @Test("PR-14 the program leads a session of its own")
    func session() throws {
        let json = try report(["/bin/probe", "report", "process"])
        #expect(json["/process/pid"]?.int == 1)
        #expect(json["/process/sid"]?.int == 1)
        #expect(json["/process/pgid"]?.int == 1)
    }

    @Test("PR-15 empty args are refused")
    func noArgs() throws {
        try scenario { s in try s.refuses("/process/args", "args", "Args") { $0["/process/args"] = [] } }
    }

    // Goal: without a process there is nothing to start. Method: create or start says so.
    @Test("PR-16 without process, create or start is an error")
    func noProcess() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/process"] = nil }
            let id = s.id()
            let create = try s.runtime("create", "--bundle", bundle.directory, id)
            guard create.ok else { return expect(create, says: ["process"]) }
            let start = try s.runtime("start", id)
            #expect(start.failed, "\(start)")
            expect(start, says: ["process"])
        }
    }

    // Goal: a large environment and many arguments pass. Method: a hundred kilobytes of each.
    @Test("PR-17 large arguments and environments")
    func large() throws {
        let word = String(repeating: "x", count: 100_000)
        try scenario { s in
            let bundle = try s.bundle(["/bin/sh", "-c", "echo ${#1} ${#WORD}", "sh", word]) {
                $0["/process/env/-"] = .string("WORD=" + word)
            }
            #expect(try s.run(bundle).lines == ["100000 100000"])
        }
    }

    // Goal: a user can open its streams again by name. Method: a pipe with a name as standard output, its owner
    // outside.
    @Test("PR-19 a pipe on a standard stream is given to the program's user")
    func streams() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo again > /dev/stdout && sleep 0.1") {
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
            }
            let pipe = s.directory + "/pipe"
            mkfifo(pipe, 0o600)
            let end = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(end) }
            var launch = s.runtime.launch(["create", "--bundle", bundle.directory, s.id()])
            launch.stdout = end
            let create = try s.runtime.start(launch).outcome()
            #expect(create.ok, "\(create)")
            let id = try #require(launch.arguments.last)
            try #expect(s.runtime("start", id).ok)
            var bytes = [UInt8](repeating: 0, count: 100)
            #expect(eventually { read(end, &bytes, bytes.count) == 6 })
            #expect(Files.owner(pipe) == 1000)
        }
    }

    // Only on hull: runc gives the device of the machine away in other tests that run meanwhile.
    @Test("PR-20 the host's null device on a standard stream keeps its owner", .only(.hull))
    func null() throws {
        let owner = Files.owner("/dev/null")
        try scenario { s in
            try #expect(s.inside("id -u") { $0["/process/user"] = ["uid": 1000, "gid": 1000] } == ["1000"])
        }
        #expect(Files.owner("/dev/null") == owner)
    }

    // Goal: the runtime's own state is not handed on. Method: dumpable, parent death signal and nice value inside.
    @Test("PR-18 the program's attributes are the kernel's defaults")
    func attributes() throws {
        let json = try report(["/bin/probe", "report", "process"])
        #expect(json["/process/parentDeathSignal"]?.int == 0)
        #expect(json["/process/dumpable"]?.int == 1)
        #expect(json["/process/childSubreaper"]?.int == 0)
    }
}
