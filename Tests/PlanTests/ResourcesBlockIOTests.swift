// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct BlockIOTests {
    // RS-58. Goal: weights for both schedulers and limits per device. Method: one config with everything.
    @Test func blockIO() {
        let (plan, findings) = resolvedResources { said in
            var io = Config.Linux.Resources.BlockIO()
            io.weight = 500
            io.weightDevice = [.init(major: 8, minor: 0, weight: 10), .init(major: 8, minor: 16, weight: 1000)]
            io.throttleReadBpsDevice = [.init(major: 8, minor: 0, rate: 600)]
            io.throttleWriteBpsDevice = [.init(major: 8, minor: 0, rate: .max)]
            io.throttleReadIOPSDevice = [.init(major: 259, minor: 1, rate: 0)]
            io.throttleWriteIOPSDevice = [.init(major: 4095, minor: 1_048_575, rate: 300)]
            said.blockIO = io
        }
        #expect(findings.errors.isEmpty)
        #expect(
            plan.lines == [
                "io.bfq.weight=500", "io.bfq.weight=8:0 10", "io.bfq.weight=8:16 1000", "io.max=8:0 rbps=600",
                "io.max=8:0 wbps=18446744073709551615", "io.max=259:1 riops=max", "io.max=4095:1048575 wiops=300",
            ])
        #expect(
            plan.files.prefix(3).map(\.absence) == [
                .write(name: "io.weight", value: "4950"), .write(name: "io.weight", value: "8:0 1"),
                .write(name: "io.weight", value: "8:16 10000"),
            ])
        #expect(plan.files[1].origin == "/linux/resources/blockIO/weightDevice/0/weight")
        #expect(plan.files[5].origin == "/linux/resources/blockIO/throttleReadIOPSDevice/0")
        #expect(plan.controllerNames == ["io"])
    }

    // RS-59. Goal: wrong devices and weights at their place. Method: each rule broken once.
    @Test func wrongBlockIO() {
        let (plan, findings) = resolvedResources { said in
            var io = Config.Linux.Resources.BlockIO()
            io.weight = 1001
            io.leafWeight = 10
            io.weightDevice = [
                .init(major: 8, minor: 0), .init(major: -1, minor: 0, weight: 10),
                .init(major: 8, minor: 0, leafWeight: 10),
            ]
            io.throttleReadBpsDevice = [.init(major: 8, minor: 0), .init(major: 4096, minor: 0, rate: 1)]
            said.blockIO = io
        }
        #expect(plan == ResourcesPlan())
        #expect(
            findings.errorLines == [
                "/linux/resources/blockIO/weight: the weight 1001 is not within 1 to 1000",
                "/linux/resources/blockIO/leafWeight: cgroup v2 has no leaf weights",
                "/linux/resources/blockIO/weightDevice/0: neither \"weight\" nor \"leafWeight\" is given",
                "/linux/resources/blockIO/weightDevice/1: -1:0 is no device number",
                "/linux/resources/blockIO/weightDevice/2/leafWeight: cgroup v2 has no leaf weights",
                "/linux/resources/blockIO/throttleReadBpsDevice/0/rate: no rate is given",
                "/linux/resources/blockIO/throttleReadBpsDevice/1: 4096:0 is no device number",
            ])
    }
}
