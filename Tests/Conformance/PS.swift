// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct PS {
    @Test("PS-01 the JSON is an array of the pids of the container")
    func json() throws {
        try scenario { s in
            let container = try s.start("sleep 100 & echo up; exec sleep 100")
            container.says("up")
            let pids = try s.runtime("ps", "--format", "json", container.id).json?.array?.compactMap(\.int) ?? []
            #expect(pids.count == 2)
            #expect(pids.contains(try container.pid()))
        }
    }

    @Test("PS-02 the table lists the container's processes")
    func table() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try container("ps")
            #expect(outcome.lines.count == 2, "\(outcome)")
            #expect(outcome.lines.first?.contains("PID") == true)
            #expect(outcome.lines.last?.contains("\(try container.pid())") == true)
        }
    }

    @Test("PS-03 words after the id go to ps")
    func words() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try s.runtime("ps", container.id, "-o", "pid,comm")
            #expect(outcome.lines.first?.split(separator: " ") == ["PID", "COMMAND"], "\(outcome)")
            #expect(outcome.lines.last?.hasSuffix("sleep") == true, "\(outcome)")
        }
    }

    @Test("PS-04 ps of an unknown container is refused")
    func nobody() throws {
        try scenario { s in
            let outcome = try s.runtime("ps", "nobody")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["does not exist"])
        }
    }
}
