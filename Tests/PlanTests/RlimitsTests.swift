// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct RlimitsTests {
    private func resolve(_ said: [Config.Process.Rlimit]?) -> ([RlimitPlan], Findings) {
        var findings = Findings()
        let plan = resolveRlimits(said, at: "/process/rlimits", &findings)
        return (plan, findings)
    }

    // RL-50. Goal: every kind arrives with both numbers, in order. Method: all names at once.
    @Test func all() {
        let said = ResourceLimit.names.enumerated().map {
            Config.Process.Rlimit(type: $1, soft: UInt64($0), hard: .max)
        }
        let (plan, findings) = resolve(said)
        #expect(findings.errors.isEmpty)
        #expect(plan.map(\.resource) == ResourceLimit.all)
        #expect(plan.map(\.soft) == (0..<16).map { UInt64($0) })
        #expect(plan.allSatisfy { $0.hard == ResourceLimit.infinity })
        #expect(plan[3].origin == "/process/rlimits/3")
        #expect(resolve(nil).0.isEmpty)
    }

    // RL-51 RL-52 RL-53. Goal: each mistake at its own place. Method: one list with all of them.
    @Test func wrong() {
        let (plan, findings) = resolve([
            .init(type: "RLIMIT_NOFILE", soft: 10, hard: 20), .init(type: "RLIMIT_NOFLE", soft: 1, hard: 1),
            .init(type: "NOFILE", soft: 1, hard: 1), .init(type: "RLIMIT_NOFILE", soft: 10, hard: 20),
            .init(type: "RLIMIT_CORE", soft: 2, hard: 1), .init(type: "banana", soft: 1, hard: 1),
        ])
        #expect(
            findings.errorLines == [
                "/process/rlimits/1/type: unknown resource limit \"RLIMIT_NOFLE\" (did you mean \"RLIMIT_NOFILE\"?)",
                "/process/rlimits/2/type: unknown resource limit \"NOFILE\" (did you mean \"RLIMIT_NOFILE\"?)",
                "/process/rlimits/3/type: RLIMIT_NOFILE is already limited above",
                "/process/rlimits/4/soft: the soft limit 2 is above the hard limit 1",
                "/process/rlimits/5/type: unknown resource limit \"banana\" "
                    + "(\(ResourceLimit.names.joined(", ").text))",
            ])
        #expect(plan.map(\.resource.name) == ["RLIMIT_NOFILE", "RLIMIT_CORE"])
    }
}
