// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// Which namespaces the clone makes, which are joined and in which order.
    ///
    /// A user namespace to join comes first, since it decides about the rights in all others; then nothing can be made by
    /// the clone itself, for it would belong to the caller's user namespace.
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
            default: steps.append(InsideStep(action: .join([kind], slot: slot), origin: pointer))
            }
        }
        let made = order.filter(namespaces.isNew)
        plan.spawn.newUser = newUserNamespace
        // An offset can only be written before anything is in the namespace: such a one is made inside, in two steps.
        let offsets = resolveTimeOffsets()
        let cloned = made.filter { $0 != .time || offsets.isEmpty }
        plan.spawn.flags = cloned.reduce(0) { $0 | $1.cloneFlag }
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
        let linux = config.linux
        let hasMaps = !(linux?.uidMappings ?? []).isEmpty || !(linux?.gidMappings ?? []).isEmpty
        switch namespaces[.user] {
        case .new where (linux?.uidMappings ?? []).isEmpty:
            findings.error("/linux/uidMappings", "a map of ids is needed for a new user namespace")
        case .new where (linux?.gidMappings ?? []).isEmpty:
            findings.error("/linux/gidMappings", "a map of ids is needed for a new user namespace")
        case .host where hasMaps:
            findings.error(
                "/linux/uidMappings", "needs a user namespace", hint: "add {\"type\": \"user\"} to /linux/namespaces")
        default: break
        }
        if namespaces[.mount] == .host {
            findings.error("/linux/namespaces", "not supported yet: a container without a mount namespace of its own")
        }
        if case .join(_, let pointer) = namespaces[.mount], inUserNamespace {
            findings.error(pointer, "not supported yet: joining a mount namespace together with a user namespace")
        }
    }

    private mutating func resolveTimeOffsets() -> [TimeOffset] {
        let said = config.linux?.timeOffsets ?? []
        if !said.isEmpty, !namespaces.isNew(.time) {
            findings.error("/linux/timeOffsets", "needs a new time namespace")
        }
        return said.compactMap { entry in
            guard ["monotonic", "boottime"].contains(entry.key) else {
                findings.error(
                    ("/linux/timeOffsets" as JSONPointer).appending(entry.key), "is no clock of a time namespace",
                    hint: "monotonic, boottime")
                return nil
            }
            return TimeOffset(
                clock: entry.key, seconds: entry.value.secs ?? 0, nanoseconds: entry.value.nanosecs ?? 0)
        }
    }

    /// The id maps, written from outside: uid_map and gid_map of user_namespaces(7).
    mutating func resolveIDMaps() {
        guard newUserNamespace else { return }
        let uids = resolveIDMappings(config.linux?.uidMappings, at: "/linux/uidMappings", &findings)
        let gids = resolveIDMappings(config.linux?.gidMappings, at: "/linux/gidMappings", &findings)
        outside(.writeIDMap(group: true, gids), "/linux/gidMappings")
        outside(.writeIDMap(group: false, uids), "/linux/uidMappings")
        delegateCgroup(uids, gids)
        checkMapped(config.process?.user?.uid ?? 0, uids, "/process/user/uid")
        checkMapped(config.process?.user?.gid ?? 0, gids, "/process/user/gid")
        for (index, group) in (config.process?.user?.additionalGids ?? []).enumerated() {
            checkMapped(group, gids, ("/process/user/additionalGids" as JSONPointer).appending(index))
        }
    }

    /// With a cgroup namespace and a writable cgroup mount the container manages its own subtree: cgroups(7), "Delegation".
    private mutating func delegateCgroup(_ uids: [IDMapping], _ gids: [IDMapping]) {
        guard namespaces.isNew(.cgroup), let uid = uids.hostID(of: 0), let gid = gids.hostID(of: 0) else { return }
        for (index, mount) in (config.mounts ?? []).enumerated() {
            guard mount.type == "cgroup" || mount.type == "cgroup2", !(mount.options ?? []).contains("ro") else { continue }
            outside(.delegateCgroup(uid: uid, gid: gid), ("/mounts" as JSONPointer).appending(index))
            return
        }
    }

    private mutating func checkMapped(_ id: UInt32, _ maps: [IDMapping], _ pointer: JSONPointer) {
        if maps.hostID(of: id) == nil {
            findings.error(pointer, "\(id) is not mapped in the container's user namespace")
        }
    }

    /// The propagation of the copied mounts of a new mount namespace: without a word they are slaves, so that what is
    /// mounted on the host still arrives and nothing goes back.
    var namespacePropagation: MountPropagation? {
        guard namespaces.isNew(.mount) else { return nil }
        switch config.linux?.rootfsPropagation {
        case "private", "rprivate", "unbindable", "runbindable": return .private
        case "shared", "rshared": return .shared
        default: return .slave
        }
    }
}
