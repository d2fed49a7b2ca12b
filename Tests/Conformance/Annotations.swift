// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Annotations {
    /// Keys that nobody knows, that the specification has, and that are hard to write.
    static let free: JSON = [
        "org.example.key": "value", "org.example.empty": "", "no-domain": "x", "a/b~c \"d\"": "e\\f\n",
        "org.opencontainers.image.os": "linux", "org.opencontainers.image.stopSignal": "SIGUSR1",
        "org.example.ü": "Ünïcode 🚢",
    ]

    // Goal: annotations are the caller's. Method: keys of all kinds, in state and in what a hook of each side reads.
    @Test("AN-01 annotations are told to state and to hooks as they are")
    func passed() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100") { $0["/annotations"] = Self.free }
            for name in ["createRuntime", "createContainer", "poststart", "poststop"] {
                bundle.config["/hooks/\(name)"] = .array([try Hooks.recorder(name, bundle)])
            }
            try bundle.write()
            let container = try s.create(bundle)
            #expect(try container.state()["/annotations"] == Self.free)
            try #expect(container("start").ok)
            try #expect(container("delete", "--force").ok)
            for name in ["createRuntime", "createContainer", "poststart", "poststop"] {
                let text = try #require(Files.read(bundle.directory + "/log." + name))
                #expect(try JSON(parsing: text)["/annotations"] == Self.free, "\(name)")
            }
        }
    }

    @Test("AN-02 an annotation with an empty key is refused")
    func emptyKey() throws {
        try scenario { s in
            try s.refuses("/annotations/") { $0["/annotations"] = ["": "x"] }
        }
    }

    @Test(
        "AN-03 an annotation whose value is no string is refused",
        arguments: [("number", 7), ("boolean", true), ("object", [:])] as [(String, JSON)])
    func noString(name: String, value: JSON) throws {
        try scenario(case: name) { s in
            try s.refuses("/annotations/org.example.key") { $0["/annotations"] = .object(["org.example.key": value]) }
        }
    }

    @Test("AN-04 no annotations may be said in two ways")
    func none() throws {
        for value in [nil, [:]] as [JSON?] {
            try scenario { s in
                try #expect(s.inside("echo ran") { $0["/annotations"] = value } == ["ran"])
            }
        }
    }

    // Goal: an engine's annotations that ask for work of another runtime do no harm. Method: one of each, and a
    // container that runs and tells them.
    @Test("AN-05 annotations that ask other runtimes for something are passed on", .only(.hull))
    func others() throws {
        let asking: JSON = [
            "run.oci.systemd.subgroup": "", "run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup",
            "run.oci.delegate-cgroup": "x", "org.criu.config": "/x", "org.systemd.property.TimeoutStopUSec": "uint64 1",
            "io.kubernetes.cri.container-type": "sandbox", "run.oci.handler": "krun",
            "module.wasm.image/variant": "compat",
        ]
        try scenario { s in
            let container = try s.start("echo ran; exec sleep 100") { $0["/annotations"] = asking }
            container.says("ran")
            #expect(try container.state()["/annotations"] == asking)
        }
    }

    @Test("AN-06 check warns of annotations that choose a handler", .only(.hull))
    func handlers() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/annotations"] = ["run.oci.handler": "wasm", "krun.ram_mib": "10", "org.example.krun": "x"]
            }
            let outcome = try s.runtime("check", "--bundle", bundle.directory)
            #expect(outcome.ok, "\(outcome)")
            let warned = outcome.lines.filter { $0.contains(": warning: /annotations/") }
            #expect(warned.count == 2, "\(outcome)")
            #expect(warned.contains { $0.contains("/annotations/run.oci.handler: ignored") })
            #expect(warned.contains { $0.contains("/annotations/krun.ram_mib: ignored") })
        }
    }
}
