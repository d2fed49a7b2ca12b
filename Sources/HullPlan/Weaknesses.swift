// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// What makes a container easier to leave, or the host easier to disturb, than the config that `spec` writes: findings
/// with the field to change, in the order of the document's parts. They are no errors: whoever writes a config may ask
/// for anything. Nothing is looked up: a finding depends on the config alone.
package func weaknesses(of config: Config, bundle: Bytes) -> [ConfigError] {
    var search = WeaknessSearch(config: config, bundle: bundle)
    search.lookAtProcess()
    search.lookAtCapabilities()
    search.lookAtRoot()
    search.lookAtMounts()
    search.lookAtNamespaces()
    search.lookAtMappings()
    search.lookAtDevices()
    search.lookAtSeccomp()
    search.lookAtHiddenPaths()
    search.lookAtAnnotations()
    return search.findings.warnings
}

/// The work of `weaknesses`.
struct WeaknessSearch {
    let config: Config
    let bundle: Bytes
    var findings = Findings()

    mutating func note(_ pointer: JSONPointer, _ problem: Bytes, hint: Bytes? = nil) {
        findings.warn(pointer, problem, hint: hint)
    }

    /// Where a namespace of the kind comes from: an error in the list is `check`'s, and counts as the host's here.
    var namespaces: NamespaceList {
        var ignored = Findings()
        return resolveNamespaces(config.linux?.namespaces, at: "/linux/namespaces", &ignored)
    }
}

extension WeaknessSearch {
    mutating func lookAtProcess() {
        guard let process = config.process else { return }
        if process.noNewPrivileges != true {
            note(
                "/process/noNewPrivileges", "is not true: programs with the set-user-ID bit give privileges",
                hint: "set it to true")
        }
        if process.apparmorProfile == "unconfined" {
            note("/process/apparmorProfile", "\"unconfined\" switches AppArmor off", hint: "remove it")
        }
        if let label = process.selinuxLabel, let type = label.split(UInt8(ascii: ":")).dropFirst(2).first,
            type == "spc_t" || type == "unconfined_t"
        {
            note("/process/selinuxLabel", "the type \(type) is not confined by SELinux", hint: "use container_t")
        }
        if let adjustment = process.oomScoreAdj, adjustment < 0 {
            note(
                "/process/oomScoreAdj", "is \(adjustment): where memory runs out the host's processes are killed first")
        }
    }

    mutating func lookAtRoot() {
        if config.root?.path.below(bundle).cleanedPath == "/" {
            note("/root/path", "is the host's own root")
        }
        let propagation = config.linux?.rootfsPropagation ?? ""
        if propagation == "shared" || propagation == "rshared" {
            note("/linux/rootfsPropagation", "\"\(propagation)\": what is mounted inside appears on the host")
        }
    }

    mutating func lookAtNamespaces() {
        let list = namespaces
        let kinds: [(kind: NamespaceKind, shared: Bytes)] = [
            (.pid, "sees the host's processes, and may signal those of its user"),
            (.network, "uses the host's network, and reaches its abstract sockets"),
            (.mount, "works in the host's table of mounts"),
            (.ipc, "shares memory, semaphores and queues with the host"),
            (.uts, "shares the host's name"),
            (.cgroup, "sees the host's cgroups"),
        ]
        for (kind, shared) in kinds {
            switch list[kind] {
            case .host:
                note(
                    "/linux/namespaces", "there is no \(kind.name) namespace: the container \(shared)",
                    hint: "add {\"type\": \"\(kind.name)\"}")
            case .join(let path, let origin) where isOfHost(path):
                note(origin.appending("path"), "is the host's \(kind.name) namespace: the container \(shared)")
            default: break
            }
        }
    }

    private func isOfHost(_ path: Bytes) -> Bool {
        let path = path.cleanedPath
        return path.hasPrefix("/proc/1/ns/") || path.hasPrefix("/proc/self/ns/")
    }

    /// A user namespace that maps the host's root protects nothing that belongs to root.
    mutating func lookAtMappings() {
        for (mappings, key, owner) in [
            (config.linux?.uidMappings, "uidMappings" as Bytes, "user" as Bytes),
            (config.linux?.gidMappings, "gidMappings", "group"),
        ] {
            for (index, mapping) in (mappings ?? []).enumerated() where mapping.hostID == 0 && mapping.size > 0 {
                let pointer = ("/linux" as JSONPointer).appending(key).appending(index).appending("hostID")
                note(pointer, "is 0: \(owner) \(mapping.containerID) inside is the host's root")
            }
        }
    }

    mutating func lookAtDevices() {
        for (index, device) in (config.linux?.devices ?? []).enumerated() {
            let pointer = ("/linux/devices" as JSONPointer).appending(index)
            if device.type == "b" {
                note(pointer, "\(device.path) is a block device: who opens it passes by the filesystem on it")
            } else if device.type == "c" || device.type == "u", device.major == 1, [1, 2, 4].contains(device.minor) {
                note(pointer, "\(device.path) is the machine's memory or its ports")
            }
        }
        let rules = config.linux?.resources?.devices ?? []
        for (index, rule) in rules.enumerated() where rule.allow && rule.access != "m" {
            let isOverruled = rules[(index + 1)...].contains { !$0.allow && isOfEveryDevice($0) }
            guard !isOverruled else { continue }
            let pointer = ("/linux/resources/devices" as JSONPointer).appending(index)
            if isOfEveryDevice(rule) {
                note(pointer, "allows every device of the host", hint: "name type, major and minor")
            } else if rule.major.map({ $0 == -1 }) ?? true {
                note(pointer, "allows every device of type \(rule.type ?? "a")", hint: "name major and minor")
            }
        }
    }

    private func isOfEveryDevice(_ rule: Config.Linux.Resources.DeviceRule) -> Bool {
        (rule.type ?? "a") == "a" && (rule.major ?? -1) == -1 && (rule.minor ?? -1) == -1
    }

    mutating func lookAtAnnotations() {
        if keepsOriginalGroups(config.annotations) {
            note(KnownAnnotation.keepOriginalGroups.pointer, "the process keeps the groups of hull's caller")
        }
        if KnownAnnotation.seccompProgram.value(in: config.annotations) != nil {
            note(KnownAnnotation.seccompProgram.pointer, "a compiled filter: what it lets pass cannot be seen here")
        }
    }
}
