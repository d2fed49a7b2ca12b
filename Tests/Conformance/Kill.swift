// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Kill {
    /// A container that ends with 100 + the number of the first signal.
    private func waiting(_ s: Scenario) throws -> (Container, Int) {
        let container = try s.create(try s.bundle(["/bin/probe", "signal-wait"]))
        try #expect(container("start").ok)
        container.says("READY")
        return (container, try container.pid())
    }

    // Goal: TERM when nothing is said. Method: how the program ends.
    @Test("KL-01 kill without a signal sends TERM")
    func term() throws {
        try scenario { s in
            let (container, pid) = try waiting(s)
            try #expect(container("kill").ok)
            #expect(ending(of: pid) == .exit(115))
        }
    }

    @Test(
        "KL-02 signals by number, by name and by name with SIG",
        arguments: [("1", 1), ("HUP", 1), ("SIGHUP", 1), ("USR1", 10), ("SIGUSR2", 12), ("15", 15), ("SIGWINCH", 28)]
            as [(String, Int32)])
    func names(word: String, number: Int32) throws {
        try scenario { s in
            let (container, pid) = try waiting(s)
            let outcome = try container("kill", word)
            #expect(outcome.ok, "\(outcome)")
            #expect(ending(of: pid) == .exit(100 + number))
        }
    }

    @Test("KL-03 real-time signals by number")
    func realTime() throws {
        try scenario { s in
            let (container, pid) = try waiting(s)
            let outcome = try container("kill", "35")
            #expect(outcome.ok, "\(outcome)")
            #expect(ending(of: pid) == .exit(135))
        }
    }

    @Test("KL-04 an unknown signal is refused and has no effect", arguments: ["SIGFISH", "FISH", "99999", "1x"])
    func unknown(word: String) throws {
        try scenario(case: word) { s in
            let (container, _) = try waiting(s)
            let outcome = try container("kill", word)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(try container.status() == "running")
        }
    }

    @Test("KL-05 kill of a stopped container is refused with the engines' words")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            try container.comes(to: "stopped")
            let outcome = try container("kill", "TERM")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["container not running", "process already finished", "no such process"])
        }
    }

    @Test("KL-06 kill of an unknown container is refused with the engines' words")
    func nobody() throws {
        try scenario { s in
            let outcome = try s.runtime("kill", "nobody", "TERM")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["does not exist"])
        }
    }

    @Test("KL-07 a created container can be killed", arguments: ["KILL", "9"])
    func created(word: String) throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "echo ran"))
            try #expect(container("kill", word).ok)
            try container.comes(to: "stopped")
            #expect(container.output.isEmpty)
        }
    }

    @Test("KL-08 kill --all is accepted")
    func all() throws {
        try scenario { s in
            let (container, pid) = try waiting(s)
            let outcome = try container("kill", "--all", "KILL")
            #expect(outcome.ok, "\(outcome)")
            #expect(ending(of: pid) == .signal(9))
        }
    }

    // Goal: without a pid namespace KILL takes all. Method: a child in a session of its own.
    @Test("KL-09 KILL ends every process where there is no pid namespace of its own")
    func wholeGroup() throws {
        try scenario { s in
            let container = try s.start("setsid sleep 300 & echo up; exec sleep 300") { $0.removeNamespace("pid") }
            container.says("up")
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
            let procs = s.cgroupDirectory("g1") + "/cgroup.procs"
            #expect(eventually(within: 3) { (Files.read(procs) ?? "").isEmpty })
        }
    }

    @Test("KL-10 TERM goes to the container's process only")
    func onlyInit() throws {
        try scenario { s in
            let container = try s.start("trap 'exit 3' TERM; (trap '' TERM; sleep 1; echo child) & wait; wait")
            let pid = try container.pid()
            usleep(200_000)
            try #expect(container("kill", "TERM").ok)
            #expect(ending(of: pid) == .exit(3))
        }
    }

    @Test("KL-11 the first process of a pid namespace can be ended by KILL")
    func initProcess() throws {
        try scenario { s in
            let container = try s.start("trap '' TERM INT; while true; do sleep 0.1; done")
            let pid = try container.pid()
            try #expect(container("kill", "KILL").ok)
            #expect(ending(of: pid) == .signal(9))
        }
    }

    // Goal: a container that is still being created has nobody to signal, and that is said. Method: create waits for a
    // console socket whose queue is full.
    @Test("KL-13 kill of a container that has no process yet says so", .only(.hull))
    func creating() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let waiting = socket.fill()
            defer { waiting.forEach { close($0) } }
            let bundle = try s.bundle(script: "true") { Console.terminal(&$0) }
            let id = s.id()
            let call = try s.runtime.start([
                "create", "--console-socket", socket.path, "--bundle", bundle.directory, id,
            ])
            #expect(eventually { (try? s.runtime("state", id).json?["/status"]?.string) == "creating" })
            for words in [["KILL"], ["--all", "KILL"], ["TERM"]] {
                let outcome = try s.runtime(["kill"] + words.filter { $0.hasPrefix("-") } + [id, words.last ?? ""])
                #expect(outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: ["container not running: it is being created and has no process yet"])
            }
            call.send(SIGKILL)
            _ = call.outcome()
            #expect(try s.runtime("kill", id, "KILL").stderr.contains("has no process yet"))
            try #expect(s.runtime("delete", "--force", id).ok)
        }
    }

    @Test("KL-12 kill without an id is refused")
    func noID() throws {
        try scenario { s in try #expect(s.runtime("kill").failed) }
    }
}
