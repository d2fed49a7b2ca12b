// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// What the options of `checkpoint` and `restore` make of a program that holds something which is hard to save.
@Suite(.runnable, .conformance, .serialized)
struct CheckpointHeld {
    private func start(
        _ s: Scenario, _ kinds: [String], _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> (TestBundle, Container) {
        try Files.makeDirectory(s.directory + "/data")
        let bundle = try s.bundle(["/bin/probe", "hold", "/data"] + kinds) { config in
            config.mount("/data", type: "bind", from: s.directory + "/data", ["rbind", "rw"])
            try edit(&config)
        }
        let container = try s.create(bundle)
        try #require(container("start").ok)
        try expectHeld(s, kinds)
        return (bundle, container)
    }

    /// The program goes round and has it all.
    private func expectHeld(_ s: Scenario, _ kinds: [String]) throws {
        let before = now(s)?["/round"]
        try #require(eventually(within: 30) { now(s)?["/round"] != before })
        for kind in kinds { #expect(now(s)?["/" + kind]?.string == "held", "\(kind)") }
    }

    private func now(_ s: Scenario) -> JSON? {
        Files.read(s.directory + "/data/now").flatMap { try? JSON(parsing: $0) }
    }

    private func restore(_ s: Scenario, _ bundle: TestBundle, _ words: [String], _ id: String) throws -> Outcome {
        try s.runtime(["restore", "--detach", "--bundle", bundle.directory, "--image-path"] + words + [id])
    }

    private func isLocked(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Whether somebody waits for connections at the port.
    private func listens(_ port: Int) -> Bool {
        let place = String(format: ":%04X ", port)
        return (Files.read("/proc/net/tcp") ?? "").split(separator: "\n").contains {
            $0.contains(place) && $0.contains(" 0A ")
        }
    }

    private func criu(_ s: Scenario, _ words: [String]) throws -> Call {
        try Launch(try #require(Files.program("criu")), words, in: s.directory).start(
            outputs: s.directory + "/criu.\(words[0])")
    }

    private func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : -1
    }

    // Goal: connections, locks and files without a name are kept where that is said, and CRIU's own reason is told
    // where it is not. Method: each option left out once; the lock as the host meets it.
    @Test("SV-47 connections, locks and removed files are kept where that is said", .needs(.criu), .only(.hull))
    func holds() throws {
        try scenario { s in
            let (bundle, container) = try start(s, ["tcp", "lock", "link"])
            let all = [
                ("--tcp-established", "consider using --tcp-established"), ("--file-locks", "You can try --file-locks"),
                ("--link-remap", "Use link-remap option"),
            ]
            for (left, reason) in all {
                let words = all.map(\.0).filter { $0 != left }
                let outcome = try s.runtime(
                    ["checkpoint", "--image-path", s.directory + "/without" + left] + words + [container.id])
                #expect(outcome.ending == .exit(1) && outcome.stderr.contains("criu failed: "), "\(outcome)")
                expect(outcome, says: [reason])
            }
            #expect(isLocked(s.directory + "/data/lock"))
            let images = s.directory + "/images"
            let saved = try s.runtime(["checkpoint", "--image-path", images] + all.map(\.0) + [container.id])
            #expect(saved.ok, "\(saved)")
            #expect(!isLocked(s.directory + "/data/lock"))
            let restored = try restore(s, bundle, [images] + all.map(\.0), container.id)
            #expect(restored.ok, "\(restored)")
            try expectHeld(s, ["tcp", "lock", "link"])
            #expect(isLocked(s.directory + "/data/lock"))
            #expect(Files.list(s.directory + "/data").allSatisfy { !$0.hasPrefix("link_remap") })
        }
    }

    // Goal: a socket of another process's is left out where that is said. Method: datagrams to the host, in the host's
    // network; CRIU 3.17 looks the path up outside of the container at restore, and says that it is not there.
    @Test("SV-48 a socket of the host's is saved where that is said", .needs(.criu), .only(.hull))
    func externalSocket() throws {
        try scenario { s in
            try Files.makeDirectory(s.directory + "/data")
            let log = try NotifyManager(at: s.directory + "/data/log")
            let (bundle, container) = try start(s, ["unix"]) {
                $0.removeNamespace("network")
                $0.removeMount("/sys")
            }
            #expect(eventually { log.lines.contains { $0.hasPrefix("held") } })
            let images = s.directory + "/images"
            let without = try container("checkpoint", "--image-path=" + images + ".without")
            #expect(without.ending == .exit(1), "\(without)")
            expect(without, says: ["Consider using --ext-unix-sk"])
            let saved = try container("checkpoint", "--ext-unix-sk", "--image-path=" + images)
            #expect(saved.ok, "\(saved)")
            let restored = try restore(s, bundle, [images, "--ext-unix-sk"], container.id)
            #expect(restored.ending == .exit(1), "\(restored)")
            expect(restored, says: ["criu failed: unix: Can't connect"])
            try #expect(s.runtime("state", container.id).failed)
        }
    }

    // Goal: pages are freed in the parent, go to a server, or come when they are asked for. Method: 2 MiB that are all
    // written again after a pre-dump; the sizes of the images; a restore whose memory is still with the checkpoint.
    @Test("SV-49 memory is saved once, elsewhere, or moved when it is asked for", .needs(.criu), .only(.hull))
    func memory() throws {
        try scenario { s in
            let (bundle, container) = try start(s, ["memory"])
            let first = try container("checkpoint", "--pre-dump", "--image-path=" + s.directory + "/first")
            #expect(first.ok, "\(first)")
            let whole = size(s.directory + "/first/pages-1.img")
            #expect(whole > 2 << 20)
            try Files.write("", to: s.directory + "/data/dirty")
            for _ in 0..<3 { try expectHeld(s, ["memory"]) }
            let second = try container(
                "checkpoint", "--leave-running", "--auto-dedup", "--parent-path=../first",
                "--image-path=" + s.directory + "/second")
            #expect(second.ok, "\(second)")
            #expect(size(s.directory + "/first/pages-1.img") < whole / 4)

            let port = 20_000 + Int(getpid()) % 10_000
            try Files.makeDirectory(s.directory + "/pages")
            let server = try criu(
                s, ["page-server", "-D", s.directory + "/pages", "--address", "127.0.0.1", "--port", "\(port)"])
            #expect(eventually(within: 30) { listens(port) })
            let third = try container(
                "checkpoint", "--leave-running", "--page-server=127.0.0.1:\(port)",
                "--image-path=" + s.directory + "/third")
            #expect(third.ok, "\(third)")
            #expect(server.outcome().ok)
            let pages = Files.list(s.directory + "/pages").filter { $0.hasPrefix("pages-") }
            #expect(pages.contains { size(s.directory + "/pages/" + $0) > 2 << 20 }, "\(pages)")
            #expect(Files.list(s.directory + "/third").allSatisfy { !$0.hasPrefix("pages-") })
            try lazily(s, bundle, container, port + 1)
        }
    }

    private func lazily(_ s: Scenario, _ bundle: TestBundle, _ container: Container, _ port: Int) throws {
        let images = s.directory + "/lazy"
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var launch = s.runtime.launch([
            "checkpoint", "--lazy-pages", "--page-server", "127.0.0.1:\(port)", "--status-fd", "3", "--image-path",
            images, container.id,
        ])
        launch.descriptors = [ends[1]]
        let saving = try s.runtime.start(launch)
        close(ends[1])
        defer { close(ends[0]) }
        var byte: UInt8 = 1
        #expect(eventually(within: 30) { read(ends[0], &byte, 1) == 1 })
        #expect(byte == 0)
        let daemon = try criu(
            s,
            ["lazy-pages", "--page-server", "--address", "127.0.0.1", "--port", "\(port)", "-D", images, "-W", images]
        )
        #expect(eventually(within: 30) { Files.exists(images + "/lazy-pages.socket") })
        // The other one lives until its memory has gone.
        try bundle.edit { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("lazy")) }
        let restored = try restore(s, bundle, [images, "--lazy-pages"], s.id())
        #expect(restored.ok, "\(restored)")
        try expectHeld(s, ["memory"])
        let outcomes = [saving.outcome(), daemon.outcome()]
        #expect(outcomes.allSatisfy { $0.ok }, "\(outcomes)")
        try #expect(s.runtime("state", container.id).failed)
    }

    // Goal: cgroups below the container's come back unless CRIU is to leave cgroups alone; a file with options for
    // CRIU counts; a label that the kernel does not know is CRIU's to refuse. Method: a process that was moved below;
    // a lock, which nothing but the file allows.
    @Test("SV-50 cgroups below come back as is said, and a file of options counts", .needs(.criu), .only(.hull))
    func cgroups() throws {
        try scenario { s in
            let file = s.directory + "/criu.conf"
            try Files.write("file-locks\n", to: file)
            let (bundle, container) = try start(s, ["lock"]) {
                $0["/annotations"] = ["org.criu.config": .string(file)]
            }
            let path = bundle.config["/linux/cgroupsPath"]?.string ?? ""
            let below = (Machine.cgroups ?? "") + path + "/below"
            try Files.makeDirectory(below)
            #expect(Files.put("\(try container.pid())", in: below + "/cgroup.procs") == 0)
            let images = s.directory + "/images"
            let saved = try container("checkpoint", "--manage-cgroups-mode=full", "--image-path=" + images)
            #expect(saved.ok, "\(saved)")
            for mode in ["soft", "full", "strict", "ignore"] {
                let id = s.id()
                let restored = try restore(s, bundle, [images, "--manage-cgroups-mode", mode], id)
                #expect(restored.ok, "\(mode): \(restored)")
                try expectHeld(s, ["lock"])
                #expect(isLocked(s.directory + "/data/lock"))
                let pid = try s.runtime("state", id).json?["/pid"]?.int ?? 0
                let line = Files.read("/proc/\(pid)/cgroup") ?? ""
                #expect(line == "0::\(path)\(mode == "ignore" ? "" : "/below")\n", "\(mode)")
                try #expect(s.runtime("delete", "--force", id).ok)
            }
            let unknown = try restore(s, bundle, [images, "--lsm-profile=selinux:a:b:c"], s.id())
            #expect(unknown.ending == .exit(1), "\(unknown)")
            expect(unknown, says: ["criu failed: selinux LSM specified but selinux not supported by kernel"])
        }
    }
}
