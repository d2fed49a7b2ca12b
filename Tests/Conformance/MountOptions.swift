// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct MountOptions {
    typealias Case = (options: [String], present: [String], absent: [String])

    /// A tmpfs with these options must show `present` and must not show `absent` in the mount table.
    static let setting: [Case] = [
        (["ro"], ["ro"], []), (["ro", "rw"], ["rw"], []), (["nosuid"], ["nosuid"], []), (["nodev"], ["nodev"], []),
        (["noexec"], ["noexec"], []), (["noatime"], ["noatime"], ["relatime"]), (["nodiratime"], ["nodiratime"], []),
        (["relatime"], ["relatime"], []), (["strictatime"], [], ["relatime", "noatime"]),
        (["norelatime"], [], ["noatime"]),
        (["sync"], ["sync"], []), (["dirsync"], ["dirsync"], []), (["mand"], [], []), (["mand", "nomand"], [], []),
        (["ro", "nosuid", "nodev", "noexec"], ["ro", "nosuid", "nodev", "noexec"], []),
    ]

    static let opposites: [Case] = [
        (["nosuid", "suid"], [], ["nosuid"]), (["nodev", "dev"], [], ["nodev"]), (["noexec", "exec"], [], ["noexec"]),
        (["noatime", "atime"], ["relatime"], ["noatime"]), (["nodiratime", "diratime"], [], ["nodiratime"]),
        (["strictatime", "nostrictatime"], ["relatime"], []), (["sync", "async"], [], ["sync"]),
    ]

    // Goal: each flag word of mount(8) has its effect. Method: a tmpfs, its line in the mount table inside.
    @Test("MO-01 flags set what they say", arguments: setting)
    func flags(options: [String], present: [String], absent: [String]) throws {
        try check(options, present: present, absent: absent)
    }

    // Goal: of a flag and its opposite the last counts. Method: the same.
    @Test("MO-02 a flag is cleared by its opposite", arguments: opposites)
    func cleared(options: [String], present: [String], absent: [String]) throws {
        try check(options, present: present, absent: absent)
    }

    // Goal: the word that says nothing. Method: the same.
    @Test("MO-03 defaults")
    func defaults() throws {
        try check(["defaults"], present: ["rw"], absent: ["nosuid", "nodev", "noexec"])
    }

    // Goal: lazy time stamps, a flag of the file system. Method: the same.
    @Test("MO-04 lazytime and nolazytime")
    func lazytime() throws {
        try check(["lazytime"], present: ["lazytime"], absent: [])
        try check(["lazytime", "nolazytime"], present: [], absent: ["lazytime"])
    }

    // Goal: flags of the spec's list that show nowhere are at least taken. Method: the mount succeeds.
    @Test(
        "MO-05 iversion, noiversion, loud and silent are flags",
        arguments: ["iversion", "noiversion", "loud", "silent"])
    func quiet(option: String) throws {
        try check([option], present: ["rw"], absent: [])
    }

    // Goal: links are not followed on the mount. Method: the flag in the mount table.
    @Test("MO-06 nosymfollow", .needs(.kernel(5, 10)))
    func nosymfollow() throws {
        try check(["nosymfollow"], present: ["nosymfollow"], absent: [])
        try check(["nosymfollow", "symfollow"], present: [], absent: ["nosymfollow"])
    }

    private func check(_ options: [String], present: [String], absent: [String]) throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", options)
                })
            let all = try #require(table.mount(at: "/mnt")).all
            #expect(all.isSuperset(of: present), "\(options) gave \(all.sorted())")
            #expect(all.isDisjoint(with: absent), "\(options) gave \(all.sorted())")
        }
    }

    // Goal: flags are applied to a bind. Method: a bind of a plain directory with each flag.
    @Test("MO-07 flags on a bind mount", arguments: ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime"])
    func bind(flag: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0.mount("/mnt", from: "data", ["bind", flag])
            }
            try bundle.addData()
            let mount = try #require(MountTable(try s.run(bundle).lines).mount(at: "/mnt"))
            #expect(mount.options.contains(flag))
        }
    }

    // Goal: the opposites clear what the source has. Method: a source with all four, bound with their opposites.
    @Test("MO-08 rw, suid, dev and exec clear the flags of a bind's source")
    func clearing() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0.mount("/mnt", from: "data", ["bind", "rw", "suid", "dev", "exec"])
            }
            try HostMount.tmpfs(at: bundle.directory + "/data", options: "nosuid,nodev,noexec")
            try HostMount.run(["-o", "remount,bind,ro,nosuid,nodev,noexec", bundle.directory + "/data"])
            defer { HostMount.remove(bundle.directory + "/data") }
            let mount = try #require(MountTable(try s.run(bundle).lines).mount(at: "/mnt"))
            #expect(mount.options.isDisjoint(with: ["ro", "nosuid", "nodev", "noexec"]))
        }
    }

    // Goal: propagation words set the mount's type. Method: the optional fields of the mount table.
    @Test(
        "MO-09 shared and unbindable mounts",
        arguments: [
            ("shared", "shared"), ("rshared", "shared"), ("unbindable", "unbindable"), ("runbindable", "unbindable"),
        ])
    func shared(option: String, expected: String) throws {
        try propagation(option, expected)
    }

    // Goal: the same for private. Method: the same.
    @Test("MO-10 private mounts", arguments: ["private", "rprivate"])
    func isPrivate(option: String) throws {
        try propagation(option, "")
    }

    private func propagation(_ option: String, _ expected: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0.mount("/mnt", from: "data", ["bind", option])
            }
            try bundle.addData()
            let mount = try #require(MountTable(try s.run(bundle).lines).mount(at: "/mnt"))
            #expect(mount.propagation.map { String($0.prefix { $0 != ":" }) }.joined(separator: " ") == expected)
        }
    }

    // Goal: a slave receives the host's mounts and sends none. Method: a shared source on the host.
    @Test("MO-11 a slave of a shared source receives later mounts of the host", arguments: ["slave", "rslave"])
    func slave(option: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "echo up; until test -e /mnt/late/file; do sleep 0.05; done; echo seen") {
                $0["/linux/rootfsPropagation"] = "rslave"
                $0.mount("/mnt", from: "data", ["rbind", option])
            }
            let data = bundle.directory + "/data"
            try HostMount.tmpfs(at: data)
            try HostMount.run(["--make-shared", data])
            defer { HostMount.remove(data) }
            try Files.makeDirectory(data + "/late")
            let container = try s.create(bundle)
            try #expect(container("start").ok)
            container.says("up")
            try HostMount.tmpfs(at: data + "/late")
            defer { HostMount.remove(data + "/late") }
            try Files.write("x", to: data + "/late/file")
            container.says("seen")
            _ = try container("kill", "KILL")
            try container.comes(to: "stopped")
        }
    }

    // Goal: recursive flags reach the submounts. Method: an rbind of a tree with a tmpfs below.
    @Test(
        "MO-12 recursive flags",
        arguments: [("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec")])
    func recursiveFlags(option: String, flag: String) throws {
        try recursive(option, flag)
    }

    // Goal: the access time, of which the kernel allows one at a time. Method: the same.
    @Test("MO-13 rnoatime")
    func recursiveTime() throws {
        try recursive("rnoatime", "noatime")
    }

    private func recursive(_ option: String, _ flag: String) throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0.mount("/mnt", from: "data", ["rbind", option])
            }
            try bundle.addData()
            try HostMount.tmpfs(at: bundle.directory + "/data/below")
            defer { HostMount.remove(bundle.directory + "/data/below") }
            let table = MountTable(try s.run(bundle).lines)
            for point in ["/mnt", "/mnt/below"] {
                #expect(table.mount(at: point)?.options.contains(flag) == true, "\(point)")
            }
        }
    }
}
