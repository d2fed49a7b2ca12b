// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullPlan
import Testing

/// What /etc/subuid says of a refusal. (RO-04)
@Suite struct SubordinateIDsTests {
    private func problem(_ text: Bytes, _ maps: [IDMapping], file: Bytes = "/etc/subuid") -> String? {
        SubordinateIDs(file: file, text: text, user: 1000, name: "sailor", own: 1000).problem(of: maps)?.text
    }

    private static let own = IDMapping(containerID: 0, hostID: 1000, size: 1)

    private func range(_ first: UInt32, _ size: UInt32) -> IDMapping {
        IDMapping(containerID: 1, hostID: first, size: size)
    }

    // Goal: what is granted is no problem. Method: one range, two that follow one another, the line by number.
    @Test func granted() {
        let maps = [Self.own, range(100_000, 10)]
        for text in ["sailor:100000:10", "sailor:100000:5\nsailor:100005:5", "x:1:2\n1000:99999:20\n"] as [Bytes] {
            #expect(problem(text, maps) == nil)
        }
    }

    // Goal: the first id that is missing, and what would do. Method: a range too long, one elsewhere, lines of others
    // and lines that are none.
    @Test func missing() {
        let remedy = "a mapping of size 10 from hostID 100000 would do"
        #expect(
            problem("sailor:100000:10", [Self.own, range(100_000, 11)])
                == "mapping 1 wants 100000-100010, and /etc/subuid grants sailor 100000-100009: not 100010; " + remedy)
        #expect(
            problem("sailor:100000:10", [range(5, 1)])
                == "mapping 0 wants 5-5, and /etc/subuid grants sailor 100000-100009: not 5; " + remedy)
        for text in ["", "other:100000:10", "sailor:a:10", "sailor:100000:0", "sailor:100000:10:1"] as [Bytes] {
            #expect(
                problem(text, [range(100_000, 1)], file: "/etc/subgid")
                    == "mapping 0 wants 100000-100000, and /etc/subgid has no range for sailor: as root usermod "
                    + "--add-subgids 100000-165535 sailor; without one only 1000 can be mapped, with size 1")
        }
    }

    // Goal: the name of a user. Method: the first line of the id; none.
    @Test func names() {
        let passwd = "root:x:0:0::/:/bin/sh\nsailor:x:1000:1000::/:/bin/sh\nother:x:1000:1000::/:/bin/sh\n" as Bytes
        #expect(SubordinateIDs.name(of: 1000, inPasswd: passwd) == "sailor")
        #expect(SubordinateIDs.name(of: 7, inPasswd: passwd) == nil)
    }

    // Goal: all that is granted, as the kernel takes it. Method: two ranges, one of them twice, one over the own id.
    @Test func map() {
        func map(_ text: Bytes) -> [IDMapping]? {
            SubordinateIDs(file: "/etc/subuid", text: text, user: 1000, name: "sailor", own: 1000).map
        }
        let two = [Self.own, range(100_000, 10), IDMapping(containerID: 11, hostID: 300, size: 5)]
        #expect(map("sailor:100000:10\n1000:100000:10\nsailor:100005:9\nsailor:300:5\nsailor:900:200\n") == two)
        #expect(map("other:100000:10\n") == nil && map("") == nil)
    }
}
