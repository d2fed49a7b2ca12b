// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct CommandLine {
    static let verbs = ["create", "start", "state", "kill", "delete", "run", "exec", "list", "ps", "spec"]

    @Test("CL-01 --version has name, commit and spec on its lines", arguments: ["--version", "-v"])
    func version(option: String) throws {
        try scenario { s in
            let outcome = try s.runtime(option)
            #expect(outcome.ok, "\(outcome)")
            let kind = Runtime.kind?.rawValue ?? ""
            #expect(outcome.lines.first?.hasPrefix("\(kind) version ") == true)
            #expect(outcome.lines.count > 1 && outcome.lines[1].hasPrefix("commit: "))
            #expect(outcome.lines.contains { $0.hasPrefix("spec: 1.") })
        }
    }

    @Test("CL-02 the first three lines of --version are name, commit, spec")
    func threeLines() throws {
        try scenario { s in
            let lines = try s.runtime("--version").lines
            #expect(lines.count >= 3 && lines[2].hasPrefix("spec: "), "\(lines)")
        }
    }

    @Test("CL-03 --help is on stdout and succeeds", arguments: [nil] + verbs.map { $0 as String? })
    func help(verb: String?) throws {
        try scenario { s in
            let outcome = try s.runtime((verb.map { [$0] } ?? []) + ["--help"])
            #expect(outcome.ok, "\(outcome)")
            #expect(outcome.stdout.count > 40)
            if verb == nil { for verb in Self.verbs { #expect(outcome.stdout.contains(verb)) } }
        }
    }

    @Test(
        "CL-04 an unknown command or option is refused",
        arguments: [["sail"], ["--sail"], ["create", "--sail"], ["list", "--sail"]])
    func unknown(words: [String]) throws {
        try scenario { s in
            let outcome = try s.runtime(words)
            #expect(outcome.failed, "\(outcome)")
            #expect(!outcome.stderr.isEmpty)
            #expect((outcome.stderr + outcome.stdout).contains("sail"), "\(outcome)")
        }
    }

    @Test("CL-05 verbs that need an id refuse to go without", arguments: ["create", "start", "run", "delete"])
    func noID(verb: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            var launch = s.runtime.launch([verb])
            launch.directory = bundle.directory
            let outcome = try s.runtime.start(launch).outcome()
            #expect(outcome.failed, "\(outcome)")
        }
    }

    @Test("CL-06 options may be written with = and, the short ones, with a blank")
    func forms() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo ran")
            #expect(try s.runtime("run", "--bundle=" + bundle.directory, s.id()).lines == ["ran"])
            #expect(try s.runtime("run", "-b", bundle.directory, s.id()).lines == ["ran"])
        }
    }

    @Test("CL-08 --debug is accepted and adds to what is said")
    func debug() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let outcome = try s.runtime("--debug", "run", "--bundle", bundle.directory, s.id())
            #expect(outcome.ok, "\(outcome)")
        }
    }

    // Goal: the lines that conmon and containerd write. Method: one create with all of their options.
    @Test("CL-07 the create line of engines is accepted")
    func engines() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            let log = s.directory + "/log"
            let outcome = try s.runtime(
                "--log", log, "--log-format", "json", "create", "--bundle", bundle.directory, "--pid-file",
                s.directory + "/pid", "--no-new-keyring", "--preserve-fds", "0", s.id())
            #expect(outcome.ok, "\(outcome)")
        }
    }

    // Goal: the config may have another name. Method: one beside a config.json that would fail.
    @Test("CL-20 --config reads another file", .only(.hull, .crun), arguments: ["--config", "-f"])
    func config(option: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo other")
            try Files.write(bundle.config.text, to: bundle.directory + "/other.json")
            bundle.text = "{"
            try bundle.write()
            let path = bundle.directory + "/other.json"
            #expect(try s.runtime("run", option, path, "--bundle", bundle.directory, s.id()).lines == ["other"])
        }
    }
}
