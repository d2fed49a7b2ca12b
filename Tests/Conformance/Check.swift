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
