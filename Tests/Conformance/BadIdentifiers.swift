// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Bundles and ids that cannot be: refused with the engines' words, nothing left anywhere.
@Suite(.runnable, .conformance)
struct BadIdentifiers {
    private func refused(_ id: String, at location: SourceLocation = #_sourceLocation) throws {
        try scenario(case: id, at: location) { s in
            let bundle = try s.bundle(script: "true")
            for verb in ["create", "run"] {
                let outcome = try s.runtime(verb, "--bundle", bundle.directory, id)
                #expect(outcome.ending == .exit(1), "\(outcome)", sourceLocation: location)
                #expect(!outcome.stderr.isEmpty, sourceLocation: location)
            }
            #expect(Files.list(s.runtime.root).filter { !$0.hasPrefix(".") } == [], sourceLocation: location)
        }
    }

    @Test("BI-29 an id with a slash is refused", arguments: ["a/b", "/a", "../a", "a/../../b"])
    func slash(id: String) throws {
        try refused(id)
    }

    @Test("BI-30 the ids . and .. are refused", arguments: [".", ".."])
    func dots(id: String) throws {
        try refused(id)
    }

    @Test("BI-31 an empty id is refused")
    func empty() throws {
        try refused("")
    }

    @Test("BI-32 an id with other letters is refused", arguments: ["a b", "a\nb", "a:b", "é", "a*b"])
    func letters(id: String) throws {
        try refused(id)
    }

    @Test("BI-33 an id of 5,000 characters is refused")
    func long() throws {
        try refused(String(repeating: "x", count: 5000))
    }

    @Test("BI-34 letters, digits, underscore, plus, minus and dot are an id")
    func good() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo ran")
            #expect(try s.run(bundle, id: s.use("aZ09_+-.x")).lines == ["ran"])
        }
    }

    @Test("BI-35 other verbs do not follow such an id either", arguments: ["state", "start", "kill", "delete"])
    func verbs(verb: String) throws {
        try scenario(case: verb) { s in
            try Files.makeDirectory(s.directory + "/outside")
            try Files.write("{}", to: s.directory + "/outside/keep")
            for id in ["../outside", ".."] {
                let outcome = try s.runtime(verb, id)
                #expect(outcome.failed, "\(outcome)")
            }
            #expect(Files.exists(s.directory + "/outside/keep"))
        }
    }

    @Test("BI-36 delete --force does not follow such an id")
    func deleteForce() throws {
        try scenario { s in
            try Files.makeDirectory(s.directory + "/outside")
            try Files.write("{}", to: s.directory + "/outside/keep")
            _ = try s.runtime("delete", "--force", "../outside")
            #expect(Files.exists(s.directory + "/outside/keep"))
        }
    }

    @Test("BI-37 a bundle directory that is not there is refused")
    func noBundle() throws {
        try scenario { s in
            let outcome = try s.runtime("create", "--bundle", s.directory + "/none", s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["no such file or directory", "No such file or directory"])
        }
    }

    @Test("BI-38 a bundle without a config is refused")
    func noConfig() throws {
        try scenario { s in
            try Files.makeDirectory(s.directory + "/empty")
            let outcome = try s.runtime("create", "--bundle", s.directory + "/empty", s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains("config.json"), "\(outcome)")
        }
    }

    @Test("BI-39 a config that is a directory is refused")
    func directoryConfig() throws {
        try scenario { s in
            try Files.makeDirectory(s.directory + "/odd/config.json")
            let outcome = try s.runtime("create", "--bundle", s.directory + "/odd", s.id())
            #expect(outcome.ending == .exit(1), "\(outcome)")
        }
    }

    // Goal: a pid file that cannot be written undoes the container. Method: a directory that is not there.
    @Test("BI-40 a pid file that cannot be written is an error that leaves nothing")
    func pidFile() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let id = s.id()
            let outcome = try s.runtime(
                "create", "--bundle", bundle.directory, "--pid-file", s.directory + "/none/pid", id)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["no such file or directory", "No such file or directory"])
            try #expect(s.runtime("state", id).failed)
        }
    }
}
