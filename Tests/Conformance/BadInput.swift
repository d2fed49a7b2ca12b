// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Documents that are no config, and fields of a wrong type: refused at create with the place of the fault, nothing
/// left.
@Suite(.runnable, .conformance)
struct BadInput {
    private func refused(
        text: String, _ pointer: String? = nil, _ words: [String] = [], at location: SourceLocation = #_sourceLocation
    ) throws {
        try scenario(at: location) { s in
            let bundle = try s.bundle(script: "true")
            bundle.text = text
            try bundle.write()
            let outcome = try s.refuses(bundle, pointer, words, at: location)
            if Runtime.kind == .hull {
                #expect(outcome.stderr.contains("config.json:"), "\(outcome)", sourceLocation: location)
            }
        }
    }

    // Goal: a document cut anywhere is refused. Method: lengths from nothing to all but the last byte.
    @Test("BI-11 a truncated document is refused", arguments: [0, 1, 10, 200, 900, -2])
    func truncated(length: Int) throws {
        let text = BaseConfig.json.text
        try refused(text: String(text.prefix(length < 0 ? text.count + length : length)))
    }

    @Test("BI-12 a document that is no object is refused", arguments: ["[]", "\"text\"", "12", "nonsense"])
    func noObject(text: String) throws {
        try refused(text: text)
    }

    @Test("BI-13 null is no config")
    func null() throws {
        try refused(text: "null")
    }

    @Test("BI-14 text after the document is refused")
    func trailing() throws {
        try refused(text: BaseConfig.json.text + " x")
    }

    @Test("BI-15 a deeply nested document is refused", arguments: ["[", "{\"a\":"])
    func deep(opening: String) throws {
        try refused(text: "{\"process\":" + String(repeating: opening, count: 200_000))
    }

    @Test("BI-16 a huge document is refused or runs, within its time")
    func huge() throws {
        try scenario { s in
            var config = BaseConfig.json
            config["/linux/cgroupsPath"] = .string(s.cgroupsPath("g1"))
            config["/annotations"] = .object(["org.example.big": .string(String(repeating: "x", count: 20_000_000))])
            let bundle = try s.bundle(script: "true")
            bundle.text = config.text
            try bundle.write()
            let outcome = try s.run(bundle)
            #expect(outcome.ending != .timeout)
            if case .signal = outcome.ending { Issue.record("\(outcome)") }
        }
    }

    @Test("BI-17 a duplicate key is refused", .only(.hull))
    func duplicateKey() throws {
        var text = BaseConfig.json.text
        text.removeLast()
        try refused(
            text: text + ",\"hostname\":\"a\",\"root\":{\"path\":\"x\"}}", "/hostname", ["duplicate", "already"])
    }

    @Test(
        "BI-18 a field of the wrong type is refused",
        arguments: [
            ("/process/args", "sh"), ("/process/args/0", 5), ("/process/env", ["A": "b"]), ("/process/user/uid", "0"),
            ("/root", "rootfs"), ("/root/path", 7), ("/mounts", [:]), ("/mounts/0", "proc"),
            ("/mounts/0/options", "ro"),
            ("/hostname", 5), ("/linux", []), ("/linux/namespaces", [:]), ("/linux/namespaces/0/type", 1),
            ("/linux/maskedPaths", "/proc"), ("/hooks", []), ("/hooks/poststop", [:]), ("/annotations", []),
        ] as [(String, JSON)])
    func wrongType(pointer: String, value: JSON) throws {
        try scenario(case: pointer) { s in
            try s.refuses(pointer) { $0[pointer] = value }
        }
    }

    @Test(
        "BI-19 a boolean field that is no boolean is refused",
        arguments: ["/process/terminal", "/root/readonly", "/process/noNewPrivileges"])
    func wrongBoolean(pointer: String) throws {
        try scenario { s in
            try s.refuses(pointer) { $0[pointer] = "true" }
        }
    }

    @Test(
        "BI-20 a number that does not fit is refused",
        arguments: ["1e400", "18446744073709551616", "-1", "1.5", "0x10", "01", "+1"])
    func number(text: String) throws {
        let config = BaseConfig.json.text.replacingOccurrences(of: "\"uid\":0", with: "\"uid\":\(text)")
        try refused(text: config)
    }

    @Test("BI-21 an unknown field is ignored")
    func unknownField() throws {
        try scenario { s in
            let lines = try s.inside("echo ran") {
                $0["/proccess"] = [:]
                $0["/linux/futureThing"] = ["a": [1, 2]]
                $0["/mounts/0/flavour"] = "sweet"
            }
            #expect(lines == ["ran"])
        }
    }

    @Test(
        "BI-22 versions of the spec from 1.0 on are accepted",
        arguments: ["1.0.0", "1.0.2-dev", "1.1.0+dev", "1.2.0", "1.3.0-rc.1"])
    func versions(version: String) throws {
        try scenario(case: version) { s in
            try #expect(s.inside("echo ran") { $0["/ociVersion"] = .string(version) } == ["ran"])
        }
    }

    @Test("BI-23 a missing ociVersion is refused")
    func noVersion() throws {
        try scenario { s in try s.refuses("/ociVersion", "ersion") { $0["/ociVersion"] = nil } }
    }

    @Test("BI-24 an ociVersion that is no version of ours is refused", arguments: ["", "banana", "2.0.0"])
    func otherVersion(version: String) throws {
        try scenario { s in try s.refuses("/ociVersion", "ersion") { $0["/ociVersion"] = .string(version) } }
    }

    @Test(
        "BI-25 a NUL in a string for the kernel is refused",
        arguments: ["/process/args/0", "/process/cwd", "/root/path", "/hostname", "/process/env/0"])
    func nul(pointer: String) throws {
        try scenario(case: pointer) { s in
            let bundle = try s.bundle(script: "true") { $0[pointer] = "/bin\u{1}x=y" }
            bundle.text = bundle.config.text.replacingOccurrences(of: "\\u0001", with: "\\u0000")
            try bundle.write()
            try s.refuses(bundle, pointer, [])
        }
    }

    @Test("BI-26 a variable without = is refused", .only(.hull))
    func env() throws {
        try scenario { s in try s.refuses("/process/env/0") { $0["/process/env"] = ["NONAME"] } }
    }

    // Goal: no fault hides another. Method: three in different places; create tells all, in one line, and so does
    // check.
    @Test("BI-27 all faults of a config are found at once", .only(.hull))
    func all() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/process/cwd"] = "relative"
                $0["/linux/namespaces/-"] = ["type": "pid"]
                $0["/process/rlimits/0/type"] = "RLIMIT_FISH"
            }
            let create = try s.refuses(bundle, nil, [])
            let check = try s.runtime("check", "--bundle", bundle.directory)
            for pointer in ["/process/cwd: ", "/linux/namespaces/6: ", "/process/rlimits/0/type: "] {
                #expect(create.stderr.contains(pointer), "\(create)")
                #expect((check.stdout + check.stderr).contains(pointer), "\(check)")
            }
            #expect(create.stderr.trimmed.split(separator: "\n").count == 1, "\(create)")
        }
    }

    // Goal: nothing that was asked for is silently taken for something else. Method: a unit, without systemd.
    @Test("BI-28 the name of a unit is refused where systemd is not asked", .only(.hull))
    func unitUnasked() throws {
        try scenario { s in
            try s.refuses("/linux/cgroupsPath", "the form slice:prefix:name", "say --systemd-cgroup") {
                $0["/linux/cgroupsPath"] = "a.slice:b:c"
            }
        }
    }
}
