// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullImage
import Testing

private let passwd: Bytes = """
    # not a user
    root:x:0:0:root:/root:/bin/sh
    1000:x:0:0:a number for a name:/root:/bin/sh
    4294967296:x:0:0::/root:
    00:x:0:0::/root:
    +0:x:0:0::/root:
    alice:x:1001:1002:Alice:/home/alice:/bin/sh
    bob:x:1003:1003::relative:
    big:x:4294967296:0::/:
    minus:x:4294967295:0::/:
    nobody:x:65534:65534
    alice:x:0:0::/root:
    """
private let group: Bytes = """
    root:x:0:
    staff:x:50:alice,bob
    audio:x:29:bob
    alice:x:1002:alice
    more:x:51:malice,alice
    again:x:50:alice
    broken:x:-1:alice
    0:x:7:alice
    """

@Suite struct UserTests {
    private func user(_ said: Bytes?) throws -> ImageUser {
        try ImageUser(said, passwd: passwd, group: group)
    }

    // Goal: who is meant, by name and number, with groups and home (IA-20, IA-21, IA-22). Method: a table.
    @Test(
        arguments: [
            (nil, 0, 0, [], "/root"), ("", 0, 0, [], "/root"), ("0", 0, 0, [], "/root"),
            ("root", 0, 0, [0], "/root"),
            ("alice", 1001, 1002, [1002, 50, 51, 7], "/home/alice"),
            ("alice:staff", 1001, 50, [], "/home/alice"), ("alice:7", 1001, 7, [], "/home/alice"),
            ("1001", 1001, 1002, [], "/home/alice"), ("1001:0", 1001, 0, [], "/home/alice"),
            ("1000", 1000, 0, [], nil), ("1000:1000", 1000, 1000, [], nil),
            ("4294967294:4294967294", 4_294_967_294, 4_294_967_294, [], nil),
            ("bob", 1003, 1003, [1003, 50, 29], nil), ("nobody", 65534, 65534, [65534], nil),
            ("0:audio", 0, 29, [], "/root"),
        ] as [(Bytes?, UInt32, UInt32, [UInt32], Bytes?)])
    func meant(said: Bytes?, uid: UInt32, gid: UInt32, groups: [UInt32], home: Bytes?) throws {
        let user = try user(said)
        #expect(user.uid == uid)
        #expect(user.gid == gid)
        #expect(user.additionalGids == groups)
        #expect(user.home == home)
    }

    // Goal: what begins like a number is one or an error, never a name that the image maps to root (IA-23:
    // CVE-2016-3697, CVE-2024-40635, CVE-2026-46680). Method: such names, all of them in the passwd.
    @Test(
        arguments: [
            "4294967296", "4294967295", "18446744073709551616", "00", "+0", "-1", " 0", "0 ", "0x0", "1e3", "1000a",
            "65536:4294967297", "0:00", "0: 0", "0:-1", "0:+0", "alice:", ":0", ":", "a:b:c", "0\n", "\t0", "０",
            "al ice", "root,alice", "alice:st aff",
        ] as [Bytes])
    func refused(said: Bytes) {
        do throws(ImageUser.Problem) {
            let user = try ImageUser(said, passwd: passwd, group: group)
            Issue.record("\(said.text) became \(user.uid):\(user.gid)")
        } catch {
            if case .form = error { return }
            Issue.record("\(said.text): \(error)")
        }
    }

    // Goal: a name that is not there, or whose line has no number, is said to be so (IA-24). Method: one of each.
    @Test func unknown() {
        #expect(throws: ImageUser.Problem.unknownUser("alcie", there: ["root"])) {
            try ImageUser("alcie", passwd: "root:x:0:0::/:", group: "")
        }
        #expect(throws: ImageUser.Problem.unknownGroup("wheel", there: ["root"])) {
            try ImageUser("0:wheel", passwd: "", group: "root:x:0:")
        }
        for name in ["big", "minus"] as [Bytes] {
            #expect(throws: ImageUser.Problem.brokenLine(name, file: "/etc/passwd")) {
                try ImageUser(name, passwd: passwd, group: group)
            }
        }
        #expect(throws: ImageUser.Problem.brokenLine("broken", file: "/etc/group")) {
            try ImageUser("0:broken", passwd: passwd, group: group)
        }
    }
}
