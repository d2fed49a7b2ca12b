// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

@Suite struct PointerTests {
    // Goal: pointers are written as RFC 6901 has it. Method: its section 5, and literals.
    @Test func text() {
        #expect(JSONPointer.root.text == "")
        #expect(JSONPointer.root.appending("a/b").appending("m~n").appending(0).text == "/a~1b/m~0n/0")
        #expect(JSONPointer.root.appending("~1").text == "/~01")
        #expect(JSONPointer.root.appending("mounts").appending(3) == "/mounts/3")
    }

    // Goal: an error that knows only its pointer finds its line. Method: a table of pointers into one text; what is
    // not there falls back to the nearest value around it.
    @Test(
        arguments: [
            ("", 2, 1), ("/a", 2, 6), ("/a/0", 2, 7), ("/a/2", 4, 2), ("/a/2/x~1y", 4, 11), ("/a/2/~0", 4, 22),
            ("/nothing", 2, 1), ("/a/3", 2, 6), ("/a/x", 2, 6), ("/a/2/z/4", 4, 2), ("/a/0/b", 2, 7), ("/a/-1", 2, 6),
            ("/a/99999999999999999999", 2, 6), ("a", 2, 1),
        ] as [(String, Int, Int)])
    func position(_ pointer: String, _ line: Int, _ column: Int) throws {
        let text = bytes("\n{\"a\":[1,\n2,\n {\"x\\/y\": 3, \"~\"   : \"é\"}]}")
        let place = try #require(JSONPointer(text: Bytes(pointer)).position(in: text))
        #expect(place == (line, column))
    }

    // Goal: errors from beyond the reader get their places. Method: two errors, one of which has a place already.
    @Test func located() {
        let text = bytes("{\n \"a\": 1,\n \"b\": 2}")
        let errors = ConfigErrors([
            ConfigError("/b", "late"), ConfigError("/a/x", "early"), ConfigError("/b", line: 1, column: 1, "placed"),
        ])
        #expect(errors.located(in: text).list.map(line) == ["/b 1:1 placed", "/a/x 2:7 early", "/b 3:7 late"])
        #expect(errors.located(in: bytes("{")) == errors)
        #expect(JSONPointer("/a").position(in: bytes("{")) == nil)
    }
}
