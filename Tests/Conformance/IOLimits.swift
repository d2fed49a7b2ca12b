// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// What the limits of block devices do, apart from what their files say.
@Suite(.runnable, .conformance, .serialized)
struct IOLimits {
    /// How long, in milliseconds, a container takes to write blocks past the cache, under limits of the disk.
    private func milliseconds(_ blocks: Int, of size: Int, _ s: Scenario, _ limits: (JSON) -> JSON) throws -> Int {
        let disk = try #require(Machine.disk)
        let directory = "/var/tmp/\(s.name)"
        try Files.makeDirectory(directory)
        defer { Files.remove(directory) }
        let bundle = try s.bundle(["/bin/probe", "direct", "/mnt/file", "\(blocks)", "\(size)"]) {
            $0.mount("/mnt", type: "bind", from: directory, ["bind", "rw"])
            let device: JSON = ["major": .int(Int64(disk.major)), "minor": .int(Int64(disk.minor))]
            $0["/linux/resources/blockIO"] = limits(device)
        }
        let outcome = try s.run(bundle)
        #expect(outcome.ok, "\(outcome)")
        return try #require(outcome.json?["/result"]?.int, "\(outcome)")
    }

    private func limited(_ device: JSON, _ rate: Int64) -> JSON {
        var device = device
        device["/rate"] = .int(rate)
        return [device]
    }

    // Goal: a throttled write takes its time. Method: three megabytes at one a second, beside the same without a limit.
    @Test("LT-40 a write is throttled to its bytes per second", .needs(.controller("io"), .disk))
    func bytes() throws {
        try scenario { s in
            let free = try milliseconds(12, of: 262_144, s) { _ in [:] }
            let slow = try milliseconds(12, of: 262_144, s) {
                ["throttleWriteBpsDevice": limited($0, 1_048_576)]
            }
            #expect(slow > 2300 && slow > 2 * free, "\(free) ms without, \(slow) ms with")
        }
    }

    @Test("LT-41 writes are throttled to their number per second", .needs(.controller("io"), .disk))
    func operations() throws {
        try scenario { s in
            let free = try milliseconds(30, of: 4096, s) { _ in [:] }
            let slow = try milliseconds(30, of: 4096, s) { ["throttleWriteIOPSDevice": limited($0, 10)] }
            #expect(slow > 2300 && slow > 2 * free, "\(free) ms without, \(slow) ms with")
        }
    }

    @Test("LT-42 with the scheduler BFQ weights are its own, also of one device", .needs(.controller("io"), .bfq))
    func bfq() throws {
        try scenario { s in
            let disk = try #require(Machine.disk)
            _ = try s.start("exec sleep 100") {
                $0["/linux/resources/blockIO"] = [
                    "weight": 500,
                    "weightDevice": [
                        ["major": .int(Int64(disk.major)), "minor": .int(Int64(disk.minor)), "weight": 300]
                    ],
                ]
            }
            let text = Files.read(s.cgroupDirectory("g1") + "/io.bfq.weight")
            #expect(text == "default 500\n\(disk.major):\(disk.minor) 300\n", "\(text ?? "")")
        }
    }
}
