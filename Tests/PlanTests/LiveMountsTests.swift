// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct LiveMountsTests {
    private func plan(
        _ mounts: [Config.Mount], _ kinds: [NamespaceKind] = NamespaceKind.allCases, user: Config.Linux.Namespace? = nil
    ) throws(ConfigErrors) -> ContainerPlan {
        var config = Config.smallest
        if let user {
            config.linux?.namespaces?.append(user)
            config.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            config.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        }
        let target = ExecTarget(id: "c1", bundle: "/b", namespaces: kinds, cgroup: "/sys/fs/cgroup/c1")
        return try resolveLiveMounts(mounts, of: config, in: target, pid: 42, .usual)
    }

    private func inside(_ mount: Config.Mount) throws -> [String] { try plan([mount]).steps("inside") }

    // LM-12. Goal: no more namespaces are entered than a mount needs. Method: the steps for each kind of mount.
    @Test func namespaces() throws {
        let root = ["setresuid 0, setresgid 0, setgroups none", "open /"]
        let mount = "CLONE_NEWNS CLONE_NEWUSER"
        let bind = Config.Mount(destination: "/d", source: "data", options: ["bind", "ro"])
        #expect(try inside(bind).dropLast() == ["setns 0 \(mount)"] + root)
        #expect(try plan([bind]).steps("outside").count == 1)
        #expect(try plan([bind]).spawn.parentJoins == nil)
        for (type, flags) in [
            ("tmpfs", mount), ("sysfs", "CLONE_NEWNET \(mount)"), ("mqueue", "CLONE_NEWNS CLONE_NEWIPC CLONE_NEWUSER"),
            ("proc", mount),
        ] as [(Bytes, String)] {
            let found = try inside(Config.Mount(destination: "/d", source: "none", type: type))
            #expect(found.dropLast() == ["setns 0 \(flags)"] + root, "\(type.text)")
        }
        let proc = Config.Mount(destination: "/d", source: "proc", type: "proc")
        #expect(try plan([proc]).spawn.parentJoins == 0)
        #expect(try plan([proc], [.mount]).steps("inside").prefix(2) == ["setns 0 CLONE_NEWNS", "open /"])
    }

    // LM-08. Goal: an id map of a joined user namespace is that of the container's process. Method: where it is opened.
    @Test func joinedUserNamespace() throws {
        let mount = Config.Mount(destination: "/d", source: "/s", options: ["bind", "idmap"])
        let found = try plan([mount], user: .init(type: "user", path: "/proc/7/ns/user")).steps("outside")
        #expect(
            found.first == "open /proc/42/ns/user -> 1 in CLONE_NEWUSER"
                || found.first?.contains("/proc/42/ns/user") == true)
        #expect(found.count == 2)
    }

    // LM-07. Goal: pointers are those of the document. Method: bad entries in an array and alone.
    @Test func pointers() throws {
        func errors(_ mounts: [Config.Mount], single: Bool = false) -> [String] {
            var list = MountList(mounts)
            list.isSingle = single
            do throws(ConfigErrors) {
                _ = try plan(mounts)
                return []
            } catch {
                return list.place(of: error.list).map { "\($0.pointer.text.text): \($0.problem.text)" }
            }
        }
        let good = Config.Mount(destination: "/a", source: "/s", options: ["bind"])
        #expect(
            errors([good, Config.Mount(destination: "/", source: "/s", options: ["bind"])])
                == ["/1/destination: the root of a container that runs cannot be covered"])
        #expect(
            errors([Config.Mount(destination: "/./", type: "tmpfs")], single: true)
                == ["/destination: the root of a container that runs cannot be covered"])
        #expect(
            errors([good, good, Config.Mount(destination: "/a", options: ["bind", "remount", "ro"])])
                == ["/2/options/1: mounts are added here, and those that are there stay as they are"])
        #expect(
            errors([Config.Mount(destination: "/proc/self", type: "tmpfs")], single: true)
                == ["/destination: \"/proc/self\" cannot be covered: it is inside /proc"])
        #expect(errors([good, Config.Mount(destination: "/a")]).first?.hasPrefix("/1/type: ") == true)
    }

    // LM-03. Goal: mounts are taken away in the order that is asked for. Method: the steps.
    @Test func unmounts() {
        let mounts = ["/b", "/a/b"].map { LiveMount(destination: $0, place: $0, mount: 7, device: "0:5") }
        let target = ExecTarget(id: "c1", bundle: "/b", namespaces: [.mount, .pid, .network], cgroup: "")
        let plan = resolveUnmounts(mounts, in: target)
        #expect(plan.steps("inside") == ["setns 0 CLONE_NEWNS", "open /", "umount2 /b", "umount2 /a/b"])
        #expect(plan.spawn.parentJoins == nil)
    }
}
