// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import Testing

@testable import HullPlan

@Suite struct TraceTests {
    /// Two steps outside and two inside, the last of which waits for `start`.
    private var plan: ContainerPlan {
        var plan = ContainerPlan(id: "c1", bundle: "/b", rootfs: "/b/rootfs")
        plan.outside = [
            OutsideStep(action: .oomScore(5), origin: "/process/oomScoreAdj"),
            OutsideStep(action: .awaitReady, origin: .root),
        ]
        plan.inside = [
            InsideStep(action: .hostname("<a&\"b\u{ffff}>\n"), origin: "/hostname"),
            InsideStep(action: .ready, origin: .root),
        ]
        return plan
    }

    private var times: StepTimes {
        var times = StepTimes(began: 1_000_000_000)
        times.outside = [1_000_100_000, 1_000_250_001, 1_000_700_000]
        times.inside = [1_000_200_000, 1_000_300_000, 1_000_600_000, 1_000_900_000]
        times.started = 1_000_700_000
        times.executed = 1_001_200_000
        times.ended = 1_001_200_000
        times.pids = (10, 11)
        return times
    }

    private func check(_ text: Bytes, _ name: String) throws {
        let file = PlanFixture.directory.appending(path: name)
        if ProcessInfo.processInfo.environment["HULL_UPDATE_PLANS"] != nil { try Data(text.array).write(to: file) }
        #expect(try Data(contentsOf: file) == Data(text.array), "\(name): see git diff after HULL_UPDATE_PLANS=1")
    }

    // TR-50. Goal: what Perfetto reads. Method: given times, a golden file.
    @Test func json() throws { try check(Trace(plan, times).json, "trace.json") }

    // TR-51. Goal: the picture, in which no name can end an element. Method: the same times, a golden file.
    @Test func svg() throws { try check(Trace(plan, times).svg, "trace.svg") }

    // TR-52. Goal: a creation that was cut off, and a clock that was set back. Method: fewer times, and mad ones.
    @Test func unfinished() {
        var cut = times
        cut.outside.removeLast()
        cut.inside.removeLast(2)
        (cut.started, cut.executed) = (nil, nil)
        let bars = Trace(plan, cut).bars
        #expect(bars.map(\.words.verb) == ["plan", "write", "poll", "begin", "sethostname"])
        #expect(bars.map(\.isDone) == [true, true, false, true, false])
        #expect(bars.map(\.end) == [100_000, 250_001, 1_200_000, 300_000, 1_200_000])
        cut.outside = [5, .max]
        cut.ended = 7
        #expect(Trace(plan, cut).bars.allSatisfy { $0.begin == 0 && $0.end == 0 })
        cut.ended = .max
        let late = Trace(plan, cut)
        #expect(late.bars.allSatisfy { 0...late.duration ~= $0.begin && $0.begin...late.duration ~= $0.end })
        #expect(late.svg.hasSuffix("</svg>\n"))
    }
}
