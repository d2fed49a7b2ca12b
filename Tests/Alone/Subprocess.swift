// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

enum SubprocessTests {
    // Goal: how a program ended. Method: codes, a signal, a time limit, programs that cannot be executed. (PROC-09)
    static func outcomes() throws {
        func run(_ script: Bytes, _ milliseconds: Int32? = nil) throws -> Subprocess.Outcome {
            let words: [Bytes] = ["sh", "-c", script]
            return try Subprocess(
                path: "/bin/sh", arguments: words, environment: [], input: "", timeoutMilliseconds: milliseconds
            ).run()
        }
        try expect(run("exit 0").status == .exited(0))
        try expect(run("exit 3").status == .exited(3))
        try expect(run("kill -TERM $$").status == .signaled(SIGTERM))
        try expect(run("exit 4", 10_000).status == .exited(4))
        let before = Clock.monotonic
        let late = try run("exec sleep 60", 80)
        expect(late.status == nil && late.failure == nil)
        expect(Clock.monotonic - before < 20_000_000_000)
        for (path, errno) in [("/missing", .enoent), ("/etc/passwd", .eacces), ("/tmp", .eacces)]
            as [(Bytes, Errno)]
        {
            let outcome = try Subprocess(
                path: path, arguments: [path], environment: [], input: "", timeoutMilliseconds: nil
            ).run()
            expect(outcome.failure?.call == "execve" && outcome.failure?.object == path)
            expect(outcome.failure?.errno == errno)
        }
    }

    // Goal: the end of standard error is kept, 4 KiB of it. Method: less, more, and much more than a pipe holds.
    // (PROC-09)
    static func errorOutput() throws {
        for (count, script) in [
            (0, "true"), (5, "printf tail! >&2"), (4096, "yes 123456789 | head -c 300000 >&2; printf tail! >&2"),
        ] as [(Int, Bytes)] {
            let outcome = try Subprocess(
                path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], input: "",
                timeoutMilliseconds: 60_000
            ).run()
            expect(outcome.errorOutput.count == count)
            expect(count == 0 || outcome.errorOutput.hasSuffix("tail!"))
        }
    }

    // Goal: a child that the program leaves behind is not waited for, silent or not. Method: one that sleeps, one that
    // writes all the time. (PROC-09)
    static func childrenLeftBehind() throws {
        for script in ["sleep 60 & echo $! >&2", "yes >&2 & echo $! >&2; sleep 0.05"] as [Bytes] {
            let before = Clock.monotonic
            let outcome = try Subprocess(
                path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], input: "",
                timeoutMilliseconds: nil
            ).run()
            expect(outcome.status == .exited(0))
            expect(Clock.monotonic - before < 20_000_000_000)
            if let pid = outcome.errorOutput.split(0x0a).first?.decimal { kill(Int32(pid), SIGKILL) }
        }
    }

    // Goal: what a program has started ends with it when its time is up. Method: a child that sleeps. (PROC-09)
    static func childrenOutOfTime() throws {
        let outcome = try Subprocess(
            path: "/bin/sh", arguments: ["sh", "-c", "sleep 60 & echo $! >&2; wait"],
            environment: ["PATH=/usr/bin:/bin"],
            input: "", timeoutMilliseconds: 300
        ).run()
        expect(outcome.status == nil)
        let pid = Int32(outcome.errorOutput.split(0x0a).first?.decimal ?? 0)
        expect(pid > 0)
        // It is a zombie, or gone: a signal may be on its way for a moment.
        let end = Clock.monotonic + 5_000_000_000
        while try Procfs.startTime(of: pid) != nil, Clock.monotonic < end {}
        try expect(Procfs.startTime(of: pid) == nil)
    }

    // Goal: the end of standard output is kept apart, and both streams go elsewhere if that is said. Method: pipes, and
    // two files.
    static func streams() throws {
        var program = Subprocess(
            path: "/bin/sh", arguments: ["sh", "-c", "echo out; echo err >&2"], environment: [], input: "",
            timeoutMilliseconds: nil)
        let kept = try program.run()
        expect(kept.output == "out\n" && kept.errorOutput == "err\n")
        let out = try Descriptor(holding: "", name: "out")
        let err = try Descriptor(holding: "", name: "err")
        program.output = out.number
        program.errors = err.number
        let sent = try program.run()
        expect(sent.status == .exited(0) && sent.output.isEmpty && sent.errorOutput.isEmpty)
        for (number, text) in [(out.number, "out\n"), (err.number, "err\n")] as [(Int32, Bytes)] {
            let written = Bytes(try HostFiles.read("/proc/self/fd/\(number)"))
            expect(written == text)
        }
    }

    // Goal: the input is read in every way that programs have, and not at all. Method: a byte at a time, by name,
    // twice, larger than a pipe, unread. (PROC-09)
    static func input() throws {
        let large = Bytes([UInt8](repeating: 0x78, count: 200_000))
        let cases: [(input: Bytes, script: Bytes)] = [
            ("one\ntwo\n", "read -r a; read -r b; test \"$a$b\" = onetwo"),
            ("text", "test \"$(cat /dev/stdin)\" = text"), ("text", "test \"$(cat)\" = text"),
            ("", "test -z \"$(cat)\""), (large, "test \"$(wc -c)\" -eq 200000"), (large, "true"),
        ]
        for (input, script) in cases {
            let outcome = try Subprocess(
                path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], input: input,
                timeoutMilliseconds: 60_000
            ).run()
            expect(outcome.status == .exited(0), "\(script.text)")
        }
    }

    // Goal: a program has three descriptors and the environment that it was given. Method: it looks.
    static func inheritance() throws {
        let left = dup(0)
        let script: Bytes = "test -e /proc/$$/fd/\(left) && echo left >&2; env | grep -v '^_\\|PWD\\|SHLVL' >&2"
        let outcome = try Subprocess(
            path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["A=1", "PATH=/bin"], input: "",
            timeoutMilliseconds: 60_000
        ).run()
        expect(Set(outcome.errorOutput.split(0x0a)) == ["A=1", "PATH=/bin"])
    }

    // Goal: a program's output, found in PATH; its failure is an error that has what it said. Method: three programs.
    static func output() throws {
        let echoed = try Subprocess.output(of: ["echo", "a b"])
        expect(echoed == "a b\n")
        let missing = refusal { try Subprocess.output(of: ["no-such-program"]) }
        expect(missing?.errno == .enoent && missing?.object == "no-such-program")
        let failed = refusal { try Subprocess.output(of: ["sh", "-c", "echo why; exit 2"]) }
        expect(failed?.detail == "why")
    }
}

enum LastMileTests {
    private static func report(_ step: Int32, _ errno: Int32) -> Bytes {
        Bytes([step, errno].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } })
    }

    // Goal: a report of C's is the step's name and errno. Method: every step. (PROC-05)
    static func reports() throws {
        let names: [Bytes] = [
            "seccomp", "prctl PR_CAPBSET_DROP", "prctl PR_SET_KEEPCAPS", "setgroups", "setresgid", "setresuid",
            "capset",
            "prctl PR_CAP_AMBIENT_RAISE", "prctl PR_SET_NO_NEW_PRIVS", "chdir", "seccomp listener", "execve",
        ]
        expect(LastMile.steps == names)
        for (index, name) in names.enumerated() {
            let error = LastMile.failure(fromReport: report(Int32(index + 1), ENOENT), object: "/bin/x")
            expect(error?.call == name && error?.errno == .enoent)
            expect(error?.object == (name == "execve" ? "/bin/x" : ""))
        }
    }

    // Goal: anything else is no report. Method: wrong lengths, steps that there are not.
    static func garbage() throws {
        for bytes in ["", "1234567", "123456789", report(0, 2), report(13, 2), report(-1, 2)] as [Bytes] {
            expect(LastMile.failure(fromReport: bytes, object: "") == nil)
        }
    }

    // Goal: a failing step is reported and ends the process with its number. Method: a missing program, a missing
    // directory, a directory that cannot be entered. (PROC-05)
    static func failures() throws {
        func outcome(_ change: (inout LastMile) -> Void) throws -> (SystemError?, ExitStatus?) {
            let pair = try Sockets.pair()
            var mile = LastMile()
            mile.path = "/bin/true"
            mile.arguments = ["true"]
            change(&mile)
            guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else {
                mile.run(report: pair.second.number)
            }
            _ = consume pair.second
            let message = try Sockets.receive(from: pair.first.number).message
            return (LastMile.failure(fromReport: message, object: "it"), try cloned.wait())
        }
        let fine = try outcome { _ in }
        expect(fine.0 == nil && fine.1 == .exited(0))
        let missing = try outcome { $0.path = "/missing" }
        expect(missing.0?.line == "execve it: no such file or directory" && missing.1 == .exited(212))
        let directory = try outcome { $0.lateDirectory = "/missing" }
        expect(directory.0?.call == "chdir" && directory.0?.errno == .enoent && directory.1 == .exited(210))
        let filter = try outcome { $0.filter = [BPFInstruction(code: 0xffff, jt: 0, jf: 0, k: 0)] }
        expect(filter.0?.call == "seccomp" && filter.0?.errno == .einval && filter.1 == .exited(201))
        let ambient = try outcome {
            $0.setCapabilities = true
            $0.ambient = CapabilitySet(rawValue: 1)
        }
        expect(ambient.0?.call == "prctl PR_CAP_AMBIENT_RAISE" && ambient.1 == .exited(208))
    }

    // Goal: a directory entered late lies inside the root as well (CVE-2024-21626). Method: a descriptor of one
    // outside, named by its link in /proc. (SEC-08)
    static func lateDirectoryOutside() throws {
        let pair = try Sockets.pair()
        guard let cloned = try CurrentProcess.clone(NamespaceKind.mount.cloneFlag, cgroup: nil) else {
            // A new root that holds nothing but a /proc, and a descriptor of the old one.
            try MountNamespace.setPropagation(.private, recursive: true)
            let context = try FilesystemContext("tmpfs")
            let tree = try context.mount([])
            try tree.attachOverRoot()
            try RootDirectory.makeDirectory("proc", mode: 0o755, in: tree.descriptor.number)
            let root = RootDirectory(try tree.descriptor.duplicate())
            try mountProc(in: root)
            let outside = try Descriptor(opening: "/usr", [.path, .directory]).give()
            try MountNamespace.changeRoot(to: root.number)
            var mile = LastMile()
            mile.path = "/bin/true"
            mile.lateDirectory = "/proc/self/fd/\(outside)"
            mile.run(report: pair.second.number)
        }
        _ = consume pair.second
        let message = try Sockets.receive(from: pair.first.number).message
        let error = LastMile.failure(fromReport: message, object: "")
        try expect(cloned.wait() == .exited(210))
        expect(error?.call == "chdir" && error?.errno == .enoent)
    }
}
