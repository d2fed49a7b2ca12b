// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// Which namespaces the clone makes, which are joined and in which order.
    ///
    /// A new user namespace has no rights in what exists already, and one that is joined may have none: beside a user
    /// namespace the others are joined by a process outside of it, of which the container's first process has them.
    mutating func resolveJoins() -> [InsideStep] {
        checkNamespaces()
        var steps: [InsideStep] = []
        let order: [NamespaceKind] = [.user, .network, .ipc, .uts, .cgroup, .time, .mount, .pid]
        for kind in order {
            guard case .join(let path, let pointer) = namespaces[kind] else { continue }
            let slot = newSlot()
            outside(.openNamespace(kind, path: path, slot: slot), pointer)
            joinedSlots[Int(kind.rawValue)] = slot
            switch kind {
            case .pid where !host.isUnprivileged: plan.spawn.parentJoins = slot
            case .mount: mountNamespaceSlot = slot
            case .pid: plan.spawn.joins.append(JoinPlan(kind: kind, slot: slot))
            case _ where inUserNamespace: plan.spawn.joins.append(JoinPlan(kind: kind, slot: slot))
            default: steps.append(InsideStep(action: .join([kind], slot: slot), origin: pointer))
            }
        }
        returnToOwnMountNamespace()
        let made = order.filter(namespaces.isNew)
        plan.spawn.newUser = newUserNamespace
        // An offset can only be written before anything is in the namespace: such a one is made inside, in two steps.
        let offsets = resolveTimeOffsets()
        let cloned = made.filter { kind in
            switch kind {
            case .time: offsets.isEmpty
            case .network: !makesNetworkBeside
            default: true
            }
        }
        plan.spawn.flags = cloned.reduce(0) { $0 | $1.cloneFlag }
        // The root is built in a namespace of its own even where the process is in another at the end.
        if mountNamespaceSlot != nil { plan.spawn.flags |= NamespaceKind.mount.cloneFlag }
        if newUserNamespace {
            steps.insert(InsideStep(action: .awaitMappings, origin: "/linux/uidMappings"), at: 0)
            steps.insert(InsideStep(action: becomeUser(), origin: "/linux/uidMappings"), at: 1)
            plan.spawn.staysVisible = host.isOrdinaryUser
        } else if inUserNamespace {
            steps.insert(
                InsideStep(action: .becomeNamespaceUser(uid: 0, gid: 0), origin: "/linux/namespaces"), at: 0)
        }
        if !offsets.isEmpty {
            passesTimeOffsets = inUserNamespace
            steps.append(
                InsideStep(
                    action: .timeOffsets(offsets, opensOutside: passesTimeOffsets), origin: "/linux/timeOffsets"))
        }
        return steps
    }

    /// Whether the runtime makes the network namespace while the process mounts. A user namespace has to own it, for
    /// which the process must be in that already; and a device that is moved there has to find it as the process's.
    var makesNetworkBeside: Bool {
        namespaces.isNew(.network) && !inUserNamespace && !host.isUnprivileged
            && config.linux?.netDevices?.isEmpty ?? true
    }

    /// The mounts, and before the first one that belongs to a network namespace the step that joins it.
    func joiningNetwork(_ mounts: [InsideStep]) -> [InsideStep] {
        guard makesNetworkBeside else { return mounts }
        var mounts = mounts
        let first = mounts.firstIndex { step in
            guard case .mount(let mount) = step.action, case .filesystem(let plan) = mount.what else { return false }
            return !withoutNetwork.contains(plan.type)
        }
        mounts.insert(InsideStep(action: .joinNetwork, origin: "/linux/namespaces"), at: first ?? mounts.count)
        return mounts
    }

    /// Without a mount namespace of its own the container's root is built in one that is left again for the runtime's:
    /// nothing is mounted on the host.
    private mutating func returnToOwnMountNamespace() {
        guard namespaces[.mount] == .host, !inUserNamespace else { return }
        let slot = newSlot()
        outside(.openNamespace(.mount, path: "/proc/self/ns/mnt", slot: slot), linuxPointer("namespaces"))
        mountNamespaceSlot = slot
    }

    /// What is set in a namespace that is joined must not be set on the host: the path may lead to the runtime's own.
    mutating func requireForeign(_ kind: NamespaceKind, _ origin: JSONPointer) {
        guard let slot = joinedSlots[Int(kind.rawValue)] else { return }
        let isRequired = plan.outside.contains { step in
            if case .requireForeign(kind, _) = step.action { true } else { false }
        }
        if !isRequired { outside(.requireForeign(kind, slot: slot), origin) }
    }

    private mutating func checkNamespaces() {
        checkIDMaps(config.linux?.uidMappings, "/linux/uidMappings")
        checkIDMaps(config.linux?.gidMappings, "/linux/gidMappings")
        requireUserNamespace()
        // The kernel lets nobody mount, nor enter, where his user namespace is not the owner or above it.
        if namespaces[.mount] == .host, inUserNamespace {
            findings.error(
                linuxPointer("namespaces"),
                "a user namespace needs a mount namespace beside it: nothing can be mounted in the runtime's",
                hint: "add {\"type\": \"mount\"}")
        }
        if case .join(_, let pointer) = namespaces[.mount], newUserNamespace {
            findings.error(
                pointer, "a new user namespace owns no mount namespace that exists: nothing can be mounted in it",
                hint: "leave \"path\" out, or join the user namespace that owns it")
        }
    }

    private mutating func checkIDMaps(_ said: [Config.Linux.IDMapping]?, _ pointer: JSONPointer) {
        let isSaid = !(said ?? []).isEmpty
        switch namespaces[.user] {
        case .new where !isSaid: findings.error(pointer, "a map of ids is needed for a new user namespace")
        case .host where isSaid:
            findings.error(
                pointer, "needs a user namespace", hint: "add {\"type\": \"user\"} to /linux/namespaces")
        case .join where isSaid:
            findings.warn(pointer, "must be those that the user namespace at the path has; not needed")
        default: break
        }
    }

    private mutating func resolveTimeOffsets() -> [TimeOffset] {
        let said = config.linux?.timeOffsets ?? []
        if !said.isEmpty, !namespaces.isNew(.time) {
            findings.error(
                "/linux/timeOffsets", "needs a new time namespace",
                hint: "add {\"type\": \"time\"} to /linux/namespaces")
        }
        return said.compactMap { entry in
            let pointer = ("/linux/timeOffsets" as JSONPointer).appending(entry.key)
            guard ["monotonic", "boottime"].contains(entry.key) else {
                findings.error(
                    pointer, "\"\(entry.key)\" is no clock of a time namespace", hint: "monotonic, boottime")
                return nil
            }
            if let said = entry.value.secs, !offsetSeconds.contains(said) {
                findings.error(
                    pointer.appending("secs"),
                    "\(said) is outside \(offsetSeconds.lowerBound) to \(offsetSeconds.upperBound)")
            }
            if let said = entry.value.nanosecs, said >= 1_000_000_000 {
                findings.error(pointer.appending("nanosecs"), "\(said) is a second or more", hint: "use secs")
            }
            return TimeOffset(
                clock: entry.key, seconds: entry.value.secs ?? 0, nanoseconds: entry.value.nanosecs ?? 0)
        }
    }

    /// The id maps, written from outside: uid_map and gid_map of user_namespaces(7).
    mutating func resolveIDMaps() {
        guard inUserNamespace else {
            checkOwnIDs()
            return giveCgroup(to: config.process?.user?.uid ?? 0, config.process?.user?.gid ?? 0)
        }
        let uids = resolveIDMappings(config.linux?.uidMappings, at: "/linux/uidMappings", &findings)
        let gids = resolveIDMappings(config.linux?.gidMappings, at: "/linux/gidMappings", &findings)
        guard newUserNamespace else {
            if !gids.isEmpty { outside(.compareIDMap(group: true, gids), "/linux/gidMappings") }
            if !uids.isEmpty { outside(.compareIDMap(group: false, uids), "/linux/uidMappings") }
            return
        }
        checkReach(uids, host.ids.uids, "/linux/uidMappings")
        checkReach(gids, host.ids.gids, "/linux/gidMappings")
        writeIDMaps(uids, gids)
        giveCgroup(
            to: uids.hostID(of: config.process?.user?.uid ?? 0), gids.hostID(of: config.process?.user?.gid ?? 0))
        guard let process = config.process else { return }
        checkMapped(process.user?.uid ?? 0, uids, process.user == nil ? "/process/user" : "/process/user/uid")
        checkMapped(process.user?.gid ?? 0, gids, process.user == nil ? "/process/user" : "/process/user/gid")
        for (index, group) in (process.user?.additionalGids ?? []).enumerated() {
            checkMapped(group, gids, ("/process/user/additionalGids" as JSONPointer).appending(index))
        }
    }

    mutating func checkMapped(_ id: UInt32, _ maps: [IDMapping], _ pointer: JSONPointer) {
        // Without any map there is one error already.
        if !maps.isEmpty, maps.hostID(of: id) == nil {
            findings.error(pointer, "\(id) is not mapped in the container's user namespace")
        }
    }

    /// The propagation of the copied mounts of the mount namespace in which the root is built: without a word they are
    /// slaves, so that what is mounted on the host still arrives and nothing goes back.
    var namespacePropagation: MountPropagation {
        switch config.linux?.rootfsPropagation {
        case "private", "rprivate", "unbindable", "runbindable": return .private
        case "shared", "rshared": return .shared
        default: return .slave
        }
    }
}

/// Half of KTIME_SEC_MAX, within which the kernel wants the clock of a time namespace to stay.
private let offsetSeconds: ClosedRange<Int64> = -4_611_686_018...4_611_686_018

/// The usual filesystems that are the same in each network namespace.
private let withoutNetwork: [Bytes] = ["proc", "tmpfs", "devpts", "mqueue", "cgroup2"]
