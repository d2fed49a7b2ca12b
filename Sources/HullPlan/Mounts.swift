// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
internal import HullOCI

/// A mount of the container.
package struct MountPlan: Sendable {
    /// The path below the container's root.
    package var destination: Bytes
    package var what: MountSource
    /// After attaching, in order; the flag is for the whole tree.
    package var propagation: [MountOptions.Propagation] = []
    /// Refuses a symbolic link anywhere on the way: for proc and sysfs, on whose place others rely (CVE-2019-19921).
    package var strict = false
}

/// What is mounted.
package enum MountSource: Sendable {
    /// A tree opened outside, with its attributes already set.
    case tree(slot: Int)
    /// A new filesystem.
    case filesystem(FilesystemPlan)
    case overlay(OverlayPlan)
    /// The mount that is there already, with other attributes.
    case remount(MountAttributeChange)
}

/// A filesystem to make and mount.
package struct FilesystemPlan: Sendable {
    package var type: Bytes
    package var source: Bytes
    package var parameters: [MountOptions.Parameter] = []
    package var attributes: MountAttributes = []
    /// A tmpfs without `mode=` takes the mode of the directory that it covers.
    package var takesMode = false
    /// Gets a copy of what the covered directory holds, before it is attached: `tmpcopyup`.
    package var copiesUp = false
}

extension Resolution {
    /// The mounts in their order; one on "/" is the root and not among them.
    mutating func resolveMounts() -> [InsideStep] {
        var steps: [InsideStep] = []
        for (index, mount) in (config.mounts ?? []).enumerated() {
            let pointer = ("/mounts" as JSONPointer).appending(index)
            if mount.destination.isEmpty { findings.error(pointer.appending("destination"), "is empty") }
            if !mount.destination.isAbsolutePath {
                findings.warn(
                    pointer.appending("destination"), "\"\(mount.destination)\" is relative; taken as below /")
            }
            let destination = ("/" + mount.destination).cleanedPath
            if destination == "/" { continue }
            guard let plan = resolveMount(mount, destination, pointer) else { continue }
            steps.append(InsideStep(action: .mount(plan), origin: pointer))
        }
        return steps
    }

    private mutating func resolveMount(
        _ mount: Config.Mount, _ destination: Bytes, _ pointer: JSONPointer
    ) -> MountPlan? {
        let options = resolveOptions(mount, pointer)
        if options.special.contains(where: { $0.kind == .remount }) {
            return resolveRemount(options, destination, pointer.appending("options"))
        }
        checkProcMount(options.bind == nil ? mount.type ?? "" : "bind", destination, pointer)
        if options.bind != nil { return resolveBind(mount, options, destination, pointer) }
        if mount.type == "overlay" {
            return resolveOverlay(options, pointer).map {
                MountPlan(destination: destination, what: .overlay($0), propagation: options.propagation)
            }
        }
        guard let type = mount.type, !type.isEmpty, type != "bind", type != "none" else {
            findings.error(
                pointer.appending("type"), "without bind or rbind in options this must name a filesystem",
                hint: "add \"rbind\" to options")
            return nil
        }
        if type == "cgroup" || type == "cgroup2", namespaces[.cgroup] == .host {
            return resolveHostCgroupMount(options, destination, pointer)
        }
        var plan = MountPlan(destination: destination, what: .filesystem(filesystem(type, mount, options, pointer)))
        plan.propagation = options.propagation
        plan.strict = type == "proc" || type == "sysfs"
        return plan
    }

    private func filesystem(
        _ type: Bytes, _ mount: Config.Mount, _ options: MountOptions, _ pointer: JSONPointer
    ) -> FilesystemPlan {
        var plan = FilesystemPlan(
            type: type == "cgroup" ? "cgroup2" : type, source: mount.source ?? type, parameters: options.data)
        plan.attributes = options.attributes.applied()
        if isReadOnlyDev(mount) { plan.attributes.subtract(.readOnly) }
        plan.parameters += flagParameters(options, pointer).filter { $0.key != "ro" || !sharesSuperblock(plan.type) }
        plan.takesMode = type == "tmpfs" && !options.data.contains { $0.key == "mode" }
        plan.copiesUp = options.special.contains { $0.kind == .tmpcopyup }
        return plan
    }

    /// One superblock serves all mounts of these: what one container asks for must not change the others.
    private func sharesSuperblock(_ type: Bytes) -> Bool {
        (["proc", "sysfs", "cgroup2", "mqueue", "tmpfs", "devpts"] as [Bytes]).contains(type)
    }

    private mutating func resolveBind(
        _ mount: Config.Mount, _ options: MountOptions, _ destination: Bytes, _ pointer: JSONPointer
    ) -> MountPlan? {
        guard let source = mount.source, !source.isEmpty else {
            findings.error(pointer.appending("source"), "a bind mount needs the path to bind")
            return nil
        }
        let slot = newSlot()
        var tree = TreePlan(path: source.below(request.bundle), recursive: options.bind == .recursive, slot: slot)
        tree.attributes = options.attributes
        tree.recursiveAttributes = options.recursive
        let base = namespacePropagation
        if base != .shared { tree.propagation.append(.init(type: base, recursive: true)) }
        tree.propagation += options.propagation
        outside(.openTree(tree), pointer.appending("source"))
        return MountPlan(destination: destination, what: .tree(slot: slot))
    }

    /// Changes an earlier mount of the list. Only its own attributes: options of the filesystem are given when it is
    /// made.
    private mutating func resolveRemount(
        _ options: MountOptions, _ destination: Bytes, _ pointer: JSONPointer
    ) -> MountPlan {
        for parameter in options.data {
            findings.error(parameter.origin, "a remount changes no option of the filesystem")
        }
        for flag in options.superblock.names where flag != "ro" {
            findings.error(pointer, "a remount changes no flag of the filesystem: \"\(flag)\"")
        }
        if options.bind != nil, !options.recursive.isEmpty {
            findings.error(pointer, "a remount changes one mount and not those below it")
        }
        var plan = MountPlan(destination: destination, what: .remount(options.attributes))
        plan.propagation = options.propagation
        return plan
    }

    /// Without a cgroup namespace the host's tree is bound: a new cgroup2 mount would wait for an RCU grace period.
    private mutating func resolveHostCgroupMount(
        _ options: MountOptions, _ destination: Bytes, _ pointer: JSONPointer
    ) -> MountPlan? {
        let slot = newSlot()
        var tree = TreePlan(path: host.cgroupMount ?? "/sys/fs/cgroup", recursive: false, slot: slot)
        tree.attributes = options.attributes
        tree.propagation = [.init(type: .private, recursive: true)] + options.propagation
        for parameter in options.data {
            findings.warn(
                parameter.origin, "ignored: without a cgroup namespace the container sees the host's cgroup filesystem")
        }
        outside(.openTree(tree), pointer)
        return MountPlan(destination: destination, what: .tree(slot: slot))
    }

    /// The flags of a filesystem, as it takes them.
    func flagParameters(_ options: MountOptions, _ pointer: JSONPointer) -> [MountOptions.Parameter] {
        options.superblock.names.map { .init(key: $0, value: nil, origin: pointer.appending("options")) }
    }

    /// The options sorted; those that are not carried out yet are errors.
    mutating func resolveOptions(_ mount: Config.Mount, _ pointer: JSONPointer) -> MountOptions {
        let options = MountOptions.resolve(mount.options ?? [], at: pointer.appending("options"), &findings)
        for special in options.special where !special.kind.isCarriedOut {
            findings.error(special.origin, "not supported yet: \(special.origin.text)")
        }
        for special in options.special
        where special.kind == .tmpcopyup && (mount.type != "tmpfs" || options.bind != nil) {
            findings.error(special.origin, "tmpcopyup is for mounts of type tmpfs")
        }
        if options.bind == nil, !options.recursive.isEmpty {
            findings.error(pointer.appending("options"), "recursive options are for bind mounts")
        }
        return options
    }

    /// Below /proc only files that do not decide about the process may be covered; on /proc itself only a procfs.
    private mutating func checkProcMount(_ type: Bytes, _ destination: Bytes, _ pointer: JSONPointer) {
        if destination == "/proc", type != "proc", type != "bind" {
            findings.error(pointer.appending("destination"), "only a procfs can be mounted on /proc")
        }
        guard destination.hasPrefix("/proc/") else { return }
        let allowed: [Bytes] = [
            "cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo",
            "sys/kernel/ns_last_pid", "sys/crypto/fips_enabled",
        ]
        if allowed.contains(destination.dropFirst(6)) { return }
        findings.error(
            pointer.appending("destination"), "\"\(destination)\" cannot be covered: it is inside /proc",
            hint: "allowed below /proc: \(allowed.joined(", "))")
    }

    /// Nodes and mount points are made in /dev after it is mounted: a read-only one becomes so at the end.
    func isReadOnlyDev(_ mount: Config.Mount) -> Bool {
        guard mount.type == "tmpfs", ("/" + mount.destination).cleanedPath == "/dev" else { return false }
        var ignored = Findings()
        return MountOptions.resolve(mount.options ?? [], at: "", &ignored).attributes.applied().contains(.readOnly)
    }
}
