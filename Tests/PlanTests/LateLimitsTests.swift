// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct LateLimitsTests {
    private func writes(_ fill: (inout Config.Linux.Resources) -> Void) throws -> [String] {
        var config = Config.smallest
        var resources = Config.Linux.Resources()
        fill(&resources)
        config.linux?.resources = resources
        let steps = try config.plan().steps("outside")
        return steps.filter { $0.hasPrefix("write memory") || $0.hasPrefix("write pids") || $0 == "poll ready" }
    }

    private func unified(_ entries: [(Bytes, Bytes)]) -> [Entry<Bytes>] {
        entries.map { Entry(key: $0.0, value: $0.1) }
    }

    private func memory(_ limit: Int64) -> Config.Linux.Resources.Memory {
        var memory = Config.Linux.Resources.Memory()
        memory.limit = limit
        return memory
    }

    // RS-65. Goal: a limit under which no process could be set up has its place after the set-up, and only such a one.
    // Method: limits around the bound, as both properties say them.
    @Test(
        arguments: [
            (16_777_216, ["write memory.max = 16777216", "poll ready"]),
            (16_777_215, ["write memory.max = 16777216", "poll ready", "write memory.max = 16777215"]),
            (4096, ["write memory.max = 16777216", "poll ready", "write memory.max = 4096"]),
        ] as [(Int64, [String])])
    func memory(limit: Int64, expected: [String]) throws {
        try #expect(writes { $0.memory = memory(limit) } == expected)
    }

    @Test(
        arguments: [
            ([("memory.max", "16384K")], ["write memory.max = 16384K", "poll ready"]),
            (
                [("memory.max", "64k")],
                ["write memory.max = 16777216", "poll ready", "write memory.max = 64k"]
            ),
            ([("memory.high", "1M")], ["poll ready", "write memory.high = 1M"]),
            ([("memory.high", "1G")], ["write memory.high = 1G", "poll ready"]),
            ([("memory.low", "1")], ["write memory.low = 1", "poll ready"]),
        ] as [([(Bytes, Bytes)], [String])])
    func unified(entries: [(Bytes, Bytes)], expected: [String]) throws {
        try #expect(writes { $0.unified = unified(entries) } == expected)
    }

    // Goal: of two words for one file the later one holds at the end. Method: a small one and a great one, both ways.
    @Test func both() throws {
        let greatLast = try writes {
            $0.memory = memory(4096)
            $0.unified = unified([("memory.max", "64M")])
        }
        #expect(greatLast == ["write memory.max = 16777216", "write memory.max = 64M", "poll ready"])
        let smallLast = try writes {
            $0.memory = memory(67_108_864)
            $0.unified = unified([("memory.max", "4096")])
        }
        #expect(smallLast.last == "write memory.max = 4096" && smallLast.first == "write memory.max = 67108864")
    }
}
