// SPDX-License-Identifier: Apache-2.0
import Glibc
import Support
import Testing

@Suite(.runnable, .conformance, .needs(.userNamespace))
struct IDMappedMounts {
    /// The id 1000 of a filesystem is the id `host` on the mount.
    private static func map(_ host: Int64) -> JSON { [["containerID": 1000, "hostID": .int(host), "size": 10]] }

    private func bundle(
        _ s: Scenario, _ script: String, _ options: [String], uids: JSON? = nil, gids: JSON? = nil,
        _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> TestBundle {
        let bundle = try s.bundle(script: script) { config in
            try edit(&config)
            config.mount("/mnt", from: "data", options)
            config["/mounts/6/uidMappings"] = uids
            config["/mounts/6/gidMappings"] = gids
        }
        try bundle.addData()
        try bundle.edit { $0["/mounts/6/source"] = .string(bundle.directory + "/data") }
        for path in ["/data", "/data/name"] { chown(bundle.directory + path, 1000, 1001) }
        return bundle
    }

    // Goal: owners are translated. Method: a file of the host, seen inside.
    @Test("IM-01 idmap translates owners by the mappings of the mount")
    func mappings() throws {
        try scenario { s in
            let bundle = try bundle(
                s, "stat -c %u:%g /mnt/name", ["bind", "idmap"], uids: Self.map(5), gids: Self.map(20))
            try #expect(s.run(bundle).lines == ["5:21"])
        }
    }

    // Goal: what is made on the mount has the filesystem's ids on the host. Method: a process with a mapped id.
    @Test("IM-02 a file that is made on an id-mapped mount has the filesystem's ids")
    func back() throws {
        try scenario { s in
            let bundle = try bundle(s, "echo x > /mnt/new", ["bind", "idmap"], uids: Self.map(5), gids: Self.map(20)) {
                $0["/process/user"] = ["uid": 5, "gid": 21]
            }
            try #expect(s.run(bundle).ok)
            var found = stat()
            #expect(stat(bundle.directory + "/data/new", &found) == 0)
            #expect(found.st_uid == 1000 && found.st_gid == 1001)
        }
    }

    // Goal: without mappings those of the container's user namespace count. Method: the same id inside as on the host.
    @Test("IM-03 idmap without mappings uses those of the container's user namespace")
    func container() throws {
        try scenario { s in
            for (options, owner) in [(["bind"], "65534:65534"), (["bind", "idmap"], "1000:1001")] {
                let bundle = try bundle(s, "stat -c %u:%g /mnt/name", options) { $0.userNamespace() }
                try #expect(s.run(bundle).lines == [owner])
            }
        }
    }

    // Goal: the user namespace may be another container's. Method: join it by its path.
    @Test("IM-04 the container's user namespace may be one that is joined", .only(.hull))
    func joined() throws {
        try scenario { s in
            let first = try s.start("echo up; exec sleep 100") { $0.userNamespace() }
            first.says("up")
            let path = "/proc/\(try first.pid())/ns/user"
            let bundle = try bundle(s, "stat -c %u:%g /mnt/name", ["bind", "idmap"]) {
                $0.namespace("user", path: path)
            }
            try #expect(s.run(bundle).lines == ["1000:1001"])
        }
    }

    // Goal: ridmap reaches what is mounted below the source, idmap does not. Method: a tmpfs there.
    @Test("IM-05 ridmap is for the whole tree, idmap for its top", arguments: [("ridmap", "5"), ("idmap", "1000")])
    func recursive(option: String, owner: String) throws {
        try scenario { s in
            let bundle = try bundle(
                s, "stat -c %u /mnt/name /mnt/below", ["rbind", option], uids: Self.map(5), gids: Self.map(5))
            try HostMount.tmpfs(at: bundle.directory + "/data/below", options: "uid=1000,gid=1000")
            defer { HostMount.remove(bundle.directory + "/data/below") }
            try #expect(s.run(bundle).lines == ["5", owner])
        }
    }

    // Goal: mappings alone ask for it. Method: no option.
    @Test("IM-06 mappings without an option are applied")
    func implied() throws {
        try scenario { s in
            let bundle = try bundle(
                s, "stat -c %u:%g /mnt/name", ["bind"], uids: Self.map(5), gids: Self.map(20))
            try #expect(s.run(bundle).lines == ["5:21"])
        }
    }

    // Goal: no mappings and no user namespace is an error. Method: create is refused.
    @Test("IM-07 idmap without mappings and without a user namespace is refused", arguments: ["idmap", "ridmap"])
    func nothing(option: String) throws {
        try scenario { s in
            let bundle = try bundle(s, "true", ["rbind", option])
            try s.refuses(bundle, "/mounts/6/options/1", ["mapping", "user namespace"])
        }
    }

    // Goal: uids and gids belong together. Method: one of them is left out.
    @Test("IM-08 one kind of mappings without the other is refused")
    func half() throws {
        try scenario { s in
            let noGIDs = try bundle(s, "true", ["bind", "idmap"], uids: Self.map(5))
            try s.refuses(noGIDs, "/mounts/6/gidMappings", ["gidMappings", "mapping"])
            let noUIDs = try bundle(s, "true", ["bind", "idmap"], gids: Self.map(5))
            try s.refuses(noUIDs, "/mounts/6/uidMappings", ["uidMappings", "mapping"])
        }
    }

    // Goal: a filesystem that cannot is an error with the kernel's word. Method: a bind of sysfs.
    @Test("IM-09 a filesystem without id maps is refused")
    func unable() throws {
        try scenario { s in
            let outcome = try s.refuses("/mounts/6/options/1", "nvalid argument") {
                $0.mount("/mnt", from: "/sys/kernel", ["bind", "idmap"])
                $0["/mounts/6/uidMappings"] = Self.map(5)
                $0["/mounts/6/gidMappings"] = Self.map(5)
            }
            if Runtime.kind == .hull { #expect(outcome.stderr.contains("does not support id maps"), "\(outcome)") }
        }
    }

    // Goal: crun's form. Method: mappings in the option, several ranges.
    @Test("IM-10 mappings may be said in the option", .only(.hull, .crun))
    func text() throws {
        try scenario { s in
            let bundle = try bundle(
                s, "stat -c %u:%g /mnt/name", ["bind", "idmap=uids=0-9-1#1000-5-1;gids=1001-21-2"])
            try #expect(s.run(bundle).lines == ["5:21"])
        }
    }

    // Goal: ids relative to the container. Method: the second number is one of the container's, in its second range.
    @Test("IM-11 mappings in the option may be relative to the container", .only(.hull, .crun))
    func relative() throws {
        try scenario { s in
            let bundle = try bundle(
                s, "stat -c %u:%g /mnt/name", ["bind", "idmap=uids=@1000-1100-1;gids=@1001-1003-2"]
            ) {
                $0.namespace("user")
                $0["/linux/uidMappings"] = IDMappings.map
                $0["/linux/gidMappings"] = IDMappings.map
            }
            try #expect(s.run(bundle).lines == ["1100:1003"])
        }
    }

    // Goal: any filesystem that can. Method: a new tmpfs, in a container with a user namespace of its own.
    @Test("IM-12 a new filesystem may have an id map", .needs(.kernel(6, 3)), .only(.hull))
    func filesystem() throws {
        try scenario { s in
            let lines = try s.inside("stat -c %u:%g /mnt; touch /mnt/new; stat -c %u:%g /mnt/new") {
                $0.userNamespace()
                $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["idmap", "uid=1000", "gid=1001"])
            }
            #expect(lines == ["1000:1001", "0:0"])
        }
    }

    // Goal: what belongs to the container's namespaces is never made outside. Method: a proc with an id map.
    @Test("IM-13 a filesystem of the container's namespaces takes no id map", arguments: ["proc", "sysfs", "mqueue"])
    func ofNamespaces(type: String) throws {
        try scenario { s in
            try s.refuses("/mounts/6/options/0", "id map", "idmap", "nvalid argument", "ermission", "not permitted") {
                $0.userNamespace()
                $0.mount("/mnt", type: type, from: type, ["idmap"])
            }
        }
    }

    // Goal: the namespace that holds the maps has no inhabitants left. Method: what is in the cgroup of the caller
    // after the call, of a container that is made and of one that is refused after the maps were written.
    @Test("IM-14 no process stays with the maps", arguments: ["data", "/sys/kernel"])
    func alone(source: String) throws {
        try scenario(case: source) { s in
            let bundle = try bundle(s, "true", ["bind", "idmap"], uids: Self.map(5), gids: Self.map(5))
            if source != "data" { try bundle.edit { $0["/mounts/6/source"] = .string(source) } }
            try #expect(s.runtime("create", "--bundle", bundle.directory, s.id()).ok == (source == "data"))
            let caller = try #require(s.cgroup) + "/caller/cgroup.procs"
            #expect(Files.read(caller) == "")
        }
    }
}
