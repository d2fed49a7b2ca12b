// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// A mount that `mounts add` has attached: where it is and how it is known again. A mount's number alone may be given
/// to another one later.
package struct LiveMount: Equatable, Sendable {
    /// The destination as it was asked for.
    package var destination: Bytes
    /// The place below the root of the mount namespace, without links.
    package var place: Bytes
    /// The number of the mount.
    package var mount: UInt64
    /// The filesystem, as statx(2) names it.
    package var device: Bytes

    /// Takes the facts as they are.
    package init(destination: Bytes, place: Bytes, mount: UInt64, device: Bytes) {
        self.destination = destination
        self.place = place
        self.mount = mount
        self.device = device
    }
}

/// The plan of mounts into a container that runs, by the rules of a config's `mounts`, and with pointers as in a
/// config. Slot 0 is the pidfd of the container's first process.
///
/// The process that attaches them enters no more than it needs: where it is not in the container's pid namespace,
/// nothing in there can see it.
package func resolveLiveMounts(
    _ mounts: [Config.Mount], of config: Config, in target: ExecTarget, pid: Int32, _ host: Host
) throws(ConfigErrors) -> ContainerPlan {
    var config = config
    config.mounts = mounts
    var resolution = Resolution(config, Request(id: target.id, bundle: target.bundle), host)
    return try resolution.runLive(target, pid: pid)
}

/// The plan of taking such mounts away again, in their order.
package func resolveUnmounts(_ mounts: [LiveMount], in target: ExecTarget) -> ContainerPlan {
    var plan = ContainerPlan(id: target.id, bundle: target.bundle, rootfs: "")
    plan.spawn.slots = 1
    plan.enterMounts(of: target, beside: [])
    plan.inside += mounts.map { InsideStep(action: .unmount($0), origin: "") }
    return plan
}

extension Resolution {
    fileprivate mutating func runLive(_ target: ExecTarget, pid: Int32) throws(ConfigErrors) -> ContainerPlan {
        namespaces = resolveNamespaces(config.linux?.namespaces, at: "/linux/namespaces", &findings)
        mountLabel = resolveMountLabel()
        plan.spawn.slots = 1
        if case .join = namespaces[.user] {
            // By the container's own process: the path of the config may lead to another one by now.
            let slot = newSlot()
            outside(.openNamespace(.user, path: "/proc/\(pid)/ns/user", slot: slot), "")
            joinedSlots[Int(NamespaceKind.user.rawValue)] = slot
        }
        for (index, mount) in (config.mounts ?? []).enumerated() {
            refuseLive(mount, ("/mounts" as JSONPointer).appending(index))
        }
        if host.isOrdinaryUser {
            findings.error("/mounts", "only root adds mounts to a container that runs")
        }
        let mounts = resolveMounts()
        if keepsOriginalGroups(target.annotations) { plan.process.groups = nil }
        plan.enterMounts(of: target, beside: mounts.compactMap(\.action.namespace))
        plan.inside += mounts
        plan.warnings = findings.warnings
        try findings.throwIfAny()
        return plan
    }

    /// What has no meaning for a container that runs.
    private mutating func refuseLive(_ mount: Config.Mount, _ pointer: JSONPointer) {
        if !mount.destination.isEmpty, ("/" + mount.destination).cleanedPath == "/" {
            findings.error(pointer.appending("destination"), "the root of a container that runs cannot be covered")
        }
        if mount.type == "overlay" {
            // Its layers are named by paths of a /proc, and in there that is the container's.
            findings.error(
                pointer.appending("type"), "a union cannot be made in a container that runs",
                hint: "mount it on the host, and bind it here")
        }
        var ignored = Findings()
        for special in MountOptions.resolve(mount.options ?? [], at: pointer.appending("options"), &ignored).special {
            if case .remount = special.kind {
                findings.error(
                    special.origin, "mounts are added here, and those that are there stay as they are",
                    hint: "say all options of a new mount in its own entry")
            }
        }
    }
}

extension ContainerPlan {
    /// Enters the mount namespace, its user namespace, and the kinds that filesystems are made for.
    fileprivate mutating func enterMounts(of target: ExecTarget, beside others: [NamespaceKind]) {
        let kinds = target.namespaces.filter { $0 == .user || $0 == .mount || others.contains($0) }
        if kinds.contains(.pid) { spawn.parentJoins = 0 }
        inside.append(InsideStep(action: .join(kinds.filter { $0 != .pid }, slot: 0), origin: ""))
        if kinds.contains(.user) { inside.append(InsideStep(action: .becomeNamespaceUser(uid: 0, gid: 0), origin: "")) }
        inside.append(InsideStep(action: .openRoot, origin: ""))
    }
}

extension InsideAction {
    /// The kind of namespace that a new filesystem shows something of.
    fileprivate var namespace: NamespaceKind? {
        guard case .mount(let plan) = self, case .filesystem(let filesystem) = plan.what else { return nil }
        switch filesystem.type {
        case "proc": return .pid
        case "sysfs": return .network
        case "mqueue": return .ipc
        case "cgroup2": return .cgroup
        default: return nil
        }
    }
}
