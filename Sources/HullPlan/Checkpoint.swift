// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// What the caller wants of CRIU, at checkpoint or at restore: the command line.
package struct CheckpointRequest: Equatable, Sendable {
    package var leaveRunning = false
    package var preDump = false
    package var tcpEstablished = false
    package var tcpSkipInFlight = false
    package var tcpClose = false
    package var linkRemap = false
    package var externalUnixSockets = false
    package var shellJob = false
    package var lazyPages = false
    package var fileLocks = false
    package var autoDedup = false
    package var parentPath: Bytes?
    package var statusDescriptor: Int32?
    package var pageServer: PageServer?
    package var cgroups = CgroupsMode.soft
    package var networkLock: NetworkLock?
    /// The network namespace without what is in it: somebody else sets it up.
    package var emptyNetwork = false
    package var lsmProfile: Bytes?
    package var lsmMountContext: Bytes?

    /// What is done where nothing is said.
    package init() {}

    /// What CRIU does about cgroups that are there already, or are not.
    package enum CgroupsMode: CaseIterable, Sendable { case soft, full, strict, ignore }

    /// How packets are kept away while CRIU is at work.
    package enum NetworkLock: CaseIterable, Sendable { case iptables, nftables, skip }

    /// Where pages are sent to.
    package struct PageServer: Equatable, Sendable {
        package var address: Bytes
        package var port: Int32

        /// `ADDRESS:PORT`; the address may have colons of its own.
        package init?(_ text: Bytes) {
            guard let colon = text.array.lastIndex(of: 0x3a), let port = text.dropFirst(colon + 1).decimal,
                (1...65535).contains(port), colon > 0
            else { return nil }
            address = text.prefix(colon)
            self.port = Int32(port)
        }
    }

    /// The options that are the same for all containers.
    func options(_ plan: ContainerPlan) -> CRIUOptions {
        var options = CRIUOptions()
        options.leaveRunning = leaveRunning || preDump
        options.tcpEstablished = tcpEstablished
        options.tcpSkipInFlight = tcpSkipInFlight
        options.tcpClose = tcpClose
        options.linkRemap = linkRemap
        options.externalUnixSockets = externalUnixSockets
        options.shellJob = shellJob
        options.lazyPages = lazyPages
        options.fileLocks = fileLocks
        options.autoDedup = autoDedup
        options.parentImages = parentPath
        options.trackMemory = preDump || parentPath != nil
        options.statusDescriptor = statusDescriptor
        options.pageServer = pageServer.map { ($0.address, $0.port) }
        options.cgroupsMode = plan.cgroup.isCallers ? .ignore : cgroups.criu
        options.networkLock = networkLock?.criu
        options.emptyNamespaces = emptyNetwork ? NamespaceKind.network.cloneFlag : 0
        options.lsmProfile = lsmProfile
        options.lsmMountContext = lsmMountContext
        return options
    }
}

extension CheckpointRequest.CgroupsMode {
    var criu: CRIUCgroupsMode {
        switch self {
        case .soft: .soft
        case .full: .full
        case .strict: .strict
        case .ignore: .ignore
        }
    }
}

extension CheckpointRequest.NetworkLock {
    var criu: CRIUNetworkLock {
        switch self {
        case .iptables: .iptables
        case .nftables: .nftables
        case .skip: .skip
        }
    }
}

/// What is known of a container that runs: the only way in which a checkpoint learns of it.
package struct CheckpointFacts: Sendable {
    /// A mount in the container's namespace.
    package struct Mount: Equatable, Sendable {
        package var identifier: UInt64
        package var parent: UInt64
        package var place: Bytes

        package init(identifier: UInt64, parent: UInt64, place: Bytes) {
            self.identifier = identifier
            self.parent = parent
            self.place = place
        }
    }

    /// An open file of the first process.
    package struct Stream: Equatable, Sendable {
        /// What the link in /proc says: `pipe:[7]`, or a path.
        package var link: Bytes
        package var mount: UInt64 = 0
        package var inode: UInt64 = 0
        /// The filesystem and the device, of a character device.
        package var terminal: (filesystem: UInt64, device: UInt64)?

        package init(link: Bytes) { self.link = link }

        package static func == (a: Stream, b: Stream) -> Bool {
            a.link == b.link && a.mount == b.mount && a.inode == b.inode
        }
    }

    package var pid: Int32 = 0
    package var mounts: [Mount] = []
    /// The mount of the root.
    package var root: UInt64 = 0
    /// By destination in the plan, the mount that is found there.
    package var found: [Bytes: UInt64] = [:]
    /// The standard streams.
    package var streams: [Stream] = []
    /// The inodes of namespaces that were joined.
    package var namespaces: [NamespaceKind: UInt64] = [:]
    /// The cgroup to freeze; nil for none.
    package var cgroup: Bytes?
    /// Whether the root is another filesystem than the config's, with its changes in memory or in a directory.
    package var overlay: Overlay = .none

    /// Where the changes to the root are.
    package enum Overlay: Sendable { case none, directory, memory }

    /// Nothing known.
    package init() {}
}

/// A checkpoint, decided.
package struct CheckpointPlan: Equatable, Sendable {
    package var kind: CRIURequest.Kind
    package var options: CRIUOptions
    package var image: CheckpointImage
}

/// Decides what is asked of CRIU to save a container. Pure: the facts are given.
package func checkpoint(
    _ plan: ContainerPlan, _ request: CheckpointRequest, _ facts: CheckpointFacts
) throws(ConfigErrors) -> CheckpointPlan {
    var findings = Findings()
    plan.checkSavable(&findings)
    if facts.overlay == .memory {
        findings.error("/root", "the changes to the root are in memory and in no checkpoint")
    }
    var options = request.options(plan)
    options.logFile = "dump.log"
    options.pid = facts.pid
    options.root = plan.rootfs
    options.freezeCgroup = facts.cgroup
    options.configFile = plan.annotatedCRIUConfig
    var image = CheckpointImage()
    image.terminal = plan.process.terminal
    image.overlay = facts.overlay == .directory
    for (mount, place) in externalMounts(plan, facts, &findings) {
        options.external.append("mnt[\(place)]:\(mount.key)")
        image.mounts.append(mount)
    }
    for namespace in plan.joinedNamespaces {
        if let key = namespace.kind.externalKey, let inode = facts.namespaces[namespace.kind] {
            options.external.append("\(namespace.kind.fileName)[\(inode)]:\(key)")
        }
        image.namespaces.append(namespace.kind.name)
    }
    for stream in facts.streams {
        let name = facts.name(of: stream)
        if name.hasPrefix("file[") || name.hasPrefix("tty["), !options.external.contains(name) {
            options.external.append(name)
        }
        image.streams.append(name)
    }
    try findings.throwIfAny()
    return CheckpointPlan(kind: request.preDump ? .preDump : .dump, options: options, image: image)
}

extension ContainerPlan {
    /// The file with options for CRIU that an annotation names; an empty name is none.
    package var annotatedCRIUConfig: Bytes? { KnownAnnotation.criuConfig.value(in: annotations) }
}

extension NamespaceKind {
    /// How CRIU calls a namespace that somebody else has made; nil where it cannot be told so.
    package var externalKey: Bytes? {
        switch self {
        case .network: "extRootNetNS"
        case .pid: "extRootPidNS"
        default: nil
        }
    }
}

extension CheckpointFacts {
    /// What CRIU calls an open file that is to be another one after the restore; empty for the container's own.
    func name(of stream: Stream) -> Bytes {
        if stream.link.hasPrefix("pipe:[") { return stream.link }
        if stream.link.hasPrefix("socket:[") || !stream.link.isAbsolutePath { return "" }
        if mounts.contains(where: { $0.identifier == stream.mount }) { return "" }
        if let terminal = stream.terminal { return "tty[\(hex(terminal.device)):\(hex(terminal.filesystem))]" }
        return "file[\(hex(stream.mount)):\(hex(stream.inode))]"
    }

    private func hex(_ number: UInt64) -> Bytes { Bytes(String(number, radix: 16)) }
}

/// The mounts that are the host's, each with the place where the kernel says that it is: symbolic links of the image
/// may have led it anywhere.
private func externalMounts(
    _ plan: ContainerPlan, _ facts: CheckpointFacts, _ findings: inout Findings
) -> [(CheckpointImage.Mount, place: Bytes)] {
    var result: [(CheckpointImage.Mount, place: Bytes)] = []
    let own = Set(plan.ownMounts.compactMap { facts.found[$0] })
    var taken: Set<UInt64> = []
    var found: [(ExternalMount, CheckpointFacts.Mount)] = []
    for external in plan.externalMounts {
        let mount = facts.mounts.first { $0.identifier == facts.found[external.destination] }
        guard let mount, mount.identifier != facts.root, taken.insert(mount.identifier).inserted else {
            findings.error(
                external.origin, "the mount for \"\(external.destination)\" is not to be found there any more")
            continue
        }
        found.append((external, mount))
    }
    for (external, mount) in found {
        let brought = facts.mounts(below: mount.identifier, without: own.union(taken))
        for each in [mount] + brought {
            guard isPlain(each.place) else {
                findings.error(
                    external.origin, "CRIU would take the name of the mount point \"\(each.place)\" for more than that",
                    hint: "\"]:\", a backslash and control characters must not be in it")
                continue
            }
            let skipped = mount.place == "/" ? 1 : mount.place.count + 1
            let below = each.identifier == mount.identifier ? "" : each.place.dropFirst(skipped)
            result.append(
                (
                    CheckpointImage.Mount(key: "m\(result.count)", destination: external.destination, below: below),
                    each.place
                ))
        }
    }
    return result
}

extension CheckpointFacts {
    /// The mounts on a mount, and on these, that are none of those given, nor below them.
    fileprivate func mounts(below top: UInt64, without others: Set<UInt64>) -> [Mount] {
        var all: [Mount] = []
        var parents: Set<UInt64> = [top]
        var grows = true
        while grows {
            let more = mounts.filter {
                parents.contains($0.parent) && !parents.contains($0.identifier) && !others.contains($0.identifier)
            }
            all += more
            parents.formUnion(more.map(\.identifier))
            grows = !more.isEmpty
        }
        return all
    }
}

/// Whether a name of a mount point is only that in `mnt[NAME]:KEY` (CVE-2026-115520).
private func isPlain(_ place: Bytes) -> Bool {
    let array = place.array
    let isMarked = array.indices.dropLast().contains { array[$0] == 0x5d && array[$0 + 1] == 0x3a }
    return !isMarked && array.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != 0x5c }
}
