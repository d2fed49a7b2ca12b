// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Features {
    private func features() throws -> JSON {
        var json = JSON.null
        try scenario { s in
            let outcome = try s.runtime("features")
            json = try #require(outcome.json, "\(outcome)")
        }
        return json
    }

    @Test("FT-01 features is a document with versions, hooks and options")
    func document() throws {
        let json = try features()
        #expect(json["/ociVersionMin"]?.string?.hasPrefix("1.0") == true)
        #expect(json["/ociVersionMax"]?.string?.hasPrefix("1.") == true)
        #expect(json["/linux"]?.object != nil)
    }

    @Test("FT-02 all six hooks")
    func hooks() throws {
        let names: Set = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
        try #expect(Set(features()["/hooks"]?.strings ?? []) == names)
    }

    @Test("FT-03 the mount options that the spec demands")
    func mountOptions() throws {
        let must: Set = [
            "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion", "lazytime", "loud",
            "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "norelatime", "nostrictatime",
            "nosuid",
            "private", "rbind", "relatime", "remount", "ro", "rprivate", "rshared", "rslave", "runbindable", "rw",
            "shared",
            "silent", "slave", "strictatime", "suid", "sync", "unbindable",
        ]
        let missing = must.subtracting(try features()["/mountOptions"]?.strings ?? [])
        #expect(missing.isEmpty, "\(missing.sorted())")
    }

    @Test("FT-04 the namespaces", arguments: ["cgroup", "ipc", "mount", "network", "pid", "user", "uts"])
    func namespaces(name: String) throws {
        try #expect(features()["/linux/namespaces"]?.strings.contains(name) == true)
    }

    @Test("FT-05 time namespaces")
    func time() throws {
        try #expect(features()["/linux/namespaces"]?.strings.contains("time") == true)
    }

    @Test(
        "FT-60 the versions that features names are taken in a config", arguments: ["ociVersionMin", "ociVersionMax"])
    func versions(key: String) throws {
        let version = try #require(features()["/" + key]?.string)
        try scenario { s in
            try #expect(s.inside("echo ran") { $0["/ociVersion"] = .string(version) } == ["ran"])
        }
    }

    @Test("FT-06 capabilities, cgroup and seccomp")
    func linux() throws {
        let json = try features()
        #expect(json["/linux/capabilities"]?.strings.contains("CAP_SYS_ADMIN") == true)
        #expect(json["/linux/cgroup/v2"]?.bool == true)
        #expect(json["/linux/seccomp/enabled"]?.bool == true)
        #expect(json["/linux/seccomp/actions"]?.strings.contains("SCMP_ACT_ERRNO") == true)
        #expect(json["/linux/seccomp/operators"]?.strings.contains("SCMP_CMP_MASKED_EQ") == true)
        #expect(json["/linux/seccomp/archs"]?.strings.contains("SCMP_ARCH_X86_64") == true)
    }
}
