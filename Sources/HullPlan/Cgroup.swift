// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Resolution {
    /// The cgroup's path, the files to write and the device filter.
    mutating func resolveCgroup() {
        if request.keepsCgroup { return stayInCgroup() }
        let linux = config.linux
        let unit = host.serviceManager.flatMap { resolveUnit(linux?.cgroupsPath, $0) }
        if host.serviceManager == nil { plan.cgroup.path = cgroupPath(linux?.cgroupsPath) }
        if host.isUnprivileged, !mayMakeCgroup { return stayUndelegated() }
        guard let mount = host.cgroupMount else {
            findings.error(
                linuxPointer("cgroupsPath"), "no cgroup2 filesystem is mounted",
                hint: "hull needs cgroup v2: mount -t cgroup2 cgroup2 /sys/fs/cgroup, or --cgroup-manager disabled")
            return
        }
        plan.cgroup.mountPoint = mount
        plan.cgroup.countsMemory = host.controllers.contains("memory")
        if host.serviceManager == nil { outside(.makeCgroup, "/linux/cgroupsPath") }
        let resources = resolveResources(linux?.resources, at: "/linux/resources", &findings)
        if let unit { start(unit, resources) }
        var absent: [Bytes] = []
        for controller in resources.controllers {
            if findings.require(controller, host, mount, strict: request.strictResources) {
                outside(.enableController(controller.name), controller.origin)
            } else {
                absent.append(controller.name)
            }
        }
        enableForNoLimit(resources)
        writeFiles(resources, without: absent)
        plan.cgroup.deviceFilter = resolveDeviceRules(
            linux?.resources?.devices, at: "/linux/resources/devices", &findings)
    }

    /// `--cgroup-manager disabled`: no cgroup is made, so nothing can be limited. A limit that was asked for is an
    /// error; devices, which every engine denies unasked, and a path are warned of.
    private mutating func stayInCgroup() {
        useCallersCgroup()
        let said = config.linux?.resources
        let stays = "with --cgroup-manager disabled the container stays in its caller's cgroup" as Bytes
        for file in resolveResources(said, at: "/linux/resources", &findings).files where file.absence != .skip {
            findings.error(
                file.origin, "cannot be kept: \(stays)", hint: "leave it out, or say --cgroup-manager cgroupfs")
        }
        _ = resolveDeviceRules(said?.devices, at: "/linux/resources/devices", &findings)
        if said?.devices?.isEmpty == false {
            findings.warn("/linux/resources/devices", "no device is denied: \(stays)")
        }
        if config.linux?.cgroupsPath?.isEmpty == false {
            findings.warn("/linux/cgroupsPath", "has no effect: \(stays)")
        }
    }

    /// Most limits are there before the process is. Those under which it could not be set up follow when it is, before
    /// its program begins; what the set-up itself may take is limited meanwhile.
    private mutating func writeFiles(_ resources: ResourcesPlan, without absent: [Bytes]) {
        for file in resources.files where !absent.contains(file.controller) {
            // Of two words for one file the later one counts.
            cgroupFilesAfterSetUp.removeAll { $0.action.cgroupFile?.name == file.name }
            let now = file.duringSetUp
            if let now { outside(.writeCgroupFile(now), file.origin) }
            guard now != file else { continue }
            let lowers = file.name == "memory.max"
            cgroupFilesAfterSetUp.append(
                OutsideStep(action: lowers ? .lowerMemory(file) : .writeCgroupFile(file), origin: file.origin))
        }
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
        guard !plan.cgroup.isCallers, !host.isOrdinaryUser, namespaces.isNew(.cgroup), let uid, let gid, uid != 0,
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

extension CgroupFile {
    /// What is written before the process is there; nil where nothing is.
    ///
    /// The process of the set-up is small, but not as small as a program can be, and more is counted to its cgroup than
    /// to that of a program: its copies of the runtime's pages. Nor may it be slowed down by memory.high for minutes.
    fileprivate var duringSetUp: CgroupFile? {
        if afterSetUp { return nil }
        guard let bytes = memoryValue, bytes < CgroupFile.setUpMemory else { return self }
        if name == "memory.high" { return nil }
        guard name == "memory.max" else { return self }
        var roomy = self
        roomy.value = "\(CgroupFile.setUpMemory)"
        return roomy
    }

    /// What the set-up may take: several times what it needs, and not so much that a machine would miss it.
    package static let setUpMemory: UInt64 = 16 << 20

    /// The number as memparse() of the kernel reads it: `unified` may say 64K. nil for `max`.
    fileprivate var memoryValue: UInt64? {
        let shift: UInt64
        switch value.array.last {
        case UInt8(ascii: "k"), UInt8(ascii: "K"): shift = 10
        case UInt8(ascii: "m"), UInt8(ascii: "M"): shift = 20
        case UInt8(ascii: "g"), UInt8(ascii: "G"): shift = 30
        default: return value.decimal
        }
        return value.prefix(value.count - 1).decimal.map { $0 << shift }
    }
}

extension ContainerPlan {
    /// The limit of memory, where it follows the set-up.
    package var lateMemoryLimit: UInt64? {
        for case .lowerMemory(let file) in outside.map(\.action) { return file.memoryValue }
        return nil
    }
}

extension OutsideAction {
    /// The file of the cgroup that is written.
    var cgroupFile: CgroupFile? {
        switch self {
        case .writeCgroupFile(let file), .lowerMemory(let file): file
        default: nil
        }
    }
}
