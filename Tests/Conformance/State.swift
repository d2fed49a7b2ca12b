// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct State {
    @Test("ST-01 state has the fields of the spec")
    func fields() throws {
        try scenario { s in
            let container = try s.create(
                try s.bundle(script: "true") { $0["/annotations"] = ["org.example.key": "value"] })
            let state = try container.state()
            #expect(state["/ociVersion"]?.string?.hasPrefix("1.") == true)
            #expect(state["/id"]?.string == container.id)
            #expect(state["/status"]?.string == "created")
            #expect((state["/pid"]?.int ?? 0) > 1)
            #expect(state["/bundle"]?.string == container.bundle.directory)
            #expect(state["/annotations/org.example.key"]?.string == "value")
        }
    }

    @Test("ST-02 state has the fields that engines read: rootfs, created, owner")
    func more() throws {
        try scenario { s in
            let state = try s.create(try s.bundle(script: "true")).state()
            #expect(state["/rootfs"]?.string?.hasSuffix("/rootfs") == true)
            #expect(
                state["/created"]?.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/)
                    != nil)
            #expect(state["/owner"]?.string != nil)
        }
    }

    @Test("ST-03 the pid of a stopped container is 0")
    func stoppedPid() throws {
        try scenario { s in
            let container = try s.start("true")
            try container.comes(to: "stopped")
            #expect(try container.state()["/pid"]?.int ?? 0 == 0)
        }
    }

    @Test("ST-04 bundle is absolute when it was given relative")
    func absoluteBundle() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let id = s.id()
            try #expect(s.runtime("create", "--bundle", "b1", id).ok)
            #expect(try s.runtime("state", id).json?["/bundle"]?.string == bundle.directory)
        }
    }

    @Test("ST-05 state of an unknown container is refused with the engines' words")
    func nobody() throws {
        try scenario { s in
            let outcome = try s.runtime("state", "nobody")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stdout.isEmpty)
            expect(outcome, says: ["container does not exist", "does not exist"])
        }
    }

    @Test("ST-06 state without an id is refused")
    func noID() throws {
        try scenario { s in
            let outcome = try s.runtime("state")
            #expect(outcome.failed, "\(outcome)")
        }
    }

    // Goal: two runtimes with other roots do not see each other. Method: the same id in both.
    @Test("ST-07 containers of another --root are not seen")
    func otherRoot() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "true"))
            var other = s.runtime
            other.root = s.directory + "/other"
            try #expect(other("state", container.id).failed)
            #expect(!(try other("list", "-q").stdout.contains(container.id)))
        }
    }

    // Goal: a pid that another process has by now is not ours. Method: kill init, look again after others were made.
    @Test("ST-08 state says stopped after init is gone, whoever has its number")
    func reusedPid() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let pid = try container.pid()
            kill(pid: pid)
            #expect(ending(of: pid) == .signal(9))
            #expect(try PidNumber.take(pid))
            #expect(try container.status() == "stopped")
            let outcome = try container("kill", "KILL")
            #expect(outcome.failed, "\(outcome)")
            #expect(PidNumber.lives(pid))
            PidNumber.release(pid)
        }
    }
}

extension State {
    // Goal: a status that the specification does not have stands for a state of its own. Method: freeze and thaw from
    // the host's side; the spec's statuses before and after.
    @Test("ST-60 a container whose cgroup is frozen is paused")
    func paused() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let freeze = s.cgroupDirectory("g1") + "/cgroup.freeze"
            #expect(try container.status() == "running")
            Files.put("1", in: freeze)
            try container.comes(to: "paused")
            #expect(try container.state()["/pid"]?.int == container.pid())
            Files.put("0", in: freeze)
            try container.comes(to: "running")
        }
    }
}

/// Makes a process with a chosen pid, which needs CAP_CHECKPOINT_RESTORE or root of the pid namespace.
enum PidNumber {
    static func take(_ pid: Int) throws -> Bool {
        for _ in 0..<200 {
            guard Files.put("\(pid - 1)", in: "/proc/sys/kernel/ns_last_pid") == 0 else { return false }
            let call = try Launch("/bin/sleep", ["100"], in: "/").start(outputs: Machine.base + "/pid.\(pid)")
            if Int(call.pid) == pid { return true }
            call.send(9)
            _ = call.outcome()
        }
        return false
    }

    static func lives(_ pid: Int) -> Bool { ending(of: pid, within: 0.3) == nil }

    static func release(_ pid: Int) {
        kill(pid: pid)
        _ = ending(of: pid)
    }
}
