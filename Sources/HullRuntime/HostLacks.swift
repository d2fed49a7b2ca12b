// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

extension Host {
    /// What a plan counts on and this machine does not have, for `check --host`. Nothing is made or changed.
    package func lacks(for plan: ContainerPlan) -> [Finding] {
        var search = LackSearch(host: self, plan: plan)
        search.lookAtMachine()
        for step in plan.outside { search.lookAt(step) }
        for step in plan.inside { search.lookAt(step) }
        search.lookAtHooks()
        search.lookAtProgram()
        return search.findings
    }
}

/// The work of `lacks`.
struct LackSearch {
    let host: Host
    let plan: ContainerPlan
    private(set) var findings: [Finding] = []
    private let filesystems: [Bytes]

    init(host: Host, plan: ContainerPlan) {
        self.host = host
        self.plan = plan
        filesystems = Bytes((try? HostFiles.read("/proc/filesystems")) ?? []).split(0x0a).compactMap {
            $0.split(0x09).last
        }
    }

    mutating func note(
        _ pointer: JSONPointer, _ problem: Bytes, hint: Bytes? = nil, _ severity: Severity = .error
    ) {
        let finding = Finding(severity, ConfigError(pointer, problem, hint: hint))
        if !findings.contains(finding) { findings.append(finding) }
    }

    mutating func lookAtMachine() {
        do { try host.requireUsable(cgroup: true) } catch { note(.root, error.cause, hint: error.hint) }
        if !plan.process.filter.isEmpty, !exists("/proc/sys/kernel/seccomp/actions_avail") {
            note("/linux/seccomp", "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)")
        }
        if let listener = plan.process.listener, !exists(listener.path) {
            note(listener.origin, "no agent: \(absence(of: listener.path))")
        }
        if plan.spawn.newUser, number("/proc/sys/user/max_user_namespaces") == 0 {
            note(
                "/linux/namespaces", "user namespaces are switched off",
                hint: "sysctl user.max_user_namespaces=15000")
        }
        if plan.intelRdt != nil, !exists("/sys/fs/resctrl/schemata") {
            note(
                "/linux/intelRdt", "no resctrl filesystem is mounted",
                hint: "mount -t resctrl resctrl /sys/fs/resctrl, where the processor can do it")
        }
    }

    mutating func lookAt(_ step: OutsideStep) {
        switch step.action {
        case .openTree(let tree): require(tree.path, step.origin)
        case .makeUpperLayer(let directory, _): require(directory, step.origin)
        case .openNamespace(_, let path, _): require(path, step.origin)
        case .openHookOutput(let path, _): require(path.parentPath, step.origin)
        case .makeFilesystem(let filesystem, _, _): require(type: filesystem.type, step.origin)
        case .moveNetDevice(let device, _):
            if !exists("/sys/class/net/\(device.name)") {
                note(
                    step.origin, "there is no network device \"\(device.name)\"",
                    hint: near(device.name, "/sys/class/net"))
            }
        case .mapByTool(let group, let maps):
            if let problem = problemOfTool(group, maps) { note(step.origin, problem) }
        case .requireSELinux:
            if !exists("/sys/fs/selinux/enforce") { note(step.origin, "SELinux is off, or not in this kernel") }
        default: break
        }
    }

    mutating func lookAt(_ step: InsideStep) {
        switch step.action {
        case .openLayer(let path, _): require(path, step.origin)
        case .openTree(let tree): require(tree.path, step.origin)
        case .mount(let mount):
            if case .filesystem(let filesystem) = mount.what { require(type: filesystem.type, step.origin) }
            if case .overlay = mount.what { require(type: "overlay", step.origin) }
        case .root(.overlay): require(type: "overlay", step.origin)
        case .sysctl(let path, _):
            let file = "/proc/sys/\(path)" as Bytes
            if !exists(file) { note(step.origin, "this kernel does not have it", hint: near(file)) }
        case .confine(.appArmor(let profile)), .tryToConfine(.appArmor(let profile)):
            lookAtAppArmor(profile, step.origin)
        default: break
        }
    }

    private mutating func lookAtAppArmor(_ profile: Bytes, _ pointer: JSONPointer) {
        guard Bytes((try? HostFiles.read("/sys/module/apparmor/parameters/enabled")) ?? []).trimmed == "Y" else {
            return note(pointer, "AppArmor is off, or not in this kernel")
        }
        guard let text = try? HostFiles.read("/sys/kernel/security/apparmor/profiles") else { return }
        let names = Bytes(text).split(0x0a).map { line in
            line.array.lastIndex(of: 0x28).map { line.prefix(max(0, $0 - 1)) } ?? line
        }
        if profile != "unconfined", !names.contains(profile) {
            note(pointer, "the profile \"\(profile)\" is not loaded", hint: nearestHint(to: profile, among: names))
        }
    }

    /// Those that run as programs of the host; the path of a startContainer hook is the container's.
    mutating func lookAtHooks() {
        for kind in HookKind.allCases where kind != .startContainer {
            for hook in plan.hooks[kind] where hook.path.isAbsolutePath {
                let pointer = hook.origin.appending("path")
                guard let status = try? HostFiles.status(hook.path) else {
                    note(pointer, absence(of: hook.path), hint: near(hook.path))
                    continue
                }
                if !status.isRegular || status.permissions & 0o111 == 0 {
                    note(pointer, "\(hook.path) is not executable: \(words(for: status))")
                }
            }
        }
    }

    // MARK: What is there

    private mutating func require(_ path: Bytes, _ pointer: JSONPointer) {
        guard !exists(path) else { return }
        note(pointer, absence(of: path), hint: near(path))
    }

    private mutating func require(type: Bytes, _ pointer: JSONPointer) {
        guard !filesystems.isEmpty, !filesystems.contains(type) else { return }
        note(
            pointer, "this kernel has no filesystem \"\(type)\", unless a module brings it",
            hint: nearestHint(to: type, among: filesystems) ?? "modprobe \(type)", .warning)
    }

    func exists(_ path: Bytes) -> Bool { (try? HostFiles.status(path)) != nil }

    private func number(_ path: Bytes) -> UInt64? { (try? HostFiles.read(path)).flatMap { Bytes($0).trimmed.decimal } }

    /// That it is missing, and from which component on.
    private func absence(of path: Bytes) -> Bytes {
        do throws(SystemError) { _ = try HostFiles.status(path) } catch {
            let refused = error.explained(at: path)
            return "\(path): \(error.errno.message)" + (refused.detail.isEmpty ? "" : " (\(refused.detail))")
        }
        var last = path.cleanedPath
        while last.parentPath != last, !exists(last.parentPath) { last = last.parentPath }
        return "\(path) is not there"
            + (last == path.cleanedPath ? "" : ": \(last.parentPath) has no \(last.lastComponent)")
    }

    /// The nearest name in the directory of the first component that is missing.
    private func near(_ path: Bytes) -> Bytes? {
        var last = path.cleanedPath
        while last.parentPath != last, !exists(last.parentPath) { last = last.parentPath }
        return near(last.lastComponent, last.parentPath)
    }

    private func near(_ name: Bytes, _ directory: Bytes) -> Bytes? {
        guard let names = try? Descriptor(opening: directory, [.directory]).entries() else { return nil }
        return nearestHint(to: name, among: names)
    }
}

/// Mode and owner as people say them.
func words(for status: FileStatus) -> Bytes {
    let digits = Bytes(String(status.permissions, radix: 8))
    return "mode 0\(digits), owner \(status.uid):\(status.gid)"
}
