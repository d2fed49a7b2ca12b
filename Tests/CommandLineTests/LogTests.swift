// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullCommandLine
import HullPlan
import Testing

struct LogTests {
    /// Goal: the calendar. Method: the same moments by Foundation, over 8,000 years and around leap days. (ER-02)
    @Test func timestamps() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss'.000000042Z'"
        var moments: [Int64] = [
            0, -1, 1, 951_782_399, 951_782_400, 951_868_799, 951_868_800, 4_107_542_399, 4_107_542_400,
        ]
        moments += stride(from: Int64(-12_000_000_000), to: 253_402_300_799, by: 86_399 * 997).map { $0 }
        for seconds in moments {
            let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(Timestamp(seconds: seconds, nanoseconds: 42).rfc3339.text == expected)
        }
    }

    /// Goal: JSON records have the three keys and survive any message. Method: read back with Foundation.
    @Test(arguments: [
        "plain", "quote \" backslash \\ slash /", "line\nfeed\r\ttab\u{8}\u{c}\u{1b}\u{0}", "é \u{1f40b} \u{2028}", "",
    ])
    /// (ER-01, ER-04)
    func json(message: String) throws {
        let time = Timestamp(seconds: 1_795_415_550, nanoseconds: 123_456_789)
        let line = LogRecord(.error, Bytes(message), at: time).line(.json)
        #expect(line.array.count { $0 == 0x0a } == 1)
        #expect(line.hasSuffix("\n"))
        let object = try JSONSerialization.jsonObject(with: Data(line.array)) as? [String: String]
        #expect(object == ["level": "error", "msg": message, "time": "2026-11-23T06:32:30.123456789Z"])
    }

    /// Goal: every code and phase of a record is explained, and nothing else is. Method: the tables of Specs/Errors.md
    /// against all that there are. (ER-10)
    @Test func codes() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Specs/Errors.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| `([A-Z_a-z]+)` \| .{20,} \|$/).map { String($0.1) }
        }
        let codes = FailureCode.allCases.map(\.name.text) + FailurePhase.allCases.map(\.name.text)
        #expect(rows == codes)
        #expect(Set(codes).count == codes.count)
    }

    /// Goal: the members besides are those of the failure, after the three that engines read. Method: all of them, and
    /// none. (ER-01)
    @Test func fields() {
        var fields = LogFields(.kernel, .inside)
        let time = Timestamp(seconds: 0, nanoseconds: 0)
        let start =
            #"{"level":"error","msg":"x","time":"1970-01-01T00:00:00.000000000Z","code":"E_KERNEL","phase":"inside""#
        #expect(LogRecord(.error, "x", at: time, fields).line(.json).text == start + "}\n")
        fields.pointer = "/mounts/0"
        fields.path = "/a\"b"
        fields.errno = "EPERM"
        fields.hint = "do this"
        let rest = #","pointer":"/mounts/0","path":"/a\"b","errno":"EPERM","hint":"do this"}"#
        #expect(LogRecord(.error, "x", at: time, fields).line(.json).text == start + rest + "\n")
        #expect(LogRecord(.info, "x", at: time, fields).line(.text).text.hasSuffix(" level=info msg=x\n"))
    }

    /// Goal: the exact bytes of a record. Method: goldens; a path keeps its slashes, what is no UTF-8 is replaced.
    /// (ER-03, ER-08)
    @Test func goldens() {
        let time = Timestamp(seconds: 0, nanoseconds: 0)
        let start: Bytes = "{\"level\":\"warning\",\"msg\":\"a/b\u{fffd}\u{fffd}\","
        let json = LogRecord(.warning, "a/b" + Bytes([0xff, 0xc3]), at: time).line(.json)
        #expect(json == start + "\"time\":\"1970-01-01T00:00:00.000000000Z\"}\n")
        let prefix: Bytes = "time=\"1970-01-01T00:00:00.000000000Z\" level=info msg="
        for (message, value) in textValues {
            #expect(LogRecord(.info, message, at: time).line(.text) == prefix + value + "\n")
        }
    }

    private var textValues: [(Bytes, Bytes)] {
        [
            ("plain-text_1.2/3@^+", "plain-text_1.2/3@^+"), ("two words", "\"two words\""), ("", ""),
            ("say \"x\" \\", #""say \"x\" \\""#), ("a\nb\t\u{7}\u{b}\u{1b}\u{7f}", #""a\nb\t\a\v\x1b\x7f""#),
            ("é", "\"é\""), (Bytes([0xc3]), #""\xc3""#), ("a\u{202e}b\u{85}", #""a\u202eb\u0085""#),
        ]
    }

    /// Goal: nothing printable is changed, nothing else is left. Method: every byte alone, and ill-formed sequences.
    /// (ER-07)
    @Test func printableBytes() {
        for byte in UInt8.min...UInt8.max {
            let out = printable(Bytes([byte]))
            #expect((0x20...0x7e).contains(byte) ? out == Bytes([byte]) : out.hasPrefix("\\"))
        }
        #expect(printable("é\u{1f40b}\u{feff}") == "é\u{1f40b}\\ufeff")
        for bad in [
            [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xf0, 0x80, 0x80, 0xaf],
        ] {
            let expected = bad.map { "\\x" + String($0, radix: 16) }.joined()
            #expect(printable(Bytes(bad.map { UInt8($0) })).text == expected)
        }
    }
}
