// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// How container processes relate to the caller, and what passes between them in the foreground.
@Suite(.runnable, .conformance)
struct Foreground {
    // Goal: signals to the runtime reach the program. Method: a program that ends with a code of each signal.
    @Test("LC-15 run forwards signals", arguments: ["TERM", "USR1", "INT", "HUP", "USR2", "QUIT"])
    func forwards(name: String) throws {
        let numbers = [
            "TERM": SIGTERM, "USR1": SIGUSR1, "INT": SIGINT, "HUP": SIGHUP, "USR2": SIGUSR2, "QUIT": SIGQUIT,
        ]
        let number = try #require(numbers[name])
        try scenario { s in
            let script = "trap 'exit 77' \(name); echo READY; while true; do sleep 0.05; done"
            let bundle = try s.bundle(script: script)
            let call = try s.runtime.start(["run", "--bundle", bundle.directory, s.id()])
            #expect(eventually { call.stdout.contains("READY") }, "\(call.stdout)")
            call.send(number)
            #expect(call.outcome().ending == .exit(77))
        }
    }

    // Goal: standard streams pass. Method: feed the input, read both outputs.
    @Test("LC-16 run passes stdin, stdout and stderr")
    func streams() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat; echo oops >&2")
            let text = String(repeating: "line of input\n", count: 20_000)
            let outcome = try s.runtime(["run", "--bundle", bundle.directory, s.id()], stdin: text)
            #expect(outcome.ok, "\(outcome.stderr)")
            #expect(outcome.stdout == text)
            #expect(outcome.stderr.contains("oops\n"))
        }
    }

    // Goal: create hands the caller's own streams to the program. Method: the same open files inside and outside.
    @Test("LC-17 create gives the caller's streams to the program")
    func inherited() throws {
        try scenario { s in
            let container = try s.start("echo out; echo err >&2")
            try container.comes(to: "stopped")
            #expect(container.lines == ["out"])
            #expect(Files.read(container.call.outputs.stderr)?.contains("err\n") == true)
        }
    }

    // Goal: the init of a created container falls to the caller, who can wait for it. Method: its parent and its
    // status.
    @Test("LC-18 the container's process is an orphan for the caller's subreaper")
    func orphan() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "exit 7"))
            let pid = try container.pid()
            try #expect(container("start").ok)
            #expect(ending(of: pid) == .exit(7))
        }
        try scenario { s in
            let container = try s.start("exec sleep 100")
            #expect(Status(of: "\(try container.pid())")["PPid"] == "\(getpid())")
        }
    }

    // Goal: many at once. Method: ten runs at the same time, each with its own answer.
    @Test("LC-19 ten containers at once")
    func parallel() throws {
        try scenario { s in
            let calls = try (0..<10).map { number in
                let bundle = try s.bundle(script: "echo \(number); exit \(number)") {
                    $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("p\(number)"))
                }
                return try s.runtime.start(["run", "--bundle", bundle.directory, s.id()])
            }
            for (number, call) in calls.enumerated() {
                let outcome = call.outcome()
                #expect(outcome.ending == .exit(Int32(number)), "\(outcome)")
                #expect(outcome.lines == ["\(number)"])
            }
        }
    }

    // Goal: a refused create leaves nothing at all. Method: a fault that shows late, inside.
    @Test("LC-20 a create that fails late leaves nothing behind")
    func nothingLeft() throws {
        try scenario(strict: true) { s in
            try s.refuses("/linux/namespaces/5", "nvalid argument", "type", "not a") {
                $0.namespace("network", path: "/proc/self/ns/uts")
            }
        }
    }

    // Goal: asking during create and delete never gives a parse error. Method: poll state and list meanwhile.
    @Test("LC-21 state and list are consistent while containers come and go")
    func concurrent() throws {
        try scenario { s in
            let id = s.id()
            let bundle = try s.bundle(script: "true")
            for _ in 0..<5 {
                let run = try s.runtime.start(["run", "--bundle", bundle.directory, id])
                var done = false
                while !done {
                    let state = try s.runtime("state", id)
                    if state.ok {
                        let status = state.json?["/status"]?.string ?? ""
                        #expect(["creating", "created", "running", "stopped"].contains(status), "\(state)")
                    } else {
                        #expect(state.stderr.contains("does not exist"), "\(state)")
                    }
                    let list = try s.runtime("list", "--format", "json")
                    #expect(list.ok && list.json != nil, "\(list)")
                    done = Files.read("/proc/\(run.pid)/stat") == nil
                }
                #expect(run.outcome().ok)
            }
        }
    }

    // Goal: a killed init is noticed. Method: SIGKILL from the host, then state.
    @Test("LC-22 a killed init is stopped, also while it is a zombie")
    func killed() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            kill(pid_t(try container.pid()), SIGKILL)
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
        }
    }
}
