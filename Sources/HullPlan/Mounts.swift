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
    /// A symbolic link at the end of the destination is itself the place: `dest-nofollow`.
    package var noFollow = false
    /// A source that is a symbolic link is not mounted but made anew: `copy-symlink`.
    package var copiesLink = false
}

/// What is mounted.
package enum MountSource: Sendable {
    /// A tree opened outside, with its attributes already set.
    case tree(slot: Int)
    /// A new filesystem.
    case filesystem(FilesystemPlan)
    case overlay(OverlayPlan)
    /// The mount that is there already, changed.
    case remount(RemountPlan)
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
    /// For a filesystem that takes no label as an option: the one of its root directory.
    package var label: MountOptions.Parameter?
    /// What is bound where the kernel makes no such filesystem: the container's own cgroup, or the caller's sysfs.
    package var fallback: Bytes?
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
            guard let plan = resolveMount(mount, destination, index) else { continue }
            steps.append(InsideStep(action: .mount(plan), origin: pointer))
            if let path = hostCgroups(broughtBy: mount, to: destination) {
                steps.append(InsideStep(action: .makeReadOnly(path), origin: pointer.appending("options")))
            }
        }
        return steps
    }

    /// Where a recursive bind that is asked to be read-only brings the host's cgroups along: `ro` is for the top of a
    /// tree alone, and without a cgroup namespace who owns cgroups there leaves the container's by them
    /// (CVE-2023-25809). Root of the machine may do so anyway.
    private func hostCgroups(broughtBy mount: Config.Mount, to destination: Bytes) -> Bytes? {
        guard inUserNamespace || host.isUnprivileged, namespaces[.cgroup] == .host, let cgroups = host.cgroupMount,
            let source = mount.source?.below(request.bundle).cleanedPath
        else { return nil }
        let top = source == "/" ? "" : source
        guard cgroups.hasPrefix(top + "/") else { return nil }
        var ignored = Findings()
        let options = MountOptions.resolve(mount.options ?? [], at: "", &ignored)
        guard options.bind == .recursive, options.attributes.applied().contains(.readOnly) else { return nil }
        return destination + cgroups.dropFirst(top.count)
    }

    private mutating func resolveMount(_ mount: Config.Mount, _ destination: Bytes, _ index: Int) -> MountPlan? {
        let pointer = ("/mounts" as JSONPointer).appending(index)
        var options = resolveOptions(mount, pointer)
        if options.has(.remount) { return resolveRemount(mount, options, destination, index) }
        checkProcMount(options.bind == nil ? mount.type ?? "" : "bind", destination, pointer)
        let idMap = resolveIDMap(mount, options, pointer)
        if options.bind != nil { return resolveBind(mount, options, idMap, destination, pointer) }
        if let idMap { return resolveIDMapped(mount, options, idMap, destination, pointer) }
        if mount.type == "overlay" {
            return resolveOverlay(options, pointer).map {
                planned(MountPlan(destination: destination, what: .overlay($0)), options)
            }
        }
        guard let type = filesystemType(of: mount, pointer) else { return nil }
        leaveUnmappedOwner(of: type, &options)
        if type == "cgroup" || type == "cgroup2", namespaces[.cgroup] == .host {
            return resolveHostCgroupMount(options, destination, pointer)
        }
        var plan = planned(
            MountPlan(destination: destination, what: .filesystem(filesystem(type, mount, options, pointer))), options)
        plan.strict = type == "proc" || type == "sysfs"
        return plan
    }

    /// What the options say of every kind of mount.
    private func planned(_ plan: MountPlan, _ options: MountOptions) -> MountPlan {
        var plan = plan
        plan.propagation = options.propagation
        plan.noFollow = options.has(.destinationNoFollow)
        return plan
    }

    private mutating func filesystemType(of mount: Config.Mount, _ pointer: JSONPointer) -> Bytes? {
        if let type = mount.type, !type.isEmpty, type != "bind", type != "none" { return type }
        findings.error(
            pointer.appending("type"), "without bind or rbind in options this must name a filesystem",
            hint: "add \"rbind\" to options")
        return nil
    }

    private func filesystem(
        _ type: Bytes, _ mount: Config.Mount, _ options: MountOptions, _ pointer: JSONPointer
    ) -> FilesystemPlan {
        var plan = FilesystemPlan(
            type: type == "cgroup" ? "cgroup2" : type, source: mount.source ?? type, parameters: options.data)
        plan.attributes = options.attributesOfNew
        if isReadOnlyDev(mount) { plan.attributes.subtract(.readOnly) }
        // mount(2) does the same by itself.
        if let dot = type.firstIndex(of: 0x2e) {
            plan.parameters.append(
                .init(key: "subtype", value: type.dropFirst(dot + 1), origin: pointer.appending("type")))
        }
        plan.parameters += flagParameters(options, pointer).filter { $0.key != "ro" || !hidesReadOnly(plan.type) }
        if type == "ext4", options.superblock.set.contains(.iVersion) {
            plan.parameters.append(.init(key: "i_version", value: nil, origin: pointer.appending("options")))
        }
        addLabel(to: &plan)
        if plan.type == "cgroup2" { plan.fallback = self.plan.cgroup.directory }
        if inUserNamespace || host.isUnprivileged, let path = hostsOwn(plan.type) { plan.fallback = path }
        plan.takesMode = type == "tmpfs" && !options.data.contains { $0.key == "mode" }
        plan.copiesUp = options.has(.tmpcopyup)
        return plan
    }

    /// Filesystems whose read-only mounts are writable underneath: one superblock serves all mounts of some, and what
    /// one container asks for must not change the others; others are only known as memory.
    func hidesReadOnly(_ type: Bytes) -> Bool {
        belongsToNamespace(type) || type == "tmpfs" || type == "devpts"
    }

    /// Filesystems that show something of the namespaces that their maker is in.
    func belongsToNamespace(_ type: Bytes) -> Bool {
        (["proc", "sysfs", "cgroup", "cgroup2", "mqueue"] as [Bytes]).contains(type)
    }

    private mutating func resolveBind(
        _ mount: Config.Mount, _ options: MountOptions, _ idMap: MountIDMapPlan?, _ destination: Bytes,
        _ pointer: JSONPointer
    ) -> MountPlan? {
        guard let source = mount.source, !source.isEmpty else {
            findings.error(pointer.appending("source"), "a bind mount needs the path to bind")
            return nil
        }
        let slot = newSlot()
        var tree = TreePlan(path: source.below(request.bundle), recursive: options.bind == .recursive, slot: slot)
        tree.attributes = options.attributes
        tree.recursiveAttributes = options.recursive
        tree.attributesOrigin = pointer.appending("options")
        tree.idMap = idMap
        tree.mustBeProcfs = destination == "/proc"
        let base = namespacePropagation
        if base != .shared { tree.propagation.append(.init(type: base, recursive: true)) }
        tree.propagation += options.propagation
        var plan = MountPlan(destination: destination, what: .tree(slot: slot))
        plan.strict = destination == "/proc"
        plan.noFollow = options.has(.destinationNoFollow)
        plan.copiesLink = options.has(.copySymlink)
        tree.noFollow = plan.copiesLink || options.has(.sourceNoFollow)
        openTree(tree, pointer.appending("source"))
        return plan
    }

    /// A filesystem with an id map is made outside: only who may do so to the whole filesystem gives its mounts one,
    /// and the root of a container's user namespace cannot reach the namespace that holds the maps.
    private mutating func resolveIDMapped(
        _ mount: Config.Mount, _ options: MountOptions, _ idMap: MountIDMapPlan, _ destination: Bytes,
        _ pointer: JSONPointer
    ) -> MountPlan? {
        guard let type = filesystemType(of: mount, pointer) else { return nil }
        if belongsToNamespace(type) || type == "devpts" || type == "overlay" {
            findings.error(idMap.origin, "a mount of type \(type) takes no id map")
            return nil
        }
        if options.has(.tmpcopyup) { findings.error(idMap.origin, "an id map and tmpcopyup are not used together") }
        var filesystem = filesystem(type, mount, options, pointer)
        filesystem.takesMode = false
        let slot = newSlot()
        outside(.makeFilesystem(filesystem, idMap, slot: slot), pointer)
        return planned(MountPlan(destination: destination, what: .tree(slot: slot)), options)
    }

    /// Without a cgroup namespace the host's tree is bound: a new cgroup2 mount would wait for an RCU grace period.
    private mutating func resolveHostCgroupMount(
        _ options: MountOptions, _ destination: Bytes, _ pointer: JSONPointer
    ) -> MountPlan? {
        let slot = newSlot()
        var tree = TreePlan(path: host.cgroupMount ?? "/sys/fs/cgroup", recursive: false, slot: slot)
        tree.attributes = options.attributes
        tree.recursiveAttributes = options.recursive
        tree.attributesOrigin = pointer.appending("options")
        tree.propagation = [.init(type: .private, recursive: true)] + options.propagation
        for parameter in options.data {
            findings.warn(
                parameter.origin, "ignored: without a cgroup namespace the container sees the host's cgroup filesystem")
        }
        openTree(tree, pointer)
        var plan = MountPlan(destination: destination, what: .tree(slot: slot))
        plan.noFollow = options.has(.destinationNoFollow)
        return plan
    }

    /// The flags of a filesystem, as it takes them.
    func flagParameters(_ options: MountOptions, _ pointer: JSONPointer) -> [MountOptions.Parameter] {
        options.superblock.names.map { .init(key: $0, value: nil, origin: pointer.appending("options")) }
    }

    /// The options sorted; those that the mount is not of the kind for are errors.
    mutating func resolveOptions(_ mount: Config.Mount, _ pointer: JSONPointer) -> MountOptions {
        let options = MountOptions.resolve(mount.options ?? [], at: pointer.appending("options"), &findings)
        for special in options.special {
            switch special.kind {
            case .tmpcopyup where mount.type != "tmpfs" || options.bind != nil:
                findings.error(special.origin, "tmpcopyup is for mounts of type tmpfs")
            case .copySymlink where options.bind == nil:
                findings.error(special.origin, "copy-symlink is for bind mounts")
            case .sourceNoFollow where options.bind == nil:
                findings.error(special.origin, "src-nofollow is for bind mounts")
            default: continue
            }
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
