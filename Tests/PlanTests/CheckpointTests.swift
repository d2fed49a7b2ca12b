// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct CheckpointTests {
    /// A container with a bind mount, one brought along by it, a tmpfs on that, and a cgroup2 of its own.
    private var config: Config {
        var config = Config.smallest
        config.mounts = [
            Config.Mount(destination: "/proc", source: "proc", type: "proc"),
            Config.Mount(destination: "/data", source: "/srv", type: "bind", options: ["rbind"]),
            Config.Mount(destination: "/data/tmp", source: "tmpfs", type: "tmpfs"),
        ]
        return config
    }

    private var facts: CheckpointFacts {
        var facts = CheckpointFacts()
        facts.pid = 77
        facts.root = 10
        facts.cgroup = "/sys/fs/cgroup/c1"
        facts.mounts = [
            .init(identifier: 10, parent: 1, place: "/"), .init(identifier: 11, parent: 10, place: "/proc"),
            .init(identifier: 12, parent: 10, place: "/real/data"),
            .init(identifier: 13, parent: 12, place: "/real/data/disk"),
            .init(identifier: 14, parent: 12, place: "/real/data/tmp"),
            .init(identifier: 15, parent: 14, place: "/real/data/tmp/x"),
        ]
        facts.found = ["/proc": 11, "/data": 12, "/data/tmp": 14]
        return facts
    }

    private func errors(
        _ config: Config, _ facts: CheckpointFacts, _ request: CheckpointRequest = .init()
    ) throws -> [String] {
        let plan = try config.plan()
        do throws(ConfigErrors) { _ = try checkpoint(plan, request, facts) } catch {
            return error.list.map { "\($0.pointer.text.text): \($0.problem.text)" }
        }
        return []
    }

    // SV-01. Goal: mounts of the host have names that say nothing, at the places that the kernel tells. Method: one
    // whose destination was led astray by a link, and one that it has brought along; those that CRIU makes are not
    // named.
    @Test func externals() throws {
        let decided = try checkpoint(try config.plan(), .init(), facts)
        #expect(decided.kind == .dump)
        #expect(decided.options.external == ["mnt[/real/data]:m0", "mnt[/real/data/disk]:m1"])
        #expect(
            decided.image.mounts == [
                .init(key: "m0", destination: "/data"), .init(key: "m1", destination: "/data", below: "disk"),
            ])
        #expect(decided.options.pid == 77 && decided.options.freezeCgroup == "/sys/fs/cgroup/c1")
        #expect(decided.options.root == "/b/rootfs" && decided.options.logFile == "dump.log")
    }

    // SV-02, CVE-2026-119101, CVE-2026-115520. Goal: a name of a mount point that would be more than that to CRIU is
    // refused, whoever has chosen it. Method: names that end the bracket, break the line, or are escaped.
    @Test(arguments: ["/a]:/etc", "/a]:m0", "/a\nb", "/a\\040", "/a\u{7f}"] as [Bytes])
    func hostileNames(name: Bytes) throws {
        var facts = facts
        facts.mounts[2].place = name
        facts.mounts[3].place = "/x"
        #expect(
            try errors(config, facts) == [
                "/mounts/1: CRIU would take the name of the mount point \"\(name.text)\" for more than that"
            ])
        facts = self.facts
        facts.mounts[3].place = "/real/data" + name
        #expect(try errors(config, facts).count == 1)
    }

    // SV-02, CVE-2026-119614. Goal: names that only look odd are names. Method: brackets, dots and colons.
    @Test func oddNames() throws {
        var facts = facts
        facts.mounts[2].place = "/a] :b[/..c"
        facts.mounts[3].place = "/a] :b[/..c/d"
        #expect(
            try checkpoint(try config.plan(), .init(), facts).options.external == [
                "mnt[/a] :b[/..c]:m0", "mnt[/a] :b[/..c/d]:m1",
            ])
    }

    // SV-03. Goal: a mount that is not where it was is no other one. Method: the root found in its place, nothing, and
    // the mount of another destination.
    @Test(arguments: [10, nil, 99] as [UInt64?])
    func movedMount(found: UInt64?) throws {
        var facts = facts
        facts.found["/data"] = found
        #expect(try errors(config, facts) == ["/mounts/1: the mount for \"/data\" is not to be found there any more"])
    }

    // SV-04. Goal: streams of the caller are named for the restore, the container's own are not. Method: each kind.
    @Test func streams() throws {
        var facts = facts
        var file = CheckpointFacts.Stream(link: "/var/log/x")
        file.mount = 30
        file.inode = 255
        var terminal = CheckpointFacts.Stream(link: "/dev/pts/3")
        terminal.mount = 31
        terminal.terminal = (0x17, 0x8803)
        var own = CheckpointFacts.Stream(link: "/dev/null")
        own.mount = 11
        facts.streams = [file, .init(link: "pipe:[7]"), file, terminal, own, .init(link: "socket:[8]")]
        let decided = try checkpoint(try config.plan(), .init(), facts)
        #expect(decided.image.streams == ["file[1e:ff]", "pipe:[7]", "file[1e:ff]", "tty[8803:17]", "", ""])
        #expect(decided.options.external.suffix(2) == ["file[1e:ff]", "tty[8803:17]"])
    }

    // SV-05. Goal: what no images can bring back is refused with its field. Method: a table of configs.
    @Test func unsavable() throws {
        var memory = config
        memory.annotations = [Entry(key: "run.hull.overlay", value: "tmpfs")]
        #expect(
            try errors(memory, facts) == [
                "/annotations/run.hull.overlay: the changes to this union are in memory and in no checkpoint"
            ]
                || errors(memory, facts) == [
                    "/root/path: the changes to this union are in memory and in no checkpoint"
                ])
        var shared = config
        shared.linux?.namespaces?.removeAll { $0.type == "mount" }
        #expect(try errors(shared, facts).contains { $0.hasSuffix("needs a mount namespace of the container's own") })
        var joined = config
        joined.linux?.namespaces?.removeAll { $0.type == "cgroup" }
        joined.linux?.namespaces?.append(.init(type: "cgroup", path: "/proc/1/ns/cgroup"))
        #expect(
            try errors(joined, facts).contains { $0.hasSuffix("a checkpoint does not keep a joined cgroup namespace") })
        var byOption = facts
        byOption.overlay = .memory
        #expect(try errors(config, byOption) == ["/root: the changes to the root are in memory and in no checkpoint"])
    }

    private func restored(_ config: Config, _ image: CheckpointImage) throws -> RestorePlan {
        try restore(try config.plan(), .init(), image)
    }

    private var image: CheckpointImage {
        var image = CheckpointImage()
        image.mounts = [.init(key: "m0", destination: "/data"), .init(key: "m1", destination: "/data", below: "disk")]
        return image
    }

    // SV-06, CVE-2026-119101. Goal: the source of a mount is the config's of the restore. Method: the tree that is
    // opened for the key of the image.
    @Test func sources() throws {
        let plan = try restored(config, image)
        #expect(plan.mounts.map(\.key) == ["m0", "m1"] && plan.mounts.map(\.below) == ["", "disk"])
        #expect(!plan.isRootReadOnly)
        var readOnly = config
        readOnly.root?.readonly = true
        #expect(try restored(readOnly, image).isRootReadOnly)
        guard case .tree(let slot)? = plan.mounts.first?.source else {
            Issue.record("no tree")
            return
        }
        let opened = plan.before.compactMap { step in
            if case .openTree(let tree) = step.action, tree.slot == slot { tree.path } else { nil as Bytes? }
        }
        #expect(opened == ["/srv"])
    }

    // SV-06. Goal: images and config must have the same mounts. Method: one too many on either side.
    @Test func unequalMounts() throws {
        var more = image
        more.mounts.append(.init(key: "m2", destination: "/etc"))
        let error = #expect(throws: ConfigErrors.self) { try restored(config, more) }
        #expect(
            error?.list.map(\.problem) == [
                "the checkpoint has a mount at \"/etc\", and the config has none from the host"
            ])
        let other = #expect(throws: ConfigErrors.self) { try restored(config, CheckpointImage()) }
        #expect(other?.list.map(\.pointer) == ["/mounts/1"])
    }

    // SV-07. Goal: the file in the directory of images is believed no more than these. Method: it is written and read;
    // then a table of names that lead elsewhere.
    @Test func imageFile() throws {
        var image = image
        image.streams = ["pipe:[1]", "", "file[1e:ff]"]
        image.namespaces = ["network"]
        image.overlay = true
        #expect(try CheckpointImage.read(JSONWriter.text(of: image)) == image)
        let changes: [(String, (inout CheckpointImage) -> Void)] = [
            ("/mounts/0/key", { $0.mounts[0].key = "/etc" }), ("/mounts/0/key", { $0.mounts[0].key = "m" }),
            ("/mounts/0/key", { $0.mounts[0].key = "m1]:/etc" }), ("/mounts/1/key", { $0.mounts[1].key = "m0" }),
            ("/mounts/1/below", { $0.mounts[1].below = "../etc" }),
            ("/mounts/1/below", { $0.mounts[1].below = "/etc" }),
            ("/mounts/1/below", { $0.mounts[1].below = "a//b" }), ("/streams/0", { $0.streams[0] = "/etc/shadow" }),
            ("/streams/2", { $0.streams[2] = "file[1:2],x[3]" }), ("/namespaces/0", { $0.namespaces[0] = "user" }),
        ]
        for (pointer, change) in changes {
            var bad = image
            change(&bad)
            let error = #expect(throws: ConfigErrors.self) { try CheckpointImage.read(JSONWriter.text(of: bad)) }
            #expect(error?.list.map(\.pointer.text.text) == [pointer])
        }
        #expect(throws: ConfigErrors.self) { try CheckpointImage.read(Array("{\"version\": 2}".utf8)) }
    }

    // SV-08. Goal: the steps of a creation that are not CRIU's are all there, limits after the processes. Method: the
    // two lists of a container with a limit.
    @Test func steps() throws {
        var config = config
        config.linux?.resources = .init()
        config.linux?.resources?.pids = .init(limit: 5)
        var request = Request(id: "c1", bundle: "/b")
        request.pidFile = "/run/pid"
        let plan = try restore(try config.plan(request), .init(), image)
        let before = plan.before.map { String("\($0.action)".prefix { $0 != "(" }) }
        #expect(before == ["record", "openTree", "makeCgroup", "enableController", "openTree"])
        let after = plan.after.map { String("\($0.action)".prefix { $0 != "(" }) }
        #expect(after == ["writeCgroupFile", "attachDeviceFilter", "pidFile"])
        #expect(plan.options.cgroupRoot == "/c1" && plan.options.restores && plan.options.logFile == "restore.log")
    }

    // SV-09. Goal: a namespace that was joined is joined again, and no other. Method: a network namespace on both
    // sides, and on one alone.
    @Test func namespaces() throws {
        var config = config
        config.linux?.namespaces?.removeAll { $0.type == "network" || $0.type == "ipc" }
        config.linux?.namespaces?.append(.init(type: "network", path: "/run/netns/x"))
        config.linux?.namespaces?.append(.init(type: "ipc", path: "/proc/9/ns/ipc"))
        var facts = facts
        facts.namespaces = [.network: 4_026_532_000, .ipc: 4_026_532_001]
        let decided = try checkpoint(try config.plan(), .init(), facts)
        #expect(decided.options.external.contains("net[4026532000]:extRootNetNS"))
        #expect(Set(decided.image.namespaces) == ["network", "ipc"])
        let plan = try restored(config, decided.image)
        #expect(plan.inherited.map(\.key) == ["extRootNetNS"] && plan.joined.map(\.kind) == ["ipc"])
        let own = #expect(throws: ConfigErrors.self) { try restored(config, image) }
        #expect(own?.list.count == 2)
        let other = #expect(throws: ConfigErrors.self) { try restored(self.config, decided.image) }
        #expect(other?.list.map(\.pointer) == ["/linux/namespaces", "/linux/namespaces"])
    }

    // SV-10. Goal: every option of the command line reaches CRIU. Method: each of them.
    @Test func requests() throws {
        var request = CheckpointRequest()
        request.preDump = true
        request.tcpEstablished = true
        request.tcpSkipInFlight = true
        request.linkRemap = true
        request.externalUnixSockets = true
        request.shellJob = true
        request.lazyPages = true
        request.fileLocks = true
        request.autoDedup = true
        request.parentPath = "../a"
        request.statusDescriptor = 5
        request.pageServer = .init("::1:27")
        request.cgroups = .strict
        request.networkLock = .nftables
        request.emptyNetwork = true
        let decided = try checkpoint(try config.plan(), request, facts)
        let options = decided.options
        #expect(decided.kind == .preDump && options.leaveRunning && options.trackMemory)
        #expect(options.tcpEstablished && options.tcpSkipInFlight && options.linkRemap && options.externalUnixSockets)
        #expect(options.shellJob && options.lazyPages && options.fileLocks && options.autoDedup)
        #expect(options.parentImages == "../a" && options.statusDescriptor == 5)
        #expect(options.pageServer?.address == "::1" && options.pageServer?.port == 27)
        #expect(options.cgroupsMode == .strict && options.networkLock == .nftables)
        #expect(options.emptyNamespaces == NamespaceKind.network.cloneFlag)
        var after = CheckpointRequest()
        after.tcpClose = true
        after.lsmProfile = "apparmor:p"
        after.lsmMountContext = "c"
        after.cgroups = .ignore
        let plan = try restore(try self.config.plan(), after, image)
        #expect(plan.options.tcpClose && plan.options.lsmProfile == "apparmor:p" && plan.options.cgroupRoot == nil)
        #expect(plan.options.lsmMountContext == "c" && plan.options.cgroupsMode == .ignore)
    }

    // SV-10. Goal: a file of options for CRIU is named by an annotation, and may be none. Method: a path and nothing.
    @Test func configFile() throws {
        var config = config
        config.annotations = [Entry(key: "org.criu.config", value: "/etc/x.conf")]
        #expect(try checkpoint(try config.plan(), .init(), facts).options.configFile == "/etc/x.conf")
        config.annotations = [Entry(key: "org.criu.config", value: "")]
        #expect(try restored(config, image).options.configFile?.isEmpty == true)
    }

    // SV-11. Goal: nonsense is no page server. Method: a table.
    @Test(arguments: ["", "a", ":1", "a:", "a:0", "a:65536", "a:b"] as [Bytes])
    func pageServers(text: Bytes) { #expect(CheckpointRequest.PageServer(text) == nil) }
}
