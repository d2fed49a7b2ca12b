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

    // Goal: nothing is promised that is refused. Method: a config with every word of the document where it belongs, and
    // the same config with one more word, which is refused.
    @Test("FT-07 every word that features names is taken in a config", .only(.hull))
    func taken() throws {
        let named = try features()
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit { Self.use(named, in: &$0) }
            let good = try s.runtime("check", "--bundle", bundle.directory)
            #expect(good.ok, "\(good)")
            for (pointer, word) in [
                ("/linux/namespaces/0/type", "disk"), ("/linux/seccomp/syscalls/0/action", "SCMP_ACT_SING"),
                ("/linux/seccomp/flags/0", "SECCOMP_FILTER_FLAG_FLY"),
            ] {
                let was = bundle.config[pointer]
                try bundle.edit { $0[pointer] = .string(word) }
                let bad = try s.runtime("check", "--bundle", bundle.directory)
                #expect(bad.failed && (bad.stdout + bad.stderr).contains(pointer), "\(bad)")
                try bundle.edit { $0[pointer] = was }
            }
        }
    }

    /// Every word of the document at its place in a config.
    private static func use(_ named: JSON, in config: inout JSON) {
        for name in named["/hooks"]?.strings ?? [] { config["/hooks/\(name)"] = [["path": "/bin/true"]] }
        for (index, option) in (named["/mountOptions"]?.strings ?? []).enumerated() {
            config.mount("/m\(index)", type: "tmpfs", from: "tmpfs")
            switch option {
            case "bind", "rbind", "copy-symlink", "src-nofollow", "dest-nofollow":
                config.mount("/m\(index)", from: "/tmp", ["rbind", option])
            case "idmap", "ridmap":
                let map: JSON = [["containerID": 0, "hostID": 1000, "size": 10]]
                config.mount("/m\(index)", from: "/tmp", ["rbind", option])
                let last = (config["/mounts"]?.array?.count ?? 1) - 1
                config["/mounts/\(last)/uidMappings"] = map
                config["/mounts/\(last)/gidMappings"] = map
            default: config.mount("/m\(index)", type: "tmpfs", from: "tmpfs", [option])
            }
        }
        for type in named["/linux/namespaces"]?.strings ?? [] where type != "user" { config.namespace(type) }
        config.userNamespace()
        config.capabilities(named["/linux/capabilities"]?.strings ?? [], sets: ["bounding", "permitted", "effective"])
        config["/linux/seccomp"] = filter(named)
        config["/linux/intelRdt"] = ["schemata": ["L3:0=f"], "enableMonitoring": true]
    }

    private static func filter(_ named: JSON) -> JSON {
        // Of the architectures, those of this machine's byte order fit into one filter.
        let big = [
            "MIPS", "MIPS64", "MIPS64N32", "PPC", "PPC64", "S390", "S390X", "PARISC", "PARISC64", "M68K", "SHEB",
        ]
        let architectures = (named["/linux/seccomp/archs"]?.strings ?? []).filter {
            !big.contains(String($0.dropFirst("SCMP_ARCH_".count)))
        }
        let calls = ["getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getpgid", "getsid"]
        let rules = zip(calls, named["/linux/seccomp/actions"]?.strings ?? []).map { call, action -> JSON in
            ["names": [.string(call)], "action": .string(action)]
        }
        let args = (named["/linux/seccomp/operators"]?.strings ?? []).map { op -> JSON in
            [
                "names": ["personality"], "action": "SCMP_ACT_LOG",
                "args": [["index": 0, "value": 1, "valueTwo": 1, "op": .string(op)]],
            ]
        }
        return [
            "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent", "architectures": JSON(architectures),
            "flags": JSON(named["/linux/seccomp/knownFlags"]?.strings ?? []), "syscalls": .array(rules + args),
        ]
    }
}
