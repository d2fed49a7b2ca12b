// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Overlay {
    /// Two layers `one` (upper) and `two` in the bundle, with a file of each and one of both.
    private func layers(_ bundle: TestBundle, roots: Bool) throws {
        for name in ["one", "two"] {
            let layer = bundle.directory + "/" + name
            if roots, name == "two" { try RootFilesystem.make(at: layer) } else { try Files.makeDirectory(layer) }
            try Files.write("\(name)\n", to: layer + "/both")
            try Files.write("\(name)\n", to: layer + "/" + name)
        }
        try Files.makeDirectory(bundle.directory + "/upper")
        try Files.makeDirectory(bundle.directory + "/work")
    }

    private func root(_ s: Scenario, _ script: String, _ options: [String]) throws -> TestBundle {
        let bundle = try s.bundle(script: script) {
            $0["/root/readonly"] = false
            $0["/mounts"] = .array(
                [["destination": "/", "type": "overlay", "source": "overlay", "options": JSON(options)]]
                    + ($0["/mounts"]?.array ?? []))
        }
        try layers(bundle, roots: true)
        return bundle
    }

    // Goal: overlay as any other mount. Method: absolute layers on /mnt.
    @Test("OV-01 an overlay mount below the root")
    func below() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /mnt/both /mnt/one /mnt/two; echo new > /mnt/new")
            try layers(bundle, roots: false)
            let at = bundle.directory
            try bundle.edit {
                $0.mount(
                    "/mnt", type: "overlay", from: "overlay",
                    ["lowerdir=\(at)/one:\(at)/two,upperdir=\(at)/upper,workdir=\(at)/work"])
            }
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["one", "one", "two"], "\(outcome)")
            #expect(Files.read(at + "/upper/new") == "new\n")
        }
    }

    @Test("OV-02 a missing layer is refused")
    func missing() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0.mount("/mnt", type: "overlay", from: "overlay", ["lowerdir=/no/such/a:/no/such/b"])
            }
            try s.refuses(bundle, "/mounts/6/options", ["no such file or directory", "No such file or directory"])
        }
    }

    // Goal: the root made of layers, the first on top, writes to the upper one. Method: read inside, look on the host.
    @Test("OV-03 an overlay at / with an upper layer keeps what is written", .only(.hull))
    func writable() throws {
        try scenario { s in
            let bundle = try root(
                s, "cat /both /one /two; echo new > /new; rm /two",
                ["lowerdir=one:two", "upperdir=upper", "workdir=work"])
            let lower = Files.fingerprint(bundle.directory + "/two")
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["one", "one", "two"], "\(outcome)")
            #expect(Files.read(bundle.directory + "/upper/new") == "new\n")
            #expect(Files.fingerprint(bundle.directory + "/two") == lower)
        }
    }

    @Test("OV-04 without an upper layer writes are thrown away", .only(.hull))
    func throwAway() throws {
        try scenario { s in
            let bundle = try root(
                s, "test ! -e /new && echo fresh; echo new > /new; cat /new; grep ' / / ' /proc/self/mountinfo",
                ["lowerdir=one:two"])
            let before = Files.fingerprint(bundle.directory)
            for _ in 0..<2 {
                let outcome = try s.run(bundle)
                #expect(outcome.lines.prefix(2) == ["fresh", "new"], "\(outcome)")
                #expect(MountTable(outcome.lines).mount(at: "/")?.type == "overlay", "\(outcome)")
            }
            #expect(Files.fingerprint(bundle.directory) == before)
        }
    }

    @Test("OV-05 an overlay at / with ro refuses writes", .only(.hull))
    func readonly() throws {
        try scenario { s in
            let bundle = try root(s, "cat /both; echo new > /new", ["lowerdir=one:two", "ro"])
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["one"])
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
        }
    }

    @Test("OV-06 root.readonly makes an overlay at / read-only", .only(.hull))
    func rootReadonly() throws {
        try scenario { s in
            let bundle = try root(s, "cat /both; echo new > /new", ["lowerdir=one:two"])
            try bundle.edit { $0["/root/readonly"] = true }
            let outcome = try s.run(bundle)
            #expect(outcome.lines == ["one"])
            #expect(outcome.stderr.contains("Read-only file system"), "\(outcome)")
        }
    }

    // Goal: one root for many. Method: ten at once write the same name; each sees its own, the layers stay.
    @Test("OV-07 ten containers on one root do not see each other's writes", .only(.hull))
    func many() throws {
        try scenario { s in
            let first = try root(s, "true", ["lowerdir=one:two"])
            let before = Files.fingerprint(first.directory + "/two")
            let calls = try (0..<10).map { number in
                let bundle = try s.bundle(script: "echo \(number) > /mine; sleep 0.2; cat /mine") {
                    let lower = "lowerdir=\(first.directory)/one:\(first.directory)/two"
                    $0["/root/readonly"] = false
                    $0["/mounts"] = .array(
                        [["destination": "/", "type": "overlay", "source": "overlay", "options": [.string(lower)]]]
                            + ($0["/mounts"]?.array ?? []))
                }
                return try s.runtime.start(["run", "--bundle", bundle.directory, s.id()])
            }
            for (number, call) in calls.enumerated() {
                let outcome = call.outcome()
                #expect(outcome.lines == ["\(number)"], "\(outcome)")
            }
            #expect(Files.fingerprint(first.directory + "/two") == before)
        }
    }

    @Test("OV-08 a missing layer of the root is refused", .only(.hull))
    func missingRootLayer() throws {
        try scenario { s in
            let bundle = try root(s, "true", ["lowerdir=one:nothing"])
            try s.refuses(bundle, "/mounts/0/options", ["no such file or directory", "No such file or directory"])
        }
    }

    @Test("OV-09 an upper layer without a work directory is refused", .only(.hull))
    func noWork() throws {
        try scenario { s in
            let bundle = try root(s, "true", ["lowerdir=one:two", "upperdir=upper"])
            try s.refuses(bundle, "/mounts/0/options", ["workdir"])
        }
    }

    // Goal: the mount is in the container's own namespace. Method: the host's table while it runs (and after: always).
    @Test("OV-10 the host's mount table does not change while it runs", .only(.hull))
    func ownNamespace() throws {
        try scenario { s in
            let container = try s.create(try root(s, "echo up; exec sleep 100", ["lowerdir=one:two"]))
            try #expect(container("start").ok)
            container.says("up")
            #expect(!Machine.mountinfo().contains { $0.contains(s.directory) })
        }
    }

    @Test("OV-11 exec in a container with an overlay root sees its writes", .only(.hull))
    func exec() throws {
        try scenario { s in
            let container = try s.create(
                try root(s, "echo mine > /mine; echo up; exec sleep 100", ["lowerdir=one:two"]))
            try #expect(container("start").ok)
            container.says("up")
            let outcome = try container.exec("cat", "/mine", "/both")
            #expect(outcome.lines == ["mine", "one"], "\(outcome)")
        }
    }
}
