// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Lifecycle {
    // Goal: the states of the spec in their order. Method: one container through all verbs, asked at each step.
    @Test("LC-01 created, running, stopped, deleted")
    func states() throws {
        try scenario { s in
            let container = try s.create(
                try s.bundle(script: "echo ran; until test -e /tmp/end; do sleep 0.05; done") {
                    $0["/root/readonly"] = false
                })
            #expect(try container.status() == "created")
            #expect(container.output.isEmpty)
            try #expect(container("start").ok)
            container.says("ran")
            #expect(try container.status() == "running")
            try Files.write("", to: container.bundle.rootfs + "/tmp/end")
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            try #expect(container("state").failed)
        }
    }

    // Goal: the program does not run before start. Method: a file that only the program writes.
    @Test("LC-02 create does not run the program")
    func notRun() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "echo x > /tmp/ran") { $0["/root/readonly"] = false })
            #expect(!Files.exists(container.bundle.rootfs + "/tmp/ran"))
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            #expect(Files.exists(container.bundle.rootfs + "/tmp/ran"))
        }
    }

    // Goal: start is for created containers only. Method: start a running and a stopped one.
    @Test("LC-03 start of a running or stopped container is refused")
    func startTwice() throws {
        try scenario { s in
            let container = try s.start("echo up; exec sleep 100")
            container.says("up")
            let again = try container("start")
            #expect(again.ending == .exit(1), "\(again)")
            #expect(try container.status() == "running")
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
            let after = try container("start")
            #expect(after.ending == .exit(1), "\(after)")
            #expect(try container.status() == "stopped")
        }
    }

    // Goal: the config is read once. Method: change it between create and start, and make it no JSON.
    @Test("LC-04 changes of config.json after create have no effect")
    func configChange() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "echo first; hostname"))
            container.bundle.text = "{ not json"
            try container.bundle.write()
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            #expect(container.lines == ["first", "container"])
        }
    }

    // Goal: an id is free again after delete. Method: use it twice.
    @Test("LC-05 an id may be used again after delete")
    func reuse() throws {
        try scenario { s in
            let id = s.id()
            for word in ["one", "two"] {
                let container = try s.create(try s.bundle(script: "echo \(word)"), id: id)
                try #expect(container("start").ok)
                try container.comes(to: "stopped")
                #expect(container.lines == [word])
                try #expect(container("delete").ok)
            }
        }
    }

    // Goal: an id in use is refused and its owner not harmed. Method: create, run with the id of a running one.
    @Test("LC-06 an id in use is refused", arguments: ["create", "run"])
    func duplicate(verb: String) throws {
        try scenario { s in
            let container = try s.start("echo up; exec sleep 100")
            container.says("up")
            let bundle = try s.bundle(script: "true")
            let second = try s.runtime(verb, "--bundle", bundle.directory, container.id)
            #expect(second.ending == .exit(1), "\(second)")
            expect(second, says: ["already exists"])
            #expect(try container.status() == "running")
        }
    }

    // Goal: of two creates of one id at once one wins. Method: eight at the same time.
    @Test("LC-07 of several creates of one id at once exactly one succeeds")
    func race() throws {
        try scenario { s in
            let id = s.id()
            let bundles = try (0..<8).map { _ in try s.bundle(script: "exec sleep 100") }
            let calls = try bundles.map { try s.runtime.start(["create", "--bundle", $0.directory, id]) }
            let ended = calls.map { $0.outcome() }
            #expect(ended.filter(\.ok).count == 1, "\(ended.map(\.stderr))")
            let state = try s.runtime("state", id)
            #expect(state.json?["/status"]?.string == "created", "\(state)")
        }
    }

    // Goal: run is create, start, wait and delete. Method: the exit code, and the id is unknown afterwards.
    @Test("LC-08 run gives the program's exit code and deletes", arguments: [0, 1, 42, 255] as [Int32])
    func run(code: Int32) throws {
        try scenario { s in
            let id = s.id()
            let outcome = try s.run(try s.bundle(script: "exit \(code)"), id: id)
            #expect(outcome.ending == .exit(code), "\(outcome)")
            try #expect(s.runtime("state", id).failed)
        }
    }

    // Goal: a death by a signal is 128 and its number. Method: a program that kills itself, not as pid 1.
    @Test("LC-09 run gives 128 and the number of the signal", arguments: [9, 15, 6] as [Int32])
    func runSignal(number: Int32) throws {
        try scenario { s in
            let outcome = try s.run(
                try s.bundle(["/bin/probe", "kill-self", "\(number)"]) { $0.removeNamespace("pid") })
            #expect(outcome.ending == .exit(128 + number), "\(outcome)")
        }
    }

    // Goal: a detached run returns while the program lives. Method: state afterwards.
    @Test("LC-10 run --detach returns while the program runs")
    func detach() throws {
        try scenario { s in
            let id = s.id()
            let bundle = try s.bundle(script: "exec sleep 100")
            let outcome = try s.runtime("run", "--detach", "--bundle", bundle.directory, id)
            #expect(outcome.ok, "\(outcome)")
            #expect(try s.runtime("state", id).json?["/status"]?.string == "running")
        }
    }

    // Goal: --keep leaves the stopped container. Method: state afterwards.
    @Test("LC-11 run --keep leaves a stopped container")
    func keep() throws {
        try scenario { s in
            let id = s.id()
            let bundle = try s.bundle(script: "exit 3")
            #expect(try s.runtime("run", "--keep", "--bundle", bundle.directory, id).ending == .exit(3))
            #expect(try s.runtime("state", id).json?["/status"]?.string == "stopped")
            try #expect(s.runtime("delete", id).ok)
        }
    }

    // Goal: the pid file is there when create returns: digits only. Method: compare with state.
    @Test("LC-12 the pid file holds the digits of the pid", arguments: ["create", "run --detach"])
    func pidFile(verb: String) throws {
        try scenario { s in
            let id = s.id()
            let file = s.directory + "/pid"
            let bundle = try s.bundle(script: "exec sleep 100")
            let words = verb.split(separator: " ").map(String.init)
            let outcome = try s.runtime(words + ["--bundle", bundle.directory, "--pid-file", file, id])
            #expect(outcome.ok, "\(outcome)")
            let pid = try #require(try s.runtime("state", id).json?["/pid"]?.int)
            #expect(Files.read(file) == "\(pid)")
            #expect(Files.list(s.directory).filter { $0.contains("pid") } == ["pid"])
        }
    }

    // Goal: a device stays what it is, also when it is named for the pid file, and so does all else that is no file.
    // Method: a device of null's numbers in a directory of our own, written to by create, exec and a run that fails; a
    // link to it, a directory and a pipe.
    @Test("LC-23 a device at the place of the pid file is written to and stays", .only(.hull))
    func pidDevice() throws {
        try scenario { s in
            let place = s.directory + "/pids"
            try Files.makeDirectory(place)
            try #require(mknod(place + "/null", S_IFCHR | 0o666, 0x103) == 0)
            try Files.link("null", at: place + "/link")
            try Files.makeDirectory(place + "/directory")
            try #require(mkfifo(place + "/pipe", 0o600) == 0)
            let before = Files.fingerprint(place)
            let container = try s.create(s.bundle(script: "exec sleep 100"), ["--pid-file", place + "/null"])
            try #expect(container("start").ok)
            let executed = try container.exec("true", options: ["--pid-file", place + "/null"])
            #expect(executed.ok, "\(executed)")
            let bad = try s.bundle(script: "true") { $0["/process/cwd"] = "/bin/sh" }
            try #expect(s.runtime("run", "--bundle", bad.directory, "--pid-file", place + "/null", s.id()).failed)
            for name in ["link", "directory", "pipe"] {
                let bundle = try s.bundle(script: "true")
                let outcome = try s.runtime(
                    "create", "--bundle", bundle.directory, "--pid-file", place + "/" + name, s.id())
                #expect(outcome.ending == .exit(1), "\(outcome)")
                expect(outcome, says: ["\(place)/\(name): the place of a pid file is a regular file"])
            }
            #expect(Files.fingerprint(place) == before)
        }
    }

    // Goal: a relative pid file is one of the caller's directory. Method: a name without a directory.
    @Test("LC-13 a relative pid file is taken from the caller's directory")
    func relativePidFile() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            try #expect(s.runtime("create", "--bundle", bundle.directory, "--pid-file", "here.pid", s.id()).ok)
            #expect(Files.exists(s.directory + "/here.pid"))
        }
    }

    // Goal: the caller's directory is the default bundle, and a relative one is taken from it. Method: both.
    @Test("LC-14 the bundle is the caller's directory when not said, and may be relative")
    func bundleDirectory() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo ran")
            var launch = s.runtime.launch(["run", s.id()])
            launch.directory = bundle.directory
            #expect(try s.runtime.start(launch).outcome().lines == ["ran"])
            #expect(try s.runtime("run", "-b", "b1", s.id()).lines == ["ran"])
        }
    }

    // Goal: start does not wait for a process that is gone. Method: kill init of a created container from the host.
    @Test("LC-60 start of a container whose first process was killed is refused at once")
    func startOfDead() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "echo ran"))
            let pid = try container.pid()
            kill(pid: pid)
            #expect(ending(of: pid) == .signal(9))
            let outcome = try container("start")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["cannot start a container that has stopped", "not in created state", "not running"])
            #expect(try container.status() == "stopped")
        }
    }

    // Goal: a failing start is told by what is wrong, not by what it led to. Method: the words for a running one.
    @Test("LC-61 start of a running container says so in the engines' words", .only(.hull, .runc))
    func startOfRunning() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try container("start")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["cannot start an already running container"])
        }
    }
}
