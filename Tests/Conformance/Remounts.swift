// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Remounts {
    // Goal: remount changes an earlier mount. Method: make a writable tmpfs read-only by a second entry.
    @Test("MT-13 remount changes the flags of an earlier mount")
    func remount() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["rw"])
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["remount", "ro", "nosuid"])
                })
            let mounts = table.mounts.filter { $0.point == "/mnt" }
            #expect(mounts.count == 1)
            #expect(mounts.first?.options.isSuperset(of: ["ro", "nosuid"]) == true)
        }
    }

    // Goal: remount reaches the filesystem's own options. Method: the size of a tmpfs, and what is not said stays.
    @Test("MT-19 remount changes options of an earlier filesystem")
    func remountFilesystem() throws {
        try scenario { s in
            let table = MountTable(
                try s.inside("cat /proc/self/mountinfo") {
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["size=64k", "mode=750"])
                    $0.mount("/mnt", type: "tmpfs", from: "tmpfs", ["remount", "size=128k", "sync"])
                })
            let mount = try #require(table.mount(at: "/mnt"))
            #expect(mount.data.isSuperset(of: ["size=128k", "sync", "mode=750"]), "\(mount.data.sorted())")
        }
    }

    // Goal: a filesystem of the host is not changed. Method: remount a bind with an option, look at the host.
    @Test("MT-20 remount does not reach the host's filesystem behind a bind mount", .only(.hull))
    func remountBind() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0.mount("/mnt", from: "data", ["bind"])
                $0.mount("/mnt", from: "data", ["remount", "sync"])
            }
            try HostMount.tmpfs(at: bundle.directory + "/data")
            defer { HostMount.remove(bundle.directory + "/data") }
            try s.refuses(bundle, "/mounts/7/options", ["sync"])
            let host = MountTable(Machine.mountinfo()).mount(at: bundle.directory + "/data")
            #expect(host?.data.contains("sync") == false)
        }
    }

    // Goal: remount with bind is about the mount alone, recursive words about all below. Method: the mount table.
    @Test("MT-21 remount of a bind mount changes the mount, rro also those below")
    func remountTree() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/self/mountinfo") {
                $0.mount("/mnt", from: "data", ["rbind"])
                $0.mount("/mnt", from: "data", ["remount", "bind", "nosuid", "rro"])
            }
            try HostMount.tmpfs(at: bundle.directory + "/data")
            try HostMount.tmpfs(at: bundle.directory + "/data/below")
            defer {
                HostMount.remove(bundle.directory + "/data/below")
                HostMount.remove(bundle.directory + "/data")
            }
            let table = MountTable(try s.run(bundle).lines)
            #expect(table.mount(at: "/mnt")?.options.isSuperset(of: ["ro", "nosuid"]) == true)
            #expect(table.mount(at: "/mnt/below")?.options.contains("ro") == true)
            #expect(table.mount(at: "/mnt/below")?.options.contains("nosuid") == false)
            #expect(table.mount(at: "/mnt")?.data.contains("ro") == false)
        }
    }
}
