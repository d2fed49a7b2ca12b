// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// Descriptors and memory of the runtime in the hands of the container.
@Suite(.runnable, .attacks)
struct Descriptors {
    static let all = [
        leakedDirectory, leakedProgram, leakedToExec, linkedDirectory, leakedByCaller, openAtExecve, prowledExec,
        prowledPidNamespace,
    ]

    /// Numbers that a runtime may have open by accident.
    private static let numbers = 3...14
    private static let ways = ["", "/..", "/../..", "/../../../../../.."]

    // Goal: no descriptor leads out. Method: the working directory is each number that could be one; what is seen there
    // is not the host.
    static let leakedDirectory = Attack("AT-40") { arena in
        for number in numbers {
            for way in ways {
                let bundle = try arena.bundle("ls -d \(arena.canary.path) .\(arena.canary.path); pwd -P") {
                    $0["/process/cwd"] = .string("/proc/self/fd/\(number)" + way)
                }
                let outcome = try arena.run(bundle)
                let sees = outcome.lines.contains { $0.hasSuffix("/canary") }
                arena.expect(!sees, "/proc/self/fd/\(number)\(way) is the host: \(outcome)")
                guard arena.allHarms().isEmpty else { return }
            }
        }
    }

    @Test("AT-40 the working directory is a descriptor of the runtime")
    func CVE_2024_21626_cwd() throws { try Self.leakedDirectory.isRepelled() }

    // Goal: the same for the program's path. Method: a program of the canary, which only the host has.
    static let leakedProgram = Attack("AT-41") { arena in
        let program = try hostProgram(arena)
        for number in numbers {
            let bundle = try arena.bundle("true") {
                $0["/process/args"] = JSON(["/proc/self/fd/\(number)\(program)", "echo", "escaped"])
            }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("escaped"), "a program of the host: \(outcome)")
            guard arena.allHarms().isEmpty else { return }
        }
    }

    @Test("AT-41 the program is found through a descriptor of the runtime")
    func CVE_2024_21626_program() throws { try Self.leakedProgram.isRepelled() }

    // Goal: the same for exec. Method: both, in one container.
    static let leakedToExec = Attack("AT-42") { arena in
        let program = try hostProgram(arena)
        let bundle = try arena.bundle("exec sleep 60")
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        for number in numbers {
            let link = "/proc/self/fd/\(number)"
            let there = try arena.call(["exec", "--cwd", link, id, "/bin/ls", "-d", ".\(arena.canary.path)"], bundle)
            arena.expect(!there.stdout.contains("canary"), "\(link) is the host: \(there)")
            let run = try arena.call(["exec", id, link + program, "echo", "escaped"], bundle)
            arena.expect(!run.stdout.contains("escaped"), "a program of the host: \(run)")
        }
    }

    @Test("AT-42 exec leads out through a descriptor of the runtime")
    func CVE_2024_21626_exec() throws { try Self.leakedToExec.isRepelled() }

    // Goal: the same through the image. Method: the working directory is a link of the image to such a path.
    static let linkedDirectory = Attack("AT-43") { arena in
        for number in numbers {
            let bundle = try arena.bundle("ls -d .\(arena.canary.path)") { $0["/process/cwd"] = "/work" }
            try Files.link("/proc/self/fd/\(number)", at: bundle.rootfs + "/work")
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("canary"), "/proc/self/fd/\(number) is the host: \(outcome)")
        }
    }

    @Test("AT-43 the image's working directory is a link to a descriptor")
    func CVE_2024_21626_image() throws { try Self.linkedDirectory.isRepelled() }

    // Goal: what a caller leaves open does not reach the container. Method: the host's root as descriptors 3 to 10.
    static let leakedByCaller = Attack("AT-44") { arena in
        let root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(root) }
        let script = "ls /proc/self/fd | wc -l; for n in 3 4 5 6 7 8 9 10; do ls -d /proc/self/fd/$n/tmp; done; true"
        for cwd in ["/", "/proc/self/fd/3", "/proc/self/fd/10"] {
            let bundle = try arena.bundle(script) { $0["/process/cwd"] = .string(cwd) }
            let outcome = try arena.run(bundle) { $0.descriptors = Array(repeating: root, count: 8) }
            arena.expect(!outcome.stdout.contains("/tmp"), "the container has the host's root: \(outcome)")
            arena.expect(cwd == "/" || !outcome.ok, "\(cwd) was entered: \(outcome)")
        }
    }

    @Test("AT-44 the caller leaves directories of the host open")
    func CVE_2024_21626_caller() throws { try Self.leakedByCaller.isRepelled() }

    // Goal: where the kernel resolves the program's path no directory is open. Method: the process's descriptors at
    // its execve, seen from the host, for exec and for a run with steps that open much: a sysctl, masks, mounts.
    static let openAtExecve = Attack("AT-45") { arena in
        let list = arena.scenario.directory + "/descriptors"
        let look = "for f in /proc/$STEP_PID/fd/*; do readlink $f; test -d $f/ && echo DIRECTORY $f; done >> \(list)"
        let bundle = try arena.bundle("true") {
            $0["/linux/sysctl"] = ["kernel.domainname": "name"]
            $0.mount("/mnt", type: "none", from: "data", ["bind"])
        }
        let living = try arena.bundle("exec sleep 60")
        let id = arena.scenario.id()
        _ = try arena.start(living, id: id)
        let run = ["run", "--bundle", bundle.directory, arena.scenario.id()]
        for (words, bundle) in [(run, bundle), (["exec", id, "/bin/true"], living)] {
            Files.remove(list)
            try arena.call(words, bundle, Step(calls: ["execve", "execveat"], command: look))
            let found = (Files.read(list) ?? "").split(separator: "\n").map(String.init)
            arena.expect(!found.isEmpty, "nothing was seen: \(arena.last)")
            let stops = arena.log.calls.filter(\.isInside).count
            arena.expect(stops == 1, "\(stops) calls of execve inside: \(arena.last)")
            arena.expect(!found.contains { $0.hasPrefix("DIRECTORY") }, "open at execve: \(found)")
        }
    }

    @Test("AT-45 a directory is open when the program's path is resolved")
    func CVE_2024_21626_audit() throws { try Self.openAtExecve.isRepelled() }

    // Goal: nobody in the container gets hold of the process that enters it. Method: at each of its calls a process
    // with the container's rights tries all ways: files of /proc, memory, pidfd_getfd, ptrace.
    static let prowledExec = Attack("AT-46") { arena in
        for userNamespace in [false, true] where arena.victim == .runtime || !userNamespace {
            let bundle = try arena.bundle("exec sleep 60") { if userNamespace { $0.userNamespace() } }
            let id = arena.scenario.id()
            let pid = try arena.start(bundle, id: id)
            try prowl(arena, bundle, pid, ["exec", id, "/bin/true"])
        }
    }

    @Test("AT-46 a process of the container looks into exec")
    func CVE_2016_9962() throws { try Self.prowledExec.isRepelled() }

    // Goal: the same for a container that joins the pid namespace of another. Method: as above, from the other.
    static let prowledPidNamespace = Attack("AT-47") { arena in
        let first = try arena.bundle("exec sleep 60")
        let pid = try arena.start(first, id: arena.scenario.id())
        let second = try arena.bundle("true") { $0.namespace("pid", path: "/proc/\(pid)/ns/pid") }
        try prowl(arena, second, pid, ["run", "--bundle", second.directory, arena.scenario.id()])
    }

    @Test("AT-47 a process of a joined pid namespace looks into a new container")
    func crun_1_31_joinedPid() throws { try Self.prowledPidNamespace.isRepelled() }

    static func prowl(_ arena: Arena, _ bundle: TestBundle, _ pid: Int, _ words: [String], visible: Bool = true) throws
    {
        let got = arena.scenario.directory + "/got"
        Files.remove(got)
        let attacker = try Programs.attacker.get()
        let step = Step(
            calls: Step.makers + ["setns", "chdir", "execve", "close_range", "statx", "readlink", "fchdir"],
            command: "\(attacker) prowl \(pid) $STEP_PID >> \(got) 2>&1", insideOnly: false)
        try arena.call(words, bundle, step)
        let found = (Files.read(got) ?? "").split(separator: "\n")
        let wasTried = found.contains { $0.hasPrefix("tried") }
        arena.expect(wasTried == visible, "\(visible ? "never" : "") in sight: \(arena.last) \(found)")
        let had = Set(found.filter { $0.hasPrefix("got") })
        arena.expect(had.isEmpty, "the container \(had.sorted().prefix(5))")
    }

    /// A path from the host's root to a program that the container does not have.
    private static func hostProgram(_ arena: Arena) throws -> String {
        guard let busybox = RootFilesystem.busybox else { throw Problem("no busybox") }
        let program = arena.scenario.directory + "/host/busybox"
        try Files.makeDirectory(arena.scenario.directory + "/host")
        try Files.copy(busybox, to: program, mode: 0o755)
        return program
    }

    // Goal: as above. Method: as above.
    @Test("each attack on descriptors bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
