// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

@Suite struct ConfigTests {
    // Goal: every kind of value arrives as written. Method: read the sample and compare chosen properties.
    @Test func readsWhatIsSaid() throws {
        let config = try Config.read(bytes(sampleConfig))
        #expect(config.ociVersion == "1.3.0")
        #expect(config.root == Config.Root(path: "rootfs", readonly: true))
        #expect(config.hostname == "café")
        #expect(config.process?.args == ["sh", "-c", "echo \"🚀\" | tr a-z A-Z\n"])
        #expect(config.process?.env == ["PATH=/bin", "EMPTY="])
        #expect(config.process?.user?.additionalGids == [5, 4_294_967_295])
        #expect(config.process?.rlimits?.first?.hard == .max)
        #expect(config.process?.oomScoreAdj == -500)
        #expect(config.process?.scheduler?.nice == .min)
        #expect(config.process?.noNewPrivileges == false)
        #expect(config.process?.capabilities?.ambient == [])
        #expect(config.process?.capabilities?.effective == nil)
        #expect(config.mounts?[1].uidMappings == [.init(containerID: 0, hostID: 100000, size: 65536)])
        #expect(config.hooks?.poststop == [.init(path: "/bin/clean", args: ["clean"], env: [], timeout: 5)])
        #expect(config.annotations == [.init(key: "z", value: "last first"), .init(key: "a/b~c", value: "")])
    }

    // Goal: the Linux part arrives as written. Method: as above.
    @Test func readsLinux() throws {
        let linux = try #require(try Config.read(bytes(sampleConfig)).linux)
        #expect(linux.namespaces == [.init(type: "pid"), .init(type: "network", path: "/run/netns/a")])
        #expect(linux.timeOffsets?.map(\.key) == ["monotonic", "boottime"])
        #expect(linux.timeOffsets?.first?.value == .init(secs: .min, nanosecs: 7))
        #expect(
            linux.netDevices == [.init(key: "eth0", value: .init(name: "in0")), .init(key: "eth1", value: .init())])
        #expect(linux.resources?.devices == [.init(allow: false, access: "rwm")])
        #expect(linux.resources?.memory?.limit == -1)
        #expect(linux.resources?.pids?.limit == 0)
        #expect(linux.resources?.blockIO?.weight == .max)
        #expect(linux.resources?.unified == [.init(key: "memory.high", value: "max")])
        let args = linux.seccomp?.syscalls?.first?.args
        #expect(args == [.init(index: 0, value: 0x7e02_0000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ")])
    }

    // Goal: what need not be there may be absent or null. Method: the smallest documents.
    @Test(arguments: [
        #"{"ociVersion":"1.0.0"}"#,
        #"{"ociVersion":"1.0.0","process":null,"linux":null,"mounts":null,"annotations":null}"#,
    ])
    /// (CF-09)
    func smallest(_ text: String) throws {
        #expect(try Config.read(bytes(text)) == Config(ociVersion: "1.0.0"))
    }

    // Goal: every 1.x version of SemVer is taken, no other. Method: a table.
    @Test(arguments: [
        "1.0.0", "1.0.2-dev", "1.2.0+dev", "1.3.0", "1.99.0", "1.0.0-rc.1+g0a1b-2", "1.0.0--", "1.0.0+007",
    ])
    /// (CF-13)
    func version(_ version: String) {
        #expect(errors("{\"ociVersion\":\"\(version)\"}", as: Config.self) == [])
    }

    // Goal: each rule of SemVer counts. Method: a text that breaks it.
    @Test(arguments: [
        "", "1", "1.", "1.x", "1.99", "1.0-rc1", "1.0x", "v1.0.0", " 1.0.0", "1.0.0.0", "1.0.0-", "1.0.0+", "1.00.0",
        "1.0.0-01", "1.0.0-a..b", "1.0.0+a+b", "1.0.0-é", "01.0.0", "1.-1.0",
    ])
    func noVersion(_ version: String) {
        let problem = "\"\(version)\" is no version of the form MAJOR.MINOR.PATCH (SemVer 2.0.0)"
        #expect(errors("{\"ociVersion\":\"\(version)\"}", as: Config.self) == ["/ociVersion 1:15 \(problem)"])
    }

    // Goal: what another major version means is not known. Method: versions before and after.
    @Test(arguments: ["0.9.0", "2.0.0", "10.0.0"])
    func otherVersion(_ version: String) {
        let problem = "\"\(version)\" is not a version 1.x of the runtime specification"
        #expect(errors("{\"ociVersion\":\"\(version)\"}", as: Config.self) == ["/ociVersion 1:15 \(problem)"])
    }

    // Goal: each wrong value is reported once, with pointer, line, column and problem. Method: a table of members of
    // a small configuration and the error they make.
    @Test(arguments: [
        (#""hostname":1"#, "/hostname 1:34 expected string, found number"),
        (#""root":[]"#, "/root 1:30 expected object, found array"),
        (#""root":{}"#, "/root/path 1:30 required property is missing"),
        (#""root":{"path":null}"#, "/root/path 1:38 expected string, found null"),
        (#""root":{"path":"a","readonly":"true"}"#, "/root/readonly 1:53 expected boolean, found string"),
        (#""mounts":{}"#, "/mounts 1:32 expected array, found object"),
        (#""mounts":[{"destination":"/a"},{}]"#, "/mounts/1/destination 1:54 required property is missing"),
        (#""mounts":[null]"#, "/mounts/0 1:33 expected object, found null"),
        (#""annotations":{"a/b":true}"#, "/annotations/a~1b 1:44 expected string, found boolean"),
        (#""annotations":{"~":"a\u0000b"}"#, "/annotations/~0 1:42 the string has a NUL character"),
        (#""annotations":{"a\u0000":"b"}"#, "/annotations/a\u{0} 1:38 the string has a NUL character"),
        (#""annotations":{"":"b"}"#, "/annotations/ 1:38 the key is empty"),
        (#""hostname":"a\u0000""#, "/hostname 1:34 the string has a NUL character"),
        (#""process":{"cwd":"/","oomScoreAdj":1e3}"#, "/process/oomScoreAdj 1:58 expected integer, found 1e3"),
        (#""process":{"cwd":"/","oomScoreAdj":4.0}"#, "/process/oomScoreAdj 1:58 expected integer, found 4.0"),
        (#""process":{"cwd":"/","oomScoreAdj":"4"}"#, "/process/oomScoreAdj 1:58 expected integer, found string"),
        (
            #""process":{"cwd":"/","user":{"uid":-1}}"#,
            "/process/user/uid 1:58 -1 is out of range, allowed is 0 to 4294967295"
        ),
        (
            #""process":{"cwd":"/","user":{"additionalGids":[0,4294967296]}}"#,
            "/process/user/additionalGids/1 1:72 4294967296 is out of range, allowed is 0 to 4294967295"
        ),
        (
            #""linux":{"resources":{"memory":{"limit":9223372036854775808}}}"#,
            "/linux/resources/memory/limit 1:63 9223372036854775808 is out of range, allowed is "
                + "-9223372036854775808 to 9223372036854775807"
        ),
        (
            #""linux":{"resources":{"blockIO":{"weight":65536}}}"#,
            "/linux/resources/blockIO/weight 1:65 65536 is out of range, allowed is 0 to 65535"
        ),
        (#""linux":{"rootfsPropagation":7}"#, "/linux/rootfsPropagation 1:52 expected string, found number"),
        (#""hostname":"a","hostname":"a""#, "/hostname 1:38 duplicate key: the object has it already"),
        (#""windows":{"a":1,"\u0061":2}"#, "/windows/a 1:40 duplicate key: the object has it already"),
    ])
    /// (CF-03, CF-11, CF-12)
    func wrongValue(_ member: String, _ expected: String) {
        #expect(errors("{\"ociVersion\":\"1.0.0\",\(member)}", as: Config.self) == [expected])
    }

    // Goal: all errors at once, in the order of the text. Method: one document with an error on each line. (CF-15)
    @Test func allErrors() {
        let text = """
            {
              "linux": { "namespaces": [{ "type": 1 }, { "path": "/a" }] },
              "hostname": false,
              "process": {
                "env": ["a", 1, "b", 2],
                "env": []
              }
            }
            """
        #expect(
            errors(text, as: Config.self) == [
                "/ociVersion 1:1 required property is missing",
                "/linux/namespaces/0/type 2:39 expected string, found number",
                "/linux/namespaces/1/type 2:44 required property is missing",
                "/hostname 3:15 expected string, found boolean",
                "/process/cwd 4:14 required property is missing",
                "/process/env/1 5:18 expected string, found number",
                "/process/env/3 5:26 expected string, found number",
                "/process/env 6:5 duplicate key: the object has it already",
            ])
    }

    // Goal: a document of errors costs no more than 256 of them, and says so. Method: 100,000 wrong elements.
    @Test func errorsEnd() {
        let zeros = Array(repeating: "0", count: 100_000).joined(separator: ",")
        let found = errors("{\"ociVersion\":\"1.0.0\",\"mounts\":[\(zeros)]}", as: Config.self)
        #expect(found.count == 257)
        #expect(found.first == " 1:1 there are more errors than these")
        #expect(found.last == "/mounts/255 1:543 expected object, found number")
    }

    // Goal: duplicates are found in large objects as well, escapes or not. Method: 3,000 keys, two of them twice.
    @Test func duplicatesInLargeObject() {
        var members = (0..<3000).map { "\"k\($0)\": \"\"" }
        members.append("\"k17\": \"\"")
        members.append("\"\\u006b2999\": \"\"")
        let text = "{\"ociVersion\": \"1.0.0\", \"annotations\": {\n" + members.joined(separator: ",\n") + "}}"
        #expect(
            errors(text, as: Config.self) == [
                "/annotations/k17 3002:1 duplicate key: the object has it already",
                "/annotations/k2999 3003:1 duplicate key: the object has it already",
            ])
    }

    // Goal: keys are compared byte by byte. Method: keys that a laxer reader takes for known ones. (CF-04, CF-05)
    // (CF-06)
    @Test func unknownProperties() throws {
        var unknown: [ConfigError] = []
        let text = #"""
            { "ociVersion": "1.0.0", "Hostname": "a", "hostname ": "b",
              "annotations": { "any": "thing" }, "windows": { "x": 1 }, "linux": { "sysctl": { "a": "b" },
              "resources": { "pids": { "limit": 1, "x~/": { "inner": [{ "deep": 1 }] } } },
              "namespaces": [{ "type": "pid", "é": 0 }] } }
            """#
        let config = try Config.read(bytes(text), unknown: &unknown)
        #expect(config.hostname == nil)
        #expect(
            unknown.map(line) == [
                "/Hostname 1:26 unknown property", "/hostname  1:43 unknown property",
                "/linux/resources/pids/x~0~1 3:40 unknown property", "/linux/namespaces/0/é 4:35 unknown property",
            ])
    }

    // Goal: unknown properties are told also when there are errors, but not the contents of what was not read.
    // Method: a document with both.
    @Test func unknownBesideErrors() {
        var unknown: [ConfigError] = []
        let text = #"{"ociVersion": 1, "proccess": {}, "root": [{"path": "a"}], "hostname": {"a": 1}}"#
        var errors: [String] = []
        do throws(ConfigErrors) { _ = try Config.read(bytes(text), unknown: &unknown) } catch {
            errors = error.list.map(line)
        }
        #expect(
            errors == [
                "/ociVersion 1:16 expected string, found number", "/root 1:43 expected object, found array",
                "/hostname 1:72 expected string, found object",
            ])
        #expect(unknown.map(line) == ["/proccess 1:19 unknown property"])
    }

    // Goal: a misspelt name can be told from the names that its object knows. Method: the advice is those names.
    @Test func adviceOnUnknown() throws {
        var unknown: [ConfigError] = []
        let text = #"{"ociVersion":"1.0.0","root":{"path":"a","ro":1},"linux":{"namespaces":[{"type":"pid","p":0}]}}"#
        _ = try Config.read(bytes(text), unknown: &unknown) { name, known in "\(name): \(known.joined(","))" }
        #expect(unknown.map(\.hint) == ["ro: path,readonly", "p: type,path"])
    }

    // Goal: the parts that verbs take alone are read alone. Method: small documents of each.
    @Test func parts() throws {
        let process = try Config.Process.read(bytes(#"{"cwd":"/","args":["a"],"user":{"uid":0,"gid":0}}"#))
        #expect(process.args == ["a"])
        #expect(process.user == .init(uid: 0, gid: 0))
        let resources = try Config.Linux.Resources.read(bytes(#"{"memory":{"limit":1048576}}"#))
        #expect(resources.memory?.limit == 1_048_576)
        #expect(errors("{}", as: Config.Process.self) == ["/cwd 1:1 required property is missing"])
        #expect(errors("[]", as: Config.Linux.Resources.self) == [" 1:1 expected object, found array"])
    }
}
