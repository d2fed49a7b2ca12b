// SPDX-License-Identifier: Apache-2.0

import HullBytes
import Testing

@testable import HullCommandLine

/// The words of a command line that has no quotes.
func words(_ line: String) -> [Bytes] { line.split(separator: " ").map { Bytes(String($0)) } }

func changed<T>(_ value: T, _ change: (inout T) -> Void) -> T {
    var copy = value
    change(&copy)
    return copy
}

private func command<Options: VerbOptions>(
    _ make: (Options) -> Command, _ change: (inout Options) -> Void = { _ in }
) -> Command { make(changed(Options(), change)) }

struct InvocationTests {
    /// CL-52. Goal: every way to write an option gives the same value. Method: table of lines that all mean one thing.
    @Test(arguments: [
        "create --bundle /b --pid-file p web", "create --bundle=/b --pid-file=p web", "create -b /b -pid-file p web",
        "create -b/b -pid-file=p web", "create -b=/b --pid-file p web", "create -bundle /b --pid-file p -- web",
        "create web --bundle /b --pid-file p", "create --bundle /x -b /b web --pid-file=p",
        "create --no-pivot=false -bundle=/b -pid-file=p web", "create --console-socket= --bundle /b --pid-file p web",
    ])
    func spellings(line: String) throws {
        let expected = command(Command.create) { (options: inout CreateOptions) in
            options.id = "web"
            options.bundle = "/b"
            options.pidFile = "p"
        }
        #expect(try Invocation(words(line)).command == expected)
    }

    /// Goal: each option of create and run lands in its field. Method: one line with all of them.
    @Test func createAndRun() throws {
        let options =
            "-b /b -f /c.json --console-socket s --pid-file p --pidfd-socket q --no-subreaper --no-pivot"
            + " --no-new-keyring --preserve-fds 3"
        let expected = changed(CreateOptions()) {
            $0.id = "web"
            $0.bundle = "/b"
            $0.config = "/c.json"
            $0.consoleSocket = "s"
            $0.pidFile = "p"
            $0.pidfdSocket = "q"
            $0.noSubreaper = true
            $0.noPivot = true
            $0.noNewKeyring = true
            $0.preserveFDs = 3
        }
        #expect(try Invocation(words("create \(options) web")).command == .create(expected))
        let run = command(Command.run) { (run: inout RunOptions) in
            run.create = expected
            run.detach = true
            run.keep = true
        }
        #expect(try Invocation(words("run -d --keep \(options) web")).command == run)
    }

    /// CL-53. Goal: each option of exec lands in its field. Method: one line with all that go together.
    @Test func exec() throws {
        let line =
            "exec --cwd /w --env A=1 -e B=2,3 -eC= --tty -u 1000:100 -g 5 --additional-gids=6 -d --pid-file p"
            + " --console-socket s -c CAP_KILL --cap NET_RAW --no-new-privs --process-label l --apparmor a"
            + " --preserve-fds 2 --cgroup /x --cgroup y --ignore-paused --pidfd-socket q --trace t web ls -l --cwd"
        let expected = command(Command.exec) { (exec: inout ExecOptions) in
            exec.id = "web"
            exec.command = ["ls", "-l", "--cwd"]
            exec.cwd = "/w"
            exec.env = ["A=1", "B=2,3", "C="]
            exec.tty = true
            exec.user = UserIDs(uid: 1000, gid: 100)
            exec.additionalGids = [5, 6]
            exec.detach = true
            exec.pidFile = "p"
            exec.consoleSocket = "s"
            exec.caps = ["CAP_KILL", "NET_RAW"]
            exec.noNewPrivs = true
            exec.processLabel = "l"
            exec.apparmor = "a"
            exec.preserveFDs = 2
            exec.cgroups = ["/x", "y"]
            exec.ignorePaused = true
            exec.pidfdSocket = "q"
            exec.trace = "t"
        }
        #expect(try Invocation(words(line)).command == expected)
    }

    /// Goal: exec's options end at the ID. Method: the same words before and after it, with and without `--`.
    @Test(
        arguments: [
            ("exec -dt web -t -- x", ["-t", "--", "x"]), ("exec web -- ls --help", ["ls", "--help"]),
            ("exec -d -t -- web ls", ["ls"]), ("exec -td web -h", ["-h"]), ("exec -t=1 --detach=true web -", ["-"]),
        ] as [(String, [Bytes])])
    func execStopsAtID(line: String, command: [Bytes]) throws {
        guard case .exec(let exec) = try Invocation(words(line)).command else {
            Issue.record("not exec: \(line)")
            return
        }
        #expect(exec.id == "web")
        #expect(exec.command == command)
        #expect(exec.detach == !line.hasPrefix("exec web"))
        #expect(exec.tty == exec.detach)
    }

    /// CL-54. Goal: the other verbs. Method: table of lines and what they mean.
    @Test(
        arguments: [
            ("start web", command(Command.start) { (it: inout StartOptions) in it.id = "web" }),
            ("state -- -web", command(Command.state) { (it: inout StateOptions) in it.id = "-web" }),
            ("kill web", command(Command.kill) { (it: inout KillOptions) in it.id = "web" }),
            (
                "kill -a web 9",
                command(Command.kill) { (it: inout KillOptions) in (it.id, it.signal, it.all) = ("web", "9", true) }
            ),
            (
                "kill web KILL --all",
                command(Command.kill) { (it: inout KillOptions) in (it.id, it.signal, it.all) = ("web", "KILL", true) }
            ),
            ("delete web", command(Command.delete) { (it: inout DeleteOptions) in it.id = "web" }),
            (
                "delete web -f",
                command(Command.delete) { (it: inout DeleteOptions) in (it.id, it.force) = ("web", true) }
            ),
            (
                "mounts remove web -",
                command(Command.mounts) { (it: inout MountsOptions) in
                    (it.action, it.id, it.file) = (.remove, "web", "-")
                }
            ),
            ("list", command(Command.list) { (_: inout ListOptions) in }),
            (
                "list -qf json",
                command(Command.list) { (it: inout ListOptions) in (it.quiet, it.format) = (true, .json) }
            ),
            ("ps web", command(Command.ps) { (it: inout PsOptions) in it.id = "web" }),
            (
                "ps -fjson web -ef",
                command(Command.ps) { (it: inout PsOptions) in
                    (it.id, it.format, it.arguments) = ("web", .json, ["-ef"])
                }
            ),
            (
                "spec --rootless -b /b",
                command(Command.spec) { (it: inout SpecOptions) in (it.bundle, it.rootless) = ("/b", true) }
            ),
            (
                "start --trace t web",
                command(Command.start) { (it: inout StartOptions) in (it.id, it.trace) = ("web", "t") }
            ),
            ("plan --json", command(Command.plan) { (it: inout PlanOptions) in it.format = .json }),
            ("plan --json --format text", command(Command.plan) { (_: inout PlanOptions) in }),
            ("check --json", command(Command.check) { (it: inout CheckOptions) in it.format = .json }),
            ("check --json=false", command(Command.check) { (_: inout CheckOptions) in }),
            ("doctor --json", command(Command.doctor) { (it: inout DoctorOptions) in it.format = .json }),
            ("plan", command(Command.plan) { (_: inout PlanOptions) in }),
            ("plan /b", command(Command.plan) { (it: inout PlanOptions) in it.bundle = "/b" }),
            (
                "plan -b /b --config c",
                command(Command.plan) { (it: inout PlanOptions) in (it.bundle, it.config) = ("/b", "c") }
            ),
            (
                "check /b -f c",
                command(Command.check) { (it: inout CheckOptions) in (it.bundle, it.config) = ("/b", "c") }
            ),
            ("features", .features(FeaturesOptions())),
            ("completion zsh", command(Command.completion) { (it: inout CompletionOptions) in it.shell = .zsh }),
            ("manual run", .manual(.run)), ("manual", .manual(nil)),
            ("version", .version(VersionOptions())),
        ] as [(String, Command)])
    func verbs(line: String, expected: Command) throws {
        #expect(try Invocation(words(line)).command == expected)
    }

    /// Goal: help and version wherever they are asked for, whatever else is wrong. Method: table.
    @Test(
        arguments: [
            ("", .help(nil)), ("--help", .help(nil)), ("-h", .help(nil)), ("-help", .help(nil)), ("help", .help(nil)),
            ("help create", .help(.create)), ("help --help", .help(.help)), ("create --help", .help(.create)),
            ("exec -dh", .help(.exec)), ("kill a b c -h", .help(.kill)), ("--debug list -help", .help(.list)),
            ("--version", .version(VersionOptions())), ("-v", .version(VersionOptions())),
            ("--root /r --version create", .version(VersionOptions())),
        ] as [(String, Command)])
    func help(line: String, expected: Command) throws {
        #expect(try Invocation(words(line)).command == expected)
    }

    /// Goal: every global option. Method: one line with all of them, one with none.
    @Test func globals() throws {
        let line =
            "--root /run/x --log /l --log-format=json --log-level debug --systemd-cgroup --cgroup-manager cgroupfs"
            + " --rootless=false list"
        let expected = changed(GlobalOptions()) {
            $0.root = "/run/x"
            $0.log = "/l"
            $0.logFormat = .json
            $0.logLevel = .debug
            $0.systemdCgroup = true
            $0.cgroupManager = .cgroupfs
            $0.rootless = .no
        }
        #expect(try Invocation(words(line)).global == expected)
        let none = try Invocation(words("list")).global
        #expect(none == GlobalOptions())
        #expect(none.threshold == .info)
        #expect(try Invocation(words("--log-level error --debug list")).global.threshold == .debug)
    }

    /// Goal: what engines write for --rootless. Method: table.
    @Test(
        arguments: [
            ("--rootless auto", .auto), ("--rootless=", .auto), ("--rootless=1", .yes), ("--rootless true", .yes),
            ("-rootless=F", .no),
        ] as [(String, Rootless)])
    func rootless(line: String, expected: Rootless) throws {
        #expect(try Invocation(words(line + " list")).global.rootless == expected)
    }

    /// Goal: words are bytes. Method: an id that is no UTF-8, and an option that is equal to ours only as Unicode text.
    @Test func bytes() throws {
        let id = Bytes([0xff, 0xfe])
        #expect(
            try Invocation(["start", id]).command == command(Command.start) { (it: inout StartOptions) in it.id = id })
        #expect(throws: UsageError.self) { try Invocation(["start", "--help\u{200d}", "x"]) }
    }
}
