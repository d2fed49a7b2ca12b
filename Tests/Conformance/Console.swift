// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Console {
    static func terminal(_ config: inout JSON) {
        config["/process/terminal"] = true
        config["/process/consoleSize"] = ["height": 37, "width": 111]
    }

    /// A container with a terminal whose master was received on a console socket.
    private func open(_ s: Scenario, _ script: String, _ edit: (inout JSON) -> Void = { _ in }) throws -> (
        Container, Terminal
    ) {
        let socket = try ConsoleSocket(at: s.directory + "/tty")
        let bundle = try s.bundle(script: script) {
            Self.terminal(&$0)
            edit(&$0)
        }
        let container = try s.create(bundle, ["--console-socket", socket.path])
        return (container, try socket.terminal())
    }

    // Goal: one message with one descriptor, the master, and a name. Method: receive it; talk through it.
    @Test("CO-01 the master of the terminal is sent on the console socket")
    func sent() throws {
        try scenario { s in
            let (container, terminal) = try open(s, "echo ready; tty; read line; echo got $line")
            #expect(terminal.descriptors == 1)
            #expect(!terminal.name.isEmpty)
            try #expect(container("start").ok)
            terminal.says("ready")
            terminal.write("fish\n")
            terminal.says("got fish")
            #expect(terminal.text.contains("/dev/"), "\(terminal.text)")
            try container.comes(to: "stopped")
        }
    }

    @Test("CO-02 consoleSize is the size of the terminal")
    func size() throws {
        try scenario { s in
            let (container, terminal) = try open(s, "stty size")
            #expect(terminal.size == [37, 111])
            try #expect(container("start").ok)
            terminal.says("37 111")
            try container.comes(to: "stopped")
        }
    }

    // Goal: the terminal is the controlling one. Method: /dev/tty and the probe's word.
    @Test("CO-03 the terminal controls the program's session")
    func controlling() throws {
        try scenario { s in
            let (container, terminal) = try open(
                s,
                "trap 'echo interrupted; exit' INT; echo through > /dev/tty; probe tty; while true; do sleep 0.1; done")
            try #expect(container("start").ok)
            terminal.says("through")
            terminal.says("\"controlling\":true")
            terminal.says("\"isatty\":[true,true,true]")
            terminal.write("\u{3}")
            terminal.says("interrupted")
            try container.comes(to: "stopped")
        }
    }

    @Test("CO-04 /dev/console is the terminal")
    func console() throws {
        try scenario { s in
            let (container, terminal) = try open(s, "test -c /dev/console && echo through > /dev/console")
            try #expect(container("start").ok)
            terminal.says("through")
            try container.comes(to: "stopped")
        }
    }

    @Test("CO-05 the terminal belongs to the program's user")
    func owner() throws {
        try scenario { s in
            let (container, terminal) = try open(s, "stat -c 'owner %u' $(tty) /proc/self/fd/0 -L; echo end") {
                $0["/process/user"] = ["uid": 1000, "gid": 1000]
            }
            try #expect(container("start").ok)
            terminal.says("end")
            #expect(terminal.text.contains("owner 1000"), "\(terminal.text)")
            try container.comes(to: "stopped")
        }
    }

    @Test("CO-06 a terminal in a user namespace", .needs(.userNamespace))
    func userNamespace() throws {
        try scenario { s in
            let (container, terminal) = try open(s, "test -c /dev/console && echo ready; read l; echo got $l") {
                $0.userNamespace()
            }
            try #expect(container("start").ok)
            terminal.says("ready")
            terminal.write("fish\n")
            terminal.says("got fish")
            try container.comes(to: "stopped")
        }
    }

    @Test("CO-07 run --detach with a console socket")
    func detached() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let bundle = try s.bundle(script: "echo ready; exec sleep 100", Self.terminal)
            let outcome = try s.runtime(
                "run", "--detach", "--console-socket", socket.path, "--bundle", bundle.directory, s.id())
            #expect(outcome.ok, "\(outcome)")
            try socket.terminal().says("ready")
        }
    }

    @Test("CO-08 exec --tty with a console socket")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let options = ["--tty", "--detach", "--console-socket", socket.path]
            let outcome = try container.exec("sh", "-c", "probe tty; echo ready; read l; echo got $l", options: options)
            #expect(outcome.ok, "\(outcome)")
            let terminal = try socket.terminal()
            terminal.says("ready")
            terminal.says("\"controlling\":true")
            terminal.write("fish\n")
            terminal.says("got fish")
        }
    }

    // Goal: the size of the document is that of the terminal of exec. Method: another one than the container's.
    @Test("CO-16 a terminal of exec has the consoleSize of its process document")
    func execSize() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let container = try s.start("exec sleep 100")
            var process = Exec.process
            process["/terminal"] = true
            process["/consoleSize"] = ["height": 21, "width": 43]
            process["/args"] = ["/bin/sh", "-c", "stty size; sleep 1"]
            let call = try Exec.exec(
                s, container, process, ["--detach", "--console-socket", socket.path])
            let terminal = try socket.terminal()
            terminal.says("21 43")
            #expect(call.ok, "\(call)")
        }
    }

    @Test("CO-09 create with a terminal and no console socket is refused")
    func noSocket() throws {
        try scenario { s in try s.refuses("/process/terminal", "console", "terminal", "tty") { Self.terminal(&$0) } }
    }

    @Test("CO-10 a console socket without a terminal is refused")
    func noTerminal() throws {
        try scenario { s in
            let socket = try ConsoleSocket(at: s.directory + "/tty")
            let bundle = try s.bundle(script: "true")
            let outcome = try s.runtime("create", "--console-socket", socket.path, "--bundle", bundle.directory, s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
        }
    }

    @Test("CO-11 a console socket that is not there is refused")
    func missingSocket() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true", Self.terminal)
            let id = s.id()
            let outcome = try s.runtime(
                "create", "--console-socket", s.directory + "/none", "--bundle", bundle.directory, id)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["no such file or directory", "No such file or directory"])
            try #expect(s.runtime("state", id).failed)
        }
    }

    // Goal: an agent that goes away does not block create. Method: a socket that nobody accepts on any more.
    @Test("CO-12 a console socket that nobody listens on is refused")
    func deadSocket() throws {
        try scenario { s in
            let path = s.directory + "/tty"
            do { _ = try ConsoleSocket(at: path) }
            let bundle = try s.bundle(script: "true", Self.terminal)
            let outcome = try s.runtime("create", "--console-socket", path, "--bundle", bundle.directory, s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["onnection refused"])
        }
    }

    // Goal: paths longer than a socket address can be. Method: a directory with a long name, relative to nothing.
    @Test("CO-13 a console socket with a long path")
    func longPath() throws {
        try scenario { s in
            let directory = s.directory + "/" + String(repeating: "d", count: 150)
            try Files.makeDirectory(directory)
            try Files.link(directory, at: s.directory + "/short")
            let socket = try ConsoleSocket(at: s.directory + "/short/tty")
            let bundle = try s.bundle(script: "echo ready; exec sleep 100", Self.terminal)
            let outcome = try s.runtime(
                "run", "--detach", "--console-socket", directory + "/tty", "--bundle", bundle.directory, s.id())
            #expect(outcome.ok, "\(outcome)")
            try socket.terminal().says("ready")
        }
    }

    // Goal: a person's `run` with a terminal. Method: our own pseudoterminal as all three streams.
    @Test("CO-14 run with a terminal relays the caller's own")
    func foreground() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo ready; read l; echo got $l; exit 5") {
                $0["/process/terminal"] = true
            }
            let own = try Terminal.pair()
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.terminal = own.slave
            let call = try s.runtime.start(launch)
            own.master.says("ready")
            own.master.write("fish\n")
            own.master.says("got fish")
            #expect(call.outcome().ending == .exit(5))
        }
    }

    @Test("CO-15 without a terminal consoleSize is ignored")
    func ignoredSize() throws {
        try scenario { s in
            try #expect(
                s.inside("tty; echo ran") { $0["/process/consoleSize"] = ["height": 5, "width": 6] }.last == "ran")
        }
    }
}
