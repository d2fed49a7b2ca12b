// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct ExamineTests {
    private let good = """
        {
          "ociVersion": "1.2.0",
          "process": { "cwd": "/", "args": ["a"], "user": { "uid": 0, "gid": 0 } },
          "root": { "path": "rootfs" },
          "hostname": "h",
          "linux": {
            "namespaces": [ { "type": "mount" }, { "type": "uts" } ],
            "sysctl": {},
            "resources": { "memory": { "limit": 1048576, "swap": 2097152 } }
          }
        }
        """

    private func findings(_ changes: [(String, String)], security: Bool = false) -> [String] {
        let text = changes.reduce(good) { $0.replacing($1.0, with: $1.1) }
        let request = Request(id: "c1", bundle: "/b")
        let examination = Examination([UInt8](text.utf8), request, .usual, security: security)
        return examination.findings.map { finding in
            let error = finding.error
            let hint = error.hint.map { " (\($0.text))" } ?? ""
            let place = "\(error.line ?? 0):\(error.column ?? 0)"
            return "\(finding.severity) \(place) \(error.pointer.text.text): \(error.problem.text)\(hint)"
        }
    }

    // CK-06. Goal: what cannot be read hides nothing else, and warnings stand beside errors. Method: a wrong type, a
    // wrong value and an unknown property at once.
    @Test func allAtOnce() {
        let found = findings([
            ("\"uid\": 0", "\"uid\": \"root\""), ("\"cwd\": \"/\"", "\"cwd\": \"tmp\""),
            ("\"hostname\"", "\"hostnmae\""),
        ])
        #expect(
            found == [
                "error 3:23 /process/cwd: \"tmp\" is not an absolute path",
                "error 3:62 /process/user/uid: expected integer, found string",
                "warning 5:3 /hostnmae: unknown property (did you mean \"hostname\"?)",
            ])
        #expect(findings([]).isEmpty)
    }

    // CK-06. Goal: a filter's wrong action says nothing of the names in its rules, and a misspelt name is told with
    // the nearest one. Method: one of each beside a good name.
    @Test func filter() {
        let rules = #""syscalls": [ { "names": ["read", "opnat"], "action": "SCMP_ACT_ALLOW" } ]"#
        let found = findings([
            (#""sysctl": {}"#, #""sysctl": {}, "seccomp": { "defaultAction": "SCMP_ACT_ALOW", \#(rules) }"#)
        ])
        let texts: [String] = found.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
        let expected: [String] = [
            "/linux/seccomp/defaultAction: \"SCMP_ACT_ALOW\" is no action of the runtime specification "
                + "(did you mean \"SCMP_ACT_ALLOW\"?)",
            "/linux/seccomp/syscalls/0/names/1: no system call \"opnat\" is known here, the rule has no effect on "
                + "it (did you mean \"openat\"?)",
        ]
        #expect(texts == expected)
    }

    // Goal: nothing is reported that only follows from a value that cannot be read. Method: such values, which others
    // depend on. (CK-06)
    @Test(arguments: [
        ("{ \"type\": \"uts\" }", "7", "/linux/namespaces/1"),
        ("\"limit\": 1048576", "\"limit\": \"1M\"", "/linux/resources/memory/limit"),
        ("\"/\"", "7", "/process/cwd"), ("[\"a\"]", "[7, \"a\"]", "/process/args/0"),
        ("{ \"path\": \"rootfs\" }", "[]", "/root"),
    ])
    func shadows(old: String, new: String, pointer: String) throws {
        let found = findings([(old, new)])
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(" \(pointer): expected ") == true, "\(found)")
    }

    // Goal: a property that is missed says under which name it may be there. Method: a name with a letter too many.
    @Test func nearlyThere() {
        let found = findings([("\"process\"", "\"proccess\"")])
        #expect(found.count == 2, "\(found)")
        #expect(
            found.first?.hasSuffix(
                "/process: is required to create a container (\"proccess\" is unknown: is it meant?)") ?? false)
        #expect(found.last?.hasPrefix("warning 3:3 /proccess: unknown property") == true, "\(found)")
    }

    // Goal: findings of different severity come in groups. Method: an error, a warning and weaknesses at once.
    @Test func severities() {
        let found = findings([("\"cwd\": \"/\"", "\"cwd\": \"\", \"x\": 1")], security: true)
        let words = found.map { $0.split(separator: " ")[0] }
        #expect(words.first == "error" && words.dropFirst().first == "warning", "\(found)")
        #expect(words.count > 3 && words.dropFirst(2).allSatisfy { $0 == "weakness" })
    }

    // Goal: text that is no JSON is one error. Method: cut off.
    @Test func noJSON() {
        #expect(findings([("\"hostname\": \"h\",", "")]).isEmpty)
        #expect(findings([("\"mount\" }, { \"type\": \"uts\" } ],", "\"mount\"")]).count == 1)
    }
}
