// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
internal import HullOCI

extension PlanText {
    /// The id maps of a new user namespace: inside, outside, size.
    mutating func idMaps(_ plan: ContainerPlan) {
        let maps = plan.outside.flatMap { step -> [(name: Bytes, map: IDMapping)] in
            guard case .writeIDMap(let group, let maps) = step.action else { return [] }
            return maps.map { (group ? "gid" : "uid", $0) }
        }
        guard !maps.isEmpty else { return }
        heading("id maps")
        for (name, map) in maps {
            field(name, "\(map.containerID) \(map.hostID) \(map.size)\(arithmetic(map))")
        }
        for (name, id) in [("uid", plan.process.uid), ("gid", plan.process.gid)] as [(Bytes, UInt32)] {
            guard let host = hostID(of: id, maps.filter { $0.name == name }.map(\.map)) else { continue }
            field("process's \(name)", "\(id) is \(host) on the host")
        }
    }

    /// Where it is counted, and the limits.
    mutating func cgroup(_ cgroup: CgroupPlan, _ steps: [OutsideStep]) {
        guard !cgroup.path.isEmpty else { return }
        heading("cgroup")
        field("path", cgroup.directory)
        if cgroup.isCallers { return field("made", "no, it is the caller's") }
        for case .startUnit(let unit) in steps.map(\.action) {
            field("unit", unit.name)
            field("slice", unit.slice)
            field("manager", unit.isOfUser ? "systemd of the user" : "systemd")
        }
        for case .unitProperty(let property) in steps.map(\.action) {
            field("property", "\(property.name) = \(property.value.text)")
        }
        for file in steps.compactMap(\.action.cgroupFile) { field("file", "\(file.name) = \(file.value)") }
        field("device filter", "\(cgroup.deviceFilter.count) instructions")
    }

    /// The class of service and its lines.
    mutating func intelRdt(_ plan: IntelRdtPlan?) {
        guard let plan else { return }
        heading("resctrl")
        field("class", plan.words)
        for line in plan.schemata { field("schemata", line.text) }
        if let monitor = plan.monitor { field("monitoring", monitor) }
    }

    /// What the process becomes in the last mile.
    mutating func process(_ process: ProcessPlan, _ profile: Config.Linux.Seccomp?) {
        heading("process")
        field("args", process.arguments.map(argument).joined(" "))
        field("cwd", process.cwd)
        for entry in process.environment { field("env", entry) }
        field("uid", Bytes(decimal: process.uid))
        field("gid", Bytes(decimal: process.gid))
        field("groups", process.groups.map { $0.map { Bytes(decimal: $0) }.joined(" ") } ?? "as they are")
        field("umask", octal(process.umask))
        field("terminal", process.terminal ? "yes" : "no")
        if process.preservedDescriptors > 0 { field("preserved fds", Bytes(decimal: process.preservedDescriptors)) }
        field("no_new_privs", process.noNewPrivileges ? "yes" : "no")
        field("seccomp", seccomp(process))
        if let profile, !process.filter.isEmpty {
            for line in summary(of: profile) { field("", line) }
        }
        if let listener = process.listener { field("seccomp agent", listener.path) }
        if process.report != nil { field("seccomp report", "hull itself answers, as the filter would") }
    }

    /// The five sets by name.
    mutating func capabilities(_ sets: CapabilitySets) {
        heading("capabilities")
        for (name, set) in [
            ("bounding", sets.bounding), ("permitted", sets.permitted), ("effective", sets.effective),
            ("inheritable", sets.inheritable), ("ambient", sets.ambient),
        ] as [(Bytes, CapabilitySet)] {
            field(name, set.names.joined(" "))
        }
    }

    /// All hooks in the order of the life cycle.
    mutating func hooks(_ hooks: HooksPlan) {
        let all = HookKind.allCases.flatMap { kind in hooks[kind].map { (kind, $0) } }
        guard !all.isEmpty else { return }
        heading("hooks")
        for (kind, hook) in all {
            var words = "\(hook.path) \(hook.arguments.map(argument).joined(" "))" as Bytes
            if let environment = hook.environment { words = "\(words), env \(environment.map(argument).joined(" "))" }
            if let timeout = hook.timeoutMilliseconds { words = "\(words), timeout \(timeout) ms" }
            field(kind.name, words)
        }
    }

    /// What `state` and hooks are told.
    mutating func annotations(_ annotations: [Entry<Bytes>]) {
        guard !annotations.isEmpty else { return }
        heading("annotations")
        for entry in annotations { line("  \(entry.key) = \(entry.value)") }
    }

    /// What is going to be logged.
    mutating func warnings(_ warnings: [ConfigError]) {
        guard !warnings.isEmpty else { return }
        heading("warnings")
        for warning in warnings {
            line("  \(warning.pointer.text): \(warning.problem)" + (warning.hint.map { " (\($0))" } ?? ""))
        }
    }
}

/// An argument as it is, or in quotes where it could be taken for another number of arguments.
private func argument(_ text: Bytes) -> Bytes {
    let special = " \",\\".utf8
    return text.isEmpty || text.array.contains(where: { $0 < 0x20 || special.contains($0) }) ? quoted(text) : text
}

/// The ranges of a map, where it maps more than one id.
private func arithmetic(_ map: IDMapping) -> Bytes {
    guard map.size > 1 else { return "" }
    func range(_ first: UInt32) -> Bytes { "\(first)-\(UInt64(first) + UInt64(map.size) - 1)" }
    return " (\(range(map.containerID)) inside is \(range(map.hostID)) outside)"
}

/// The id that the host knows a container's by; nil where it has none.
package func hostID(of id: UInt32, _ maps: [IDMapping]) -> UInt32? {
    let map = maps.first { id >= $0.containerID && UInt64(id) < UInt64($0.containerID) + UInt64($0.size) }
    return map.map { id - $0.containerID + $0.hostID }
}

/// What the profile does, in a line for each action: how many calls have it, and how many of those by their arguments.
func summary(of profile: Config.Linux.Seccomp) -> [Bytes] {
    let errno = profile.defaultErrnoRet.map { " \($0)" as Bytes } ?? ""
    var lines: [Bytes] = ["\(profile.defaultAction)\(errno) by default"]
    var actions: [Bytes] = []
    for rule in profile.syscalls ?? [] where !actions.contains(rule.action) { actions.append(rule.action) }
    for action in actions {
        let rules = (profile.syscalls ?? []).filter { $0.action == action }
        let names = Set(rules.flatMap(\.names)).count
        let byArgument = Set(rules.filter { $0.args?.isEmpty == false }.flatMap(\.names)).count
        lines.append("\(action) for \(names) calls" + (byArgument == 0 ? "" : ", for \(byArgument) by argument"))
    }
    return lines
}

/// The filter as far as a program tells: its length and the flags of seccomp(2).
private func seccomp(_ process: ProcessPlan) -> Bytes {
    guard !process.filter.isEmpty else { return "none" }
    let flags = SeccompNames.flags.filter {
        SeccompFlags(rawValue: process.filterFlags).contains($0.flag)
    }
    return (["\(process.filter.count) instructions"] + flags.map(\.name)).joined(" ")
}
