// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

/// What `verify` found.
package struct Verified: Sendable {
    /// In the order of the plan.
    package let differences: [Difference]
    /// The config that the container was created with.
    package let config: [UInt8]
}

extension ContainerStore {
    /// Compares a running container with the plan of the config that it was created with, as `update` has changed it
    /// since: the verb `verify`.
    package func verify(_ id: Bytes) throws(Failure) -> Verified {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        switch try directory.status(record) {
        case .running, .paused: break
        case .created:
            throw Failure("container not running: its program is not yet started, nor confined", code: .state)
        case .creating, .stopped: throw Failure("container not running", code: .state)
        }
        let bytes = try attempt { () throws(SystemError) in try HostFiles.read(directory.configPath) }
        var request = Request(id: id, bundle: record.bundle)
        request.foreground = true
        request.keepsCgroup = record.cgroup.isEmpty
        let host = try Host.probe(systemd: !record.unit.isEmpty)
        let config: Config
        let plan: ContainerPlan
        do throws(ConfigErrors) {
            var said = try Config.read(bytes)
            let resources = try directory.resources()
            if said.linux != nil { said.linux?.resources = resources }
            config = said
            plan = try resolve(said, request, host)
        } catch { throw Failure(error.located(in: bytes)) }
        var facts = try attempt { () throws(SystemError) in try gather(record, plan, config) }
        facts.added = try directory.readMounts().map(\.mount)
        return Verified(differences: differences(between: plan, of: config, and: facts), config: bytes)
    }
}

private func gather(
    _ record: ContainerRecord, _ plan: ContainerPlan, _ config: Config
) throws(SystemError) -> LiveFacts {
    var facts = LiveFacts()
    let proc = "/proc/\(record.pid)" as Bytes
    func text(_ name: Bytes) throws(SystemError) -> Bytes { Bytes(try HostFiles.read("\(proc)/\(name)")) }
    for line in try text("status").split(0x0a) {
        guard let colon = line.firstIndex(of: 0x3a) else { continue }
        facts.status[line.prefix(colon)] = line.dropFirst(colon + 1).trimmed
    }
    // A line for each limit, in the order of their numbers, after a line of titles.
    facts.limits = try text("limits").split(0x0a).dropFirst().map { line in
        let words = line.dropFirst(26).split(0x20).prefix(2).map { $0.decimal ?? .max }
        return (words.first ?? .max, words.last ?? .max)
    }
    let score = try text("oom_score_adj").trimmed
    facts.oomScore = Int64(score.text) ?? 0
    facts.uids = IDMapping.all(inMap: try text("uid_map"))
    facts.gids = IDMapping.all(inMap: try text("gid_map"))
    facts.label = ((try? text("attr/apparmor/current")) ?? (try? text("attr/current")) ?? "").withoutEnd
    for kind in NamespaceKind.allCases {
        facts.namespaces[kind] = try HostFiles.status("\(proc)/ns/\(kind.fileName)")?.inode
        facts.ownNamespaces[kind] = try HostFiles.status("/proc/self/ns/\(kind.fileName)")?.inode
    }
    for namespace in config.linux?.namespaces ?? [] {
        guard let path = namespace.path, let kind = NamespaceKind(name: namespace.type) else { continue }
        facts.joinedNamespaces[kind] = try HostFiles.status(path)?.inode
    }
    facts.mounts = try MountInfo.all(of: "\(record.pid)").map { ($0.identifier, $0.mountPoint, $0.type) }
    let wanted = FactsWanted(plan)
    let root = RootDirectory(try Descriptor(opening: "\(proc)/root", [.path, .directory]))
    for path in wanted.places { facts.places[path] = try look(path, [.path], in: root) }
    for path in wanted.devices { facts.places[path] = try look(path, [.path, .noFollow], in: root) }
    try facts.lookAtCgroup(record, plan, wanted)
    return facts
}

/// What is at a path of the container; nil where nothing is.
private func look(
    _ path: Bytes, _ flags: OpenFlags, in root: borrowing RootDirectory
) throws(SystemError) -> LivePlace? {
    guard let place = try? root.open(path, flags), let parent = try? root.open(path.parentPath, [.path]) else {
        return nil
    }
    let status = try place.status()
    let parentMount = try parent.status().mount
    return LivePlace(
        mount: status.mount, isMounted: path == "/" || parentMount != status.mount,
        attributes: try place.mountAttributes(), mode: status.mode,
        uid: status.uid, gid: status.gid, device: status.device, isDirectory: status.isDirectory)
}

extension LiveFacts {
    fileprivate mutating func lookAtCgroup(
        _ record: ContainerRecord, _ plan: ContainerPlan, _ wanted: FactsWanted
    ) throws(SystemError) {
        guard !record.cgroup.isEmpty else { return }
        ownCgroup = record.cgroup.dropFirst(plan.cgroup.mountPoint.count)
        cgroup = try Procfs.cgroup(of: "\(record.pid)") ?? ""
        for name in wanted.cgroupFiles {
            if let text = try? HostFiles.read("\(record.cgroup)/\(name)") { cgroupFiles[name] = Bytes(text) }
        }
        let directory = try Descriptor(opening: record.cgroup, [.path, .directory])
        guard let own = try DeviceFilter.own(on: directory.number) else {
            deviceFilter = .missing
            return
        }
        let planned = try DeviceFilter(loading: plan.cgroup.deviceFilter)
        deviceFilter = try own.tag() == planned.tag() ? .asPlanned : .another
    }
}

extension Bytes {
    /// Without a newline or NUL at the end.
    fileprivate var withoutEnd: Bytes { Bytes(array.prefix { $0 != 0 && $0 != 0x0a }) }
}
