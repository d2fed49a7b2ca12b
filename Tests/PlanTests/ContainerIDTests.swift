// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullPlan
import Testing

@Suite struct ContainerIDTests {
    // Goal: the ids that engines make. Method: a table, and the longest one.
    @Test(arguments: [
        "a", "0", "web_1", "a+b-c.d", "-rf", "...", ".hidden", "3f4e", String(repeating: "x", count: 1024),
    ])
    func takes(id: String) throws {
        #expect(try ContainerID(Bytes(id)).bytes == Bytes(id))
    }

    // Goal: nothing that is another path, another line or another argument. Method: a table of ids and texts.
    @Test(arguments: [
        ("", "container id cannot be empty"),
        (".", "invalid container ID format: \".\""),
        ("..", "invalid container ID format: \"..\""),
        ("a/b", "invalid container ID format: \"/\" is none of A-Z a-z 0-9 _ + - ."),
        ("../x", "invalid container ID format: \"/\" is none of A-Z a-z 0-9 _ + - ."),
        ("a\0", "invalid container ID format: byte 0 is none of A-Z a-z 0-9 _ + - ."),
        ("a b", "invalid container ID format: byte 32 is none of A-Z a-z 0-9 _ + - ."),
        ("a\n", "invalid container ID format: byte 10 is none of A-Z a-z 0-9 _ + - ."),
        ("caf\u{e9}", "invalid container ID format: byte 195 is none of A-Z a-z 0-9 _ + - ."),
        ("a\u{1b}[2J", "invalid container ID format: byte 27 is none of A-Z a-z 0-9 _ + - ."),
        ("a\u{301}", "invalid container ID format: byte 204 is none of A-Z a-z 0-9 _ + - ."),
        (String(repeating: "x", count: 1025), "invalid container ID format: 1025 bytes, 1024 at most"),
        (String(repeating: "x", count: 5000), "invalid container ID format: 5000 bytes, 1024 at most"),
    ]) func refuses(id: String, problem: String) {
        do throws(ContainerID.Invalid) {
            _ = try ContainerID(Bytes(id))
            Issue.record("\(id) was taken")
        } catch {
            #expect(error.problem == Bytes(problem))
        }
    }

    // Goal: of single bytes exactly the promised ones. Method: all 256.
    @Test(arguments: UInt8.min...UInt8.max) func singleBytes(byte: UInt8) {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-".utf8.contains(byte)
        #expect(((try? ContainerID(Bytes([byte]))) != nil) == allowed)
        #expect(((try? ContainerID(Bytes([0x61, byte]))) != nil) == (allowed || byte == 0x2e))
    }
}

@Suite struct UserTests {
    // Goal: numbers and only numbers (CVE-2026-30892 and its family). Method: the whole matrix of spellings.
    @Test(
        arguments: [
            ("1", 1, nil), ("0", 0, nil), ("1:2", 1, 2), ("0:0", 0, 0),
            ("4294967294:4294967294", 4_294_967_294, 4_294_967_294),
            ("1000:0", 1000, 0),
        ] as [(String, UInt32, UInt32?)])
    func takes(text: String, uid: UInt32, gid: UInt32?) throws {
        #expect(try UserAndGroup(parsing: Bytes(text)) == UserAndGroup(uid: uid, gid: gid))
    }

    // Goal: everything else is refused and named. Method: the whole matrix of spellings.
    @Test(arguments: [
        ("", "invalid user id \"\" in \"\""), (":2", "invalid user id \"\" in \":2\""),
        ("1:", "invalid group id \"\" in \"1:\""), ("+1", "invalid user id \"+1\" in \"+1\""),
        (" 1", "invalid user id \" 1\" in \" 1\""), ("1 ", "invalid user id \"1 \" in \"1 \""),
        ("4294967295", "invalid user id \"4294967295\" in \"4294967295\""),
        ("4294967296", "invalid user id \"4294967296\" in \"4294967296\""),
        ("1:4294967295", "invalid group id \"4294967295\" in \"1:4294967295\""),
        ("65536:4294967297", "invalid group id \"4294967297\" in \"65536:4294967297\""),
        ("18446744073709551617", "invalid user id \"18446744073709551617\" in \"18446744073709551617\""),
        ("-1", "invalid user id \"-1\" in \"-1\""), ("0x10", "invalid user id \"0x10\" in \"0x10\""),
        ("1e3", "invalid user id \"1e3\" in \"1e3\""), ("00", "invalid user id \"00\" in \"00\""),
        ("01", "invalid user id \"01\" in \"01\""), ("root", "invalid user id \"root\" in \"root\""),
        ("1:2:3", "invalid user \"1:2:3\": UID or UID:GID is wanted"), ("1\0", "invalid user id \"1\0\" in \"1\0\""),
        ("\u{661}", "invalid user id \"\u{661}\" in \"\u{661}\""),
    ]) func refuses(text: String, problem: String) {
        do throws(UserAndGroup.Invalid) {
            _ = try UserAndGroup(parsing: Bytes(text))
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.problem == Bytes(problem))
        }
    }
}
