// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Hooks {
    /// A hook that appends its name to the log file and keeps its standard input beside it.
    static func recorder(_ name: String, _ bundle: TestBundle, then more: String = "true") throws -> JSON {
        let path = bundle.directory + "/hook-" + name
        let log = bundle.directory + "/log"
        let script = "#!/bin/sh\necho \(name) >> \(log)\ncat > \(log).\(name)\n\(more)\n"
        try Files.write(script, to: path, mode: 0o755)
        return ["path": .string(path), "args": ["hook", .string(name)]]
    }

    static let outside = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]

    /// A bundle with a recorder for each hook of the runtime's side, and startContainer as a program of the container.
    static func bundle(_ s: Scenario, script: String = "true") throws -> TestBundle {
        let bundle = try s.bundle(script: script) { $0["/root/readonly"] = false }
        for name in outside { bundle.config["/hooks/\(name)"] = .array([try recorder(name, bundle)]) }
        bundle.config["/hooks/startContainer"] = [
            ["path": "/bin/sh", "args": ["sh", "-c", "cat > /tmp/state"], "env": ["PATH=/bin"]]
        ]
        try bundle.write()
        return bundle
    }

    static func log(_ bundle: TestBundle) -> [String] {
        (Files.read(bundle.directory + "/log") ?? "").split(separator: "\n").map(String.init)
    }

    // Goal: each hook at its step of the life cycle, in order. Method: the log after create, start and delete.
    @Test("HK-01 hooks run in the order of the life cycle")
    func order() throws {
        try scenario { s in
            let container = try s.create(try Self.bundle(s))
            let bundle = container.bundle
            #expect(Self.log(bundle) == ["prestart", "createRuntime", "createContainer"])
            #expect(!Files.exists(bundle.rootfs + "/tmp/state"))
            try #expect(container("start").ok)
            #expect(Self.log(bundle) == ["prestart", "createRuntime", "createContainer", "poststart"])
            #expect(Files.exists(bundle.rootfs + "/tmp/state"))
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            #expect(Self.log(bundle).last == "poststop")
            #expect(Self.log(bundle).count == 5)
        }
    }

    // Goal: the state document on standard input. Method: its fields per hook.
    @Test("HK-02 each hook reads the state on its standard input")
    func state() throws {
        try scenario { s in
            let made = try Self.bundle(s)
            try made.edit { $0["/annotations"] = ["org.example.key": "a/b"] }
            let container = try s.create(made)
            let pid = try container.pid()
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            for name in Self.outside {
                let text = try #require(Files.read(made.directory + "/log." + name))
                let state = try JSON(parsing: text)
                #expect(state["/id"]?.string == container.id, "\(name)")
                #expect(state["/bundle"]?.string == made.directory, "\(name)")
                #expect(state["/ociVersion"]?.string?.hasPrefix("1.") == true, "\(name)")
                #expect(state["/annotations/org.example.key"]?.string == "a/b", "\(name)")
                if name != "poststop" { #expect(state["/pid"]?.int == pid || name == "createContainer", "\(name)") }
            }
        }
    }

    // Goal: the status at each step. Method: the words of the spec.
    @Test("HK-03 createRuntime hooks see the status creating")
    func creating() throws {
        try status(of: "createRuntime", is: "creating")
    }

    @Test("HK-22 poststart hooks see the status running")
    func running() throws {
        try status(of: "poststart", is: "running")
    }

    @Test("HK-23 poststop hooks see the status stopped")
    func stopped() throws {
        try status(of: "poststop", is: "stopped")
    }

    private func status(of name: String, is status: String) throws {
        try scenario { s in
            let bundle = try Self.bundle(s, script: "exec sleep 100")
            let container = try s.create(bundle)
            try #expect(container("start").ok)
            try #expect(container("kill", "KILL").ok)
            try container.comes(to: "stopped")
            try #expect(container("delete").ok)
            let text = try #require(Files.read(bundle.directory + "/log." + name))
            #expect(try JSON(parsing: text)["/status"]?.string == status, "\(text)")
        }
    }

    // Goal: which namespaces a hook is in. Method: link texts of a hook against those of the host and the container.
    @Test(
        "HK-04 hooks run in the runtime's or the container's namespaces",
        arguments: [
            ("prestart", false), ("createRuntime", false), ("createContainer", true), ("poststart", false),
            ("poststop", false),
        ])
    func namespaces(name: String, inside: Bool) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            let out = bundle.directory + "/ns"
            let script = "readlink /proc/self/ns/net /proc/self/ns/uts /proc/self/ns/mnt > \(out)"
            try bundle.edit { $0["/hooks/\(name)"] = .array([try Self.recorder("x", bundle, then: script)]) }
            let container = try s.create(bundle)
            let own = ["net", "uts", "mnt"].map { Files.linkTarget("/proc/\((try? container.pid()) ?? 0)/ns/\($0)") }
            try #expect(container("start").ok)
            try #expect(container("delete", "--force").ok)
            let seen = (Files.read(out) ?? "").split(separator: "\n").map(String.init)
            #expect(seen == (inside ? own : ["net", "uts", "mnt"].map(Machine.namespace)))
        }
    }

    // Goal: startContainer runs inside, after the pivot, before the program. Method: what it sees and when.
    @Test("HK-05 startContainer runs inside before the program")
    func startContainer() throws {
        try scenario { s in
            let container = try s.create(
                try s.bundle(script: "cat /tmp/order; echo program") {
                    $0["/root/readonly"] = false
                    $0["/hooks/startContainer"] = [
                        [
                            "path": "/bin/sh",
                            "args": [
                                "sh", "-c",
                                "cat >/dev/null; echo hook >> /tmp/order; readlink /proc/self/ns/net >> /tmp/order",
                            ],
                        ]
                    ]
                })
            let own = Files.linkTarget("/proc/\(try container.pid())/ns/net")
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            #expect(container.lines == ["hook", own, "program"])
        }
    }

    // Goal: arguments and environment are those of the config and no others. Method: the hook writes both.
    @Test(
        "HK-06 a hook has its own args and env",
        arguments: ["createRuntime", "createContainer", "poststart", "poststop"])
    func argsAndEnv(name: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let out = bundle.directory + "/seen"
            try Files.write(
                "#!/bin/sh\ncat >/dev/null\n"
                    + "{ echo \"$0|$1|$2|$#\"; "
                    + "tr '\\0' '\\n' < /proc/self/environ | grep -c .; echo $WORD; } > \(out)\n",
                to: bundle.directory + "/hook", mode: 0o755)
            try bundle.edit {
                $0["/hooks/\(name)"] = [
                    [
                        "path": .string(bundle.directory + "/hook"), "args": ["zero", "a b", ""],
                        "env": ["WORD=sea", "PATH=/bin:/usr/bin"],
                    ]
                ]
            }
            #expect(try s.run(bundle).ok)
            let lines = (Files.read(out) ?? "").split(separator: "\n").map(String.init)
            #expect(lines.first == "\(bundle.directory)/hook|a b||2")
            #expect(lines.last == "sea")
        }
    }

    // Goal: several hooks of one kind in their order. Method: the log.
    @Test("HK-07 hooks of one kind run in the listed order")
    func list() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit {
                $0["/hooks/createRuntime"] = .array(try ["one", "two", "three"].map { try Self.recorder($0, bundle) })
            }
            #expect(try s.run(bundle).ok)
            #expect(Self.log(bundle) == ["one", "two", "three"])
        }
    }

    // Goal: a failing hook of create undoes it. Method: create fails, the id is unknown, poststop has run, later ones
    // not.
    @Test("HK-08 a failing hook of create undoes the container", arguments: ["prestart", "createRuntime"])
    func createFails(name: String) throws {
        try fails(name)
    }

    @Test("HK-24 a failing createContainer hook undoes the container")
    func createContainerFails() throws {
        try fails("createContainer")
    }

    private func fails(_ name: String) throws {
        try scenario { s in
            let bundle = try Self.bundle(s)
            try bundle.edit { $0["/hooks/\(name)/0"] = try Self.recorder("bad", bundle, then: "exit 9") }
            try s.refuses(bundle, "/hooks/\(name)/0", ["hook", "9", "exit status"])
            let log = Self.log(bundle)
            #expect(log.contains("bad"))
            #expect(!log.contains("poststart"))
        }
    }

    @Test("HK-09 poststop hooks run after a failed create")
    func poststopAfterFailure() throws {
        try scenario { s in
            let bundle = try Self.bundle(s)
            try bundle.edit { $0["/hooks/createRuntime/0"] = try Self.recorder("bad", bundle, then: "exit 9") }
            try s.refuses(bundle, nil, [])
            #expect(Self.log(bundle).last == "poststop")
        }
    }

    // Goal: a failing startContainer hook stops the container. Method: start fails, the program has not run.
    @Test("HK-10 a failing startContainer hook keeps the program from running")
    func startContainerFails() throws {
        try scenario { s in
            let container = try s.create(
                try s.bundle(script: "echo ran") {
                    $0["/hooks/startContainer"] = [["path": "/bin/false", "args": ["false"]]]
                })
            let start = try container("start")
            try container.stopsOrVanishes()
            #expect(!container.output.contains("ran"))
            #expect(start.failed, "\(start)")
        }
    }

    @Test("HK-11 a failing poststart hook stops the container")
    func poststartFails() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            try bundle.edit { $0["/hooks/poststart"] = .array([try Self.recorder("bad", bundle, then: "exit 9")]) }
            let container = try s.create(bundle)
            try #expect(container("start").failed)
            try container.stopsOrVanishes()
        }
    }

    // Goal: a failing poststop hook is only a warning. Method: delete succeeds, the next hook runs.
    @Test("HK-12 a failing poststop hook is a warning and the rest runs")
    func poststopFails() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit {
                $0["/hooks/poststop"] = .array([
                    try Self.recorder("bad", bundle, then: "exit 9"), try Self.recorder("next", bundle),
                ])
            }
            let container = try s.create(bundle)
            try #expect(container("start").ok)
            try container.comes(to: "stopped")
            let delete = try container("delete")
            #expect(delete.ok, "\(delete)")
            #expect(Self.log(bundle) == ["bad", "next"])
        }
    }
}

extension Container {
    func stopsOrVanishes() throws {
        let gone = try eventually {
            let outcome = try self("state")
            return outcome.failed || outcome.json?["/status"]?.string == "stopped"
        }
        #expect(gone)
    }
}
