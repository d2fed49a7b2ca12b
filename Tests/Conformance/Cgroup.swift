// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Cgroup {
    // Goal: cgroupsPath is a place in the host's tree. Method: the directory and the process in it.
    @Test("CG-01 an absolute cgroupsPath is taken from the root of the tree")
    func absolute() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let procs = Files.read(s.cgroupDirectory("g1") + "/cgroup.procs") ?? ""
            #expect(procs.trimmed == "\(try container.pid())")
        }
    }

    // Goal: the same relative path is the same place. Method: two containers one after the other.
    @Test("CG-02 a relative cgroupsPath gives the same place each time")
    func relative() throws {
        try scenario { s in
            let places = try (0..<2).map { _ in
                let container = try s.start("exec sleep 100") {
                    $0["/linux/cgroupsPath"] = .string(s.name + "-relative")
                }
                let place = Files.read("/proc/\(try container.pid())/cgroup")?.split(separator: "\n").last
                try #expect(container("delete", "--force").ok)
                return String(place ?? "")
            }
            #expect(places[0] == places[1])
            #expect(places[0].hasSuffix(s.name + "-relative"))
        }
    }

    // Goal: without a path the container still has a cgroup of its own, named by its id. Method: look from the host.
    @Test("CG-03 without cgroupsPath the cgroup is named by the id")
    func unsaid() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") { $0["/linux/cgroupsPath"] = nil }
            let place = Files.read("/proc/\(try container.pid())/cgroup")?.split(separator: "\n").last ?? ""
            #expect(place.contains(container.id), "\(place)")
        }
    }

    // Goal: the container's own cgroup is the root of its namespace. Method: what it sees of itself.
    @Test("CG-04 inside a cgroup namespace the own cgroup is the root")
    func namespace() throws {
        try scenario { s in
            try #expect(s.inside("grep ^0: /proc/self/cgroup") == ["0::/"])
        }
    }

    // Goal: a cgroup mount shows the container's part as its root. Method: the processes listed at its top.
    @Test("CG-05 with a cgroup namespace a cgroup mount shows the own cgroup")
    func mount() throws {
        try scenario { s in
            let lines = try s.inside("cat /sys/fs/cgroup/cgroup.procs") { Self.mountTree(&$0) }
            #expect(lines.first == "1", "\(lines)")
        }
    }

    // Goal: without a namespace the mount and /proc/self/cgroup agree. Method: follow the one in the other.
    @Test("CG-13 without a cgroup namespace the own cgroup is found below the mount")
    func mountWithoutNamespace() throws {
        try scenario { s in
            let lines = try s.inside("cat /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/cgroup.procs") {
                $0.removeNamespace("cgroup")
                Self.mountTree(&$0)
            }
            #expect(lines.first == "1", "\(lines)")
        }
    }

    static func mountTree(_ config: inout JSON) {
        config.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    }

    // Goal: delete takes the cgroups that the container made. Method: make some inside, look after delete.
    @Test("CG-06 delete removes cgroups made inside")
    func nested() throws {
        try scenario { s in
            let container = try s.start("mkdir -p /sys/fs/cgroup/a/b /sys/fs/cgroup/c && echo made; exec sleep 100") {
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["rw"])
            }
            container.says("made")
            #expect(Files.exists(s.cgroupDirectory("g1") + "/a/b"))
            try #expect(container("delete", "--force").ok)
            #expect(!Files.exists(s.cgroupDirectory("g1")))
        }
    }

    // Goal: delete removes only what create made. Method: a parent directory that was there before.
    @Test("CG-07 a cgroup above that was there before stays")
    func parentStays() throws {
        try scenario { s in
            let parent = s.cgroupDirectory("before")
            try Files.makeDirectory(parent)
            let bundle = try s.bundle(script: "true") {
                $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("before") + "/inner")
            }
            #expect(try s.run(bundle).ok)
            #expect(Files.exists(parent))
            #expect(!Files.exists(parent + "/inner"))
            Files.removeCgroup(parent)
        }
    }

    // Goal: unified entries are written as they are. Method: core files that need no controller.
    @Test("CG-08 unified writes the named files")
    func unified() throws {
        try scenario { s in
            _ = try s.start("exec sleep 100") {
                $0["/linux/resources/unified"] = ["cgroup.max.descendants": "5", "cgroup.max.depth": "3"]
            }
            #expect(Files.read(s.cgroupDirectory("g1") + "/cgroup.max.descendants")?.trimmed == "5")
            #expect(Files.read(s.cgroupDirectory("g1") + "/cgroup.max.depth")?.trimmed == "3")
        }
    }

    // Goal: a key is a file name of the cgroup. Method: keys with a slash.
    @Test("CG-09 a unified key with a slash is refused", arguments: ["../cgroup.max.depth", "a/b"])
    func slash(key: String) throws {
        try scenario { s in
            try s.refuses("/linux/resources/unified/", "unified", "must", "invalid", "/") {
                $0["/linux/resources/unified"] = .object([key: "5"])
            }
        }
    }

    // Goal: a controller that is not there is an error that names it. Method: a name nobody has.
    @Test("CG-10 a unified key of an absent controller is refused")
    func absentController() throws {
        try scenario { s in
            try s.refuses("/linux/resources/unified/nosuch.max", "nosuch") {
                $0["/linux/resources/unified"] = ["nosuch.max": "5"]
            }
        }
    }

    // Goal: with user and cgroup namespaces and a writable mount the cgroup is the container's. Method: owner on the
    // host.
    @Test("CG-11 the cgroup belongs to the container's root when it may write it", .needs(.userNamespace))
    func delegated() throws {
        try scenario { s in
            _ = try s.start("exec sleep 100") {
                $0.userNamespace()
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["rw", "nosuid", "noexec", "nodev"])
            }
            let directory = s.cgroupDirectory("g1")
            let delegated = ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"]
            for name in delegated { #expect(Files.owner(directory + name) == 100_000, "\(name)") }
            #expect(Files.owner(directory + "/cgroup.max.depth") == 0)
        }
    }

    // Goal: a path is not a way out of the tree. Method: a climbing one stays inside or is refused.
    @Test("CG-12 a climbing cgroupsPath does not leave the tree")
    func climbing() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "true") {
                $0["/linux/cgroupsPath"] = .string("/../../../tmp/\(s.name)-escaped")
            }
            _ = try s.run(bundle)
            let escaped = "/tmp/\(s.name)-escaped"
            #expect(!Files.exists(escaped))
            Files.remove(escaped)
            Files.removeCgroup(named: "tmp")
        }
    }
}

extension Files {
    /// Removes a cgroup at the root of the tree and below.
    static func removeCgroup(named name: String) {
        if let tree = Machine.cgroups { removeCgroup(tree + "/" + name) }
    }
}
