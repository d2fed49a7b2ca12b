// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Notify {
    private func launch(_ s: Scenario, _ manager: NotifyManager, _ arguments: [String]) -> Launch {
        var launch = s.runtime.launch(arguments)
        launch.environment.append("NOTIFY_SOCKET=" + manager.path)
        return launch
    }

    private func manager(_ s: Scenario) throws -> NotifyManager { try NotifyManager(at: s.directory + "/manager") }

    /// A created container, made for a service manager.
    private func created(_ s: Scenario, _ manager: NotifyManager, _ script: String) throws -> String {
        let bundle = try s.bundle(script: script) { $0["/root/readonly"] = false }
        let id = s.id()
        let outcome = try s.runtime.start(launch(s, manager, ["create", "--bundle", bundle.directory, id])).outcome()
        try #require(outcome.ok, "\(outcome)")
        return id
    }

    // Goal: start returns when the program is ready, and the manager knows its pid. Method: readiness after a while.
    @Test("NO-01 start waits for readiness and passes it on with the program's pid")
    func start() throws {
        try scenario { s in
            let manager = try manager(s)
            let id = try created(s, manager, "sleep 1; /bin/probe notify READY=1; exec sleep 100")
            let pid = try s.runtime("state", id).json?["/pid"]?.int ?? 0
            let call = try s.runtime.start(launch(s, manager, ["start", id]))
            usleep(400_000)
            #expect(manager.lines == [])
            var lines: [String] = []
            #expect(
                eventually {
                    lines = manager.lines
                    return lines.count >= 3
                })
            #expect(lines == ["READY=1", "MAINPID=\(pid)", "BARRIER=1"])
            let outcome = call.outcome()
            #expect(outcome.ok, "\(outcome)")
        }
    }

    // Goal: READY in any line. Method: the status before it, in the same message; one without it first.
    @Test("NO-02 readiness is found in any line of a message, and nothing else is passed on")
    func lines() throws {
        try scenario { s in
            let manager = try manager(s)
            let id = try created(
                s, manager,
                "/bin/probe notify STATUS=starting , notify 'STATUS=up\nREADY=1\nFDSTORE=1'; exec sleep 100")
            let call = try s.runtime.start(launch(s, manager, ["start", id]))
            #expect(eventually { manager.lines.contains { $0.hasPrefix("MAINPID=") } })
            #expect(eventually { manager.lines.contains("BARRIER=1") })
            #expect(call.outcome().ok)
            #expect(manager.lines.filter { !$0.hasPrefix("MAINPID=") && $0 != "BARRIER=1" } == ["READY=1"])
        }
    }

    // Goal: a program that ends without a word. Method: it does so.
    @Test("NO-03 the end of the container ends the wait")
    func death() throws {
        try scenario { s in
            let manager = try manager(s)
            let id = try created(s, manager, "sleep 0.3")
            let outcome = try s.runtime.start(launch(s, manager, ["start", id])).outcome(within: 10)
            #expect(outcome.ok, "\(outcome)")
            #expect(manager.lines == [])
        }
    }

    // Goal: in the foreground the runtime is the process to watch. Method: its own pid.
    @Test("NO-04 run passes readiness on with its own pid")
    func foreground() throws {
        try scenario { s in
            let manager = try manager(s)
            let bundle = try s.bundle(script: "/bin/probe notify READY=1; sleep 1; exit 7") {
                $0["/root/readonly"] = false
            }
            let call = try s.runtime.start(launch(s, manager, ["run", "--bundle", bundle.directory, s.id()]))
            #expect(eventually { manager.lines.contains { $0.hasPrefix("MAINPID=") } })
            #expect(manager.lines.prefix(2) == ["READY=1", "MAINPID=\(call.pid)"])
            #expect(call.outcome().ending == .exit(7))
        }
    }

    @Test("NO-05 run --detach returns when readiness is passed on")
    func detached() throws {
        try scenario { s in
            let manager = try manager(s)
            let bundle = try s.bundle(script: "sleep 0.5; /bin/probe notify READY=1; exec sleep 100") {
                $0["/root/readonly"] = false
            }
            let id = s.id()
            let words = ["run", "--detach", "--bundle", bundle.directory, id]
            let call = try s.runtime.start(launch(s, manager, words))
            #expect(eventually { manager.lines.contains("BARRIER=1") })
            #expect(call.outcome().ok)
            let pid = try s.runtime("state", id).json?["/pid"]?.int ?? 0
            #expect(manager.lines == ["READY=1", "MAINPID=\(pid)", "BARRIER=1"])
        }
    }

    // Goal: the manager's own socket is not the container's. Method: what is seen inside.
    @Test("NO-06 the container has a socket of its own, in a directory that it cannot write", .only(.hull, .runc))
    func inside() throws {
        try scenario { s in
            let manager = try manager(s)
            let bundle = try s.bundle(
                script: "echo $NOTIFY_SOCKET; touch /run/notify/x || grep -o ' /run/notify [^ ]*' /proc/self/mountinfo"
            ) {
                $0["/root/readonly"] = false
                $0["/process/env/-"] = "NOTIFY_SOCKET=/tmp/other"
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
            }
            let outcome = try s.runtime.start(launch(s, manager, ["run", "--bundle", bundle.directory, s.id()]))
                .outcome()
            #expect(
                outcome.lines == ["/run/notify/notify.sock", " /run/notify ro,nosuid,nodev,noexec,relatime"],
                "\(outcome)")
        }
    }
}
