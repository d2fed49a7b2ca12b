// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import Testing

@Suite struct DBusTests {
    private static var call: DBusMessage {
        var call = DBusMessage(calling: "M", of: "a.b", "/p", at: "d.e")
        call.arguments = [
            .string("x"), .array(of: "(sv)", [.structure([.string("K"), .variant(.uint64(7))])]), .boolean(true),
            .array(of: "u", []), .array(of: "{sv}", [.entry(.string("k"), .variant(.array(of: "y", [.byte(1)])))]),
            .double(1.5), .int16(-2), .objectPath("/o"), .signature("a(sv)"), .int64(.min), .descriptor(0),
        ]
        return call
    }

    // UN-50. Goal: the bytes are those of the specification. Method: a small call, byte by byte.
    @Test func layout() {
        var call = DBusMessage(calling: "M", of: "", "/", at: "")
        call.arguments = [.uint16(0x0102), .string("hi")]
        #expect(
            call.bytes(serial: 9) == [
                0x6c, 1, 0, 1, 11, 0, 0, 0, 9, 0, 0, 0, 40, 0, 0, 0,
                1, 1, 0x6f, 0, 1, 0, 0, 0, 0x2f, 0, 0, 0, 0, 0, 0, 0,
                3, 1, 0x73, 0, 1, 0, 0, 0, 0x4d, 0, 0, 0, 0, 0, 0, 0,
                8, 1, 0x67, 0, 2, 0x71, 0x73, 0,
                2, 1, 0, 0, 2, 0, 0, 0, 0x68, 0x69, 0,
            ])
    }

    // UN-50. Goal: what is written is read as the same. Method: a call with every type.
    @Test func roundTrip() throws {
        let read = try DBusMessage(Self.call.bytes(serial: 1))
        #expect(read == Self.call)
    }

    // UN-50. Goal: the other byte order is read too. Method: an answer written by hand.
    @Test func bigEndian() throws {
        let bytes: [UInt8] = [
            0x42, 2, 0, 1, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 15, 5, 1, 0x75, 0, 0, 0, 0, 8, 8, 1, 0x67, 0, 1, 0x75, 0,
            0, 0, 0, 1, 2,
        ]
        let message = try DBusMessage(bytes)
        #expect(message.kind == .answer && message.replySerial == 8 && message.arguments == [.uint32(0x102)])
    }

    // UN-51. Goal: no beginning of a message is one, and none is a trap. Method: every length.
    @Test func truncated() {
        let bytes = Self.call.bytes(serial: 1)
        for count in 0..<bytes.count {
            #expect(throws: DBusProblem.self) { try DBusMessage(Array(bytes[..<count])) }
        }
    }

    // UN-51. Goal: a wrong byte gives a message or a problem. Method: each byte replaced by several others.
    @Test func damaged() {
        let bytes = Self.call.bytes(serial: 1)
        for place in bytes.indices {
            for other in [0, 1, 0x61, 0x7f, 0x80, 0xff] as [UInt8] where other != bytes[place] {
                var damaged = bytes
                damaged[place] = other
                _ = try? DBusMessage(damaged)
            }
        }
    }

    // UN-51. Goal: each rule is looked at. Method: table of what is wrong, and the words.
    @Test(
        arguments: [
            (0, 0x78, "it does not begin with its byte order"), (3, 2, "it is of protocol version 2"),
            (7, 0x7f, "it has "), (8, 0, "its serial is 0"), (12, 0xff, "its length is not the one it tells"),
            (23, 1, "a text of "),
            (31, 1, "what is filled up is not zero"), (25, 9, "a text that is not ended by its only NUL"),
            (50, 0x7a, "no type has the letter"), (60, 0xff, "a text of "),
        ] as [(Int, UInt8, String)])
    func refused(place: Int, byte: UInt8, words: String) {
        var call = DBusMessage(calling: "M", of: "", "/", at: "")
        call.arguments = [.uint16(0x0102), .string("hi")]
        var bytes = call.bytes(serial: 9)
        if place == 8 { bytes[9] = 0 }
        bytes[place] = byte
        let problem = #expect(throws: DBusProblem.self) { try DBusMessage(bytes) }
        #expect(problem?.words.text.hasPrefix(words) == true, "\(problem?.words.text ?? "none")")
    }

    // UN-51. Goal: neither length nor depth is without a bound. Method: a length of 128 MiB, types and values that
    // nest.
    @Test func bounds() {
        var bytes = Self.call.bytes(serial: 1)
        bytes[4...7] = [0, 0, 0, 8]
        #expect(throws: DBusProblem.self) { try DBusMessage.length(beginning: bytes) }
        #expect(throws: DBusProblem.self) {
            try DBusSignature.types(of: Bytes(String(repeating: "a", count: 40) + "y"))
        }
        #expect(throws: DBusProblem.self) { try DBusSignature.types(of: Bytes(String(repeating: "y", count: 256))) }
        var nested = DBusValue.byte(1)
        for _ in 0..<80 { nested = .variant(nested) }
        var call = Self.call
        call.arguments = [nested]
        #expect(throws: DBusProblem.self) { try DBusMessage(call.bytes(serial: 1)) }
    }

    // UN-52. Goal: only complete types are types. Method: table.
    @Test(
        arguments: [
            ("", []), ("sa(sv)b", ["s", "a(sv)", "b"]), ("aay", ["aay"]), ("a{sv}(i(ss))", ["a{sv}", "(i(ss))"]),
            ("a", nil), ("(", nil), ("()", nil), ("(s", nil), ("{sv}", nil), ("a{vs}", nil), ("a{s}", nil), ("z", nil),
            ("a{svv}", nil),
        ] as [(String, [Bytes]?)])
    func signatures(text: String, types: [Bytes]?) {
        #expect((try? DBusSignature.types(of: Bytes(text))) == types)
    }

    // UN-53. Goal: GVariant's text is read as systemd's own tools read it. Method: table of texts and values.
    @Test(
        arguments: [
            ("true", .boolean(true)), ("5", .int32(5)), ("-5", .int32(-5)), ("uint64 5", .uint64(5)),
            ("byte 0x1f", .byte(31)),
            ("'a'", .string("a")), ("\"it's\"", .string("it's")), (#"'a\'b\n'"#, .string("a'b\n")),
            ("1.5", .double(1.5)),
            ("['a', 'b']", .strings(["a", "b"])), ("@as []", .strings([])),
            ("[uint32 1, 2]", .array(of: "u", [.uint32(1), .uint32(2)])),
            ("[('/dev/null', 'rw')]", .array(of: "(ss)", [.structure([.string("/dev/null"), .string("rw")])])),
            ("int64 -9223372036854775808", .int64(.min)), ("objectpath '/a'", .objectPath("/a")),
            (" ( 'a' , true ) ", .structure([.string("a"), .boolean(true)])), ("@t 7", .uint64(7)),
            ("@t uint64 7", .uint64(7)), ("[1, int32 2]", .array(of: "i", [.int32(1), .int32(2)])),
            ("@a(st) [('x', 5)]", .array(of: "(st)", [.structure([.string("x"), .uint64(5)])])),
        ] as [(String, DBusValue)])
    func text(text: String, value: DBusValue) throws {
        #expect(try DBusValue(text: Bytes(text)) == value)
    }

    // UN-53. Goal: what is no value is refused. Method: table of texts and words.
    @Test(
        arguments: [
            ("", "a value is missing"), ("a", "\"a\" is no value and no type"), ("'a", "the text has no closing quote"),
            ("[]", "the type of an empty list is not known"), ("[1, 'a']", "text is not of type i"),
            ("256 1", "something follows"),
            ("byte 256", "256 is not of type y"), ("4294967296", "4294967296 is not of type i"),
            ("uint32 -1", "-1 is not of type u"),
            ("{'a': 1}", "\"\" is no value"), ("@zz 1", "no type has the letter"), ("('a'", "a comma or the closing"),
            ("uint64 int64 5", "x is not of type t"), ("signature '('", "the signature ends"),
            ("[1, int64 5]", "x is not of type i"),
            ("@as @ai []", "ai is not of type as"),
            ("[(1, 2), @(ii) (3, 4), @(iu) (5, 6)]", "(iu) is not of type (ii)"),
            ("1.2.3", "\"1.2.3\" is no decimal"), ("()", "there are too few values"), (#"'\q'"#, "after a backslash"),
        ] as [(String, String)])
    func badText(text: String, words: String) {
        let problem = #expect(throws: DBusProblem.self) { try DBusValue(text: Bytes(text)) }
        #expect(problem?.words.text.hasPrefix(words) == true, "\(problem?.words.text ?? "none")")
    }

    // UN-53. Goal: no value has a type that a message cannot carry. Method: as many fields as a signature has room for,
    // arrays as deep as they may be, and one more of each.
    @Test(arguments: [253, 254]) func typeOfFields(count: Int) {
        let fields = [String](repeating: "1", count: count).joined(separator: ",")
        let value = try? DBusValue(text: Bytes("(\(fields))"))
        #expect((value != nil) == (count == 253))
    }

    @Test(arguments: [31, 32]) func typeOfArrays(depth: Int) {
        let type = String(repeating: "a", count: depth) + "s"
        let value = try? DBusValue(text: Bytes("[@\(type) []]"))
        #expect((value != nil) == (depth == 31))
    }

    // UN-53. Goal: no text is without an end. Method: brackets in brackets.
    @Test func deepText() {
        #expect(throws: DBusProblem.self) { try DBusValue(text: Bytes(String(repeating: "[", count: 100_000))) }
    }

    // UN-54. Goal: the socket of a bus is found as its variables name it. Method: table.
    @Test(
        arguments: [
            ("unix:path=/run/user/0/bus", "/run/user/0/bus"), ("unix:path=/a%20b,guid=0", "/a b"),
            ("tcp:host=a;unix:guid=1,path=/x;unix:path=/y", "/x"), ("unix:abstract=/x", nil), ("", nil),
            ("unix:path=x", nil), ("unix:path=/a%2", nil), ("unix:path=/a%00", nil),
        ] as [(String, Bytes?)])
    func addresses(text: String, path: Bytes?) {
        #expect(DBusAddress.socket(in: Bytes(text)) == path)
    }
}
