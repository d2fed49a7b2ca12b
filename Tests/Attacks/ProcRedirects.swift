// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Writes to /proc that should land elsewhere.
@Suite(.runnable, .attacks)
struct ProcRedirects {
    static let all = [fakeProc, linkedProc, mountsBelow, redirectedSysctl]

    // Goal: a label is applied or nothing runs. Method: a directory over /proc with files of the same names.
    static let fakeProc = Attack("AT-20") { arena in
        let fake = arena.scenario.directory + "/proc"
        for name in ["self", "thread-self", "1"] {
            try Files.makeDirectory(fake + "/\(name)/attr/apparmor")
            for file in ["exec", "apparmor/exec", "current"] {
                try Files.write("untouched\n", to: fake + "/\(name)/attr/" + file)
            }
        }
        let before = Files.fingerprint(fake)
        for (type, source) in [("none", fake), ("tmpfs", "tmpfs")] {
            let bundle = try arena.bundle("echo started") {
                $0.removeMount("/proc")
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
                $0["/process/apparmorProfile"] = "no-such-profile"
                $0.mount("/proc", type: type, from: source, type == "none" ? ["bind"] : [])
            }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("started"), "started without its label: \(outcome)")
        }
        let after = Files.fingerprint(fake)
        arena.expect(before == after, "the fake was written: \(after.filter { !before.contains($0) })")
    }

    @Test("AT-20 a label is written into a fake /proc")
    func CVE_2019_16884() throws { try Self.fakeProc.isRepelled() }

    // Goal: proc and sysfs are mounted where the path says. Method: links in the image, inward and outward.
    static let linkedProc = Attack("AT-21") { arena in
        for name in ["proc", "sys"] {
            for target in ["/evil", "evil", arena.canary.path + "/dir"] {
                let bundle = try arena.bundle("grep -c ' /evil ' /evil/self/mountinfo /proc/self/mountinfo; echo ran")
                Files.remove(bundle.rootfs + "/" + name)
                try Files.makeDirectory(bundle.rootfs + "/evil")
                try Files.link(target, at: bundle.rootfs + "/" + name)
                let outcome = try arena.run(bundle, Step(at: 0, watched: arena.canary.path))
                arena.expect(!outcome.stdout.contains("ran"), "/\(name) -> \(target) was accepted: \(outcome)")
                arena.expect(arena.log.seen.isEmpty, "mounted on the canary: \(arena.log.seen.first ?? "")")
            }
        }
    }

    @Test("AT-21 /proc and /sys of the image are links")
    func CVE_2019_19921_CVE_2023_27561_CVE_2025_54867() throws { try Self.linkedProc.isRepelled() }

    // Goal: nothing of the config's lies over what decides about a label. Method: mounts below /proc.
    static let mountsBelow = Attack("AT-22") { arena in
        for place in ["/proc/self", "/proc/self/attr", "/proc/self/attr/exec", "/proc/1/attr", "/proc/sys/kernel"] {
            let isFile = place.hasSuffix("exec")
            let bundle = try arena.bundle("echo started") {
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
                $0.mount(place, type: "none", from: isFile ? "data/name" : "data", ["bind"])
            }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("started"), "\(place) was accepted: \(outcome)")
        }
    }

    @Test("AT-22 mounts below /proc")
    func CVE_2023_28642() throws { try Self.mountsBelow.isRepelled() }

    // Goal: a sysctl is written where the kernel has it. Method: the place of a bind becomes a link into /proc at each
    // call, so that the canary lies over the file.
    static let redirectedSysctl = Attack("AT-23") { arena in
        let bundle = try arena.bundle("cat /proc/sys/kernel/domainname") {
            $0["/root/readonly"] = false
            $0["/linux/sysctl"] = ["kernel.domainname": "right"]
            $0.mount("/vol/x", type: "none", from: arena.canary.path + "/file", ["bind"])
        }
        let volume = bundle.rootfs + "/vol"
        let step = Step(calls: Step.makers, exchanges: (volume + "/x", volume + "/y"))
        try arena.sweep(bundle, step) {
            Files.remove(volume)
            try Files.makeDirectory(volume)
            try Files.write("", to: volume + "/x")
            try Files.link("../proc/sys/kernel/domainname", at: volume + "/y")
        } check: { outcome in
            arena.expect(!outcome.ok || outcome.lines == ["right"], "not set: \(outcome)")
        }
    }

    @Test("AT-23 a sysctl is written into a decoy", .timeLimit(.minutes(5)))
    func CVE_2025_52881_CVE_2025_62596() throws { try Self.redirectedSysctl.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on /proc bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
