// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct VerifyTests {
    private var config: Config {
        var config = Config.smallest
        config.linux?.namespaces = [.init(type: "mount"), .init(type: "network", path: "/run/net")]
        config.linux?.cgroupsPath = "/c1"
        config.process?.noNewPrivileges = true
        config.process?.oomScoreAdj = 100
        config.process?.rlimits = [.init(type: "RLIMIT_NOFILE", soft: 10, hard: 20)]
        config.process?.apparmorProfile = "profile"
        var sets = Config.Process.Capabilities()
        (sets.bounding, sets.permitted, sets.effective) = (["CAP_KILL"], ["CAP_KILL"], ["CAP_KILL"])
        config.process?.capabilities = sets
        config.mounts = [Config.Mount(destination: "/t", source: "t", type: "tmpfs", options: ["ro", "nosuid"])]
        config.linux?.maskedPaths = ["/m"]
        config.linux?.readonlyPaths = ["/r"]
        var resources = Config.Linux.Resources()
        resources.unified = [
            Entry(key: "pids.max", value: "20"), Entry(key: "memory.max", value: "1000000"),
            Entry(key: "cpuset.cpus", value: "0,1,2"), Entry(key: "cpu.max", value: "5000"),
            Entry(key: "io.max", value: "8:0 rbps=5"),
        ]
        config.linux?.resources = resources
        return config
    }

    /// A container that is as its config says.
    private func usual() throws -> LiveFacts {
        var facts = LiveFacts()
        facts.status = [
            "Uid": "0\t0\t0\t0", "Gid": "0\t0\t0\t0", "Groups": "", "NoNewPrivs": "1", "Seccomp": "0",
            "CapBnd": "0000000000000020", "CapPrm": "0000000000000020", "CapEff": "0000000000000020",
            "CapInh": "0000000000000000", "CapAmb": "0000000000000000",
        ]
        facts.limits = Array(repeating: (.max, .max), count: 16)
        facts.limits[7] = (10, 20)
        facts.oomScore = 100
        facts.label = "profile (enforce)"
        facts.uids = IDMapping.all(inMap: "0 0 4294967295\n")
        facts.gids = facts.uids
        for kind in NamespaceKind.allCases {
            facts.ownNamespaces[kind] = 1
            facts.namespaces[kind] = kind == .mount || kind == .network ? 2 : 1
        }
        facts.joinedNamespaces[.network] = 2
        (facts.cgroup, facts.ownCgroup) = ("/c1/below", "/c1")
        facts.cgroupFiles = [
            "pids.max": "20\n", "memory.max": "999424\n", "cpuset.cpus": "0-2\n", "cpu.max": "5000 100000\n",
            "io.max": "7:0 rbps=1\n8:0 rbps=5 wbps=max riops=max wiops=max\n",
        ]
        facts.deviceFilter = .asPlanned
        func place(_ mount: UInt64, _ attributes: MountAttributes = [], mode: UInt32 = 0o40755) -> LivePlace {
            LivePlace(mount: mount, isMounted: true, attributes: attributes, mode: mode)
        }
        facts.places = [
            "/": place(10), "/t": place(11, [.readOnly, .noSuid]), "/m": place(12, .readOnly),
            "/r": place(13, .readOnly),
        ]
        for step in try config.plan().inside {
            guard case .device(let device) = step.action else { continue }
            var there = place(10, mode: device.kind.modeBits | device.mode)
            (there.device, there.isDirectory) = (device.number, false)
            facts.places[device.path] = there
        }
        facts.mounts = [(10, "/", "ext4"), (11, "/t", "tmpfs"), (12, "/m", "tmpfs"), (13, "/r", "ext4")]
        return facts
    }

    private func found(
        _ amend: (inout LiveFacts) -> Void = { _ in }, _ say: (inout Config) -> Void = { _ in }
    ) throws -> [String] {
        var (config, facts) = (config, try usual())
        say(&config)
        amend(&facts)
        return differences(between: try config.plan(), of: config, and: facts).map { difference in
            let reason = difference.reason.map { " (\($0.text))" } ?? ""
            return "\(difference.pointer.text.text): \(difference.said.text) | \(difference.found.text)\(reason)"
        }
    }

    // VF-01. Goal: nothing is told of a container that is as it should be. Method: facts in the kernel's words.
    @Test func asConfigured() throws {
        #expect(try found() == [])
    }

    // VF-03. Goal: what nobody inside may change is a difference, with the field and both values. Method: one fact at a
    // time.
    @Test func drift() throws {
        let mine = " (changed by the program)"
        #expect(
            try found { $0.cgroupFiles["pids.max"] = "max\n" } == [
                "/linux/resources/unified/pids.max: pids.max 20 | max"
            ])
        #expect(try found { $0.cgroupFiles["memory.max"] = "1003520\n" }.count == 1)
        #expect(try found { $0.cgroupFiles["cpu.max"] = "max 100000\n" }.first?.hasSuffix("| max 100000") == true)
        #expect(try found { $0.cgroupFiles["cpuset.cpus"] = "0-3\n" }.count == 1)
        #expect(
            try found { $0.cgroupFiles["io.max"] = "8:0 rbps=6 wbps=max\n" } == [
                "/linux/resources/unified/io.max: io.max 8:0 rbps=5 | 8:0 rbps=6 wbps=max"
            ])
        #expect(try found { $0.cgroupFiles["pids.max"] = nil }.first?.hasSuffix("| no such file") == true)
        #expect(try found { $0.cgroup = "/c12" } == ["/linux/cgroupsPath: /c1 | /c12"])
        #expect(try found { $0.deviceFilter = .missing }.first?.hasPrefix("/linux/resources/devices: ") == true)
        #expect(try found { $0.deviceFilter = .another }.count == 1)
        #expect(try found { $0.oomScore = -5 } == ["/process/oomScoreAdj: 100 | -5"])
        #expect(try found { $0.oomScore = 200 } == ["/process/oomScoreAdj: 100 | 200" + mine])
        #expect(
            try found { $0.limits[7] = (10, 30) } == [
                "/process/rlimits/0: RLIMIT_NOFILE soft 10, hard 20 | RLIMIT_NOFILE soft 10, hard 30"
            ])
        #expect(try found { $0.limits[7] = (20, 20) }.first?.hasSuffix(mine) == true)
        #expect(try found { $0.label = "unconfined" } == ["/process/apparmorProfile: profile | unconfined"])
        #expect(try found { $0.status["NoNewPrivs"] = "0" } == ["/process/noNewPrivileges: true | false"])
        #expect(try found { $0.status["Seccomp"] = "2" } == ["/linux/seccomp: no filter | a filter" + mine])
        #expect(try found { $0.status["Uid"] = "0\t7\t7\t7" } == ["/process/user/uid: 0 | 7"])
        #expect(try found { $0.status["Groups"] = "5 6" } == ["/process/user/additionalGids: none | 5 6"])
        #expect(try found { $0.namespaces[.mount] = 1 }.first?.hasPrefix("/linux/namespaces/0: ") == true)
        #expect(try found { $0.namespaces[.network] = 9 }.first?.hasPrefix("/linux/namespaces/1: ") == true)
        #expect(try found { $0.namespaces[.pid] = 9 }.first?.hasPrefix("/linux/namespaces: ") == true)
    }

    // VF-02. Goal: what the program may do is told apart. Method: capabilities dropped and gained, with and without
    // no_new_privs; mounts with and without the capability for them.
    @Test func lawful() throws {
        let mine = " (changed by the program)"
        #expect(
            try found {
                $0.status["CapPrm"] = "0000000000000000"
                $0.status["CapEff"] = "0000000000000000"
            } == [
                "/process/capabilities/permitted: CAP_KILL | none" + mine,
                "/process/capabilities/effective: CAP_KILL | none" + mine,
            ])
        #expect(
            try found { $0.status["CapEff"] = "0000000000000021" } == [
                "/process/capabilities/effective: CAP_KILL | CAP_CHOWN CAP_KILL"
            ])
        #expect(try found { $0.status["CapBnd"] = "0000000000000000" }.first?.hasSuffix("none" + mine) == true)
        let more: (inout LiveFacts) -> Void = { $0.mounts.append((14, "/x", "tmpfs")) }
        #expect(try found(more) == ["/mounts: nothing | tmpfs at /x"])
        #expect(
            try found(more) {
                $0.process?.capabilities?.bounding?.append("CAP_SYS_ADMIN")
            }.contains("/mounts: nothing | tmpfs at /x" + mine))
        #expect(
            try found {
                more(&$0)
                $0.added = [14]
            } == ["/mounts: nothing | tmpfs at /x (added by hull mounts add)"])
    }

    // VF-04. Goal: mounts, masks and devices are what the plan makes. Method: one place at a time.
    @Test func places() throws {
        #expect(try found { $0.places["/t"]?.attributes = .noSuid } == ["/mounts/0: /t ro | without"])
        #expect(try found { $0.places["/t"]?.isMounted = false } == ["/mounts/0: a mount at /t | none"])
        #expect(try found { $0.mounts[1].type = "ext4" } == ["/mounts/0: tmpfs at /t | ext4"])
        #expect(try found { $0.places["/m"]?.isMounted = false } == ["/linux/maskedPaths/0: /m hidden | visible"])
        // What does not exist needs no cover.
        #expect(
            try found {
                $0.places["/m"] = nil
                $0.mounts.remove(at: 2)
            } == [])
        #expect(try found { $0.places["/r"]?.attributes = [] } == ["/linux/readonlyPaths/0: /r read-only | writable"])
        #expect(try found({ _ in }, { $0.root?.readonly = true }) == ["/root/readonly: a read-only root | writable"])
        let null = DeviceNumber(major: 1, minor: 3)
        #expect(try found { $0.places["/dev/zero"]?.device = null }.first?.hasSuffix("/dev/zero 1:5 | 1:3") == true)
        #expect(
            try found { $0.places["/dev/zero"] = nil }.first?.hasSuffix("1:5 | nothing (changed by the program)")
                == true)
    }
}
