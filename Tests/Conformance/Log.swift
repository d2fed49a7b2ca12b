// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

@Suite(.runnable, .conformance)
struct Log {
    /// A call that fails, with a log file.
    private func failing(_ s: Scenario, _ format: [String], to log: String) throws -> Outcome {
        var runtime = s.runtime
        runtime.globals = ["--log", log] + format
        return try runtime("state", "nobody")
    }

    @Test("LG-01 a JSON record has level, msg and time")
    func json() throws {
        try scenario { s in
            let log = s.directory + "/log"
            let outcome = try failing(s, ["--log-format", "json"], to: log)
            #expect(outcome.ending == .exit(1))
            let lines = (Files.read(log) ?? "").split(separator: "\n")
            let record = try JSON(parsing: String(try #require(lines.last)))
            let keys = Set(record.object?.keys.map { $0 } ?? [])
            #expect(keys.subtracting(Runtime.kind == .hull ? ["code", "phase"] : []) == ["level", "msg", "time"])
            #expect(record["/level"]?.string == "error")
            #expect(record["/msg"]?.string?.isEmpty == false)
            let time = record["/time"]?.string ?? ""
            #expect(
                time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)/) != nil, "\(time)")
        }
    }

    /// The members of the last record beside level, msg and time.
    private func fields(_ s: Scenario, _ arguments: [String]) throws -> [String: String] {
        let log = s.directory + "/log"
        Files.remove(log)
        var runtime = s.runtime
        runtime.globals = ["--log", log, "--log-format", "json"]
        #expect(try !runtime(arguments).ok)
        let lines = (Files.read(log) ?? "").split(separator: "\n")
        let record = try JSON(parsing: String(try #require(lines.last)))
        let members = (record.object ?? [:]).filter { !["level", "msg", "time"].contains($0.key) }
        return members.mapValues { $0.string ?? "?" }
    }

    // Goal: programs tell failures apart without reading sentences. Method: a failure of each phase; all members.
    @Test("LG-08 a JSON record has code, phase, pointer, path, errno and hint of its failure", .only(.hull))
    func fields() throws {
        try scenario { s in
            try #expect(fields(s, ["state", "nobody"]) == ["code": "E_NOT_FOUND", "phase": "verb"])
            try #expect(
                fields(s, ["stat", "nobody"])
                    == ["code": "E_USAGE", "phase": "usage", "hint": "did you mean \"start\"?"])
            let table: [([String: String], (TestBundle) throws -> Void)] = [
                (
                    [
                        "code": "E_CONFIG", "phase": "config", "pointer": "/process/rlimits/0/type",
                        "hint": "did you mean \"RLIMIT_CORE\"?",
                    ],
                    { $0.config["/process/rlimits"] = [["type": "RLIMIT_CROE", "soft": 1, "hard": 1]] }
                ),
                (
                    [
                        "code": "E_KERNEL", "phase": "outside",
                        "pointer": "/mounts/\(try s.bundle([]).config["/mounts"]?.array?.count ?? 0)/source",
                        "path": "/nosuch", "errno": "ENOENT",
                        "hint": "the path is looked up on the host, relative ones in the bundle",
                    ],
                    { $0.config.mount("/mnt", from: "/nosuch", ["bind"]) }
                ),
                (
                    [
                        "code": "E_EXEC_NOT_FOUND", "phase": "inside", "pointer": "/process/args/0",
                        "path": "/bin/nosuch",
                        "errno": "ENOENT",
                    ],
                    { $0.config["/process/args"] = ["/bin/nosuch"] }
                ),
                (
                    [
                        "code": "E_EXEC_FORMAT", "phase": "exec", "pointer": "/process/args/0", "path": "/bin/x",
                        "errno": "ENOEXEC", "hint": "it is neither an ELF file nor a script that begins with #!",
                    ],
                    { bundle in
                        try Files.write("x", to: bundle.rootfs + "/bin/x", mode: 0o755)
                        bundle.config["/process/args"] = ["/bin/x"]
                    }
                ),
            ]
            for (expected, edit) in table {
                let bundle = try s.bundle(script: "true")
                try edit(bundle)
                try bundle.write()
                try #expect(fields(s, ["run", "--bundle", bundle.directory, s.id()]) == expected)
            }
            let bundle = try s.bundle(script: "true") { $0["/hooks/createRuntime"] = [["path": "/bin/false"]] }
            let hook = try fields(s, ["run", "--bundle", bundle.directory, s.id()])
            #expect(hook["code"] == "E_HOOK" && hook["phase"] == "hook", "\(hook)")
            #expect(hook["pointer"] == "/hooks/createRuntime/0", "\(hook)")
        }
    }

    // Goal: no family of failures is without the members that it can have. Method: one failure of each, and a warning.
    @Test("LG-09 a JSON record of every family has its members", .only(.hull))
    func families() throws {
        try scenario { s in
            let running = try s.start("sleep 60")
            let state = ["code": "E_STATE", "phase": "verb"]
            try #expect(fields(s, ["start", running.id]) == state)
            try #expect(fields(s, ["delete", running.id])["code"] == "E_STATE")
            let bundle = try s.bundle(script: "true")
            try #expect(fields(s, ["create", "--bundle", bundle.directory, running.id])["code"] == "E_EXISTS")
            try #expect(
                fields(s, ["exec", running.id, "/none"]) == [
                    "code": "E_EXEC_NOT_FOUND", "phase": "inside", "pointer": "/args/0", "path": "/none",
                    "errno": "ENOENT",
                ])
            let programs: [(content: String, mode: mode_t, code: String, errno: String, hint: String)] = [
                (
                    "#!/bin/sh\r\n", 0o755, "E_EXEC_NOT_FOUND", "ENOENT",
                    #"its first line ends in a carriage return, so the interpreter is "/bin/sh\r": save the script "#
                        + "with Unix line ends"
                ),
                ("#!/bin/sh\n", 0o644, "E_EXEC_PERMISSION", "EACCES", "mode 0644, owner 0: nobody may execute it"),
            ]
            for program in programs {
                let bundle = try s.bundle(["/bin/x"])
                try Files.write(program.content, to: bundle.rootfs + "/bin/x", mode: program.mode)
                try #expect(
                    fields(s, ["run", "--bundle", bundle.directory, s.id()]) == [
                        "code": program.code, "phase": "inside", "pointer": "/process/args/0", "path": "/bin/x",
                        "errno": program.errno, "hint": program.hint,
                    ])
            }
            let odd = try s.bundle(script: "true") { $0.capabilities(["CAP_NETADMIN"], sets: ["bounding"]) }
            var runtime = s.runtime
            runtime.globals = ["--log", s.directory + "/warnings", "--log-format", "json"]
            try #expect(runtime("run", "--bundle", odd.directory, s.id()).ok)
            let warning = try JSON(parsing: Files.read(s.directory + "/warnings") ?? "")
            #expect(warning["/level"] == "warning" && warning["/code"] == "E_CONFIG" && warning["/phase"] == "config")
            #expect(warning["/pointer"] == "/process/capabilities/bounding/0", "\(warning.text)")
            #expect(warning["/hint"] == "did you mean \"CAP_NET_ADMIN\"?", "\(warning.text)")
        }
    }

    @Test("LG-02 the log is appended to")
    func append() throws {
        try scenario { s in
            let log = s.directory + "/log"
            try Files.write("before\n", to: log)
            _ = try failing(s, ["--log-format", "json"], to: log)
            let first = Files.read(log) ?? ""
            #expect(first.hasPrefix("before\n{"))
            _ = try failing(s, ["--log-format", "json"], to: log)
            #expect(Files.read(log)?.hasPrefix(first) == true)
        }
    }

    @Test("LG-03 the error is on stderr too when there is a log")
    func both() throws {
        try scenario { s in
            let outcome = try failing(s, ["--log-format", "json"], to: s.directory + "/log")
            #expect(!outcome.stderr.isEmpty)
        }
    }

    @Test("LG-04 an unknown log format is refused")
    func unknownFormat() throws {
        try scenario { s in
            try #expect(failing(s, ["--log-format", "xml"], to: s.directory + "/log").ending == .exit(1))
        }
    }

    @Test("LG-05 text is the default format")
    func text() throws {
        try scenario { s in
            _ = try failing(s, [], to: s.directory + "/log")
            let log = Files.read(s.directory + "/log") ?? ""
            #expect(!log.isEmpty && !log.hasPrefix("{"), "\(log)")
        }
    }

    @Test("LG-06 a log that cannot be opened is an error")
    func unwritable() throws {
        try scenario { s in
            try #expect(failing(s, [], to: s.directory + "/none/log").failed)
        }
    }

    @Test("LG-07 a success writes no error")
    func success() throws {
        try scenario { s in
            var runtime = s.runtime
            let log = s.directory + "/log"
            runtime.globals = ["--log", log, "--log-format", "json"]
            let bundle = try s.bundle(script: "true")
            let outcome = try runtime("run", "--bundle", bundle.directory, s.id())
            #expect(outcome.ok, "\(outcome)")
            #expect(Files.read(log)?.contains("\"error\"") != true)
        }
    }
}
