// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullPlan
import Testing

@Suite struct NearestTests {
    private static let known: [Bytes] = ["network", "mount", "pid", "uts", "user", "nosuid", "CAP_NET_ADMIN"]

    // Goal: a mistyped name leads to the one that was meant. Method: a table of typical slips.
    @Test(arguments: [
        ("net", "network"), ("mnt", "mount"), ("PID", "pid"), ("pids", "pid"), ("nosiud", "nosuid"), ("usr", "user"),
        ("netwrok", "network"), ("cap_net_admin", "CAP_NET_ADMIN"), ("CAP_NET_ADMN", "CAP_NET_ADMIN"),
    ]) func finds(unknown: String, expected: String) {
        #expect(nearest(to: Bytes(unknown), among: Self.known) == Bytes(expected))
    }

    // Goal: a common prefix neither hides nor makes nearness. Method: with it, without it, and far names.
    @Test(arguments: [
        ("NOFILE", "RLIMIT_NOFILE"), ("nofile", "RLIMIT_NOFILE"), ("RLIMIT_NOFLE", "RLIMIT_NOFILE"),
        ("rlimit_core", "RLIMIT_CORE"), ("RLIMIT_BANANA", nil), ("banana", nil),
    ]) func prefixes(unknown: String, expected: String?) {
        let known: [Bytes] = ["RLIMIT_CORE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_DATA"]
        #expect(nearest(to: Bytes(unknown), among: known, prefix: "RLIMIT_") == expected.map { Bytes($0) })
    }

    // Goal: no misleading guess. Method: names that are near to nothing, and sizes that would cost time.
    @Test(arguments: ["", "x", "banana", "filesystem", String(repeating: "n", count: 100_000)])
    func findsNothing(unknown: String) {
        #expect(nearest(to: Bytes(unknown), among: Self.known) == nil)
    }

    // Goal: the distance is what the comment says. Method: swapped neighbours cost one, the nearest of several wins.
    @Test func nearestWins() {
        #expect(nearest(to: "abdc", among: ["abcx", "abcd"]) == "abcd")
        #expect(nearest(to: "same", among: ["same"]) == nil)
        #expect(nearest(to: "a", among: []) == nil)
    }
}
