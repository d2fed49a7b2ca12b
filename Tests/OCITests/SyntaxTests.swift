// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

@Suite struct SyntaxTests {
    // Goal: every well-formed text is taken. Method: a table.
    @Test(arguments: [
        "0", "-0", "-1", "1.5", "1e3", "1E+3", "1.25e-10", "true", "false", "null", "\"\"", "[]", "{}", " \t\r\n1 \n",
        "[1,[2],{\"a\":[{}]}]", #""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00""#, "\"\u{7f}\u{2028}é🚀\"", "{\"\":0}",
        "\"\u{fffe}\u{10ffff}\"", "123456789012345678901234567890", "1e999999999",
    ])
    func wellFormed(_ text: String) { #expect(syntaxError(bytes(text)) == nil) }

    // Goal: every mistake is named at its place. Method: a table of texts and errors.
    @Test(arguments: [
        ("", " 1:1 expected a value, found the end of the document"),
        ("  \n ", " 2:2 expected a value, found the end of the document"),
        ("{", " 1:2 expected a key in double quotes, found the end of the document"),
        ("[1", " 1:3 expected ',' or ']', found the end of the document"),
        ("{\"a\"", "/a 1:5 expected ':', found the end of the document"),
        ("{\"a\":}", "/a 1:6 expected a value, found '}'"),
        ("{\"a\":1,}", " 1:7 comma before '}'"),
        ("{\"a\":[1, 2,\n]}", "/a 1:11 comma before ']'"),
        ("[,1]", "/0 1:2 expected a value, found ','"),
        ("[1,,2]", "/1 1:4 expected a value, found ','"),
        ("[1 2]", " 1:4 expected ',' or ']', found '2'"),
        ("[1}", " 1:3 expected ',' or ']', found '}'"),
        ("{\"a\" 1}", "/a 1:6 expected ':', found '1'"),
        ("{a:1}", " 1:2 expected a key in double quotes, found 'a'"),
        ("{\"a\":1 \"b\":2}", " 1:8 expected ',' or '}', found '\"'"),
        ("1 2", " 1:3 expected the end of the document, found '2'"),
        ("{}\n}", " 2:1 expected the end of the document, found '}'"),
        ("nul", " 1:1 expected a value, found 'nul'"),
        ("truth", " 1:1 expected a value, found 'truth'"),
        ("truex", " 1:5 expected the end of the document, found 'x'"),
        ("NaN", " 1:1 expected a value, found 'NaN'"),
        ("+1", " 1:1 expected a value, found '+'"),
        (".5", " 1:1 expected a value, found '.'"),
        ("-", " 1:2 expected a digit, found the end of the document"),
        ("-a", " 1:2 expected a digit, found 'a'"),
        ("1.", " 1:3 expected a digit, found the end of the document"),
        ("[1.e3]", "/0 1:4 expected a digit, found 'e'"),
        ("1e", " 1:3 expected a digit, found the end of the document"),
        ("[007]", "/0 1:2 a number starts with 0"),
        ("[-01]", "/0 1:2 a number starts with 0"),
        ("0x10", " 1:2 expected the end of the document, found 'x'"),
        ("'a'", " 1:1 expected a value, found '''"),
        ("// a\n1", " 1:1 expected a value, found '/'"),
        ("[1, # a\n2]", "/1 1:5 expected a value, found '#'"),
        ("\u{feff}{}", " 1:1 the document starts with a byte order mark"),
        ("\"a", " 1:3 the document ends inside a string"),
        ("{\"a\": {\"b\": [0, \"x", "/a/b/1 1:19 the document ends inside a string"),
        ("\"a\nb\"", " 1:3 control character byte 0xa in a string"),
        ("[\"\u{0}\"]", "/0 1:3 control character byte 0x0 in a string"),
        ("\u{0}", " 1:1 expected a value, found byte 0x0"),
        ("1\u{0}", " 1:2 expected the end of the document, found byte 0x0"),
        (#""\x""#, " 1:2 unknown escape in a string"),
        (#"{"ab\q": 1}"#, " 1:5 unknown escape in a string"),
        (#""\"#, " 1:3 the document ends inside a string"),
        (#""\u12"#, " 1:6 the document ends inside a string"),
        (#""\u12g4""#, " 1:2 \\u without four hexadecimal digits in a string"),
        (#""\ud800""#, " 1:2 half of a surrogate pair in a string"),
        (#""\ud800\n""#, " 1:2 half of a surrogate pair in a string"),
        (#""a\ud800\u0041""#, " 1:3 half of a surrogate pair in a string"),
        (#""\ud800\ud800""#, " 1:2 half of a surrogate pair in a string"),
        (#""\ud800\ue000""#, " 1:2 half of a surrogate pair in a string"),
        (#""\udc00""#, " 1:2 half of a surrogate pair in a string"),
    ])
    /// (CF-01)
    func malformed(_ text: String, _ expected: String) { #expect(syntaxError(bytes(text)) == expected) }

    // Goal: strings are UTF-8, strictly. Method: the first and last of each wrong kind, in a string at 1:2.
    @Test(
        arguments: [
            [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xc3, 0x22], [0xe0, 0x9f, 0xbf], [0xe2, 0x82],
            [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80],
            [0xf5, 0x80, 0x80, 0x80],
            [0xff], [0xf0, 0x9f, 0x9a], [0xe2, 0x28, 0xa1],
        ] as [[UInt8]])
    /// (CF-02)
    func invalidUTF8(_ sequence: [UInt8]) {
        #expect(syntaxError([0x22] + sequence + [0x22]) == " 1:2 invalid UTF-8 in a string")
        #expect(syntaxError([0x22] + sequence) == " 1:2 invalid UTF-8 in a string")
    }

    // Goal: UTF-16 and stray bytes outside of strings are no JSON. Method: two documents.
    @Test func otherEncodings() {
        #expect(syntaxError([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]) == " 1:1 expected a value, found byte 0xff")
        #expect(syntaxError([0x7b, 0x00, 0x7d, 0x00]) == " 1:2 expected a key in double quotes, found byte 0x0")
    }

    // Goal: mistakes that people make come with advice. Method: a table.
    @Test(arguments: [
        ("\u{feff}1", "save it as UTF-8 without one"), ("[/* a */]", "JSON has no comments"),
        ("['a']", "strings are written in double quotes"), (#""\d""#, "a backslash is written \\\\"),
        ("0644", "numbers are decimal; octal is not known"),
    ])
    func advice(_ text: String, _ hint: String) {
        do throws(ConfigErrors) {
            _ = try JSONDocument(bytes(text))
            Issue.record("read")
        } catch {
            #expect(error.list.first?.hint?.text == hint)
        }
    }

    // Goal: the limits hold exactly. Method: texts at each limit and one beyond. (CF-14)
    @Test func limits() {
        let limits = JSONLimits(bytes: 40, depth: 3, nodes: 6)
        #expect(syntaxError(bytes("[[[]]]"), limits: limits) == nil)
        #expect(
            syntaxError(bytes("[[[[]]]]"), limits: limits)
                == "/0/0/0 1:4 arrays and objects lie more than 3 deep in each other")
        #expect(syntaxError(bytes("[1,2,3,4,5]"), limits: limits) == nil)
        #expect(
            syntaxError(bytes("[1,2,3,4,5,6]"), limits: limits)
                == " 1:12 the document has more than 6 values and keys")
        #expect(syntaxError([UInt8](repeating: 0x20, count: 39) + [0x31], limits: limits) == nil)
        #expect(
            syntaxError([UInt8](repeating: 0x20, count: 41), limits: limits)
                == " the document has 41 bytes, at most 40 are read")
    }

    // Goal: the usual limits stop hostile documents before they cost much. Method: deep, wide and long ones.
    @Test func hostile() {
        #expect(
            syntaxError([UInt8](repeating: UInt8(ascii: "["), count: 10_000_000))?.hasSuffix(
                "1:129 arrays and objects lie more than 128 deep in each other") == true)
        let wide = bytes("[" + String(repeating: "1,", count: 1 << 20) + "1]")
        #expect(syntaxError(wide) == " 1:2097152 the document has more than 1048576 values and keys")
        #expect(
            syntaxError([UInt8](repeating: 0x20, count: 16 << 20 + 1))
                == " the document has 16777217 bytes, at most 16777216 are read")
        let long = [0x22] + [UInt8](repeating: UInt8(ascii: "a"), count: 15 << 20) + [0x22]
        #expect(errors(long, as: Bytes.self) == [])
        #expect(
            errors([UInt8](repeating: UInt8(ascii: "9"), count: 1 << 20), as: Int.self).first?.utf8.count ?? 0 < 200)
    }

    // Goal: integers of every width hold their whole range and nothing beyond. Method: the ends, and one further.
    // (CF-10)
    @Test func integers() {
        func check<V: JSONReadable & FixedWidthInteger>(_ type: V.Type, _ below: String, _ above: String) {
            for text in ["\(V.min)", "\(V.max)", "0", "-0"] { #expect(errors(text, as: type) == []) }
            for text in [below, above, "\(V.max)0", "99999999999999999999"] {
                #expect(
                    errors(text, as: type) == [" 1:1 \(text) is out of range, allowed is \(V.min) to \(V.max)"])
            }
        }
        check(UInt16.self, "-1", "65536")
        check(UInt32.self, "-1", "4294967296")
        check(UInt64.self, "-1", "18446744073709551616")
        check(Int32.self, "-2147483649", "2147483648")
        check(Int64.self, "-9223372036854775809", "9223372036854775808")
        check(Int.self, "-9223372036854775809", "9223372036854775808")
    }
}
