// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct List {
    @Test("LS-01 the table has a header and a row for each container")
    func table() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "true"))
            let outcome = try s.runtime("list")
            #expect(outcome.lines.count == 2, "\(outcome)")
            let header = outcome.lines.first ?? ""
            for word in ["PID", "STATUS", "BUNDLE", "CREATED", "OWNER"] { #expect(header.contains(word), "\(outcome)") }
            for word in [container.id, "created", container.bundle.directory, "\(try container.pid())"] {
                #expect(outcome.lines.last?.contains(word) == true, "\(outcome)")
            }
        }
    }

    @Test("LS-02 the JSON list has the fields of state")
    func json() throws {
        try scenario { s in
            let container = try s.create(try s.bundle(script: "true"))
            let list = try s.runtime("list", "--format", "json").json
            #expect(list?.array?.count == 1)
            #expect(list?["/0/id"]?.string == container.id)
            #expect(list?["/0/status"]?.string == "created")
            #expect(list?["/0/pid"]?.int == (try container.pid()))
            #expect(list?["/0/bundle"]?.string == container.bundle.directory)
            #expect(list?["/0/created"]?.string != nil)
        }
    }

    @Test("LS-03 --quiet gives ids only", arguments: ["-q", "--quiet"])
    func quiet(option: String) throws {
        try scenario { s in
            let ids = Set(
                try (0..<3).map { number in
                    try s.create(
                        try s.bundle(script: "true") { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("q\(number)")) }
                    ).id
                })
            #expect(Set(try s.runtime("list", option).lines) == ids)
        }
    }

    @Test("LS-04 an empty list is no error", arguments: [[], ["-q"], ["--format", "json"]])
    func empty(options: [String]) throws {
        try scenario { s in
            let outcome = try s.runtime(["list"] + options)
            #expect(outcome.ok, "\(outcome)")
            if options.count == 2 {
                #expect(outcome.json?.array ?? [] == [])
            } else {
                #expect(outcome.lines.count <= 1, "\(outcome)")
            }
        }
    }

    @Test("LS-05 an unknown format is refused")
    func unknownFormat() throws {
        try scenario { s in try #expect(s.runtime("list", "--format", "yaml").failed) }
    }

    @Test("LS-06 stopped containers are listed with pid 0")
    func stopped() throws {
        try scenario { s in
            let container = try s.start("true")
            try container.comes(to: "stopped")
            let list = try s.runtime("list", "-f", "json").json
            #expect(list?["/0/status"]?.string == "stopped")
            #expect(list?["/0/pid"]?.int == 0)
        }
    }

    // Goal: a mistyped root is no empty list. Method: one that is not there.
    @Test("LS-60 a root that is named and not there is an error", .only(.hull))
    func missingRoot() throws {
        try scenario { s in
            var other = s.runtime
            other.root = s.directory + "/none"
            let outcome = try other("list")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains("/none"), "\(outcome)")
        }
    }
}
