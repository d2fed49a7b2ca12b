// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

extension ContainerStore {
    /// Attaches mounts in a container that runs, all or none: the verb `mounts add`. Gives warnings.
    package func addMounts(
        _ list: MountList, to id: Bytes, _ host: Host
    ) throws(Failure) -> [ConfigError] {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        let target = try directory.mountTarget(record)
        let config = try directory.readConfig()
        let before = try directory.readMounts()
        let plan: ContainerPlan
        do throws(ConfigErrors) {
            plan = try resolveLiveMounts(list.mounts, of: config, in: target, pid: record.pid, host)
        } catch { throw Failure(ConfigErrors(list.place(of: error.list))) }
        var mounts = before
        do throws(Failure) {
            try carryOut(plan, record) { (mount) throws(Failure) in
                mounts.append(mount)
                try directory.writeMounts(mounts)
            }
        } catch {
            var failure = error
            failure.pointer = failure.pointer.map(list.place)
            do throws(Failure) {
                try directory.unmount(Array(mounts[before.count...].reversed()), of: target, record)
            } catch { failure.leftovers.append(error.cause) }
            throw failure
        }
        return list.place(of: plan.warnings)
    }

    /// Takes mounts away again that `mounts add` has attached, the last first: the verb `mounts remove`. What the
    /// config has brought, or the container's program, is not touched.
    package func removeMounts(_ list: MountList, from id: Bytes) throws(Failure) {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        let target = try directory.mountTarget(record)
        var mounts = try directory.readMounts()
        var chosen: [LiveMount] = []
        var errors: [ConfigError] = []
        for (index, mount) in list.mounts.enumerated().reversed() {
            let destination = ("/" + mount.destination).cleanedPath
            if let found = mounts.lastIndex(where: { $0.destination == destination }) {
                chosen.append(mounts.remove(at: found))
            } else {
                let pointer = ("/mounts" as JSONPointer).appending(index).appending("destination")
                let problem = "\"\(mount.destination)\" was not mounted by hull mounts add" as Bytes
                errors.append(ConfigError(pointer, problem, hint: mountHint(mounts)))
            }
        }
        if !errors.isEmpty { throw Failure(ConfigErrors(list.place(of: errors.reversed()))) }
        try directory.unmount(chosen, of: target, record)
    }
}

/// What could have been meant.
private func mountHint(_ mounts: [LiveMount]) -> Bytes {
    mounts.isEmpty ? "nothing is" : mounts.map(\.destination).joined(", ") + " can be removed"
}

extension ContainerDirectory {
    /// The container as a place for mounts: it must live and have a mount namespace of its own.
    fileprivate func mountTarget(_ record: ContainerRecord) throws(Failure) -> ExecTarget {
        switch try status(record) {
        case .created, .running, .paused: break
        case .creating, .stopped: throw Failure("container not running", code: .state)
        }
        let kinds = try attempt { () throws(SystemError) in try Execution.foreignNamespaces(of: record.pid) }
        guard kinds.contains(.mount), !record.changedRoot else {
            throw Failure("the container has no mount namespace of its own: nothing can be mounted in it alone")
        }
        var target = ExecTarget(id: id, bundle: record.bundle, namespaces: kinds, cgroup: record.cgroup)
        target.annotations = record.annotations
        return target
    }

    /// Takes mounts away in this order. Those that are gone, or cannot be told any more, are forgotten too.
    fileprivate func unmount(
        _ mounts: [LiveMount], of target: ExecTarget, _ record: ContainerRecord
    ) throws(Failure) {
        var failure: Failure?
        for mount in mounts {
            do throws(Failure) {
                try carryOut(resolveUnmounts([mount], in: target), record) { _ in }
            } catch { failure = failure ?? error }
            try writeMounts(try readMounts().filter { $0 != mount })
        }
        if let failure { throw failure }
    }
}

/// Carries out a plan in the mounts of a container; `note` is told of each mount at once.
private func carryOut(
    _ plan: ContainerPlan, _ record: ContainerRecord, note: (LiveMount) throws(Failure) -> Void
) throws(Failure) {
    var held = DescriptorList()
    held.set(0, try attempt { () throws(SystemError) in try ProcessHandle(opening: record.pid).intoDescriptor() })
    let isThere = try attempt { () throws(SystemError) in try isAlive(record) }
    guard isThere else { throw Failure("container not running", code: .state) }
    for step in plan.outside {
        do throws(SystemError) { try prepare(step.action, &held) } catch {
            let isMissing = error.call == "open_tree" && error.errno == .enoent
            let hint: Bytes? =
                isMissing ? "the path is looked up on the host, relative ones in the bundle" : hintOfIDMap(error)
            throw Failure(error, pointer: step.origin(of: error, plan), hint: hint)
        }
    }
    let mounter: Mounter
    do throws(SystemError) { mounter = try spawnMounter(plan, held, HookState(of: record)) } catch {
        throw Failure(error)
    }
    do throws(Failure) { try mounter.attend(plan, note) } catch {
        try? mounter.process.signal(9)
        _ = try? mounter.process.wait()
        throw error
    }
}

private func prepare(_ action: OutsideAction, _ held: inout DescriptorList) throws(SystemError) {
    switch action {
    case .openTree(let tree): held.set(tree.slot, try held.makeTree(tree))
    case .makeFilesystem(let filesystem, let map, let slot):
        held.set(slot, try held.makeFilesystem(filesystem, map))
    case .makeUserNamespace(let uids, let gids, let slot):
        held.set(slot, try UserNamespace.holding(uids: uids.mapText, gids: gids.mapText))
    case .openNamespace(_, let path, let slot): held.set(slot, try Descriptor(opening: path))
    default: throw SystemError("mounts", "a step of create", .einval)
    }
}

/// The process that works in the container's mounts.
private struct Mounter: ~Copyable {
    let process: ProcessHandle
    let socket: Descriptor

    /// How long one answer may take: a filesystem of the container's own may never answer.
    private static let milliseconds: Int32 = 30_000

    /// Notes each mount, with its place as its own process sees it, until all is done.
    func attend(_ plan: ContainerPlan, _ note: (LiveMount) throws(Failure) -> Void) throws(Failure) {
        while true {
            let message = try attempt { () throws(SystemError) -> Bytes? in
                guard try Poll.ready([socket.number], timeoutMilliseconds: Mounter.milliseconds) != 0 else {
                    return nil
                }
                return try Sockets.receive(from: socket.number).message
            }
            guard let message else { throw Failure("a filesystem of the container does not answer") }
            if message.isEmpty { break }
            switch InitMessage(message) {
            case .mounted(var mount)?:
                let all = try attempt { () throws(SystemError) in try MountInfo.all(of: "\(process.pid)") }
                if let seen = all.first(where: { $0.identifier == mount.mount }) { mount.place = seen.mountPoint }
                try note(mount)
                try attempt { () throws(SystemError) in try RuntimeWord.goOn.send(to: socket.number) }
            case .failure(let step, let error)?:
                var failure = Failure(error, of: step < plan.inside.count ? plan.inside[step] : nil)
                if error.errno == .erofs { failure.hint = "the root is read-only: the destination must be there" }
                throw failure
            default: throw Failure("the process for mounts sent an unknown message")
            }
        }
        let end = try attempt { () throws(SystemError) in try process.wait() }
        guard end == .exited(0) else { throw Failure("the process for mounts died") }
    }
}

private func spawnMounter(
    _ plan: ContainerPlan, _ held: consuming DescriptorList, _ state: HookState
) throws(SystemError) -> Mounter {
    guard try CurrentProcess.isSingleThreaded else { throw SystemError("clone3", "the runtime has threads", .einval) }
    try CurrentProcess.hide()
    let sockets = try Sockets.pair()
    let theirs = sockets.second.give()
    defer { _ = Descriptor(owning: theirs) }
    let pid = plan.spawn.parentJoins.flatMap { held[$0] }
    let program = InitProgram(
        plan, held: held, hookState: state, socket: theirs, listener: nil, consoleSocket: nil)
    let cloned = try clone(0, cgroup: nil, joining: pid)
    if cloned == nil { program.runAsMounter() }
    guard let process = cloned else { throw SystemError("clone3", "the child came back", .echild) }
    return Mounter(process: process, socket: sockets.first)
}
