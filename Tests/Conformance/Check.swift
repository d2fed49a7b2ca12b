// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// `hull check` and `hull plan`, which the other runtimes do not have.
@Suite(.runnable, .conformance)
struct Check {
    static let good = """
        {
          "ociVersion": "1.0.2",
          "process": { "cwd": "/", "args": ["sh"], "user": { "uid": 0, "gid": 0 } },
          "root": { "path": "rootfs" },
          "linux": { "namespaces": [ { "type": "mount" }, { "type": "pid" } ] }
        }
        """

    private func check(_ text: String) throws -> Outcome {
        var outcome: Outcome?
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            bundle.text = text
            try bundle.write()
            outcome = try s.runtime("check", "--bundle", bundle.directory)
        }
        return try #require(outcome)
    }

    private func lines(_ outcome: Outcome) -> [String] {
        (outcome.stdout + outcome.stderr).split(separator: "\n").map(String.init)
    }

    @Test("CK-01 a good config passes in silence", .only(.hull))
    func passes() throws {
        let outcome = try check(Self.good)
        #expect(outcome.ok, "\(outcome)")
        #expect(lines(outcome).isEmpty, "\(outcome)")
    }

    @Test("CK-02 every error has file, line, column, pointer and problem", .only(.hull))
    func places() throws {
        let text = Self.good.replacingOccurrences(of: "\"cwd\": \"/\"", with: "\"cwd\": \"tmp\"")
            .replacingOccurrences(of: "\"type\": \"pid\"", with: "\"type\": \"mount\"")
        let outcome = try check(text)
        #expect(outcome.ending == .exit(1), "\(outcome)")
        let found = lines(outcome)
        #expect(found.contains { $0.hasPrefix("config.json:3:23: /process/cwd: ") }, "\(outcome)")
        #expect(
            found.contains { $0.wholeMatch(of: /config\.json:5:\d+: \/linux\/namespaces\/1(\/type)?: .+/) != nil },
            "\(outcome)")
    }

    @Test("CK-03 an unknown field is a warning that does not fail", .only(.hull))
    func unknown() throws {
        let outcome = try check(
            Self.good.replacingOccurrences(of: "\"process\"", with: "\"proccess\": {},\n\"process\""))
        #expect(outcome.ok, "\(outcome)")
        #expect(lines(outcome).count == 1)
        #expect(lines(outcome).first?.contains("/proccess") == true, "\(outcome)")
        #expect(lines(outcome).first?.contains("process") == true, "\(outcome)")
    }

    @Test("CK-04 a truncated config has the place of its end", .only(.hull))
    func truncated() throws {
        let outcome = try check("{\n  \"root\": ")
        #expect(outcome.ending == .exit(1))
        #expect(lines(outcome).first?.hasPrefix("config.json:2:") == true, "\(outcome)")
    }

    @Test("CK-05 check and plan make nothing", .only(.hull), arguments: ["check", "plan"])
    func pure(verb: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            let before = Files.fingerprint(bundle.directory)
            let outcome = try s.runtime(verb, "--bundle", bundle.directory)
            #expect(outcome.ok, "\(outcome)")
            #expect(Files.fingerprint(bundle.directory) == before)
            #expect(!Files.exists(s.cgroupDirectory("g1")))
        }
    }

    // Goal: programs read the findings as people do. Method: an error, a warning and a weakness, as text and as JSON.
    @Test("CK-07 check --format json has severity, place, pointer, problem and hint", .only(.hull))
    func json() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            bundle.text = Self.good.replacingOccurrences(of: "\"cwd\": \"/\"", with: "\"cwd\": \"tmp\", \"wcd\": 1")
            try bundle.write()
            let text = try s.runtime("check", "--security", bundle.directory)
            let outcome = try s.runtime("check", "--security", "--format", "json", bundle.directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            let found = try #require(JSON(parsing: outcome.stdout).array)
            let lines = found.map { finding -> String in
                let severity = finding["/severity"]?.string ?? "?"
                let place =
                    "\(finding["/file"]?.string ?? "?"):\(finding["/line"]?.int ?? 0):\(finding["/column"]?.int ?? 0)"
                let words = "\(finding["/pointer"]?.string ?? "?"): \(finding["/problem"]?.string ?? "?")"
                let hint = finding["/hint"]?.string.map { " (\($0))" } ?? ""
                return "\(place): \(severity == "error" ? "" : severity + ": ")\(words)\(hint)"
            }
            #expect(lines == self.lines(text))
            #expect(lines.first == "config.json:3:23: /process/cwd: \"tmp\" is not an absolute path")
            #expect(lines.dropFirst().first?.hasPrefix("config.json:3:30: warning: /process/wcd: unknown") == true)
            #expect(found.contains { $0["/severity"] == "security" })
        }
    }

    // Goal: what the machine lacks is found before anything is made. Method: a source, a hook, a network device, a
    // namespace and a filesystem that are not there; all at once, and not without --host.
    @Test("CK-08 check --host names what this machine lacks", .only(.hull))
    func host() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { config in
                config.mount("/mnt", from: "/nosuch/a", ["bind"])
                config.mount("/nix", type: "tmpsf", from: "tmpfs")
                config.namespace("ipc", path: "/run/nosuch/ipc")
                config.namespace("network")
                config["/linux/netDevices"] = ["nosuch0": [:]]
                config["/hooks"] = [
                    "createRuntime": [["path": "/usr/bin/nosuch"]], "poststop": [["path": "/etc/passwd"]],
                ]
            }
            let before = try s.runtime("check", bundle.directory)
            #expect(before.ok && before.stdout.isEmpty, "\(before)")
            let after = try s.runtime("check", "--host", bundle.directory)
            #expect(after.ending == .exit(1), "\(after)")
            let found = lines(after)
            for words in [
                "/source: /nosuch/a is not there: / has no nosuch",
                ": /run/nosuch/ipc is not there: /run has no nosuch",
                "/linux/netDevices/nosuch0: there is no network device \"nosuch0\"",
                "/hooks/createRuntime/0/path: /usr/bin/nosuch is not there",
                "/hooks/poststop/0/path: /etc/passwd is not executable: mode 0644, owner 0:0",
                "this kernel has no filesystem \"tmpsf\", unless a module brings it (did you mean \"tmpfs\"?)",
            ] {
                #expect(found.count { $0.contains(words) } == 1, "\(words) in \(after)")
            }
            #expect(found.count == 6, "\(after)")
        }
    }

    // Goal: what weakens a container is found where it is, and fails the check only where it is asked for. Method: the
    // config of spec, then one line of it weakened.
    @Test("WK-01 check --security passes what spec writes, and names what weakens it", .only(.hull))
    func security() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            Files.remove(bundle.directory + "/config.json")
            try #expect(s.runtime("spec", "--bundle", bundle.directory).ok)
            let text = try #require(Files.read(bundle.directory + "/config.json"))
            let good = try s.runtime("check", "--security", bundle.directory)
            #expect(good.ok && lines(good).isEmpty, "\(good)")
            let weak = text.replacingOccurrences(
                of: #""noNewPrivileges": true"#, with: #""noNewPrivileges": false"#)
            #expect(weak != text)
            let line = 1 + weak.split(separator: "\n").firstIndex { $0.contains("noNewPrivileges") }!
            bundle.text = weak
            try bundle.write()
            let bad = try s.runtime("check", "--security", bundle.directory)
            #expect(bad.ending == .exit(1), "\(bad)")
            #expect(
                lines(bad) == [
                    "config.json:\(line):28: security: /process/noNewPrivileges: is not true: programs with the "
                        + "set-user-ID bit give privileges (set it to true)"
                ])
            try #expect(s.runtime("check", bundle.directory).ok)
        }
    }

    // Goal: the filter that spec writes lets programs run and keeps the kernel's side doors shut. Method: calls from
    // inside; without arguments an allowed one fails in another way.
    @Test("WK-02 the filter of spec refuses namespaces, bpf and handles", .only(.hull))
    func filter() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            Files.remove(bundle.directory + "/config.json")
            try #expect(s.runtime("spec", "--bundle", bundle.directory).ok)
            var config = try JSON(parsing: try #require(Files.read(bundle.directory + "/config.json")))
            config["/process/terminal"] = false
            config["/process/args"] = [
                "probe", "syscall", "unshare", "0x10000000", ",", "syscall", "bpf", "99", ",", "syscall", "socket",
                "40", "1", "0", ",", "syscall", "personality", "0x40000", ",", "syscall", "clone3", "0", "0", ",",
                "syscall", "socket", "1", "1", "0", ",", "syscall", "getpid",
            ]
            config["/linux/cgroupsPath"] = .string(s.cgroupsPath("g1"))
            bundle.config = config
            try bundle.write()
            let run = try s.run(bundle)
            let answers = try run.lines.map { try JSON(parsing: $0)["/name"]?.string ?? "allowed" }
            #expect(
                answers == ["EPERM", "EPERM", "EPERM", "EPERM", "ENOSYS", "allowed", "allowed"], "\(run)")
        }
    }

    // Goal: the plan names what will be done and which field asked for it. Method: words of a few steps.
    @Test("PL-01 plan prints the steps with the fields that asked for them", .only(.hull))
    func plan() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hostname"] = "whale" }
            let outcome = try s.runtime("plan", "--bundle", bundle.directory)
            #expect(outcome.ok, "\(outcome)")
            for word in ["/mounts/0", "/hostname", "whale", "/process/args"] {
                #expect(outcome.stdout.contains(word), "\(outcome)")
            }
        }
    }

    // Goal: the plan for programs. Method: the steps of the JSON are those of the text, and a field of each part.
    @Test("PL-15 plan --format json has the steps of the text", .only(.hull))
    func planJSON() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hostname"] = "whale" }
            let text = try s.runtime("plan", bundle.directory).stdout
            let plan = try JSON(parsing: s.runtime("plan", "--json", bundle.directory).stdout)
            for side in ["outside", "inside"] {
                let count = text.split(separator: "\n").count { $0.contains(try! Regex("^ *[0-9]+ \(side)")) }
                #expect(plan["/\(side)"]?.array?.count == count)
            }
            let step = try #require(plan["/inside"]?.array?.first { $0["/call"] == "sethostname" })
            #expect(step["/object"] == "whale" && step["/origin"] == "/hostname")
            #expect(plan["/mounts/0/destination"] == "/" && plan["/process/args/0"] == "/bin/sh")
        }
    }

    // Goal: what a change of a config changes. Method: two files for one bundle, two bundles, and a file beside itself.
    @Test("PL-16 plan --diff prints what another config does otherwise", .only(.hull))
    func difference() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/hostname"] = "whale" }
            let old = s.directory + "/old.json"
            try Files.write(bundle.config.text, to: old)
            let none = try s.runtime("plan", "--diff", old, bundle.directory)
            #expect(none.ok && none.stdout.isEmpty, "\(none)")
            try bundle.edit { $0["/hostname"] = "shark" }
            let some = try s.runtime("plan", "--diff", old, bundle.directory)
            #expect(some.ending == .exit(1), "\(some)")
            #expect(lines(some).count == 3 && lines(some).first == "inside", "\(some)")
            #expect(lines(some).contains { $0.hasPrefix("-") && $0.contains(" sethostname   whale") })
            #expect(lines(some).contains { $0.hasPrefix("+") && $0.contains(" sethostname   shark") })
            let other = try s.bundle(script: "true") { $0["/hostname"] = "shark" }
            let json = try s.runtime("plan", "--format", "json", "--diff", other.directory, bundle.directory)
            #expect(json.ending == .exit(1), "\(json)")
            let changes = try #require(json.json?.array)
            #expect(changes.allSatisfy { ["added", "removed"].contains($0["/change"]?.string) }, "\(json)")
            #expect(changes.contains { $0["/text"]?.string?.contains(bundle.rootfs) == true })
        }
    }

    @Test("PL-02 plan of a faulty config tells the faults", .only(.hull))
    func faulty() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0["/process/cwd"] = "tmp" }
            let outcome = try s.runtime("plan", "--bundle", bundle.directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains("/process/cwd"))
        }
    }
}
