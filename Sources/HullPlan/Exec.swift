// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// What is known of a running container when a process is put into it.
package struct ExecTarget: Sendable {
    package var id: Bytes
    package var bundle: Bytes
    /// The kinds of namespaces in which the container differs from the caller.
    package var namespaces: [NamespaceKind]
    /// Whether the container's root is that of its processes alone, not of its mount namespace.
    package var changedRoot: Bool
    /// The cgroup's directory on the host.
    package var cgroup: Bytes
    /// The annotations of its config.
    package var annotations: [Entry<Bytes>] = []
    /// Whether it has a class of service in resctrl.
    package var hasIntelRdt = false
    /// Whether its user namespace allows no setgroups(2).
    package var deniesSetgroups = false

    /// Takes the facts as they are.
    package init(id: Bytes, bundle: Bytes, namespaces: [NamespaceKind], changedRoot: Bool = false, cgroup: Bytes) {
        self.id = id
        self.bundle = bundle
        self.namespaces = namespaces
        self.changedRoot = changedRoot
        self.cgroup = cgroup
    }
}

/// The plan of a further process in a container: it joins what its first process has, and goes the same last mile.
/// Slot 0 is the pidfd of the first process, slot 1 its root where that is not the root of its mount namespace.
package func resolveExec(
    _ process: Config.Process, linux: Config.Linux?, in target: ExecTarget, _ request: Request, _ host: Host
) throws(ConfigErrors) -> ContainerPlan {
    var findings = Findings()
    var plan = ContainerPlan(id: target.id, bundle: target.bundle, rootfs: "")
    plan.process = resolveProgram(
        process, host, inUserNamespace: target.namespaces.contains(.user), at: .root, &findings)
    var surroundings = SeccompSurroundings()
    surroundings.annotations = target.annotations
    surroundings.receiver = request.seccompReceiver
    surroundings.bundle = target.bundle
    plan.process.filter(by: resolveSeccomp(linux?.seccomp, surroundings, at: "/linux/seccomp", &findings))
    plan.process.preservedDescriptors = request.preservedDescriptors
    if keepsOriginalGroups(target.annotations) { plan.process.groups = nil }
    if target.deniesSetgroups { plan.process.leaveGroups(at: "/user/additionalGids", &findings) }
    plan.cgroup.mountPoint = host.cgroupMount ?? ""
    plan.cgroup.countsMemory = host.controllers.contains("memory")
    plan.cgroup.path = resolveExecCgroup(request.cgroups, &findings)
    let labels = process.labels(at: .root)
    plan.spawn.slots = 2
    var joined = target.namespaces.filter { $0 != .pid }
    let inUser = joined.contains(.user)
    if host.isUnprivileged {
        // Only in the container's user namespace can a child be had in its pid namespace, and nobody but the machine's
        // root could go back to the own one.
        plan.spawn.joins = target.namespaces.filter { $0 == .user || $0 == .pid }.map { JoinPlan(kind: $0, slot: 0) }
        joined.removeAll { $0 == .user }
    } else if target.namespaces.contains(.pid) {
        plan.spawn.parentJoins = 0
    }
    func inside(_ action: InsideAction, _ origin: JSONPointer) {
        plan.inside.append(InsideStep(action: action, origin: origin))
    }
    if let (_, origin) = labels.first { inside(.openProc, origin) }
    if let tools = request.tools {
        plan.show(tools, in: target, &findings)
        joined.removeAll { $0 == .mount }
    }
    // The kernel takes the user namespace first: setns(2) of a pidfd.
    if !joined.isEmpty { inside(.join(joined, slot: 0), "") }
    if inUser {
        let root = setUpUser(linux, process)
        inside(.becomeNamespaceUser(uid: root.uid, gid: root.gid), "")
    }
    if !request.noNewKeyring {
        let origin: JSONPointer = process.label == nil ? "" : "/selinuxLabel"
        inside(.sessionKeyring("_ses.\(target.id)", label: process.label), origin)
    }
    inside(target.changedRoot ? .enterRoot(slot: 1) : .openRoot, "")
    if let console = resolveConsole(process, request, atDevConsole: false, at: .root, &findings) {
        plan.process.terminal = true
        inside(.console(console), "/terminal")
    }
    inside(.workingDirectory(plan.process.cwd), "/cwd")
    inside(.ownStandardStreams(uid: plan.process.uid), "/user/uid")
    if !plan.process.hasHome { inside(.home(uid: plan.process.uid), "/env") }
    inside(.findExecutable, "/args/0")
    plan.inside += resolveSurroundings(linux, &findings)
    for (label, origin) in labels { inside(.confine(label), origin) }
    inside(.ready, "")
    plan.outside += execOutside(process, target, request, host, &findings)
    plan.warnings = findings.warnings
    try findings.throwIfAny()
    return plan
}

private func execOutside(
    _ process: Config.Process, _ target: ExecTarget, _ request: Request, _ host: Host, _ findings: inout Findings
) -> [OutsideStep] {
    var steps: [OutsideStep] = []
    if process.label != nil { steps.append(OutsideStep(action: .requireSELinux, origin: "/selinuxLabel")) }
    if let socket = request.consoleSocket, process.terminal == true {
        steps.append(OutsideStep(action: .connectConsole(socket), origin: "/terminal"))
    }
    let cpus = resolveCPUAffinity(process.execCPUAffinity, at: "/execCPUAffinity", &findings)
    // The process is hidden from its own user; what it is to have it gets from the runtime.
    let score = process.oomScoreAdj.flatMap { reachable(oomScore: $0, host, at: "/oomScoreAdj", &findings) }
    if let score, host.isOrdinaryUser { steps.append(OutsideStep(action: .oomScore(score), origin: "/oomScoreAdj")) }
    if let initial = cpus.initial {
        steps.append(OutsideStep(action: .ownAffinity(initial), origin: "/execCPUAffinity/initial"))
    }
    steps.append(OutsideStep(action: .clone, origin: ""))
    if target.hasIntelRdt { steps.append(OutsideStep(action: .joinIntelRdt, origin: "/linux/intelRdt")) }
    if let final = cpus.final {
        steps.append(OutsideStep(action: .affinity(final), origin: "/execCPUAffinity/final"))
    }
    steps.append(OutsideStep(action: .awaitReady, origin: ""))
    if let score, !host.isOrdinaryUser { steps.append(OutsideStep(action: .oomScore(score), origin: "/oomScoreAdj")) }
    steps += resolveScheduling(process, at: .root, &findings)
    for limit in resolveRlimits(process.rlimits, at: "/rlimits", &findings) {
        steps.append(
            OutsideStep(
                action: .limit(limit.resource, soft: limit.soft, hard: limit.hard), origin: limit.origin))
    }
    if let path = request.pidfdSocket {
        steps.append(OutsideStep(action: .sendPidfd(path, payload: "setns"), origin: ""))
    }
    if let path = request.pidFile { steps.append(OutsideStep(action: .pidFile(path), origin: "")) }
    return steps
}
