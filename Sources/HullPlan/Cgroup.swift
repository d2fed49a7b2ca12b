// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// The cgroup's path, the files to write and the device filter.
    mutating func resolveCgroup() {
        let linux = config.linux
        plan.cgroup.path = cgroupPath(linux?.cgroupsPath)
        guard let mount = host.cgroupMount else {
            findings.error(
                linuxPointer("cgroupsPath"), "no cgroup2 filesystem is mounted",
                hint: "hull needs cgroup v2: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
            return
        }
        plan.cgroup.mountPoint = mount
        outside(.makeCgroup, "/linux/cgroupsPath")
        let resources = resolveResources(linux?.resources, at: "/linux/resources", &findings)
        var absent: [Bytes] = []
        for controller in resources.controllers {
            if findings.require(controller, host, mount, strict: request.strictResources) {
                outside(.enableController(controller.name), controller.origin)
            } else {
                absent.append(controller.name)
            }
        }
        enableForNoLimit(resources)
        for file in resources.files where !absent.contains(file.controller) {
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
            let name = file.controller
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
                "/linux/cgroupsPath",
                "not supported yet: \"\(said)\" is the form slice:prefix:name of the systemd driver")
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
    /// Whether a controller can be had: an error where it cannot. Only a user without privileges goes on without it,
    /// warned, because whoever manages the machine decides what is delegated; unless the request is strict.
    @discardableResult
    mutating func require(
        _ controller: ResourcesPlan.Controller, _ host: Host, _ mount: Bytes, strict: Bool
    ) -> Bool {
        if host.controllers.contains(controller.name) { return true }
        let file = host.controllersFile ?? mount + "/cgroup.controllers"
        let found = "\(file) has: \(host.controllers.joined(" "))" as Bytes
        guard host.isUnprivileged else {
            let kernel = firstKernels.first { $0.controller == controller.name }
            let isOld = kernel.map { !host.hasKernel($0.major, $0.minor) } ?? false
            error(
                controller.origin, "the \(controller.name) controller is not in this machine's cgroup2 tree",
                hint: isOld ? "\(found); Linux \(kernel?.major ?? 0).\(kernel?.minor ?? 0) brings it" : found)
            return false
        }
        let problem = "the \(controller.name) controller is not delegated to this user" as Bytes
        let remedy =
            "\(found); an administrator delegates more by a drop-in of user@.service: [Service] "
            + "Delegate=cpu cpuset io memory pids" as Bytes
        if strict {
            error(controller.origin, problem, hint: remedy)
        } else {
            warn(controller.origin, "not applied: \(problem)", hint: remedy + " (--strict-resources: an error)")
        }
        return false
    }
}

/// Controllers that are younger than the oldest kernel that hull runs on.
private let firstKernels: [(controller: Bytes, major: UInt32, minor: UInt32)] = [("dmem", 6, 14)]
