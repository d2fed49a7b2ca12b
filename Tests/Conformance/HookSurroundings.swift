// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// What hooks find around them, and what they leave.
@Suite(.runnable, .conformance)
struct HookSurroundings {
    /// Runs one hook of a kind with a script on the host, and the container to its end.
    private func run(_ kind: String, _ s: Scenario, _ script: (TestBundle) -> String) throws -> Outcome {
        let bundle = try s.bundle(script: "true")
        let hook = try Hooks.recorder("x", bundle, then: script(bundle))
        try bundle.edit { $0["/hooks/\(kind)"] = .array([hook]) }
        return try s.run(bundle)
    }

    // Goal: nothing of a hook outlives its time. Method: a hook that waits for a child; the child's pid afterwards.
    @Test(
        "HK-26 what a hook has started ends with it when its time is up",
        arguments: ["createRuntime", "createContainer"])
    func descendants(kind: String) throws {
        try scenario(case: kind) { s in
            let bundle = try s.bundle(script: "true")
            let pid = bundle.directory + "/pid"
            try Files.write(
                "#!/bin/sh\nsleep 100 &\necho $! > \(pid)\nwait\n", to: bundle.directory + "/slow", mode: 0o755)
            try bundle.edit { $0["/hooks/\(kind)"] = [["path": .string(bundle.directory + "/slow"), "timeout": 1]] }
            try s.refuses(bundle, "/hooks/\(kind)/0", [])
            // In the host's pid namespace for one kind; the other's number is of no use, its namespace is gone.
            guard kind == "createRuntime" else { return }
            let child = try #require(Files.read(pid)).trimmed
            let isGone = eventually(within: 2) { !(Files.read("/proc/\(child)/cmdline") ?? "").contains("sleep") }
            #expect(isGone, "\(child) lives")
            if !isGone, let number = Int(child) { Support.kill(pid: number) }
        }
    }

    // Goal: the state may be of any size, read or not. Method: an annotation larger than a pipe; one hook that reads
    // nothing and takes its time, one that reads all.
    @Test("HK-27 a state that is larger than a pipe, read or not")
    func large() throws {
        try scenario { s in
            let text = String(repeating: "x", count: 200_000)
            let bundle = try s.bundle(script: "echo ran") { $0["/annotations"] = ["org.example.large": .string(text)] }
            try Files.write("#!/bin/sh\nexec 0<&-\nsleep 0.1\n", to: bundle.directory + "/deaf", mode: 0o755)
            let reads = try Hooks.recorder("all", bundle)
            try bundle.edit {
                $0["/hooks/createRuntime"] = [["path": .string(bundle.directory + "/deaf")], reads]
                $0["/hooks/poststart"] = [["path": "/bin/true"]]
            }
            try #expect(s.run(bundle).lines == ["ran"])
            let state = try JSON(parsing: try #require(Files.read(bundle.directory + "/log.all")))
            #expect(state["/annotations/org.example.large"]?.string == text)
        }
    }

    // Goal: whose environment a hook has where none is said. Method: a word in the runtime's, another in the process's.
    @Test(
        "HK-28 without env a hook has the environment of whoever runs it",
        arguments: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
    func environment(kind: String) throws {
        try scenario(case: kind) { s in
            let bundle = try s.bundle(script: "cat /tmp/words") {
                $0["/root/readonly"] = false
                $0["/process/env/-"] = "WORD=inside"
            }
            let out = kind == "startContainer" ? "/tmp/words" : bundle.directory + "/words"
            try Files.write("#!/bin/sh\necho \"word $WORD\" > \(out)\n", to: bundle.rootfs + "/bin/hook", mode: 0o755)
            let path = kind == "startContainer" ? "/bin/hook" : bundle.rootfs + "/bin/hook"
            try bundle.edit { $0["/hooks/\(kind)"] = [["path": .string(path)]] }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.environment.append("WORD=outside")
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.ok || kind != "startContainer", "\(outcome)")
            let seen = kind == "startContainer" ? outcome.stdout : Files.read(out) ?? ""
            #expect(seen == (kind == "startContainer" ? "word inside\n" : "word outside\n"), "\(outcome)")
        }
    }

    @Test(
        "HK-29 hooks of the host run in the bundle's directory",
        arguments: ["prestart", "createRuntime", "createContainer", "poststart", "poststop"])
    func directory(kind: String) throws {
        try scenario(case: kind) { s in
            var out = ""
            var own = ""
            let outcome = try run(kind, s) { bundle in
                (out, own) = (bundle.directory + "/pwd", bundle.directory)
                return "pwd -P > \(bundle.directory)/pwd"
            }
            #expect(Files.read(out)?.trimmed == own, "\(outcome)")
        }
    }

    // Goal: poststart comes after the program is executed and before start returns. Method: the program that the pid in
    // the state has become, and a hook that takes its time.
    @Test("HK-31 poststart runs when the program has begun, before start returns")
    func started() throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/sleep", "100"])
            let out = bundle.directory + "/seen"
            let hook = try Hooks.recorder(
                "x", bundle,
                then: """
                    pid=$(sed 's/.*"pid": *\\([0-9]*\\).*/\\1/' \(bundle.directory)/log.x)
                    sleep 0.3; tr '\\0' ' ' < /proc/$pid/cmdline > \(out)
                    """)
            try bundle.edit { $0["/hooks/poststart"] = .array([hook]) }
            let container = try s.create(bundle)
            #expect(!Files.exists(out))
            try #expect(container("start").ok)
            #expect(Files.read(out) == "/bin/sleep 100 ")
        }
    }

    // Goal: the error says which program failed, with what arguments, and how. Method: an exit status, and a signal.
    @Test(
        "HK-33 the error names the hook's program, its arguments and how it ended", arguments: ["exit 9", "kill -9 $$"])
    func failure(end: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            var hook = try Hooks.recorder("bad", bundle, then: end)
            hook["/args"] = ["zero", "first argument"]
            // The name in the log is the first argument's no more.
            try bundle.edit { $0["/hooks/createRuntime"] = .array([hook]) }
            let outcome = try s.refuses(bundle, "/hooks/createRuntime/0", [])
            expect(outcome, says: end == "exit 9" ? ["exit status 9", "exit code: 9"] : ["signal"])
            if Runtime.kind == .hull { expect(outcome, says: ["\(bundle.directory)/hook-bad first argument"]) }
        }
    }

    // Goal: a hook of start that fails ends the container for good, as one of create does. Method: nothing is left, and
    // poststop has run.
    @Test(
        "HK-34 a failing hook of start destroys the container and poststop hooks run",
        arguments: ["startContainer", "poststart"])
    func destroys(kind: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            try bundle.edit {
                $0["/hooks/poststop"] = .array([try Hooks.recorder("poststop", bundle)])
                $0["/hooks/\(kind)"] = [["path": "/bin/sh", "args": ["sh", "-c", "exit 9"]]]
            }
            let container = try s.create(bundle)
            let start = try container("start")
            #expect(start.ending == .exit(1), "\(start)")
            if Runtime.kind == .hull { expect(start, says: [" /hooks/\(kind)/0"]) }
            #expect(Hooks.log(bundle) == ["poststop"])
            try #expect(container("state").failed)
            #expect(!Files.exists(s.cgroupDirectory("g1")))
            try #expect(container("delete", "--force").ok)
        }
    }

    // Goal: what hooks write can be kept, as crun has it. Method: every kind writes to both streams, into files that
    // have something in them already.
    @Test("HK-35 annotations name files to which the output of all hooks is added")
    func outputs() throws {
        try scenario { s in
            let kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
            let bundle = try s.bundle(script: "true")
            for file in ["out", "err"] { try Files.write("before\n", to: bundle.directory + "/" + file) }
            try bundle.edit { config in
                config["/annotations"] = [
                    "run.oci.hooks.stdout": .string(bundle.directory + "/out"),
                    "run.oci.hooks.stderr": .string(bundle.directory + "/err"),
                ]
                for kind in kinds {
                    config["/hooks/\(kind)"] = [
                        ["path": "/bin/sh", "args": ["sh", "-c", .string("echo \(kind) out; echo \(kind) err >&2")]]
                    ]
                }
            }
            let container = try s.create(bundle)
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            for file in ["out", "err"] {
                let lines = (Files.read(bundle.directory + "/" + file) ?? "").split(separator: "\n").map(String.init)
                #expect(lines == ["before"] + kinds.map { "\($0) \(file)" })
            }
            #expect(container.output == "")
        }
    }

    // Goal: the container's output is its own. Method: hooks of each kind that write.
    @Test(
        "HK-36 what a hook writes is no output of the container",
        arguments: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])
    func quiet(kind: String) throws {
        try scenario(case: kind) { s in
            let outcome = try s.run("echo program") {
                $0["/hooks/\(kind)"] = [["path": "/bin/sh", "args": ["sh", "-c", "echo hook; echo word >&2"]]]
            }
            #expect(outcome.lines == ["program"], "\(outcome)")
            #expect(!outcome.stderr.contains("word"), "\(outcome)")
        }
    }

    // Goal: the status in every kind's state. Method: the specification's word for its step.
    @Test(
        "HK-37 the status in the state is that of the step",
        arguments: [("prestart", ["creating"]), ("createContainer", ["creating"]), ("startContainer", ["created"])])
    func status(kind: String, words: [String]) throws {
        try scenario(case: kind) { s in
            let bundle = try s.bundle(script: "cat /tmp/state") {
                $0["/root/readonly"] = false
                $0["/hooks/startContainer"] = [["path": "/bin/sh", "args": ["sh", "-c", "cat > /tmp/state"]]]
            }
            try bundle.edit { config in
                guard kind != "startContainer" else { return }
                config["/hooks"] = [:]
                config["/hooks/\(kind)"] = .array([try Hooks.recorder("x", bundle)])
                config["/process/args"] = ["/bin/true"]
            }
            let outcome = try s.run(bundle)
            let text = kind == "startContainer" ? outcome.stdout : Files.read(bundle.directory + "/log.x") ?? ""
            let status = try JSON(parsing: text)["/status"]?.string
            #expect(words.contains(status ?? ""), "\(outcome) \(text)")
        }
    }

    // Goal: an output that cannot be kept is an error, not silence. Method: a directory that is not there.
    @Test(
        "HK-38 a file for hooks' output that cannot be opened is refused", .only(.hull),
        arguments: ["createRuntime", "createContainer"])
    func noOutput(kind: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/annotations"] = ["run.oci.hooks.stderr": "/no/such/directory/file"]
                $0["/hooks/\(kind)"] = [["path": "/bin/true"]]
            }
            try s.refuses(bundle, "/annotations/run.oci.hooks.stderr", ["/no/such/directory/file"])
        }
    }
}
