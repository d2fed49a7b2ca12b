// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// A person at a terminal: the runtime is the foreground job of a session whose controlling terminal is ours.
@Suite(.runnable, .program("setsid"))
struct TerminalForeground {
    /// A terminal with the runtime on it.
    private struct Session {
        let terminal: Terminal
        let slave: Int32
        let call: Call
        let before: [UInt8]

        func says(_ words: String, at location: SourceLocation = #_sourceLocation) {
            let heard = terminal.hears(words, within: 20)
            #expect(heard, "no \(words) in \(terminal.text)", sourceLocation: location)
        }

        /// Waits for the end; the terminal must be as it was before.
        func ends(_ ending: Ending, at location: SourceLocation = #_sourceLocation) {
            let outcome = call.outcome()
            _ = terminal.hears("\u{0}", within: 0)
            #expect(outcome.ending == ending, "\(outcome) \(terminal.text)", sourceLocation: location)
            #expect(settings(slave) == before, "the terminal's settings are changed", sourceLocation: location)
            close(slave)
        }
    }

    private func open(_ s: Scenario, _ words: [String], rows: UInt16 = 30, columns: UInt16 = 100) throws -> Session {
        let pair = try Terminal.pair()
        resize(pair.slave, rows, columns)
        let before = settings(pair.slave)
        var launch = s.runtime.launch(words)
        launch.arguments = ["--ctty", "--wait", launch.program] + launch.arguments
        launch.program = try #require(Files.program("setsid"))
        launch.terminal = pair.slave
        return Session(terminal: pair.master, slave: pair.slave, call: try s.runtime.start(launch), before: before)
    }

    private func run(_ s: Scenario, _ script: String, id: String? = nil) throws -> Session {
        let bundle = try s.bundle(script: script) { $0["/process/terminal"] = true }
        return try open(s, ["run", "--bundle", bundle.directory, id ?? s.id()])
    }

    // Goal: what programs ask of a terminal. Method: the probe, the size, and typed text that comes back twice.
    @Test("run: a terminal of the caller's size, with echo", .timeLimit(.minutes(1)))
    func talk() throws {
        try scenario { s in
            let session = try run(s, "probe tty; stty size; read line; echo got $line; exit 5")
            session.says("\"isatty\":[true,true,true]")
            session.says("\"controlling\":true")
            session.says("30 100")
            #expect(settings(session.slave) != session.before, "the caller's terminal is raw meanwhile")
            session.terminal.write("fish\r")
            session.says("fish\r\ngot fish\r\n")
            session.ends(.exit(5))
        }
    }

    @Test("run: a new size is passed on", .timeLimit(.minutes(1)))
    func resized() throws {
        try scenario { s in
            let session = try run(s, "echo ready; until test \"$(stty size)\" = '41 132'; do sleep 0.05; done; exit 6")
            session.says("ready")
            resize(session.slave, 41, 132)
            session.ends(.exit(6))
        }
    }

    // Goal: ^C and ^\ are the program's, not the runtime's. Method: traps in the container.
    @Test(
        "run: keys that are signals reach the program", .timeLimit(.minutes(1)),
        arguments: [("INT", "\u{3}"), ("QUIT", "\u{1c}")])
    func interrupted(name: String, key: String) throws {
        try scenario { s in
            let session = try run(s, "trap 'echo caught; exit 9' \(name); echo ready; while :; do sleep 0.05; done")
            session.says("ready")
            session.terminal.write(key)
            session.says("caught")
            session.ends(.exit(9))
        }
    }

    // Goal: the terminal is given back in every way to end. Method: a signal to the runtime; a program that is not
    // there.
    @Test("run: the terminal is restored after a signal", .timeLimit(.minutes(1)))
    func signalled() throws {
        try scenario { s in
            let session = try run(s, "trap 'exit 11' TERM; echo ready; while :; do sleep 0.05; done")
            session.says("ready")
            // Our child is setsid; the runtime is its child.
            let children = Files.read("/proc/\(session.call.pid)/task/\(session.call.pid)/children") ?? ""
            let runtime = try #require(children.split(separator: " ").first.flatMap { pid_t(String($0)) })
            kill(runtime, SIGTERM)
            session.ends(.exit(11))
        }
    }

    @Test("run: the terminal is restored after a failure", .timeLimit(.minutes(1)))
    func failed() throws {
        try scenario { s in
            let bundle = try s.bundle(["/no/such/program"]) { $0["/process/terminal"] = true }
            let session = try open(s, ["run", "--bundle", bundle.directory, s.id()])
            session.says("no such file or directory")
            session.ends(.exit(1))
        }
    }

    // Goal: a shell in a running container. Method: exec --tty, typed commands, ^C for a job of that shell.
    @Test("exec --tty: a shell", .timeLimit(.minutes(1)))
    func exec() throws {
        try scenario { s in
            let bundle = try s.bundle(["sleep", "300"])
            let id = s.id()
            let outcome = try s.runtime("run", "--detach", "--bundle", bundle.directory, id)
            try #require(outcome.ok, "\(outcome)")
            let session = try open(s, ["exec", "--tty", id, "/bin/sh"])
            session.terminal.write("stty size; tty\r")
            session.says("30 100")
            session.says("/dev/")
            session.terminal.write("sleep 100\r")
            session.says("sleep 100")
            usleep(300_000)
            session.terminal.write("\u{3}")
            session.terminal.write("echo st''ill here\r")
            session.says("still here")
            session.terminal.write("exit 4\r")
            session.ends(.exit(4))
        }
    }

    // Goal: the very first thing that a person does. Method: the unchanged config of spec, whose program is sh.
    @Test(
        "the unchanged config of spec, typed to", .timeLimit(.minutes(1)), .program("runc"),
        arguments: ["runc", Runtime.program])
    func spec(program: String) throws {
        try scenario { s in
            let bundle = try Demo.bundle(s)
            try Demo.spec(s, program, in: bundle) { _ in }
            let session = try open(s, ["run", "--bundle", bundle, s.id()])
            session.terminal.write("echo he''llo $(id -u); exit 3\r")
            session.says("hello 0")
            session.ends(.exit(3))
        }
    }
}

/// All that tcgetattr(3) tells, as bytes.
private func settings(_ terminal: Int32) -> [UInt8] {
    var all = termios()
    tcgetattr(terminal, &all)
    return withUnsafeBytes(of: &all) { Array($0) }
}

private func resize(_ terminal: Int32, _ rows: UInt16, _ columns: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
}
