// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// What the limits of CPU time do, apart from what their files say.
@Suite(.runnable, .conformance, .serialized)
struct CPULimits {
    private let spin = "exec probe spin 10000"

    private func number(_ key: String, _ s: Scenario, _ group: String) -> Int {
        let lines = (Files.read(s.cgroupDirectory(group) + "/cpu.stat") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix(key + " ") }.flatMap { Int($0.dropFirst(key.count + 1)) } ?? 0
    }

    /// CPU time per time, while containers run: microseconds of both.
    private func measure(_ seconds: Double, _ s: Scenario, _ groups: String...) -> (used: [Int], time: Double) {
        let (before, begin) = (groups.map { number("usage_usec", s, $0) }, Date())
        Thread.sleep(forTimeInterval: seconds)
        let after = groups.map { number("usage_usec", s, $0) }
        let time = Date().timeIntervalSince(begin) * 1e6
        return (zip(after, before).map { $0 - $1 }, time)
    }

    // Goal: a spinning loop gets its quota within 10 %. Method: its CPU time over five seconds.
    @Test("LT-30 a spinning loop gets its quota", .needs(.controller("cpu")))
    func quota() throws {
        try scenario { s in
            _ = try s.start(spin) { $0["/linux/resources/cpu"] = ["quota": 20_000, "period": 100_000] }
            eventually { number("usage_usec", s, "g1") > 100_000 }
            let (used, time) = measure(5, s, "g1")
            let share = Double(used[0]) / time
            #expect((0.18...0.22).contains(share), "\(share)")
            #expect(number("nr_throttled", s, "g1") > 0)
        }
    }

    // Goal: time that was not used is saved up to the burst. Method: short work between rests, above the quota.
    @Test("LT-31 a burst is used", .needs(.controller("cpu"), .kernel(5, 15)))
    func burst() throws {
        try scenario { s in
            _ = try s.start("while :; do sleep 0.3; probe spin 0.02; done") {
                $0["/linux/resources/cpu"] = ["quota": 10_000, "period": 100_000, "burst": 10_000]
            }
            try #require(Files.read(s.cgroupDirectory("g1") + "/cpu.max.burst")?.trimmed == "10000")
            #expect(eventually(within: 20) { number("nr_bursts", s, "g1") > 0 })
        }
    }

    // Goal: CPU time is divided by weight. Method: two loops on one CPU.
    @Test("LT-32 two loops on one CPU share it by their weights", .needs(.controller("cpu"), .controller("cpuset")))
    func weights() throws {
        try scenario { s in
            for weight in ["100", "400"] {
                _ = try s.start(spin) {
                    $0["/linux/resources/cpu"] = ["cpus": "0"]
                    $0["/linux/resources/unified"] = ["cpu.weight": .string(weight)]
                }
            }
            eventually { number("usage_usec", s, "g1") > 10_000 && number("usage_usec", s, "g2") > 10_000 }
            let (used, _) = measure(5, s, "g1", "g2")
            let ratio = Double(used[1]) / Double(max(used[0], 1))
            #expect((3.0...5.0).contains(ratio), "\(used)")
        }
    }

    // Goal: what is idle gets what nobody wants. Method: beside a usual loop on the same CPU.
    @Test("LT-33 an idle container leaves the CPU to others", .needs(.controller("cpu"), .controller("cpuset")))
    func idle() throws {
        try scenario { s in
            for cpu in [["cpus": "0", "idle": 1], ["cpus": "0"]] as [JSON] {
                _ = try s.start(spin) { $0["/linux/resources/cpu"] = cpu }
            }
            eventually { number("usage_usec", s, "g2") > 100_000 }
            let (used, _) = measure(4, s, "g1", "g2")
            #expect(used[0] * 10 < used[1], "\(used)")
        }
    }

    // Goal: the program may use these CPUs and uses no other; a change moves it. Method: what the kernel says of it.
    @Test("LT-34 a loop stays on the CPUs of its cpuset, and moves with it", .needs(.controller("cpuset"), .cpus(2)))
    func cpuset() throws {
        try scenario { s in
            let container = try s.start(spin) { $0["/linux/resources/cpu"] = ["cpus": "1", "mems": "0"] }
            let pid = try container.pid()
            expectOnly("1", pid)
            let outcome = try s.runtime("update", "--cpuset-cpus", "0", container.id)
            #expect(outcome.ok, "\(outcome)")
            expectOnly("0", pid)
        }
    }

    private func expectOnly(_ cpu: String, _ pid: Int, at location: SourceLocation = #_sourceLocation) {
        let status = (Files.read("/proc/\(pid)/status") ?? "").split(separator: "\n")
        #expect(status.contains("Cpus_allowed_list:\t\(cpu)"), sourceLocation: location)
        // Field 39 of proc(5): where it runs. It moves when it is next scheduled.
        func processor() -> String? {
            let text = Files.read("/proc/\(pid)/stat") ?? ""
            return text.split(separator: ")").last?.split(separator: " ").dropFirst(36).first.map(String.init)
        }
        #expect(eventually { processor() == cpu }, sourceLocation: location)
        for _ in 1...20 {
            usleep(20_000)
            #expect(processor() == cpu, sourceLocation: location)
        }
    }
}
