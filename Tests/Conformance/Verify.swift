// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// `hull verify`, which other runtimes do not have.
@Suite(.runnable, .conformance)
struct Verify {
    private func compare(
        _ container: Container, _ lines: [String], code: Int32, at location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try container("verify")
        #expect(outcome.ending == .exit(code), "\(outcome)", sourceLocation: location)
        let found = outcome.lines.map { $0.replacing(#/^config\.json(:\d+:\d+)?: /#, with: "") }
        #expect(found == lines, "\(outcome)", sourceLocation: location)
    }

    /// A program of the container's root, run in its mounts with every right of the host.
    private func meddle(_ s: Scenario, _ container: Container, _ words: [String]) throws {
        let nsenter = Files.program("nsenter") ?? "/usr/bin/nsenter"
        let launch = Launch(nsenter, ["--mount", "--pid", "--target", "\(try container.pid())"] + words, in: "/")
        let outcome = try s.runtime.start(launch).outcome()
        try #require(outcome.ok, "\(outcome)")
    }

    static let configs: [@Sendable (inout JSON) -> Void] = [
        { _ in },
        { $0.userNamespace() },
        { $0["/process/user"] = ["uid": 1000, "gid": 1000, "additionalGids": [2000, 3000]] },
        {
            $0["/root/readonly"] = false
            $0["/process/noNewPrivileges"] = false
            $0["/process/oomScoreAdj"] = 300
            $0["/process/rlimits"] = [["type": "RLIMIT_CORE", "hard": 0, "soft": 0]]
            $0.capabilities(
                ["CAP_KILL", "CAP_CHOWN"], sets: ["bounding", "permitted", "effective", "inheritable", "ambient"])
        },
        {
            $0.mount("/mnt", type: "none", from: "/usr", ["rbind", "ro", "nosuid"])
            $0.mount("/run", type: "tmpfs", from: "tmpfs", ["noexec", "mode=700"])
            $0["/linux/devices"] = [
                ["path": "/dev/pipe", "type": "p"], ["path": "/dev/zero", "type": "c", "major": 1, "minor": 5],
            ]
            $0["/linux/seccomp"] = [
                "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [["names": ["acct"], "action": "SCMP_ACT_ERRNO"]],
            ]
            $0["/linux/resources/unified"] = ["cgroup.max.depth": "5"]
        },
        {
            for kind in ["network", "ipc", "cgroup"] { $0.removeNamespace(kind) }
        },
    ]

    @Test("VF-01 nothing is told of a container that is as configured", .only(.hull), arguments: configs.indices)
    func asConfigured(index: Int) throws {
        if index == 1, !Machine.Need.userNamespace.isMet { return }
        try scenario { s in
            let container = try s.start("exec sleep 100", [], Self.configs[index])
            #expect(eventually { Files.read("/proc/\((try? container.pid()) ?? 0)/comm") == "sleep\n" })
            try compare(container, [], code: 0)
        }
    }

    // Goal: what the program does by right is a note. Method: limits and score changed by it, a device removed, mounts
    // made with the capability for that.
    @Test("VF-02 what the program has changed by right is a note", .only(.hull))
    func notes() throws {
        try scenario { s in
            let script = """
                ulimit -n 512; echo 500 > /proc/self/oom_score_adj; rm /dev/full
                mount -t tmpfs own /mnt; umount /dev/shm; echo ready; exec sleep 100
                """
            let container = try s.start(script) {
                $0["/process/oomScoreAdj"] = 300
                $0.capabilities(["CAP_SYS_ADMIN"], sets: ["bounding", "effective", "permitted"])
            }
            container.says("ready")
            let mine = "(changed by the program)"
            let outcome = try container("verify")
            #expect(outcome.ok, "\(outcome)")
            let found = outcome.lines.map { $0.replacing(#/^config\.json(:\d+:\d+)?: /#, with: "") }
            let expected = [
                "/process/rlimits/0: says RLIMIT_NOFILE soft 1024, hard 1024, found RLIMIT_NOFILE soft 512, hard 512",
                "/process/oomScoreAdj: says 300, found 500", "/linux/devices: says /dev/full 1:7, found nothing",
                "/mounts: says nothing, found tmpfs at /mnt", "/mounts/3: says a mount at /dev/shm, found none",
            ]
            #expect(Set(found) == Set(expected.map { "note: \($0) \(mine)" }), "\(outcome)")
        }
    }

    // Goal: what the program may not do is a difference. Method: somebody of the host in the container's mounts, in its
    // cgroup; each is told at its field, and gone when it is taken back.
    @Test("VF-03 what nobody inside may change is a difference, and the exit status is 1", .only(.hull))
    func drift() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                $0["/linux/resources/unified"] = ["cgroup.max.depth": "5"]
            }
            try compare(container, [], code: 0)
            Files.put("7", in: s.cgroupDirectory("g1") + "/cgroup.max.depth")
            try compare(
                container,
                ["/linux/resources/unified/cgroup.max.depth: says cgroup.max.depth 5, found 7"], code: 1)
            Files.put("5", in: s.cgroupDirectory("g1") + "/cgroup.max.depth")
            for (words, line) in [
                (["mount", "-t", "tmpfs", "x", "/mnt"], "/mounts: says nothing, found tmpfs at /mnt"),
                (["umount", "/dev/shm"], "/mounts/3: says a mount at /dev/shm, found none"),
                (["umount", "/sys/firmware"], "/linux/maskedPaths/4: says /sys/firmware hidden, found visible"),
                (
                    ["mount", "-o", "remount,bind,rw", "/proc/bus"],
                    "/linux/readonlyPaths/0: says /proc/bus read-only, found writable"
                ),
            ] {
                let other = try s.start("exec sleep 100")
                try meddle(s, other, ["/bin/" + words[0]] + words.dropFirst())
                try compare(other, [line], code: 1)
            }
            try meddle(s, container, ["/bin/mount", "-o", "remount,bind,rw", "/"])
            try compare(container, ["/root/readonly: says a read-only root, found writable"], code: 1)
        }
    }

    @Test("VF-04 devices of other numbers are a difference", .only(.hull))
    func devices() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            try meddle(s, container, ["/bin/rm", "/dev/zero"])
            try meddle(s, container, ["/bin/mknod", "/dev/zero", "c", "1", "3"])
            let outcome = try container("verify")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(
                outcome.lines.count == 1 && outcome.stdout.hasSuffix("says /dev/zero 1:5, found 1:3\n"), "\(outcome)")
        }
    }

    @Test("VF-05 mounts that were added are a note", .only(.hull))
    func added() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            try #expect(container.mounts("add", ["destination": "/mnt", "type": "tmpfs"]).ok)
            let line = "note: /mounts: says nothing, found tmpfs at /mnt (added by hull mounts add)"
            try compare(container, [line], code: 0)
        }
    }

    @Test("VF-06 --format json", .only(.hull))
    func json() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            try meddle(s, container, ["/bin/umount", "/dev/shm"])
            try #expect(container.mounts("add", ["destination": "/mnt", "type": "tmpfs"]).ok)
            let outcome = try container("verify", "--format=json")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            let expected: JSON = [
                "id": .string(container.id),
                "differences": [["pointer": "/mounts/3", "config": "a mount at /dev/shm", "found": "none"]],
                "notes": [
                    [
                        "pointer": "/mounts", "config": "nothing", "found": "tmpfs at /mnt",
                        "reason": "added by hull mounts add",
                    ]
                ],
            ]
            #expect(outcome.json == expected, "\(outcome)")
        }
    }

    // Goal: what update has changed is not drift. Method: new rules for devices, another filter then.
    @Test("VF-07 a container is compared with its last update", .only(.hull))
    func updated() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let resources: JSON = [
                "devices": [
                    ["allow": false, "access": "rwm"],
                    ["allow": true, "type": "c", "major": 1, "minor": 9, "access": "r"],
                ]
            ]
            let outcome = try s.runtime(["update", "--resources", "-", container.id], stdin: resources.text)
            #expect(outcome.ok, "\(outcome)")
            try compare(container, [], code: 0)
        }
    }

    @Test("VF-08 a container whose program does not run is refused", .only(.hull))
    func statuses() throws {
        try scenario { s in
            let created = try s.create(try s.bundle(script: "exec sleep 100"))
            expect(try created("verify"), says: ["container not running: its program is not yet started"])
            try #expect(created("start").ok)
            try #expect(created("pause").ok)
            try compare(created, [], code: 0)
            try #expect(created("resume").ok)
            let stopped = try s.start("true")
            try stopped.comes(to: "stopped")
            #expect(try stopped("verify").ending == .exit(1))
            expect(try s.runtime("verify", "nobody"), says: ["container does not exist"])
        }
    }
}
