// SPDX-License-Identifier: Apache-2.0
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
            #expect(record.object?.keys.sorted() == ["level", "msg", "time"])
            #expect(record["/level"]?.string == "error")
            #expect(record["/msg"]?.string?.isEmpty == false)
            let time = record["/time"]?.string ?? ""
            #expect(
                time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)/) != nil, "\(time)")
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
