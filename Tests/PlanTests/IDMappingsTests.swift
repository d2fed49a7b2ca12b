// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct IDMappingsTests {
    private typealias Said = Config.Linux.IDMapping

    private func resolve(_ said: [Said]?, pageSize: Int = 4096) -> ([IDMapping], Findings) {
        var findings = Findings()
        let map = resolveIDMappings(said, pageSize: pageSize, at: "/linux/uidMappings", &findings)
        return (map, findings)
    }

    private func range(_ inside: UInt32, _ outside: UInt32, _ size: UInt32) -> Said {
        Said(containerID: inside, hostID: outside, size: size)
    }

    // ID-50. Goal: a map becomes the kernel's text. Method: the usual maps, and the widest one.
    @Test func text() {
        let (map, findings) = resolve([range(0, 1000, 1), range(1, 100_000, 65536)])
        #expect(findings.errors.isEmpty)
        #expect(map.mapText == "0 1000 1\n1 100000 65536\n")
        #expect(resolve([range(0, 0, .max)]).1.errors.isEmpty)
        #expect(resolve(nil).0.isEmpty)
    }

    // ID-51 ID-52 ID-53. Goal: every mistake that the kernel answers with EINVAL, at its place. Method: a table of
    // lists.
    @Test(
        arguments: [
            ([(0, 0, 0)], "/linux/uidMappings/0/size: an id mapping of no id"),
            (
                [(1, 0, UInt32.max)],
                "/linux/uidMappings/0: the ids inside go past 4294967294, the last that the kernel has"
            ),
            (
                [(0, 1, UInt32.max)],
                "/linux/uidMappings/0: the ids outside go past 4294967294, the last that the kernel has"
            ),
            (
                [(UInt32.max, 0, 1)],
                "/linux/uidMappings/0: the ids inside go past 4294967294, the last that the kernel has"
            ),
            ([(0, 0, 10), (9, 100, 1)], "/linux/uidMappings/1: the ids inside overlap those of mapping 0"),
            ([(0, 0, 10), (10, 9, 1)], "/linux/uidMappings/1: the ids outside overlap those of mapping 0"),
            ([(5, 5, 1), (20, 20, 1), (0, 30, 9)], "/linux/uidMappings/2: the ids inside overlap those of mapping 0"),
        ] as [([(UInt32, UInt32, UInt32)], String)])
    func wrong(ranges: [(UInt32, UInt32, UInt32)], line: String) {
        #expect(resolve(ranges.map { range($0.0, $0.1, $0.2) }).1.errorLines == [line])
    }

    // ID-54. Goal: both limits of length. Method: lists at and above each.
    @Test func length() {
        let short = (0..<340).map { range(UInt32($0), UInt32($0), 1) }
        #expect(resolve(short).1.errors.isEmpty)
        #expect(
            resolve(short + [range(400, 400, 1)]).1.errorLines
                == ["/linux/uidMappings/340: 341 id mappings: the kernel takes 340 at most"])
        let long = (0..<340).map { range(1_000_000 + UInt32($0), 1_000_000 + UInt32($0), 1) }
        #expect(
            resolve(long).1.errorLines == [
                "/linux/uidMappings: the id map is 6120 bytes long: the kernel takes less than 4096"
                    + " (join ranges that follow one another)"
            ])
        #expect(resolve(long, pageSize: 65536).1.errors.isEmpty)
    }

    // ID-53 ID-55. Goal: a map that is accepted translates every id both ways, and one that is not has a reason.
    // Method: random lists of small ranges, beside a count of every single id.
    @Test func acceptedMapsAreInjective() {
        var accepted = 0
        for _ in 0..<2000 {
            let said = (0..<Int.random(in: 1...4)).map { _ in
                range(.random(in: 0...40), .random(in: 0...40), .random(in: 1...8))
            }
            let (map, findings) = resolve(said)
            let inside = said.flatMap { $0.containerID..<($0.containerID + $0.size) }
            let outside = said.flatMap { $0.hostID..<($0.hostID + $0.size) }
            let injective = Set(inside).count == inside.count && Set(outside).count == outside.count
            #expect(findings.errors.isEmpty == injective)
            guard injective else { continue }
            accepted += 1
            for id in inside {
                let host = map.hostID(of: id)
                #expect(host.flatMap(map.containerID(of:)) == id)
            }
        }
        #expect(accepted > 100)
    }

    // RO-34. Goal: below a map of several ranges the kernel takes ranges that lie in one each. Method: a range over
    // two of them, one in one, one that leads out, a map of one range.
    @Test func parts() {
        func map(_ ranges: [(UInt32, UInt32, UInt32)]) -> [IDMapping] {
            ranges.map { IDMapping(containerID: $0.0, hostID: $0.1, size: $0.2) }
        }
        let own = map([(0, 4500, 1), (1, 300_000, 9), (10, 400_000, 90)])
        func parts(_ range: (UInt32, UInt32, UInt32)) -> [IDMapping] { map([range])[0].parts(along: own) }
        #expect(parts((0, 0, 100)) == map([(0, 0, 1), (1, 1, 9), (10, 10, 90)]))
        #expect(parts((7, 5, 6)) == map([(7, 5, 5), (12, 10, 1)]))
        #expect(parts((0, 1, 9)) == map([(0, 1, 9)]))
        #expect(parts((0, 0, 101)) == map([(0, 0, 101)]))
        #expect(map([(0, 0, 10)])[0].parts(along: map([(0, 0, 5)])) == map([(0, 0, 10)]))
    }
}
