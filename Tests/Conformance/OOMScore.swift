// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct OOMScore {
    /// The value inside when the runtime itself is started with 100.
    private func score(_ value: JSON?) throws -> [String] {
        var lines: [String] = []
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/oom_score_adj") { $0["/process/oomScoreAdj"] = value }
            var launch = s.runtime.launch(["run", "--bundle", bundle.directory, s.id()])
            launch.arguments =
                ["-c", "echo 100 > /proc/self/oom_score_adj; exec \"$0\" \"$@\"", launch.program] + launch.arguments
            launch.program = "/bin/sh"
            lines = try s.runtime.start(launch).outcome().lines
        }
        return lines
    }

    // Goal: the value is set. Method: the kernel's file inside.
    @Test("OS-01 the score is set", arguments: [500, 1000] as [Int64])
    func set(value: Int64) throws {
        try #expect(score(.int(value)) == ["\(value)"])
    }

    // Goal: 0 is a value. Method: the runtime runs with 100.
    @Test("OS-02 zero is a value")
    func zero() throws {
        try #expect(score(0) == ["0"])
    }

    // Goal: not said is not touched. Method: the same without the property.
    @Test("OS-03 without it the score is left alone")
    func unsaid() throws {
        try #expect(score(nil) == ["100"])
    }

    // Goal: what the kernel does not take is an error. Method: outside -1000...1000.
    @Test("OS-04 a score outside the kernel's range is refused", arguments: [1001, -1001] as [Int64])
    func outside(value: Int64) throws {
        try scenario { s in
            try s.refuses("/process/oomScoreAdj", "nvalid argument", "oom", "range") {
                $0["/process/oomScoreAdj"] = .int(value)
            }
        }
    }
}
