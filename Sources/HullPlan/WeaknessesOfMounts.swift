// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension WeaknessSearch {
    mutating func lookAtMounts() {
        for (index, mount) in (config.mounts ?? []).enumerated() {
            let pointer = ("/mounts" as JSONPointer).appending(index)
            let options = mount.options ?? []
            if options.contains("bind") || options.contains("rbind") {
                lookAtBind(mount, options, pointer)
            } else {
                lookAtFilesystem(mount, options, pointer)
            }
            if let option = options.firstIndex(where: { $0 == "shared" || $0 == "rshared" }) {
                note(
                    pointer.appending("options").appending(option),
                    "\"\(options[option])\": what is mounted below it inside appears on the host")
            }
        }
    }

    private mutating func lookAtBind(_ mount: Config.Mount, _ options: [Bytes], _ pointer: JSONPointer) {
        let source = (mount.source ?? "").below(bundle).cleanedPath
        let isReadOnly = isReadOnly(options)
        if Self.commandSockets.contains(source) {
            note(
                pointer.appending("source"), "\(source) takes commands from whoever connects: as good as root",
                hint: "remove it")
        } else if let place = Self.hostPlaces.first(where: { $0.path == source }),
            place.isSecret || !isReadOnly
        {
            note(pointer.appending("source"), "\(source) \(place.holds)")
        }
        // A device is what it is, read-only or not: /linux/resources/devices decides.
        if !isReadOnly, !source.hasPrefix("/dev/") {
            note(
                pointer.appending("options"), "the host's \(source) can be written from inside",
                hint: "add \"ro\" unless it is meant to be written")
        }
    }

    /// Whose listeners run what they are told, with the rights of root.
    private static let commandSockets: [Bytes] = [
        "/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock",
        "/var/run/containerd/containerd.sock", "/run/crio/crio.sock", "/var/run/crio/crio.sock",
        "/run/podman/podman.sock", "/var/run/podman/podman.sock", "/run/systemd/private",
        "/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket",
    ]
    /// Secret is what tells too much even where it cannot be written.
    private static let hostPlaces: [(path: Bytes, isSecret: Bool, holds: Bytes)] = [
        ("/", true, "is all of the host"),
        ("/boot", false, "holds the host's kernel"),
        ("/dev", false, "holds the host's devices"),
        ("/etc", true, "holds the host's configuration and its password hashes"),
        ("/home", true, "holds the homes of the host's users"),
        ("/proc", true, "shows the host's processes"),
        ("/root", true, "is the home of the host's root"),
        ("/run", true, "holds the sockets of the host's services"),
        ("/sys", false, "commands the host's devices"),
        ("/usr", false, "holds the host's programs"),
        ("/var", true, "holds the data of the host's services"),
        ("/var/lib", true, "holds the data of the host's services"),
        ("/var/lib/containerd", true, "holds all containers of the host"),
        ("/var/lib/containers", true, "holds all containers of the host"),
        ("/var/lib/docker", true, "holds all containers of the host"),
        ("/var/lib/kubelet", true, "holds the secrets of the node's pods"),
        ("/var/run", true, "holds the sockets of the host's services"),
    ]

    private mutating func lookAtFilesystem(_ mount: Config.Mount, _ options: [Bytes], _ pointer: JSONPointer) {
        let type = mount.type ?? ""
        if let reach = Self.kernelFilesystems.first(where: { $0.type == type }) {
            note(pointer.appending("type"), "\(type) \(reach.reach)")
        }
        guard !isReadOnly(options) else { return }
        if type == "sysfs" {
            note(pointer.appending("options"), "without \"ro\" sysfs commands the host's devices", hint: "add \"ro\"")
        }
        // In a user namespace the files belong to somebody else, but for those that are given away.
        if type == "cgroup" || type == "cgroup2", !namespaces.isOwn(.user) {
            note(
                pointer.appending("options"), "without \"ro\" the container changes its own limits",
                hint: "add \"ro\", or a user namespace")
        }
    }

    /// Filesystems through which the kernel itself is read or commanded.
    private static let kernelFilesystems: [(type: Bytes, reach: Bytes)] = [
        ("binfmt_misc", "decides what the host's kernel executes"),
        ("bpf", "holds programs and maps of the host's kernel"),
        ("configfs", "makes objects in the kernel"),
        ("debugfs", "shows and commands the inside of the kernel"),
        ("efivarfs", "holds the variables of the firmware"),
        ("securityfs", "commands the security modules"),
        ("tracefs", "traces the kernel and every process"),
    ]

    /// Whether nothing below can be written; of contradicting options the last counts.
    private func isReadOnly(_ options: [Bytes]) -> Bool {
        let last = options.last { ["ro", "rw", "rro", "rrw"].contains($0) }
        return last == "ro" || last == "rro"
    }

    /// A procfs or sysfs inside shows the host through some of its files.
    mutating func lookAtHiddenPaths() {
        let mounted = (config.mounts ?? []).map(\.destination.cleanedPath).filter { $0 == "/proc" || $0 == "/sys" }
        lookFor(HiddenPaths.masked, in: config.linux?.maskedPaths ?? [], "maskedPaths", "can be read inside", mounted)
        let closed = (config.linux?.readonlyPaths ?? []) + (config.linux?.maskedPaths ?? [])
        lookFor(HiddenPaths.readonly, in: closed, "readonlyPaths", "can be written inside", mounted)
    }

    private mutating func lookFor(
        _ wanted: [Bytes], in said: [Bytes], _ key: Bytes, _ consequence: Bytes, _ mounted: [Bytes]
    ) {
        let said = said.map(\.cleanedPath)
        let missing = wanted.filter { path in
            mounted.contains { path.hasPrefix($0 + "/") }
                && !said.contains { path == $0 || path.hasPrefix($0 + "/") }
        }
        guard !missing.isEmpty else { return }
        note(
            ("/linux" as JSONPointer).appending(key), "\(missing.joined(", ")) \(consequence)",
            hint: missing.count == 1 ? "add it" : "add them")
    }
}
