// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

/// Turns what was said (config, request) and what is known (host) into what will be done. Pure: no file is read and the
/// kernel is not asked. All errors at once, in the order in which they are found.
package func resolve(
    _ config: Config, _ request: Request, _ host: Host
) throws(ConfigErrors) -> ContainerPlan {
    var resolution = Resolution(config, request, host)
    return try resolution.run()
}

/// The work of `resolve`: the two lists as they grow. Each concept's file extends this with its own part.
struct Resolution {
    let config: Config
    let request: Request
    let host: Host
    var plan: ContainerPlan
    var findings = Findings()
    var namespaces = NamespaceList()
    /// Steps that open layers: they come before everything else inside.
    var layers: [InsideStep] = []
    /// Files of the cgroup that would keep the first process out, or from its set-up: `pids.max` of 0 for instance.
    var cgroupFilesAfterSetUp: [OutsideStep] = []
    /// The slot of a mount namespace to join at the end.
    var mountNamespaceSlot: Int?
    /// By kind, the slots of the namespaces that are joined by path.
    var joinedSlots = [Int?](repeating: nil, count: NamespaceKind.allCases.count)
    /// Whether the runtime opens the file for clock offsets.
    var passesTimeOffsets = false
    var rootAction: (InsideAction, JSONPointer)?
    /// The user namespaces that hold the id maps of mounts.
    var idMapSlots: [IDMapSlot] = []
    /// What labels the container's filesystems.
    var mountLabel: MountOptions.Parameter?

    init(_ config: Config, _ request: Request, _ host: Host) {
        self.config = config
        self.request = request
        self.host = host
        plan = ContainerPlan(id: request.id, bundle: request.bundle, rootfs: "")
    }

    /// Adds a step to the outside list.
    mutating func outside(_ action: OutsideAction, _ origin: JSONPointer) {
        plan.outside.append(OutsideStep(action: action, origin: origin))
    }
    /// Adds a step to the inside list.
    mutating func inside(_ action: InsideAction, _ origin: JSONPointer) {
        plan.inside.append(InsideStep(action: action, origin: origin))
    }
    /// A place for a descriptor that both lists refer to.
    mutating func newSlot() -> Int {
        plan.spawn.slots += 1
        return plan.spawn.slots - 1
    }
    /// A property of `linux`, or `linux` itself where the config does not have it.
    func linuxPointer(_ key: Bytes) -> JSONPointer {
        config.linux == nil ? "/linux" : ("/linux" as JSONPointer).appending(key)
    }
    /// Whether the container gets a user namespace of its own.
    var newUserNamespace: Bool { namespaces.isNew(.user) }
    /// Whether the container runs in a user namespace that is not the caller's.
    var inUserNamespace: Bool { namespaces.isOwn(.user) }

    mutating func run() throws(ConfigErrors) -> ContainerPlan {
        decide()
        plan.warnings = findings.warnings
        try findings.throwIfAny()
        return plan
    }

    /// The order of the parts is the order of the steps.
    mutating func decide() {
        checkRootPropagation()
        plan.annotations = config.annotations ?? []
        warnOfHandlers()
        plan.hooks = resolveHooks(config.hooks, config.annotations, bundle: request.bundle, &findings)
        namespaces = resolveNamespaces(config.linux?.namespaces, at: "/linux/namespaces", &findings)
        mountLabel = resolveMountLabel()
        resolveRoot()
        resolveCgroup()
        resolveIntelRdt()
        let joins = resolveJoins()
        let mounts = resolveMounts() + resolveNotify()
        let devices = resolveDevices()
        resolveProcess()
        assembleInside(joins, mounts, devices)
        resolveSpawn()
    }

    private mutating func assembleInside(_ joins: [InsideStep], _ mounts: [InsideStep], _ devices: [InsideStep]) {
        // After the wait for the id maps: a process that ends with a word of the runtime unread is not heard any more.
        let waits = newUserNamespace ? 1 : 0
        plan.inside = joins.prefix(waits) + layers + joins.dropFirst(waits)
        resolveIdentity()
        inside(.propagation(namespacePropagation), "/linux/rootfsPropagation")
        if let (action, origin) = rootAction { inside(action, origin) }
        plan.inside += joiningNetwork(mounts) + devices
        if !plan.hooks[.prestart].isEmpty || !plan.hooks[.createRuntime].isEmpty {
            inside(.runtimeHooks, "/hooks")
        }
        resolveConsole()
        for hook in plan.hooks[.createContainer] { inside(.hook(.createContainer, hook), hook.origin) }
        inside(.makeWorkingDirectory(plan.process.cwd), "/process/cwd")
        resolveHiding()
        enterRoot()
        inside(.workingDirectory(plan.process.cwd), "/process/cwd")
        inside(.ownStandardStreams(uid: plan.process.uid), "/process/user/uid")
        if !plan.process.hasHome { inside(.home(uid: plan.process.uid), "/process/env") }
        inside(.findExecutable, "/process/args/0")
        plan.inside += resolveSurroundings(config.linux, &findings)
        resolveLabels(afterHooks: false)
        inside(.ready, "")
        resolveLabels(afterHooks: true)
    }

    private mutating func resolveSpawn() {
        openHookOutputs()
        if request.startsLater { outside(.listenForStart, "") }
        if let socket = request.consoleSocket, plan.process.terminal {
            outside(.connectConsole(socket), "/process/terminal")
        }
        moveNetDevices(beforeClone: true)
        outside(.clone, "/linux/namespaces")
        if makesNetworkBeside { outside(.makeNetwork, "/linux/namespaces") }
        if plan.intelRdt != nil { outside(.joinIntelRdt, linuxPointer("intelRdt")) }
        // In a user namespace no device can be made, and the kernel takes no such filter.
        if !plan.cgroup.isCallers, !host.isUnprivileged { outside(.attachDeviceFilter, "/linux/resources/devices") }
        resolveIDMaps()
        moveNetDevices(beforeClone: false)
        if newUserNamespace { outside(.releaseMappings, "/linux/uidMappings") }
        if passesTimeOffsets { outside(.passTimeOffsets, "/linux/timeOffsets") }
        if !plan.hooks[.prestart].isEmpty || !plan.hooks[.createRuntime].isEmpty {
            outside(.hooks(.prestart), "/hooks/prestart")
            outside(.hooks(.createRuntime), "/hooks/createRuntime")
        }
        outside(.awaitReady, "")
        plan.outside += cgroupFilesAfterSetUp
        // Until now the kernel may kill it: what cannot be killed waits for memory for ever, and hull with it.
        if let said = config.process?.oomScoreAdj,
            let score = reachable(oomScore: said, host, at: "/process/oomScoreAdj", &findings)
        {
            outside(.oomScore(score), "/process/oomScoreAdj")
        }
        plan.outside += resolveScheduling(config.process, at: "/process", &findings)
        for limit in resolveRlimits(config.process?.rlimits, at: "/process/rlimits", &findings) {
            outside(.limit(limit.resource, soft: limit.soft, hard: limit.hard), limit.origin)
        }
        if let path = request.pidfdSocket { outside(.sendPidfd(path, payload: "standard"), "") }
        if let path = KnownAnnotation.pidfdReceiver.value(in: config.annotations), !path.isEmpty {
            let path = path.below(request.bundle)
            outside(.sendPidfd(path, payload: "standard"), KnownAnnotation.pidfdReceiver.pointer)
        }
        if let path = request.pidFile { outside(.pidFile(path), "") }
    }
}

extension Resolution {
    /// Hostname and domainname: config.md asks for a UTS namespace, since they would be the host's otherwise.
    mutating func resolveIdentity() {
        if !request.noNewKeyring {
            let label = config.process?.label
            inside(.sessionKeyring("_ses.\(request.id)", label: label), label == nil ? "" : "/process/selinuxLabel")
        }
        if namespaces.isNew(.network), !makesNetworkBeside { inside(.interfaceUp("lo"), "/linux/namespaces") }
        for (name, pointer, action) in [
            (config.hostname, "/hostname" as JSONPointer, InsideAction.hostname),
            (config.domainname, "/domainname", InsideAction.domainname),
        ] {
            guard let name, !name.isEmpty else { continue }
            if !namespaces.isOwn(.uts) {
                findings.error(
                    pointer, "needs a uts namespace: it would rename the host",
                    hint: "add {\"type\": \"uts\"} to /linux/namespaces")
            }
            if name.count > 64 { findings.error(pointer, "is \(name.count) bytes long, the kernel takes 64 at most") }
            inside(action(name), pointer)
        }
    }

    /// Read-only paths, masked paths, sysctls: after createContainer hooks, which may still write and mount.
    mutating func resolveHiding() {
        let sysctls = resolveSysctl(
            config.linux?.sysctl, namespaces: namespaces, domainname: config.domainname, at: "/linux/sysctl", &findings)
        for sysctl in sysctls {
            requireForeign(sysctl.namespace, sysctl.origin)
            inside(.sysctl(path: sysctl.path, value: sysctl.value), sysctl.origin)
        }
        for (index, mount) in (config.mounts ?? []).enumerated() where isReadOnlyDev(mount) {
            inside(.makeReadOnly("/dev"), ("/mounts" as JSONPointer).appending(index).appending("options"))
        }
        resolvePaths(config.linux?.readonlyPaths, "/linux/readonlyPaths") { .readonlyPath($0) }
        let label = mountLabel
        resolvePaths(config.linux?.maskedPaths, "/linux/maskedPaths") { .maskedPath($0, label: label) }
    }

    private mutating func resolvePaths(
        _ paths: [Bytes]?, _ pointer: JSONPointer, _ action: (Bytes) -> InsideAction
    ) {
        var seen = PlacesByName()
        for (index, path) in (paths ?? []).enumerated() {
            if !path.isAbsolutePath {
                findings.error(pointer.appending(index), "\"\(path)\" is not an absolute path")
            } else if seen.place(of: path.cleanedPath, orNote: index) == nil {
                inside(action(path), pointer.appending(index))
            }
        }
    }

    /// A terminal is made inside, in the container's own devpts.
    mutating func resolveConsole() {
        guard let process = config.process else { return }
        let console = HullPlan.resolveConsole(process, request, atDevConsole: true, at: "/process", &findings)
        guard let console else { return }
        plan.process.terminal = true
        inside(.console(console), "/process/terminal")
    }
}

/// The terminal of a process; nil where it has none. Somebody must hold the other end: the caller, or who listens on
/// the console socket.
func resolveConsole(
    _ said: Config.Process, _ request: Request, atDevConsole: Bool, at pointer: JSONPointer,
    _ findings: inout Findings
) -> ConsolePlan? {
    let place = pointer.appending("terminal")
    guard said.terminal == true else {
        if request.consoleSocket != nil { findings.error(place, "is not true, but a console socket is given") }
        return nil
    }
    if request.consoleSocket == nil, request.detached {
        findings.error(place, "is true, and without --console-socket nobody would hold the terminal")
    }
    func number(_ said: UInt64, _ key: Bytes) -> UInt16 {
        if said > UInt64(UInt16.max) {
            findings.error(
                pointer.appending("consoleSize").appending(key), "\(said) is more than the kernel takes, 65535")
        }
        return UInt16(clamping: said)
    }
    let size = said.consoleSize.map { (rows: number($0.height, "height"), columns: number($0.width, "width")) }
    return ConsolePlan(uid: said.user?.uid ?? 0, size: size, atDevConsole: atDevConsole)
}
