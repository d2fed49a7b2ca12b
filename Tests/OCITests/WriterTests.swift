// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

/// (CF-20)
@Suite struct WriterTests {
    private func text(_ value: some JSONWritable, _ layout: JSONWriter.Layout = .compact) -> String {
        String(decoding: JSONWriter.text(of: value, layout), as: UTF8.self)
    }

    // Goal: strings are escaped where JSON asks for it and nowhere else. Method: a table.
    @Test(arguments: [
        ("", "\"\""), ("/a/b", "\"/a/b\""), ("\"\\", #""\"\\""#), ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{f}\u{10}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u000f\\u0010\\u001f\u{7f}\""), ("<é&🚀>", "\"<é&🚀>\""),
    ])
    func strings(_ string: String, _ expected: String) throws {
        #expect(text(Bytes(string)) == expected)
        guard !string.contains("\u{0}") else { return }
        let read: Bytes = try JSONReader.read(bytes(expected))
        #expect(read == Bytes(string))
    }

    // Goal: the text is JSON whatever the bytes. Method: bytes that are not UTF-8.
    @Test func invalidUTF8() {
        #expect(text(Bytes([0x61, 0xff, 0x62])) == "\"a\u{fffd}b\"")
        #expect(text(Bytes([0xed, 0xa0, 0x80, 0xc3])) == "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\"")
    }

    // Goal: a configuration is written as it was read. Method: one that has every kind of value.
    @Test func configuration() throws {
        let config = try Config.read(bytes(sampleConfig))
        #expect(try Config.read(JSONWriter.text(of: config)) == config)
    }

    // Goal: the layouts, empty values and numbers. Method: one document in all of them.
    @Test func layouts() throws {
        let source = #"{ "a" : [ 1.50, -0, {} , [ ] ], "b":{"c":null,"d":true} , "e":"\/" }"#
        let document = try JSONDocument(bytes(source))
        #expect(text(document) == #"{"a":[1.50,-0,{},[]],"b":{"c":null,"d":true},"e":"/"}"#)
        let lines = [
            "{", "|\"a\": [", "||1.50,", "||-0,", "||{},", "||[]", "|],", "|\"b\": {", "||\"c\": null,",
            "||\"d\": true",
            "|},", "|\"e\": \"/\"", "}",
        ].joined(separator: "\n")
        #expect(text(document, .tab) == lines.replacing("|", with: "\t"))
        #expect(text(document, .blanks(4)) == lines.replacing("|", with: "    "))
        #expect(text(try JSONDocument(bytes(" [ ] ")), .tab) == "[]")
        #expect(text([Int64.min, Int64.max]) == "[-9223372036854775808,9223372036854775807]")
    }

    // Goal: what is read is what was written. Method: the sample, written in every layout, reads to the same config.
    @Test func roundTrip() throws {
        let config = try Config.read(bytes(sampleConfig))
        let document = try JSONDocument(bytes(sampleConfig))
        for layout in [JSONWriter.Layout.compact, .tab, .blanks(2)] {
            let written = JSONWriter.text(of: document, layout)
            #expect(try Config.read(written) == config)
            #expect(JSONWriter.text(of: try JSONDocument(written), layout) == written)
        }
    }
}

/// (CF-17)
@Suite struct StateTests {
    private let state = State(
        ociVersion: "1.3.0", id: "c1", pid: 42, status: "running", bundle: "/b", rootfs: "/b/rootfs",
        created: "2026-01-02T03:04:05Z", annotations: [.init(key: "k/1", value: "v\n")], owner: "root")

    // Goal: engines find the keys that they know, in the usual order. Method: the whole text.
    @Test func wholeState() throws {
        let text = JSONWriter.text(of: state)
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"ociVersion":"1.3.0","id":"c1","pid":42,"status":"running","bundle":"/b","rootfs":"/b/rootfs","#
                + #""created":"2026-01-02T03:04:05Z","annotations":{"k/1":"v\n"},"owner":"root"}"#)
        #expect(try State.read(text) == state)
    }

    // Goal: without annotations there is no such key. Method: as above.
    @Test func withoutAnnotations() throws {
        var state = state
        (state.annotations, state.pid, state.status) = ([], 0, "stopped")
        let text = JSONWriter.text(of: state)
        #expect(!String(decoding: text, as: UTF8.self).contains("annotations"))
        #expect(String(decoding: text, as: UTF8.self).contains(#""pid":0,"#))
        #expect(try State.read(text) == state)
    }

    // Goal: a hook is told what the specification names, on one line. Method: the whole text.
    @Test func toHook() {
        #expect(
            String(decoding: JSONWriter.text(of: state.forHook), as: UTF8.self)
                == #"{"ociVersion":"1.3.0","id":"c1","status":"running","pid":42,"bundle":"/b","#
                + #""annotations":{"k/1":"v\n"}}"#
        )
    }

    // Goal: the message to an agent is that of the specification. Method: the whole text. (CF-18)
    @Test func forAgent() {
        var state = state
        state.annotations = []
        let message = ContainerProcessState(
            ociVersion: "1.3.0", fds: ["seccompFd"], pid: 42, metadata: "M", state: state)
        #expect(
            String(decoding: JSONWriter.text(of: message), as: UTF8.self)
                == #"{"ociVersion":"1.3.0","fds":["seccompFd"],"pid":42,"metadata":"M","#
                + #""state":{"ociVersion":"1.3.0","id":"c1","status":"running","pid":42,"bundle":"/b"}}"#)
    }

    // Goal: a state that is not one is refused. Method: a document with everything wrong.
    @Test func wrong() {
        #expect(
            errors(#"{"ociVersion":"1.3.0","pid":"1","bundle":"/b"}"#, as: State.self) == [
                "/id 1:1 required property is missing", "/status 1:1 required property is missing",
                "/pid 1:29 expected integer, found string",
            ])
    }
}
