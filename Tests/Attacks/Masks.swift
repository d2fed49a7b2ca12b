// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// Device nodes of the container's own /dev that the runtime takes for what their names say.
@Suite(.runnable, .attacks)
struct Masks {
    static let all = [swappedNull, missingNull, falsePts, swappedConsole, reopenedStreams, ownedNull]

    /// A bundle whose /dev is a directory of the host, as on a shared volume.
    private static func sharedDev(_ arena: Arena, _ script: String, _ edit: (inout JSON) throws -> Void = { _ in })
        throws -> (TestBundle, String)
    {
        let dev = arena.scenario.directory + "/dev"
        let bundle = try arena.bundle(script) {
            for name in ["/dev/mqueue", "/dev/shm", "/dev/pts", "/dev"] { $0.removeMount(name) }
            $0.mount("/dev", type: "none", from: dev, ["bind"])
            try edit(&$0)
        }
        try Files.write("secret\n", to: bundle.rootfs + "/etc/secret")
        return (bundle, dev)
    }

    private static func makeNull(_ path: String) throws {
        Files.remove(path)
        guard mknod(path, S_IFCHR | 0o666, makedev(1, 3)) == 0 else { throw Problem("mknod \(path)") }
        chmod(path, 0o666)
    }

    private static func checkMask(_ arena: Arena, _ outcome: Outcome) {
        guard outcome.ok || !outcome.lines.isEmpty else { return }
        arena.expect(outcome.lines == ["1:3 0"], "the path is not masked: \(outcome)")
    }

    private static let look = "echo $(stat -c %t:%T /etc/secret) $(wc -c < /etc/secret)"

    // Goal: what hides a file is the null device. Method: null and a link to a file of /proc change places at each
    // call.
    static let swappedNull = Attack("AT-30") { arena in
        let (bundle, dev) = try sharedDev(arena, look) { $0["/linux/maskedPaths"] = ["/etc/secret"] }
        let step = Step(exchanges: (dev + "/null", dev + "/decoy"))
        try arena.sweep(bundle, step) {
            Files.remove(dev)
            try Files.makeDirectory(dev)
            try makeNull(dev + "/null")
            try Files.link("/proc/sys/kernel/core_pattern", at: dev + "/decoy")
        } check: {
            checkMask(arena, $0)
        }
    }

    @Test("AT-30 /dev/null becomes a link while paths are masked", .timeLimit(.minutes(5)))
    func CVE_2025_31133_CVE_2025_62161() throws { try Self.swappedNull.isRepelled() }

    // Goal: a missing null is a failure, not a path that needs no mask. Method: it is taken away at each call.
    static let missingNull = Attack("AT-31") { arena in
        let (bundle, dev) = try sharedDev(arena, look) { $0["/linux/maskedPaths"] = ["/etc/secret"] }
        let step = Step(command: "rm -f \(dev)/null")
        try arena.sweep(bundle, step) {
            Files.remove(dev)
            try Files.makeDirectory(dev)
            try makeNull(dev + "/null")
        } check: {
            checkMask(arena, $0)
        }
    }

    @Test("AT-31 /dev/null is gone when paths are masked", .timeLimit(.minutes(5)))
    func CVE_2025_31133_missing() throws { try Self.missingNull.isRepelled() }

    // Goal: a terminal comes from a devpts. Method: a directory with a false ptmx in its place, and slaves that are
    // links into /proc.
    static let falsePts = Attack("AT-32") { arena in
        for kind in ["fifo", "null", "link", "file"] {
            let pts = arena.scenario.directory + "/pts"
            let bundle = try arena.bundle("stat -c %t /dev/console > /result; true") {
                $0["/root/readonly"] = false
                $0["/process/terminal"] = true
                let index = $0.index(in: "/mounts", where: "destination", is: "/dev/pts") ?? 0
                $0["/mounts/\(index)"] = [
                    "destination": "/dev/pts", "type": "none", "source": .string(pts), "options": ["bind"],
                ]
            }
            Files.remove(pts)
            try Files.makeDirectory(pts)
            switch kind {
            case "fifo": mkfifo(pts + "/ptmx", 0o666)
            case "null": try makeNull(pts + "/ptmx")
            case "link": try Files.link("/dev/zero", at: pts + "/ptmx")
            default: try Files.write("", to: pts + "/ptmx")
            }
            for number in 0..<20 { try Files.link("/proc/sys/kernel/core_pattern", at: pts + "/\(number)") }
            let (master, slave) = try Terminal.pair()
            defer { close(slave) }
            try arena.run(bundle) { $0.terminal = slave }
            _ = master.hears("", within: 0)
            let found = Files.read(bundle.rootfs + "/result")
            arena.expect(found == nil || found == "88\n", "ptmx is a \(kind): /dev/console is \(found ?? "")")
        }
    }

    @Test("AT-32 ptmx and the terminals are not of a devpts")
    func CVE_2025_52565_ptmx() throws { try Self.falsePts.isRepelled() }

    // Goal: the console lies at /dev/console. Method: that name and a link to the canary change places at each call.
    static let swappedConsole = Attack("AT-33") { arena in
        let (bundle, dev) = try sharedDev(arena, "stat -c %t /dev/console > /result; true") {
            $0["/root/readonly"] = false
            $0["/linux/maskedPaths"] = nil
            $0["/process/terminal"] = true
            $0.mount("/dev/pts", type: "devpts", from: "devpts", ["newinstance", "ptmxmode=0666", "mode=0620"])
        }
        let (master, slave) = try Terminal.pair()
        defer { close(slave) }
        let step = Step(
            calls: Step.makers, exchanges: (dev + "/console", dev + "/decoy"), watched: arena.canary.path)
        try arena.sweep(bundle, step, { $0.terminal = slave }) {
            Files.remove(dev)
            Files.remove(bundle.rootfs + "/result")
            try Files.makeDirectory(dev)
            try Files.write("", to: dev + "/console")
            try Files.link(arena.canary.path + "/console", at: dev + "/decoy")
        } check: { outcome in
            _ = master.hears("", within: 0)
            arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
        }
    }

    @Test("AT-33 /dev/console becomes a link while it is mounted", .timeLimit(.minutes(5)))
    func CVE_2025_52565_console() throws { try Self.swappedConsole.isRepelled() }

    // Goal: standard streams are what the caller gave. Method: the container's /dev/null is a link to a file of the
    // host that is bound inside.
    static let reopenedStreams = Attack("AT-34") { arena in
        let (bundle, dev) = try sharedDev(arena, "readlink /proc/self/fd/0; true") {
            $0["/linux/maskedPaths"] = nil
            $0["/process/user"] = ["uid": 1000, "gid": 1000]
            $0.mount("/bound", type: "none", from: arena.canary.path, ["bind"])
        }
        try Files.makeDirectory(dev)
        try Files.link("/bound/file", at: dev + "/null")
        let outcome = try arena.run(bundle)
        let isOpen = outcome.stdout.contains("/bound/file")
        arena.expect(!isOpen, "the canary is standard input: \(outcome)")
    }

    @Test("AT-34 standard streams are opened again through the container's /dev/null")
    func CVE_2026_88265() throws { try Self.reopenedStreams.isRepelled() }

    // Goal: the host's null device keeps its owner. Method: one of our own as all three standard streams, for a
    // container of another user, with and without a user namespace.
    static let ownedNull = Attack("AT-35") { arena in
        let path = arena.scenario.directory + "/null"
        let before = Files.owner("/dev/null")
        for userNamespace in [false, true] {
            try makeNull(path)
            let bundle = try arena.bundle("true") {
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
                if userNamespace { $0.userNamespace() }
            }
            let null = open(path, O_RDWR | O_CLOEXEC)
            defer { close(null) }
            try arena.run(bundle) { $0.terminal = null }
            arena.expect(Files.owner(path) == 0, "the null device belongs to \(Files.owner(path))")
            guard arena.victim == .runtime else { return }
            for words in [["create"], ["run", "--detach"]] {
                let id = arena.scenario.id()
                try arena.call(words + ["--bundle", bundle.directory, id], bundle) { $0.terminal = null }
                _ = try arena.scenario.runtime("delete", "--force", id)
                arena.expect(Files.owner(path) == 0, "\(words): the null device belongs to \(Files.owner(path))")
            }
        }
        // Other tests that run beside give the machine's own away, with other runtimes.
        let isUnchanged = Runtime.kind != .hull || Files.owner("/dev/null") == before
        arena.expect(isUnchanged, "/dev/null belongs to \(Files.owner("/dev/null"))")
    }

    @Test("AT-35 the owner of the host's null device")
    func nullOwner() throws { try Self.ownedNull.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on devices bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}

private func makedev(_ major: dev_t, _ minor: dev_t) -> dev_t { major << 8 | minor }
