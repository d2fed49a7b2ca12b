// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// `hull mounts`, which Debian's runtimes do not have.
@Suite(.runnable, .conformance)
struct LiveMounts {
    /// A container with a host directory `data` in its bundle.
    private func container(
        _ s: Scenario, _ script: String = "exec sleep 100", _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> Container {
        let container = try s.start(script, [], edit)
        try container.bundle.addData()
        return container
    }

    static func bind(_ destination: String, _ source: String = "data", _ options: [String] = ["bind"]) -> JSON {
        ["destination": .string(destination), "source": .string(source), "options": JSON(options)]
    }

    // Goal: mounts come into a container that runs, and to nobody else. Method: a directory, a file, a tmpfs; read and
    // written inside; the host's table.
    @Test("LM-01 mounts are added to a running container, with their options", .only(.hull))
    func adds() throws {
        try scenario { s in
            let container = try container(s)
            let before = HostSnapshot.mounts(s)
            let file: JSON = Self.bind("/run/file", "data/name", ["bind", "ro"])
            let tmpfs: JSON = ["destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k"]]
            try container.bundle.edit { $0["/root/readonly"] = true }
            try Files.write("", to: container.bundle.rootfs + "/run/file")
            let outcome = try container.mounts("add", [Self.bind("/mnt", "data", ["rbind", "ro"]), tmpfs, file])
            #expect(outcome.ok && outcome.stderr.isEmpty, "\(outcome)")
            let said = try container.exec(
                "sh", "-c", "cat /mnt/name /run/file; touch /mnt/x || echo refused; touch /tmp/x && echo made")
            #expect(said.lines == ["data", "data", "refused", "made"], "\(said)")
            #expect(HostSnapshot.mounts(s) == before)
        }
    }

    @Test("LM-02 one object, and standard input", .only(.hull))
    func single() throws {
        try scenario { s in
            let container = try container(s)
            let words = ["mounts", "add", container.id, "-"]
            let outcome = try s.runtime(words, stdin: Self.bind("/mnt").text)
            #expect(outcome.ok, "\(outcome)")
            #expect(try container.exec("cat", "/mnt/name").lines == ["data"])
        }
    }

    // Goal: what was added can be taken away again by the same document. Method: a mount on a mount and one below it.
    @Test("LM-03 remove takes away what was added, the last first", .only(.hull))
    func removes() throws {
        try scenario { s in
            let container = try container(s)
            let before = try container.mountLines()
            let list: JSON = [
                ["destination": "/mnt", "type": "tmpfs", "source": "tmpfs"], Self.bind("/mnt/below"), Self.bind("/mnt"),
            ]
            for _ in 0..<2 {
                try #expect(container.mounts("add", list).ok)
                #expect(try container.mountLines().count == before.count + 3)
                #expect(try container.exec("cat", "/mnt/name").lines == ["data"])
                let outcome = try container.mounts("remove", list)
                #expect(outcome.ok, "\(outcome)")
                #expect(try container.mountLines() == before)
            }
            try #expect(container.mounts("add", [Self.bind("/mnt/../mnt/")]).ok)
            try #expect(container.mounts("remove", ["destination": "/mnt"]).ok)
            #expect(try container.mountLines() == before)
        }
    }

    // Goal: a document is carried out whole or not at all. Method: the last entry fails in the kernel.
    @Test("LM-04 all mounts are added or none", .only(.hull))
    func allOrNone() throws {
        try scenario { s in
            let container = try container(s)
            let before = try container.mountLines()
            let list: JSON = [
                Self.bind("/mnt"), Self.bind("/tmp", "data", ["rbind", "ro"]),
                [
                    "destination": "/run", "type": "tmpfs", "source": "tmpfs",
                    "options": ["size=64k", "nosuchoption=1"],
                ],
            ]
            let outcome = try container.mounts("add", list)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.stderr.contains(" /2/options/1"), "\(outcome)")
            #expect(try container.mountLines() == before)
            try #expect(container.mounts("remove", Self.bind("/mnt")).failed)
        }
    }

    // Goal: what hull has not added is not taken away. Method: mounts of the config, of the program, and none at all.
    @Test("LM-05 remove refuses what was not added", .only(.hull))
    func foreign() throws {
        try scenario { s in
            let container = try container(s, "mount -t tmpfs tmpfs /mnt; echo mounted; exec sleep 100") {
                $0.capabilities(["CAP_SYS_ADMIN"], sets: ["bounding", "effective", "permitted"])
            }
            container.says("mounted")
            try #expect(container.mounts("add", Self.bind("/tmp")).ok)
            let before = try container.mountLines()
            for place in ["/mnt", "/dev/shm", "/proc", "/", "/nowhere"] {
                let outcome = try container.mounts("remove", [Self.bind("/tmp"), Self.bind(place)])
                #expect(outcome.ending == .exit(1), "\(outcome)")
                #expect(outcome.stderr.contains(": /1/destination: "), "\(outcome)")
                expect(outcome, says: ["was not mounted by hull mounts add"])
                #expect(try container.mountLines() == before, "\(place)")
            }
        }
    }

    // Goal: another mount in the place of an added one stays. Method: the program covers it, or exchanges it.
    @Test("LM-06 remove tells a mount that the program has exchanged", .only(.hull), arguments: ["", "umount /mnt; "])
    func exchanged(before: String) throws {
        try scenario { s in
            let container = try container(s) {
                $0.capabilities(["CAP_SYS_ADMIN"], sets: ["bounding", "effective", "permitted"])
            }
            try #expect(container.mounts("add", Self.bind("/mnt")).ok)
            try #expect(container.exec("sh", "-c", before + "mount -t tmpfs mine /mnt && touch /mnt/mine").ok)
            let outcome = try container.mounts("remove", Self.bind("/mnt"))
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["umount2 /mnt: invalid argument (it is not there any more"])
            #expect(try container.exec("ls", "/mnt").lines == ["mine"])
            expect(try container.mounts("remove", Self.bind("/mnt")), says: ["was not mounted by hull mounts add"])
        }
    }

    static let bad: [(String, JSON)] = [
        ("/0/destination: ", ["destination": "/", "type": "tmpfs"]),
        ("/0/destination: ", ["destination": "/proc/self/attr", "type": "tmpfs"]),
        ("/0/destination: ", ["destination": "/proc", "type": "tmpfs"]),
        ("/0/options/1: ", ["destination": "/mnt", "options": ["bind", "remount", "ro"]]),
        ("/0/source: ", ["destination": "/mnt", "options": ["bind"]]),
        ("/0/type: ", ["destination": "/mnt"]),
        ("/0/options/0: ", ["destination": "/mnt", "source": "data", "options": ["tmpcopyup", "bind"]]),
        ("/0/options/1: ", ["destination": "/mnt", "source": "data", "options": ["bind", "idmap"]]),
        ("/0/type: ", ["destination": "/mnt", "type": "overlay", "options": ["lowerdir=data:rootfs/etc"]]),
        ("/0/destination: ", ["source": "data", "options": ["bind"]]),
        ("/0/destination: ", ["destination": 7]),
    ]

    // Goal: every mistake is told where it stands. Method: table; nothing is mounted.
    @Test("LM-07 a bad entry is an error with its line and pointer in the document", .only(.hull))
    func badEntries() throws {
        try scenario { s in
            let container = try container(s)
            let before = try container.mountLines()
            for (pointer, entry) in Self.bad {
                let outcome = try container.mounts("add", [entry])
                #expect(outcome.ending == .exit(1), "\(outcome)")
                #expect(outcome.stderr.contains(#/mounts\.json:1:\d+: /#), "\(outcome)")
                #expect(outcome.stderr.contains(": " + pointer), "\(outcome)")
            }
            for text in ["", "[", "7", "[7]"] {
                try #expect(s.runtime(["mounts", "add", container.id, "-"], stdin: text).ending == .exit(1), "\(text)")
            }
            let unknown = try container.mounts("add", ["destination": "/mnt", "type": "tmpfs", "option": ["ro"]])
            #expect(unknown.ok && unknown.stderr.contains("/option: unknown property (did you mean \"options\"?)"))
            try #expect(container.mounts("remove", ["destination": "/mnt"]).ok)
            #expect(try container.mountLines() == before)
        }
    }

    @Test("LM-08 mounts come into a user namespace", .only(.hull), .needs(.userNamespace))
    func userNamespace() throws {
        try scenario { s in
            let container = try container(s) { $0.userNamespace() }
            for name in ["/data", "/data/name"] { chown(container.bundle.directory + name, 1000, 1000) }
            let tmpfs: JSON = ["destination": "/tmp", "type": "tmpfs", "source": "tmpfs"]
            let mapped: JSON = Self.bind("/mnt", "data", ["bind", "ro", "idmap"])
            let outcome = try container.mounts("add", [Self.bind("/home"), mapped, tmpfs])
            #expect(outcome.ok, "\(outcome)")
            let said = try container.exec(
                "sh", "-c",
                "stat -c %u /home/name /mnt/name /tmp; touch /mnt/x || echo refused; touch /tmp/x && echo ok")
            #expect(said.lines == ["65534", "1000", "0", "refused", "ok"], "\(said)")
            try #expect(container.mounts("remove", [Self.bind("/home"), mapped, tmpfs]).ok)
            #expect(try container.exec("ls", "/mnt").lines.isEmpty)
        }
    }

    static let alike: [JSON] = [
        bind("/mnt", "data", ["rbind", "ro"]), bind("/mnt", "data", ["rbind", "rro", "nosuid"]),
        bind("/mnt", "data", ["bind", "rslave", "nodev"]), bind("/mnt", "data", ["rbind", "rshared"]),
        bind("/mnt", "data", ["rbind", "private", "noexec", "noatime"]),
        bind("/mnt", "data", ["rbind", "nosymfollow"]),
        bind("/mnt/deep/er", "data/name", ["bind", "ro"]),
        [
            "destination": "/mnt", "type": "tmpfs", "source": "it",
            "options": ["size=64k", "mode=1770", "ro", "noexec"],
        ],
        ["destination": "/etc", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]],
        ["destination": "/mnt", "type": "mqueue", "source": "mqueue", "options": ["nosuid"]],
    ]

    // Goal: an added mount is what the same entry of a config makes. Method: both, and their lines in the tables: root,
    // place, attributes, propagation, type, source, superblock; mounts below the source included.
    @Test("LM-09 an added mount is as one of the config", .only(.hull), arguments: alike)
    func asOfConfig(entry: JSON) throws {
        try scenario { s in
            let place = entry["/destination"]?.string ?? ""
            func lines(_ pid: Int) -> [String] {
                (Files.read("/proc/\(pid)/mountinfo") ?? "").split(separator: "\n").compactMap { line in
                    let fields = line.split(separator: " ").map(String.init)
                    guard fields[4] == place || fields[4].hasPrefix(place + "/") else { return nil }
                    let kept = fields[5...].map { $0.replacing(#/:\d+$/#, with: "") }
                    return ([fields[3], fields[4]] + kept).joined(separator: " ")
                }
            }
            let bundle = try s.bundle(script: "exec sleep 100") {
                $0["/root/readonly"] = false
                $0["/mounts/-"] = entry
            }
            try bundle.addData()
            try Files.makeDirectory(bundle.directory + "/data/sub")
            try HostMount.tmpfs(at: bundle.directory + "/data/sub")
            defer { umount2(bundle.directory + "/data/sub", Int32(MNT_DETACH)) }
            let first = try s.create(bundle)
            let config = lines(try first.pid())
            try bundle.edit { config in
                let last = (config["/mounts"]?.array?.count ?? 1) - 1
                config["/mounts/\(last)"] = nil
                config["/linux/cgroupsPath"] = .string(s.cgroupsPath("other"))
            }
            let second = try s.create(bundle)
            let none = lines(try second.pid())
            #expect(none.isEmpty)
            let outcome = try second.mounts("add", [entry])
            #expect(outcome.ok, "\(outcome)")
            let live = lines(try second.pid())
            #expect(!config.isEmpty && live == config, "\(config)\n\(live)")
        }
    }

    // Goal: only a container that lives has mounts of its own. Method: each status; one without a mount namespace.
    @Test("LM-10 a created or paused container takes mounts, a stopped one does not", .only(.hull))
    func statuses() throws {
        try scenario { s in
            let created = try s.create(try s.bundle(script: "cat /mnt/name; exec sleep 100"))
            try created.bundle.addData()
            try #expect(created.mounts("add", Self.bind("/mnt")).ok)
            try #expect(created("start").ok)
            created.says("data")
            try #expect(created("pause").ok)
            try #expect(created.mounts("add", Self.bind("/tmp")).ok)
            try #expect(created.mounts("remove", Self.bind("/mnt")).ok)
            try #expect(created("resume").ok)
            #expect(try created.exec("sh", "-c", "ls /mnt; ls /tmp").lines == ["name"])
            let stopped = try s.start("true")
            try stopped.comes(to: "stopped")
            expect(try stopped.mounts("add", Self.bind("/mnt")), says: ["container not running"])
            let words = ["mounts", "add", "nobody", "-"]
            expect(try s.runtime(words, stdin: Self.bind("/mnt").text), says: ["container does not exist"])
            let shared = try s.start("exec sleep 100") { $0.removeNamespace("mount") }
            let outcome = try shared.mounts("add", ["destination": "/mnt", "type": "tmpfs"])
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["has no mount namespace of its own"])
        }
    }

    @Test("LM-11 a missing source has its pointer; a missing destination is made where it can be", .only(.hull))
    func places() throws {
        try scenario { s in
            let container = try container(s) { $0["/root/readonly"] = false }
            let missing = try container.mounts("add", [Self.bind("/mnt"), Self.bind("/tmp", "nothing")])
            #expect(missing.ending == .exit(1), "\(missing)")
            #expect(missing.stderr.contains(" at /1/source"), "\(missing)")
            try Files.link("/run/there", at: container.bundle.rootfs + "/link")
            try #expect(container.mounts("add", [Self.bind("/link/new"), Self.bind("/deep/file", "data/name")]).ok)
            let said = try container.exec("cat", "/run/there/new/name", "/deep/file")
            #expect(said.lines == ["data", "data"], "\(said)")
            try #expect(container.mounts("remove", [Self.bind("/link/new"), Self.bind("/deep/file")]).ok)
            let closed = try self.container(s)
            let refused = try closed.mounts("add", [Self.bind("/new")])
            #expect(refused.ending == .exit(1), "\(refused)")
            expect(refused, says: ["read-only file system at /0 (the root is read-only"])
        }
    }

    // Goal: a new filesystem shows the container's namespaces. Method: what each shows.
    @Test("LM-12 a procfs, a sysfs and a cgroup2 are those of the container", .only(.hull))
    func namespaces() throws {
        try scenario { s in
            let container = try container(s) { $0["/root/readonly"] = false }
            let list: JSON = [
                ["destination": "/p", "type": "proc", "source": "proc"],
                ["destination": "/s", "type": "sysfs", "source": "sysfs"],
                ["destination": "/c", "type": "cgroup2", "source": "cgroup"],
            ]
            let outcome = try container.mounts("add", list)
            #expect(outcome.ok, "\(outcome)")
            let said = try container.exec(
                "sh", "-c", "tr '\\0' ' ' < /p/1/cmdline; echo; ls /s/class/net; test -e /c/cgroup.events && echo below"
            )
            #expect(said.lines.first == "sleep 100 " && said.lines.suffix(2) == ["lo", "below"], "\(said)")
            try #expect(container.mounts("remove", list).ok)
        }
    }
}

extension Container {
    /// `mounts` with a document.
    func mounts(_ action: String, _ document: JSON) throws -> Outcome {
        let file = scenario.directory + "/mounts.json"
        try Files.write(document.text, to: file)
        return try scenario.runtime("mounts", action, id, file)
    }

    /// The container's mount table as its process sees it.
    func mountLines() throws -> [String] {
        (Files.read("/proc/\(try pid())/mountinfo") ?? "").split(separator: "\n").map(String.init)
    }
}
