// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Options for a mount and all below it, and what a user namespace locks.
@Suite(.runnable, .conformance)
struct RecursiveOptions {
    /// The options of a bound tree of two mounts, both made with `before`, bound with `options`.
    private func tree(_ s: Scenario, _ before: String, _ options: [String]) throws -> [MountTable.Mount] {
        let bundle = try s.bundle(script: "cat /proc/self/mountinfo") { $0.mount("/mnt", from: "data", options) }
        let places = ["/data", "/data/below"].map { bundle.directory + $0 }
        for place in places { try HostMount.tmpfs(at: place) }
        defer { places.reversed().forEach(HostMount.remove) }
        for place in places.reversed() where before != "rw" {
            try HostMount.run(["-o", "remount,bind," + before, place])
        }
        let table = MountTable(try s.run(bundle).lines)
        return try ["/mnt", "/mnt/below"].map { try #require(table.mount(at: $0)) }
    }

    // Goal: the remaining recursive words. Method: an rbind of a tree, the mount table inside.
    @Test(
        "MO-14 more recursive flags",
        arguments: [
            ("rnodiratime", ["nodiratime"], []), ("rnosymfollow", ["nosymfollow"], []),
            ("rstrictatime", [], ["relatime", "noatime"]), ("rrelatime", ["relatime"], []),
        ] as [(String, [String], [String])])
    func set(option: String, present: [String], absent: [String]) throws {
        try scenario(case: option) { s in
            for mount in try tree(s, option == "rrelatime" ? "noatime" : "rw", ["rbind", option]) {
                #expect(mount.options.isSuperset(of: present), "\(mount.point): \(mount.options.sorted())")
                #expect(mount.options.isDisjoint(with: absent), "\(mount.point): \(mount.options.sorted())")
            }
        }
    }

    // Goal: the opposites clear what the mounts of the source have. Method: a source whose mounts both have the flag.
    @Test(
        "MO-15 recursive words clear the flags of the source's mounts",
        arguments: [
            ("rrw", "ro"), ("rsuid", "nosuid"), ("rdev", "nodev"), ("rexec", "noexec"), ("rdiratime", "nodiratime"),
            ("rsymfollow", "nosymfollow"), ("ratime", "noatime"),
        ])
    func cleared(option: String, flag: String) throws {
        try scenario(case: option) { s in
            for mount in try tree(s, flag, ["rbind", option]) {
                #expect(!mount.options.contains(flag), "\(mount.point): \(mount.options.sorted())")
            }
        }
    }

    // Goal: nostrictatime asks for the kernel's default, norelatime for nothing. Method: sources with other times.
    @Test(
        "MO-16 rnostrictatime and rnorelatime",
        arguments: [
            ("strictatime", "rnostrictatime", "relatime"), ("noatime", "rnostrictatime", "relatime"),
            ("noatime", "rnorelatime", "noatime"),
        ])
    func times(before: String, option: String, after: String) throws {
        try scenario(case: "\(option) of \(before)") { s in
            for mount in try tree(s, before, ["rbind", option]) {
                #expect(mount.options.contains(after), "\(mount.point): \(mount.options.sorted())")
            }
        }
    }

    // Goal: a plain word after a recursive one is about the top alone. Method: rro and rw.
    @Test("MO-17 plain words have the last word about the top", .only(.hull))
    func order() throws {
        try scenario { s in
            let mounts = try tree(s, "rw", ["rbind", "rro", "rw"])
            #expect(mounts[0].options.contains("rw") && mounts[1].options.contains("ro"))
        }
    }

    // Goal: a recursive word on a new filesystem is about that one mount. Method: a tmpfs.
    @Test(
        "MO-18 recursive words on a new filesystem",
        arguments: [("rro", "ro"), ("rnosuid", "nosuid"), ("rnoatime", "noatime")])
    func filesystem(option: String, flag: String) throws {
        try scenario(case: option) { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") { $0.mount("/mnt", type: "tmpfs", from: "tmpfs", [option]) })
            #expect(table.mount(at: "/mnt")?.options.contains(flag) == true)
        }
    }

    // Goal: shared is about the mount, rshared about all below too. Method: the optional fields of both.
    @Test("MO-19 propagation words with r are for the whole tree", arguments: [("shared", false), ("rshared", true)])
    func propagation(option: String, both: Bool) throws {
        try scenario(case: option) { s in
            let mounts = try tree(s, "rw", ["rbind", "rprivate", option])
            #expect(mounts[0].propagation.contains { $0.hasPrefix("shared:") })
            #expect(mounts[1].propagation.contains { $0.hasPrefix("shared:") } == both)
        }
    }

    // Goal: flags that a user namespace locks stay where nobody asks to clear them, and else the error names them.
    // Method: the runtime itself in a user namespace, which locks the flags of the host's mounts.
    @Test("MO-20 a locked flag that is to be cleared is named", .only(.hull), .needs(.userNamespace))
    func locked() throws {
        try scenario { s in
            for (options, isAsked) in [
                (["bind", "suid", "exec"], true), (["bind", "rexec"], true), (["bind", "ro"], false),
            ] {
                let bundle = try s.bundle(script: "true") { $0.mount("/mnt", from: "data", options) }
                try HostMount.tmpfs(at: bundle.directory + "/data", options: "nosuid,nodev,noexec")
                defer { HostMount.remove(bundle.directory + "/data") }
                var launch = s.runtime.launch(["create", "--bundle", bundle.directory, s.id()])
                launch.arguments = ["--user", "--map-root-user", "--mount", launch.program] + launch.arguments
                launch.program = Files.program("unshare") ?? "/usr/bin/unshare"
                let outcome = try s.runtime.start(launch).outcome()
                let said =
                    outcome.stderr.contains("locked in this user namespace:") && outcome.stderr.contains("noexec")
                #expect(said == isAsked, "\(options): \(outcome)")
                if isAsked { #expect(outcome.stderr.contains(" /mounts/6/options"), "\(outcome)") }
            }
        }
    }
}
