// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// Mounts and mount points that should lie elsewhere than the path says.
@Suite(.runnable, .attacks)
struct MountPoints {
    static let all = [
        lastComponent, swapped, sharedVolume, made, linkedDev, linkedConsole, everyName, superblock, propagation,
        insideReadOnly, decoyDescriptors,
    ]

    // Goal: a link at the end of a destination leads nowhere but inside. Method: absolute and upward links to the
    // canary; the stepper looks whether a mount ever lies there.
    static let lastComponent = Attack("AT-01") { arena in
        for link in [arena.canary.path, String(repeating: "../", count: 20) + arena.canary.path.dropFirst()] {
            let bundle = try arena.bundle("ls /link") { $0.mount("/link", type: "none", from: "data", ["bind"]) }
            try Files.link(link, at: bundle.rootfs + "/link")
            try arena.run(bundle, Step(at: 0, watched: arena.canary.path))
            arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
        }
    }

    @Test("AT-01 a destination's last name is a link out of the root")
    func CVE_2019_18837() throws { try Self.lastComponent.isRepelled() }

    // Goal: what was checked is what is used. Method: a directory and a link to the canary change places at each call.
    static let swapped = Attack("AT-02") { arena in
        let bundle = try arena.bundle("ls /vol/x") {
            $0["/root/readonly"] = false
            $0.mount("/vol/x", type: "tmpfs", from: "tmpfs")
            $0.mount("/vol/x/sub", type: "none", from: "data", ["bind"])
        }
        let volume = bundle.rootfs + "/vol"
        let step = Step(
            calls: Step.makers, exchanges: (volume + "/x", volume + "/y"), watched: arena.canary.path)
        try arena.sweep(bundle, step) {
            Files.remove(volume)
            try Files.makeDirectory(volume + "/x")
            try Files.link(arena.canary.path, at: volume + "/y")
        } check: { outcome in
            arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
            arena.expect(!outcome.stdout.contains("inner"), "the container sees the canary: \(outcome)")
        }
    }

    @Test("AT-02 a destination becomes a link while it is mounted", .timeLimit(.minutes(5)))
    func CVE_2021_30465() throws { try Self.swapped.isRepelled() }

    // Goal: the same without a stepper, as it happens. Method: a container that shares the volume exchanges the names
    // while others start with their root on it.
    static let sharedVolume = Attack("AT-03") { arena in
        let bundle = try arena.bundle("true") {
            $0["/root/readonly"] = false
            $0.mount("/vol/x/sub", type: "none", from: "data", ["bind"])
        }
        let volume = bundle.rootfs + "/vol"
        try Files.makeDirectory(volume + "/x")
        try Files.link(arena.canary.path, at: volume + "/y")
        let neighbour = try arena.bundle("exec /bin/attacker swap /vol/x /vol/y 60") {
            $0.mount("/vol", type: "none", from: volume, ["bind"])
        }
        try Files.copy(try Programs.attacker.get(), to: neighbour.rootfs + "/bin/attacker", mode: 0o755)
        let id = arena.scenario.id()
        let swapper = try arena.start(neighbour, id: id)
        let end = Date().addingTimeInterval(3)
        var tries = 0
        while Date() < end, tries < 100, arena.allHarms().isEmpty {
            try arena.run(bundle)
            tries += 1
        }
        kill(pid: swapper)
        if arena.victim == .runtime { _ = try arena.scenario.runtime("delete", "--force", id) }
    }

    @Test("AT-03 a neighbour exchanges names on a shared volume")
    func CVE_2021_30465_race() throws { try Self.sharedVolume.isRepelled() }

    // Goal: nothing is made outside. Method: a directory on the way becomes a link at each call; a missing directory
    // and a missing file are to be made below it.
    static let made = Attack("AT-04") { arena in
        let bundle = try arena.bundle("true") {
            $0["/root/readonly"] = false
            $0.mount("/vol/a/b/c", type: "none", from: "data", ["bind"])
            $0.mount("/vol/a/f", type: "none", from: "data/name", ["bind"])
        }
        let volume = bundle.rootfs + "/vol"
        let step = Step(calls: Step.makers, exchanges: (volume + "/a", volume + "/l"), watched: arena.canary.path)
        try arena.sweep(bundle, step) {
            Files.remove(volume)
            try Files.makeDirectory(volume + "/a")
            try Files.link(arena.canary.path, at: volume + "/l")
        } check: { _ in
            arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
        }
    }

    @Test("AT-04 a mount point is to be made behind a link", .timeLimit(.minutes(5)))
    func CVE_2024_45310() throws { try Self.made.isRepelled() }

    // Goal: an image's /dev leads nowhere. Method: /dev is a link to the canary, which has a ptmx that would be
    // replaced and lacks what would be made.
    static let linkedDev = Attack("AT-05") { arena in
        for link in [arena.canary.path, String(repeating: "../", count: 20) + arena.canary.path.dropFirst()] {
            let bundle = try arena.bundle("true") {
                $0["/root/readonly"] = false
                for name in ["/dev/mqueue", "/dev/shm", "/dev/pts", "/dev"] { $0.removeMount(name) }
                $0["/linux/maskedPaths"] = nil
            }
            Files.remove(bundle.rootfs + "/dev")
            try Files.link(link, at: bundle.rootfs + "/dev")
            try arena.run(bundle)
        }
    }

    @Test("AT-05 /dev of the image is a link out of the root")
    func CVE_2026_41579() throws { try Self.linkedDev.isRepelled() }

    // Goal: the same for /dev/console. Method: it is a link to a name that the canary does not have.
    static let linkedConsole = Attack("AT-06") { arena in
        let bundle = try arena.bundle("true") {
            $0["/root/readonly"] = false
            $0["/process/terminal"] = true
            for name in ["/dev/mqueue", "/dev/shm", "/dev"] { $0.removeMount(name) }
        }
        try Files.link(arena.canary.path + "/console", at: bundle.rootfs + "/dev/console")
        let (master, slave) = try Terminal.pair()
        defer { close(slave) }
        try arena.run(bundle) { $0.terminal = slave }
        _ = master.hears("", within: 0)
    }

    @Test("AT-06 /dev/console of the image is a link out of the root")
    func CVE_2026_88264() throws { try Self.linkedConsole.isRepelled() }

    // Goal: none of the names that a runtime makes in a root is followed. Method: the names that a harmless run makes
    // are found, and are links to the canary in the next.
    static let everyName = Attack("AT-07") { arena in
        func edit(_ config: inout JSON) {
            config["/root/readonly"] = false
            for name in ["/dev/mqueue", "/dev/shm", "/dev/pts", "/dev"] { config.removeMount(name) }
            config.mount("/new/directory", type: "none", from: "data", ["bind"])
            config.mount("/new/file", type: "none", from: "data/name", ["bind"])
            config["/process/cwd"] = "/work"
        }
        let first = try arena.bundle("true", edit)
        let before = Set(Files.tree(first.rootfs))
        try arena.run(first)
        let names = Set(Files.tree(first.rootfs)).subtracting(before).map { $0.dropFirst(first.rootfs.count) }
        arena.expect(names.contains("/new/file"), "the run made \(names)")
        for name in names.sorted() {
            let bundle = try arena.bundle("true", edit)
            try Files.makeDirectory(bundle.rootfs + (String(name) as NSString).deletingLastPathComponent)
            let target = arena.canary.path + "/made." + name.replacingOccurrences(of: "/", with: ".")
            try Files.link(target, at: bundle.rootfs + name)
            try arena.run(bundle)
        }
    }

    @Test("AT-07 every name that the runtime makes is a link already")
    func CVE_2025_24965() throws { try Self.everyName.isRepelled() }

    // Goal: the options of a bind are its own. Method: a filesystem of the host is bound read-only and synchronous.
    static let superblock = Attack("AT-08") { arena in
        let place = arena.scenario.directory + "/filesystem"
        try Files.makeDirectory(place)
        guard mount("tmpfs", place, "tmpfs", 0, "mode=755") == 0 else { throw Problem("mounting a tmpfs") }
        defer { umount2(place, Int32(MNT_DETACH)) }
        let before = Machine.mountinfo().filter { $0.contains(" \(place) ") }
        let bundle = try arena.bundle("true") {
            $0.mount("/mnt", type: "none", from: place, ["bind", "sync", "noatime"])
        }
        try arena.run(bundle)
        let after = Machine.mountinfo().filter { $0.contains(" \(place) ") }
        arena.expect(before == after, "\(before) has become \(after)")
    }

    @Test("AT-08 options of a bind mount change the filesystem of the host")
    func superblockOptions() throws { try Self.superblock.isRepelled() }

    // Goal: a read-only mount is never writable, not even while it is made. Method: the mount table after each call
    // that changes mounts. The canary compares the propagation of the host's own mounts.
    static let propagation = Attack("AT-09") { arena in
        let table = arena.scenario.directory + "/mountinfo"
        let bundle = try arena.bundle("touch /mnt/new && echo written; true") {
            $0.mount("/mnt", type: "none", from: "data", ["bind", "ro"])
        }
        let outcome = try arena.run(bundle, Step(calls: ["mount", "move_mount", "mount_setattr"], table: table))
        arena.expect(!outcome.stdout.contains("written"), "the read-only mount was written: \(outcome)")
        let lines = Set((Files.read(table) ?? "").split(separator: "\n").map(String.init))
        let places = lines.map { $0.split(separator: " ") }.filter { $0.count > 5 && $0[4].hasSuffix("/mnt") }
        arena.expect(places.contains { $0[5].hasPrefix("ro") }, "the mount was never seen: \(outcome)")
        arena.expect(!places.contains { $0[5].hasPrefix("rw") }, "writable for a time: \(places)")
    }

    @Test("AT-09 a read-only mount is writable for a moment")
    func runc_1_5_3() throws { try Self.propagation.isRepelled() }

    // Goal: a source that is bound read-only gets no new entries. Method: a mount whose place is missing in it.
    static let insideReadOnly = Attack("AT-10") { arena in
        let bundle = try arena.bundle("true") {
            $0.mount("/mnt", type: "none", from: arena.canary.path, ["bind", "ro"])
            $0.mount("/mnt/new", type: "tmpfs", from: "tmpfs")
        }
        try arena.run(bundle)
    }

    @Test("AT-10 a mount point is made in the source of a read-only bind")
    func crun_1_31_mountPoints() throws { try Self.insideReadOnly.isRepelled() }

    // Goal: the read-only root does not depend on the container's /proc. Method: a tmpfs over its /proc/self/fd.
    static let decoyDescriptors = Attack("AT-11") { arena in
        for place in ["/proc/self/fd", "/proc/self", "/proc/thread-self/fd"] {
            let bundle = try arena.bundle("touch /new && echo written; true") {
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
                $0.mount(place, type: "tmpfs", from: "tmpfs")
            }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("written"), "\(place): the root was written: \(outcome)")
        }
    }

    @Test("AT-11 a decoy over /proc/self/fd keeps the root writable")
    func CVE_2026_115521() throws { try Self.decoyDescriptors.isRepelled() }

    // Goal: the tests above can fail. Method: each of them against the runtime that makes every mistake.
    @Test("each attack on mount points bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
