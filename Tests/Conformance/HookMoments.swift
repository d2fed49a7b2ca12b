// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// At which moment of the container's life hooks run, as seen by the hooks.
@Suite(.runnable, .conformance)
struct HookMoments {
    // Goal: namespaces and mounts are there, and the process has not left the host's tree. Method: the hook looks at
    // the mounts and the root of the process whose pid it reads.
    @Test(
        "HK-60 the hooks of create run after the mounts and before the pivot", arguments: ["prestart", "createRuntime"])
    func beforePivot(name: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") { $0.mount("/tmp", type: "tmpfs", from: "made-for-this") }
            let out = bundle.directory + "/seen"
            let pid = "pid=$(sed 's/.*\"pid\": *//; s/[^0-9].*//' \(bundle.directory)/log.x | tr -d '\\n')"
            let mounts = "grep -c ' made-for-this ' /proc/$pid/mountinfo"
            let root = "test -e /proc/$pid/root\(bundle.directory)/config.json && echo outside"
            try bundle.edit {
                $0["/hooks/\(name)"] = .array([
                    try Hooks.recorder("x", bundle, then: "\(pid)\n{ \(mounts); \(root); } > \(out)")
                ])
            }
            #expect(try s.run(bundle).ok)
            #expect(Files.read(out) == "1\noutside\n")
        }
    }

    // Goal: nothing is left when poststop runs, and delete waits for it. Method: the hook looks for the cgroup and the
    // process, and takes its time.
    @Test("HK-61 poststop hooks run after the container is gone and before delete returns")
    func afterDelete() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "exec sleep 100")
            let out = bundle.directory + "/seen"
            let script = "sleep 0.3; test -e \(s.cgroupDirectory("g1")) || echo gone > \(out)"
            try bundle.edit { $0["/hooks/poststop"] = .array([try Hooks.recorder("x", bundle, then: script)]) }
            let container = try s.create(bundle)
            try #expect(container("start").ok)
            try #expect(container("delete", "--force").ok)
            #expect(Files.read(out) == "gone\n")
        }
    }

    // Goal: hooks of the runtime's side are programs of the host. Method: one that only the host has.
    @Test(
        "HK-62 the path of a hook of the runtime is one of the host",
        arguments: ["prestart", "createRuntime", "createContainer", "poststart", "poststop"])
    func hostPath(name: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true")
            try bundle.edit { $0["/hooks/\(name)"] = .array([try Hooks.recorder("x", bundle)]) }
            #expect(!Files.exists(bundle.rootfs + bundle.directory))
            #expect(try s.run(bundle).ok)
            #expect(Hooks.log(bundle) == ["x"])
        }
    }

    // Goal: a startContainer hook is a program of the container. Method: one that only the root has, and one that
    // only the host has.
    @Test("HK-63 the path of a startContainer hook is one of the container")
    func containerPath() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /tmp/seen") { $0["/root/readonly"] = false }
            try Files.write("#!/bin/sh\necho inside > /tmp/seen\n", to: bundle.rootfs + "/only-inside", mode: 0o755)
            try bundle.edit { $0["/hooks/startContainer"] = [["path": "/only-inside"]] }
            #expect(try s.run(bundle).lines == ["inside"])
        }
        try scenario { s in
            let bundle = try s.bundle(script: "echo ran")
            try bundle.edit { $0["/hooks/startContainer"] = .array([try Hooks.recorder("x", bundle)]) }
            let outcome = try s.run(bundle)
            #expect(outcome.failed && !outcome.stdout.contains("ran"), "\(outcome)")
        }
    }
}
