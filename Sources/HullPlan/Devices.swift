// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
internal import HullOCI

/// A device file of the container.
package struct DevicePlan: Sendable {
    package var path: Bytes
    package var kind: FileKind
    package var number: DeviceNumber
    /// Permission bits.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Where mknod(2) is not allowed, in a user namespace: the slot of the host's device, to be bound.
    package var slot: Int?
}

extension Resolution {
    /// The devices that config-linux.md asks for by default, and those of the config.
    mutating func resolveDevices() -> [InsideStep] {
        guard !(config.mounts ?? []).contains(where: bindsDev) else {
            if config.linux?.devices?.isEmpty == false {
                findings.warn("/linux/devices", "ignored: /dev is a bind mount, and what is in it stays as it is")
            }
            return []
        }
        var steps: [InsideStep] = []
        var said: [Bytes] = []
        for (index, device) in (config.linux?.devices ?? []).enumerated() {
            let pointer = ("/linux/devices" as JSONPointer).appending(index)
            guard let plan = resolveDevice(device, pointer) else { continue }
            said.append(plan.path)
            // The node of a devpts instance is reached by the link below.
            if plan.path != "/dev/ptmx" { steps.append(InsideStep(action: .device(plan), origin: pointer)) }
        }
        let memory: [(Bytes, UInt32)] = [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)]
        for (name, minor) in memory {
            addDefault("/dev/\(name)", 1, minor, said, &steps)
        }
        addDefault("/dev/tty", 5, 0, said, &steps)
        steps += defaultLinks()
        return steps
    }

    private mutating func addDefault(
        _ path: Bytes, _ major: UInt32, _ minor: UInt32, _ said: [Bytes], _ steps: inout [InsideStep]
    ) {
        guard !said.contains(path) else { return }
        var plan = DevicePlan(
            path: path, kind: .characterDevice, number: DeviceNumber(major: major, minor: minor), mode: 0o666, uid: 0,
            gid: 0)
        bindInUserNamespace(&plan, "/linux/namespaces")
        steps.append(InsideStep(action: .device(plan), origin: ""))
    }

    private mutating func bindInUserNamespace(_ plan: inout DevicePlan, _ pointer: JSONPointer) {
        guard inUserNamespace || host.isUnprivileged, plan.kind != .fifo else { return }
        let slot = newSlot()
        var tree = TreePlan(path: plan.path, recursive: false, slot: slot)
        tree.propagation = [.init(type: .private, recursive: true)]
        openTree(tree, pointer)
        plan.slot = slot
    }

    private mutating func resolveDevice(_ said: Config.Linux.Device, _ pointer: JSONPointer) -> DevicePlan? {
        guard let kind = FileKind(said: said.type) else {
            findings.error(pointer.appending("type"), "\"\(said.type)\" is no kind of device", hint: "c, b, u, p")
            return nil
        }
        checkDevice(said, pointer)
        let number = DeviceNumber(major: UInt32(clamping: said.major ?? 0), minor: UInt32(clamping: said.minor ?? 0))
        if kind != .fifo {
            if said.major == nil { findings.error(pointer.appending("major"), "is required for this kind") }
            if said.minor == nil { findings.error(pointer.appending("minor"), "is required for this kind") }
            if said.major ?? 0 < 0 || said.minor ?? 0 < 0 || !number.fitsKernel {
                findings.error(
                    pointer, "\(said.major ?? 0):\(said.minor ?? 0) is no device number", hint: "12 bits and 20 bits")
            }
        }
        var plan = DevicePlan(
            path: said.path.cleanedPath, kind: kind, number: number, mode: (said.fileMode ?? 0o666) & 0o7777,
            uid: said.uid ?? 0, gid: said.gid ?? 0)
        bindInUserNamespace(&plan, pointer.appending("path"))
        return plan
    }

    /// What no kind of device can have.
    private mutating func checkDevice(_ said: Config.Linux.Device, _ pointer: JSONPointer) {
        if !said.path.isAbsolutePath {
            findings.error(pointer.appending("path"), "\"\(said.path)\" is not an absolute path")
        } else if said.path.cleanedPath == "/" {
            findings.error(pointer.appending("path"), "\"\(said.path)\" is the root directory")
        }
        // Some tools write the kind of the file along, as stat(2) gives it.
        if let mode = said.fileMode, mode > 0o177777 {
            findings.error(
                pointer.appending("fileMode"), "\(mode) is no file mode", hint: "in decimal: 438 is 0666")
        }
        for (id, key) in [(said.uid, "uid" as Bytes), (said.gid, "gid")] where id == UInt32.max {
            findings.error(pointer.appending(key), "4294967295 is no id")
        }
    }

    /// The links of config-linux.md, "Default Devices" and "dev symbolic links".
    private func defaultLinks() -> [InsideStep] {
        var links: [(Bytes, Bytes)] = [
            ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
            ("/dev/stderr", "/proc/self/fd/2"), ("/dev/ptmx", "pts/ptmx"),
        ]
        if host.hasKcore { links.append(("/dev/core", "/proc/kcore")) }
        return links.map { InsideStep(action: .link(path: $0.0, target: $0.1), origin: "") }
    }

    /// Whether the mount brings a /dev of the host, which is to be left as it is.
    private func bindsDev(_ mount: Config.Mount) -> Bool {
        let options = mount.options ?? []
        return ("/" + mount.destination).cleanedPath == "/dev"
            && (options.contains("bind") || options.contains("rbind"))
    }
}

extension FileKind {
    /// The kind of `linux.devices[].type`.
    fileprivate init?(said: Bytes) {
        switch said {
        case "c", "u": self = .characterDevice
        case "b": self = .blockDevice
        case "p": self = .fifo
        default: return nil
        }
    }
}
