// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
internal import HullOCI

// What is decided otherwise for a caller who is not the machine's root. Who has no rights at all, an ordinary user, has
// them in the container's new user namespace alone: there the first process does what else the runtime does before.

extension Resolution {
    /// A host path as a tree: opened by the runtime or, for an ordinary user, by the first process, before it becomes
    /// somebody else: what the user may reach is reached, whatever the map says.
    mutating func openTree(_ tree: TreePlan, _ origin: JSONPointer) {
        guard host.isOrdinaryUser else { return outside(.openTree(tree), origin) }
        layers.append(InsideStep(action: .openTree(tree), origin: origin))
    }

    /// An ordinary user has no rights but in a user namespace.
    mutating func requireUserNamespace() {
        guard host.isOrdinaryUser, !inUserNamespace else { return }
        findings.error(
            linuxPointer("namespaces"),
            "without root a container needs a user namespace of its own: nothing can be mounted otherwise",
            hint: "add {\"type\": \"user\"}, and uidMappings and gidMappings with your own ids "
                + "\(host.effectiveUser) and \(host.effectiveGroup); or begin with hull spec --rootless")
    }

    /// The id maps of the new user namespace. Anybody may map the own id alone; more is for who may change ids, or by
    /// the tools that know what /etc/subuid and /etc/subgid grant: user_namespaces(7).
    mutating func writeIDMaps(_ uids: [IDMapping], _ gids: [IDMapping]) {
        let mayMap = host.capabilities.has(.ids)
        for (group, said, pointer) in [
            (true, gids, "/linux/gidMappings" as JSONPointer), (false, uids, "/linux/uidMappings"),
        ] {
            let maps = said.flatMap { $0.parts(along: group ? host.ids.gids : host.ids.uids) }
            guard host.isOrdinaryUser, !mayMap else {
                outside(.writeIDMap(group: group, maps), pointer)
                continue
            }
            let own = group ? host.effectiveGroup : host.effectiveUser
            guard maps.count == 1, maps[0].size == 1, maps[0].hostID == own else {
                outside(.mapByTool(group: group, maps), pointer)
                continue
            }
            if group {
                outside(.denySetgroups, pointer)
                plan.process.leaveGroups(at: "/process/user/additionalGids", &findings)
            }
            outside(.writeIDMap(group: group, maps), pointer)
        }
    }

    /// Ids outside that the runtime's own user namespace does not have cannot be given on: EPERM, without a word.
    mutating func checkReach(_ maps: [IDMapping], _ own: [IDMapping], _ pointer: JSONPointer) {
        guard !own.isEmpty else { return }
        for (index, map) in maps.enumerated() {
            guard let id = map.firstHostID(outside: own) else { continue }
            findings.error(
                pointer.appending(index).appending("hostID"),
                "\(id) is not mapped in the user namespace that hull runs in", hint: "it has \(own.insideRanges)")
        }
    }

    /// Without a user namespace of its own the process has ids of the runtime's.
    mutating func checkOwnIDs() {
        let user = config.process?.user
        func check(_ id: UInt32, _ own: [IDMapping], _ pointer: JSONPointer) {
            guard !own.isEmpty, own.hostID(of: id) == nil else { return }
            findings.error(
                pointer, "\(id) is not mapped in the user namespace that hull runs in",
                hint: "it has \(own.insideRanges)")
        }
        check(user?.uid ?? 0, host.ids.uids, user == nil ? "/process/user" : "/process/user/uid")
        check(user?.gid ?? 0, host.ids.gids, user == nil ? "/process/user" : "/process/user/gid")
        guard plan.process.groups != nil else { return }
        for (index, group) in (user?.additionalGids ?? []).enumerated() {
            check(group, host.ids.gids, ("/process/user/additionalGids" as JSONPointer).appending(index))
        }
    }

    /// The user that the set-up works as.
    func becomeUser() -> InsideAction {
        let user = setUpUser(config.linux, config.process)
        return .becomeNamespaceUser(uid: user.uid, gid: user.gid)
    }

    /// Owners of a filesystem that the user namespace does not have: EINVAL, without a word. Everybody's config gives
    /// terminals to the group 5, without which they do as well.
    mutating func leaveUnmappedOwner(of type: Bytes, _ options: inout MountOptions) {
        guard type == "devpts" || type == "tmpfs", inUserNamespace || host.isUnprivileged else { return }
        // Those of a user namespace that is joined are not known here.
        if inUserNamespace, !newUserNamespace { return }
        let maps = newUserNamespace ? containerMaps : host.ids
        for (index, parameter) in options.data.enumerated().reversed() {
            let known = parameter.key == "uid" ? maps.uids : parameter.key == "gid" ? maps.gids : []
            guard !known.isEmpty, let id = parameter.value?.decimal.flatMap(UInt32.init(exactly:)),
                known.hostID(of: id) == nil
            else { continue }
            if type == "devpts", parameter.key == "gid" {
                options.data.remove(at: index)
                findings.warn(
                    parameter.origin,
                    "ignored: group \(id) is not mapped in the user namespace; terminals have their opener's")
            } else {
                findings.error(
                    parameter.origin, "\(id) is not mapped in the container's user namespace",
                    hint: "it has \(known.insideRanges)")
            }
        }
    }

    /// What the host has of a filesystem that the kernel may not make for a user namespace: one of namespaces that this
    /// does not own, or where the caller's own is covered in places.
    func hostsOwn(_ type: Bytes) -> Bytes? {
        switch type {
        case "sysfs": "/sys"
        case "proc" where namespaces[.pid] == .host: "/proc"
        case "mqueue" where namespaces[.ipc] == .host: "/dev/mqueue"
        default: nil
        }
    }

    /// Who owns neither the filesystem nor the ids gives no mount an id map.
    mutating func refuseIDMap(_ origin: JSONPointer) {
        guard host.isOrdinaryUser else { return }
        findings.error(origin, "an id map of a mount needs root")
    }
}

extension Resolution {
    /// Whether the caller may make the container's cgroup, or has it made.
    var mayMakeCgroup: Bool {
        guard host.cgroupMount != nil else { return false }
        if host.serviceManager != nil { return true }
        guard let top = host.delegatedCgroup, plan.cgroup.path != top else { return false }
        return top == "/" || plan.cgroup.path.hasPrefix(top + "/")
    }

    /// Nothing is delegated to the caller: the container stays in its cgroup, without limits. Each that was asked for
    /// is told of.
    mutating func stayUndelegated() {
        useCallersCgroup()
        let said = config.linux?.resources
        var told: [JSONPointer] = []
        for file in resolveResources(said, at: "/linux/resources", &findings).files where file.absence != .skip {
            guard !told.contains(file.origin) else { continue }
            told.append(file.origin)
            let problem = "no cgroup is delegated to this user" as Bytes
            let remedy =
                "run hull below your own systemd: systemd-run --user --scope -p Delegate=yes hull ..." as Bytes
            if request.strictResources {
                findings.error(file.origin, problem, hint: remedy)
            } else {
                findings.warn(
                    file.origin, "not applied: \(problem)", hint: remedy + " (--strict-resources: an error)")
            }
        }
        _ = resolveDeviceRules(said?.devices, at: "/linux/resources/devices", &findings)
    }

    /// The cgroup is the caller's, and is left as it is.
    mutating func useCallersCgroup() {
        plan.cgroup.isCallers = true
        plan.cgroup.mountPoint = host.cgroupMount ?? ""
        plan.cgroup.path = host.ownCgroup
    }
}

/// The user whom a new user namespace's first process becomes for the set-up: its root, or where it has none that of
/// the process.
func setUpUser(_ linux: Config.Linux?, _ process: Config.Process?) -> (uid: UInt32, gid: UInt32) {
    func hasRoot(_ maps: [Config.Linux.IDMapping]?) -> Bool {
        maps.map { $0.isEmpty || $0.contains { $0.containerID == 0 } } ?? true
    }
    return (
        hasRoot(linux?.uidMappings) ? 0 : process?.user?.uid ?? 0,
        hasRoot(linux?.gidMappings) ? 0 : process?.user?.gid ?? 0
    )
}

/// The badness that was asked for; nil, with a warning, where the caller cannot lower its own so far.
func reachable(
    oomScore said: Int64, _ host: Host, at pointer: JSONPointer, _ findings: inout Findings
) -> Int64? {
    guard said < host.oomScore, said >= -1000 else { return said }
    findings.warn(pointer, "not applied: only the machine's root lowers it below the caller's own, \(host.oomScore)")
    return nil
}

extension ProcessPlan {
    /// Groups cannot be set: those that were asked for are told of.
    mutating func leaveGroups(at pointer: JSONPointer, _ findings: inout Findings) {
        if groups?.isEmpty == false {
            findings.warn(
                pointer, "not set: setgroups(2) is denied in this user namespace",
                hint: "where /etc/subgid has a range for the user, newgidmap(1) maps more groups than the own")
        }
        groups = nil
    }
}

extension IDMapping {
    /// The first of the ids outside that a user namespace with these maps does not have; nil where it has all.
    func firstHostID(outside maps: [IDMapping]) -> UInt32? {
        var id = UInt64(hostID)
        let end = UInt64(hostID) + UInt64(size)
        while id < end {
            let number = UInt32(clamping: id)
            guard let range = maps.first(where: { $0.hostID(of: number) != nil }) else { return number }
            id = UInt64(range.containerID) + UInt64(range.size)
        }
        return nil
    }
}

extension IDMapping {
    /// The same map in ranges that the kernel takes below a user namespace with these maps: each must lie in one of
    /// theirs. Whole where that cannot be.
    package func parts(along maps: [IDMapping]) -> [IDMapping] {
        guard maps.count > 1 else { return [self] }
        var parts: [IDMapping] = []
        var done: UInt32 = 0
        while done < size {
            let id = hostID &+ done
            guard let range = maps.first(where: { $0.hostID(of: id) != nil }) else { return [self] }
            let length = min(size - done, range.size - (id - range.containerID))
            parts.append(IDMapping(containerID: containerID &+ done, hostID: id, size: length))
            done += length
        }
        return parts
    }
}

extension [IDMapping] {
    /// The ids inside, as `0-999, 2000`.
    var insideRanges: Bytes {
        map { $0.size == 1 ? "\($0.containerID)" : "\($0.containerID)-\(UInt64($0.containerID) + UInt64($0.size) - 1)" }
            .joined(", ")
    }
}
