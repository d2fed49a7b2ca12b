// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// The cgroup's path, the files to write and the device filter.
    mutating func resolveCgroup() {
        let linux = config.linux
        let unit = host.serviceManager.flatMap { resolveUnit(linux?.cgroupsPath, $0) }
        if host.serviceManager == nil { plan.cgroup.path = cgroupPath(linux?.cgroupsPath) }
        guard let mount = host.cgroupMount else {
            findings.error(
                linuxPointer("cgroupsPath"), "no cgroup2 filesystem is mounted",
                hint: "hull needs cgroup v2: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
            return
        }
        plan.cgroup.mountPoint = mount
        if host.serviceManager == nil { outside(.makeCgroup, "/linux/cgroupsPath") }
        let resources = resolveResources(linux?.resources, at: "/linux/resources", &findings)
        if let unit { start(unit, resources) }
        for controller in resources.controllers {
            if findings.require(controller, host, mount) {
                outside(.enableController(controller.name), controller.origin)
            }
        }
        enableForNoLimit(resources)
        for file in resources.files {
            let step = OutsideStep(action: .writeCgroupFile(file), origin: file.origin)
            if file.afterProcess { cgroupFilesAfterClone.append(step) } else { plan.outside.append(step) }
        }
        plan.cgroup.deviceFilter = resolveDeviceRules(
            linux?.resources?.devices, at: "/linux/resources/devices", &findings)
    }

    /// A file that says "no limit" needs no controller; where there is one, the file is there to be read.
    private mutating func enableForNoLimit(_ resources: ResourcesPlan) {
        var enabled = resources.controllers.map(\.name)
        for file in resources.files where file.absence == .skip {
            let name = file.name.prefix(file.name.firstIndex(of: 0x2e) ?? 0)
            guard host.controllers.contains(name), !enabled.contains(name) else { continue }
            enabled.append(name)
            outside(.enableController(name), file.origin)
        }
    }

    /// An absolute path is one below the cgroup2 mount; a relative one, and none, is a sibling of the caller's cgroup:
    /// the caller's own has processes in it, so no controller could be enabled below it (cgroups(7), "no internal
    /// processes").
    private mutating func cgroupPath(_ said: Bytes?) -> Bytes {
        guard let said, !said.isEmpty else { return request.id.below(host.ownCgroup.parentPath).cleanedPath }
        if said.contains(0x3a), !said.isAbsolutePath, said.split(0x3a, omittingEmpty: false).count == 3 {
            findings.error(
                "/linux/cgroupsPath", "\"\(said)\" is the form slice:prefix:name of the systemd driver",
                hint: "say --systemd-cgroup, or give a path")
        }
        let path = said.below(host.ownCgroup.parentPath)
        if path.split(0x2f).contains("..") {
            findings.error("/linux/cgroupsPath", "\"\(said)\" leads upwards by ..")
        } else if path.cleanedPath == "/" {
            findings.error("/linux/cgroupsPath", "\"\(said)\" is the root of the cgroup tree")
        }
        return path.cleanedPath
    }

    /// config-linux.md, "Cgroup ownership": with a cgroup namespace of its own and the tree mounted for writing the
    /// container manages what is below its cgroup, which then belongs to the user of its program.
    mutating func giveCgroup(to uid: UInt32?, _ gid: UInt32?) {
        guard namespaces.isNew(.cgroup), let uid, let gid, uid != 0,
            let index = (config.mounts ?? []).firstIndex(where: isWritableTree)
        else { return }
        outside(.delegateCgroup(uid: uid, gid: gid), ("/mounts" as JSONPointer).appending(index))
    }

    private func isWritableTree(_ mount: Config.Mount) -> Bool {
        mount.source == "cgroup" && ("/" + mount.destination).cleanedPath == "/sys/fs/cgroup"
            && !(mount.options ?? []).contains("ro")
    }
}

extension Findings {
    /// Whether the machine's cgroup2 tree has a controller; an error where it has not.
    @discardableResult
    mutating func require(_ controller: ResourcesPlan.Controller, _ host: Host, _ mount: Bytes) -> Bool {
        if host.controllers.contains(controller.name) { return true }
        error(
            controller.origin, "the \(controller.name) controller is not in this machine's cgroup2 tree",
            hint: "\(mount)/cgroup.controllers has: \(host.controllers.joined(" "))")
        return false
    }
}
