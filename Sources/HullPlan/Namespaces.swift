// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// Which namespaces the clone makes, which are joined and in which order.
    ///
    /// A user namespace to join comes first, since it decides about the rights in all others; then nothing can be made
    /// by the clone itself, for it would belong to the caller's user namespace.
    mutating func resolveJoins() -> [InsideStep] {
        checkNamespaces()
        var steps: [InsideStep] = []
        let order: [NamespaceKind] = [.user, .network, .ipc, .uts, .cgroup, .time, .mount, .pid]
        var joinsUser = false
        for kind in order {
            guard case .join(let path, let pointer) = namespaces[kind] else { continue }
            let slot = newSlot()
            outside(.openNamespace(kind, path: path, slot: slot), pointer)
            switch kind {
            case .user:
                plan.spawn.joiner = slot
                joinsUser = true
            case .pid: plan.spawn.parentJoins = slot
            case .mount: mountNamespaceSlot = slot
            default: steps.append(InsideStep(action: .join([kind], slot: slot), origin: pointer))
            }
        }
        let made = order.filter(namespaces.isNew)
        plan.spawn.newUser = newUserNamespace
        // An offset can only be written before anything is in the namespace: such a one is made inside, in two steps.
        let offsets = resolveTimeOffsets()
        let cloned = made.filter { $0 != .time || offsets.isEmpty }
        plan.spawn.flags = cloned.reduce(0) { $0 | $1.cloneFlag }
        // The root is built in a namespace of its own even where another is joined at the end.
        if mountNamespaceSlot != nil { plan.spawn.flags |= NamespaceKind.mount.cloneFlag }
        if newUserNamespace {
            steps.insert(InsideStep(action: .awaitMappings, origin: "/linux/uidMappings"), at: 0)
            steps.insert(InsideStep(action: .becomeNamespaceRoot, origin: "/linux/uidMappings"), at: 1)
        } else if joinsUser {
            steps.insert(InsideStep(action: .becomeNamespaceRoot, origin: "/linux/namespaces"), at: 0)
        }
        if !offsets.isEmpty {
            steps.append(InsideStep(action: .timeOffsets(offsets), origin: "/linux/timeOffsets"))
        }
        return steps
    }

    private mutating func checkNamespaces() {
        checkIDMaps(config.linux?.uidMappings, "/linux/uidMappings")
        checkIDMaps(config.linux?.gidMappings, "/linux/gidMappings")
        if namespaces[.mount] == .host {
            findings.error(
                linuxPointer("namespaces"), "not supported yet: a container without a mount namespace of its own",
                hint: "add {\"type\": \"mount\"}")
        }
        if case .join(_, let pointer) = namespaces[.mount], inUserNamespace {
            findings.error(pointer, "not supported yet: joining a mount namespace together with a user namespace")
        }
        // setns(2) wants CAP_SYS_ADMIN in the user namespace that owns the other one; a new user namespace owns nothing
        // that exists already. The pid namespace is joined by the runtime.
        for (kind, _, origin) in namespaces.joined where newUserNamespace && kind != .pid && kind != .mount {
            findings.error(
                origin, "not supported yet: joining a \(kind.name) namespace together with a new user namespace")
        }
    }

    private mutating func checkIDMaps(_ said: [Config.Linux.IDMapping]?, _ pointer: JSONPointer) {
        let isSaid = !(said ?? []).isEmpty
        switch namespaces[.user] {
        case .new where !isSaid: findings.error(pointer, "a map of ids is needed for a new user namespace")
        case .host where isSaid:
            findings.error(
                pointer, "needs a user namespace", hint: "add {\"type\": \"user\"} to /linux/namespaces")
        case .join where isSaid: findings.warn(pointer, "ignored: the user namespace that is joined has its id maps")
        default: break
        }
    }

    private mutating func resolveTimeOffsets() -> [TimeOffset] {
        let said = config.linux?.timeOffsets ?? []
        if !said.isEmpty, !namespaces.isNew(.time) {
            findings.error("/linux/timeOffsets", "needs a new time namespace")
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
        guard newUserNamespace else {
            if !inUserNamespace { giveCgroup(to: config.process?.user?.uid ?? 0, config.process?.user?.gid ?? 0) }
            return
        }
        let uids = resolveIDMappings(config.linux?.uidMappings, at: "/linux/uidMappings", &findings)
        let gids = resolveIDMappings(config.linux?.gidMappings, at: "/linux/gidMappings", &findings)
        outside(.writeIDMap(group: true, gids), "/linux/gidMappings")
        outside(.writeIDMap(group: false, uids), "/linux/uidMappings")
        giveCgroup(
            to: uids.hostID(of: config.process?.user?.uid ?? 0), gids.hostID(of: config.process?.user?.gid ?? 0))
        guard let process = config.process else { return }
        checkMapped(process.user?.uid ?? 0, uids, process.user == nil ? "/process/user" : "/process/user/uid")
        checkMapped(process.user?.gid ?? 0, gids, process.user == nil ? "/process/user" : "/process/user/gid")
        for (index, group) in (process.user?.additionalGids ?? []).enumerated() {
            checkMapped(group, gids, ("/process/user/additionalGids" as JSONPointer).appending(index))
        }
    }

    private mutating func checkMapped(_ id: UInt32, _ maps: [IDMapping], _ pointer: JSONPointer) {
        // Without any map there is one error already.
        if !maps.isEmpty, maps.hostID(of: id) == nil {
            findings.error(pointer, "\(id) is not mapped in the container's user namespace")
        }
    }

    /// The propagation of the copied mounts of a new mount namespace: without a word they are slaves, so that what is
    /// mounted on the host still arrives and nothing goes back.
    var namespacePropagation: MountPropagation? {
        guard namespaces.isOwn(.mount) else { return nil }
        switch config.linux?.rootfsPropagation {
        case "private", "rprivate", "unbindable", "runbindable": return .private
        case "shared", "rshared": return .shared
        default: return .slave
        }
    }
}

/// Half of KTIME_SEC_MAX, within which the kernel wants the clock of a time namespace to stay.
private let offsetSeconds: ClosedRange<Int64> = -4_611_686_018...4_611_686_018
