// SPDX-License-Identifier: Apache-2.0

import HullPlan
import Oracles

/// Device filters: the kernel would take the program, and it decides as the list reads.
enum DevicesTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        let rules = (0..<draw.count(upTo: 20)).map { _ in rule(&draw) }
        let program = compileDeviceFilter(rules)
        if let problem = deviceFilterProblem(program) { return "\(problem): \(rules)" }
        for _ in 0..<40 {
            let request = DeviceRequest(
                kind: draw.pick([1, 2]), major: draw.near(numbers), minor: draw.near(numbers),
                access: UInt32(draw.byte() % 7) + 1)
            let expected = (rules + DeviceRule.always).allow(request)
            guard run(program, request) == expected else { return "\(request) is not \(expected): \(rules)" }
        }
        return nil
    }

    private static let numbers: [UInt32] = [0, 1, 3, 5, 8, 10, 136, 200, 0xffff, 0x7fff_ffff, .max]

    private static func rule(_ draw: inout Draw) -> DeviceRule {
        let choice = draw.byte()
        return DeviceRule(
            allow: choice & 1 == 1, kind: draw.pick([nil, .block, .character]),
            major: choice & 2 == 2 ? draw.near(numbers) : nil, minor: choice & 4 == 4 ? draw.near(numbers) : nil,
            access: choice & 8 == 8 ? .all : .init(rawValue: Int32(draw.byte() % 7) + 1))
    }
}
