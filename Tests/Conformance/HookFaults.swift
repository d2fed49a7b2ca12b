// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct HookFaults {
    private func refused(_ hook: JSON, _ pointer: String, _ words: [String]) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hooks/createRuntime"] = .array([hook]) }
            try s.refuses(bundle, pointer, words)
        }
    }

    // Goal: a hook ends in its time. Method: a sleeping hook with a timeout of one second; it and its child are gone.
    @Test(
        "HK-13 a hook that outlives its timeout is ended and create fails",
        arguments: ["createRuntime", "createContainer"])
    func timeout(name: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try Files.write("#!/bin/sh\nexec sleep 60\n", to: bundle.directory + "/slow", mode: 0o755)
            try bundle.edit { $0["/hooks/\(name)"] = [["path": .string(bundle.directory + "/slow"), "timeout": 1]] }
            let begun = Date()
            try s.refuses(bundle, "/hooks/\(name)/0", ["timed out", "timeout", "deadline", "killed", "hook"])
            #expect(Date().timeIntervalSince(begun) < 15)
        }
    }

    // Goal: hooks that do not read are common. Method: one that closes its input at once.
    @Test("HK-14 a hook need not read its standard input")
    func unread() throws {
        try scenario { s in
            let hooks: JSON = ["createRuntime", "createContainer", "poststart", "poststop"].reduce(into: [:]) {
                $0["/" + $1] = [["path": "/bin/true"]]
            }
            try #expect(s.inside("echo ran") { $0["/hooks"] = hooks } == ["ran"])
        }
    }

    @Test("HK-15 a relative hook path is refused")
    func relative() throws {
        try refused(["path": "bin/true"], "/hooks/createRuntime/0/path", ["absolute", "no such file"])
    }

    @Test("HK-16 a missing hook program is refused")
    func missing() throws {
        try refused(
            ["path": "/no/such/hook"], "/hooks/createRuntime/0",
            ["no such file or directory", "No such file or directory"])
    }

    @Test("HK-17 a timeout of zero is refused")
    func zeroTimeout() throws {
        try refused(["path": "/bin/true", "timeout": 0], "/hooks/createRuntime/0/timeout", ["timeout"])
    }

    @Test("HK-25 a negative timeout is refused")
    func negativeTimeout() throws {
        try refused(["path": "/bin/true", "timeout": -1], "/hooks/createRuntime/0/timeout", [])
    }

    // Goal: what a hook says when it fails helps. Method: a word on its standard error, in the error text.
    @Test("HK-18 the error holds what the hook wrote to stderr")
    func stderr() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit {
                $0["/hooks/createRuntime"] = .array([
                    try Hooks.recorder("bad", bundle, then: "echo shipwreck >&2; exit 9")
                ])
            }
            try s.refuses(bundle, "/hooks/createRuntime/0", ["shipwreck"])
        }
    }

    // Goal: the pid is that of the namespace in which the hook runs. Method: a hook inside a new pid namespace.
    @Test("HK-19 the pid in a startContainer hook's state is that inside")
    func innerPid() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /tmp/state") {
                $0["/root/readonly"] = false
                $0["/hooks/startContainer"] = [
                    ["path": "/bin/sh", "args": ["sh", "-c", "cat > /tmp/state"], "env": ["PATH=/bin"]]
                ]
            }
            let outcome = try s.run(bundle)
            #expect(outcome.json?["/pid"]?.int == 1, "\(outcome)")
        }
    }

    // Goal: the state document is one line with slashes as they are. Method: its bytes.
    @Test("HK-20 the state is compact JSON with plain slashes")
    func compact() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit { $0["/hooks/createRuntime"] = .array([try Hooks.recorder("x", bundle)]) }
            #expect(try s.run(bundle).ok)
            let text = try #require(Files.read(bundle.directory + "/log.x")).trimmed
            #expect(!text.contains("\n"))
            #expect(text.contains(bundle.directory))
        }
    }

    // Goal: createContainer runs before the pivot. Method: it sees the host's files, and makes a file in the root.
    @Test("HK-21 createContainer resolves in the runtime's tree and may prepare a read-only root")
    func beforePivot() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /etc/prepared")
            try bundle.edit {
                $0["/root/readonly"] = true
                $0["/hooks/createContainer"] = .array([
                    try Hooks.recorder("x", bundle, then: "echo prepared > \(bundle.rootfs)/etc/prepared")
                ])
            }
            #expect(try s.run(bundle).lines == ["prepared"])
        }
    }
}
