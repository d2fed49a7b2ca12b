// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Creation {
    var cgroup: CgroupDirectory { plan.cgroup.isCallers ? .none : CgroupDirectory(path: plan.cgroup.directory) }

    /// What is going to be made is in the record before it is, so that a kill in between leaves nothing unknown. A
    /// cgroup that exists already is none of ours yet: undoing would kill whoever is in it.
    mutating func nameMissingCgroup() throws(SystemError) {
        let missing = try cgroup.missing()
        guard !missing.isEmpty else { return }
        record.cgroup = cgroup.path
        record.madeCgroups = Array(missing.dropLast())
    }

    /// Makes the cgroup, or takes an empty one that is there.
    mutating func makeCgroup() throws(SystemError) {
        if record.cgroup.isEmpty {
            try cgroup.checkUsable()
            record.cgroup = cgroup.path
            try directory.write(record)
        } else {
            try makeNamedCgroup()
        }
        cgroupDescriptor = try Descriptor(opening: record.cgroup, [.path, .directory])
    }

    private mutating func makeNamedCgroup() throws(SystemError) {
        var tries = 16
        while true {
            do throws(SystemError) { return try cgroup.make(after: record.madeCgroups) } catch {
                if error.errno == .eexist {
                    record.cgroup = ""
                    try directory.write(record)
                    throw SystemError(
                        "cgroup", cgroup.path, .ebusy, words: "another container has just made this cgroup")
                }
                tries -= 1
                guard error.errno == .enoent, tries > 0 else { throw error }
            }
            // The end of another container has taken a directory on the way along.
            try nameMissingCgroup()
            try directory.write(record)
        }
    }

    /// The file of a namespace, of the kind that is asked for: config-linux.md, "The runtime MUST generate an error if
    /// path is not associated with a namespace of type type".
    func openNamespace(_ kind: NamespaceKind, _ path: Bytes) throws(SystemError) -> Descriptor {
        let file = try Descriptor(opening: path)
        let type: UInt64
        do { type = try Kernel.namespaceType(file.number) } catch {
            throw SystemError("open", path, .einval, detail: "it is not a namespace")
        }
        guard type == kind.cloneFlag else {
            let found = NamespaceKind.allCases.first { $0.cloneFlag == type }?.name ?? "another"
            throw SystemError("open", path, .einval, detail: "it is a \(found) namespace, not a \(kind.name) one")
        }
        return file
    }

    /// A namespace to join that is the runtime's own by another path: what is set in it would be set on the host.
    func requireForeign(_ kind: NamespaceKind, _ slot: Int) throws(SystemError) {
        guard let number = held[slot] else { throw SystemError("descriptor", "\(slot)", .ebadf) }
        let own = try HostFiles.status("/proc/self/ns/\(kind.fileName)")
        guard try FileStatus(ofOpen: number).inode != own?.inode else {
            throw SystemError(
                "setns", kind.name, .einval, words: "not allowed: the \(kind.name) namespace to join is the host's")
        }
    }

    /// The socket on which init waits for `start`. Its path may be longer than sun_path allows, so it is bound from
    /// inside the directory; the working directory of the runtime is the bundle before and after.
    mutating func listenForStart() throws(SystemError) {
        try HostFiles.changeDirectory(directory.path)
        listener = try Sockets.listen(at: ContainerDirectory.startSocket)
        try HostFiles.changeDirectory(plan.bundle)
    }

    mutating func clone() throws(SystemError) {
        let hasConsole = plan.process.terminal
        if hasConsole, consoleSocket == nil {
            let pair = try Sockets.pair()
            consoleSocket = consume pair.first
            ownConsole = consume pair.second
        }
        var taken = DescriptorList()
        swap(&taken, &held)
        let entrance = try UnitEntrance(to: record, mountPoint: plan.cgroup.mountPoint)
        let made = try spawn(
            plan, taken, cgroup: cgroupDescriptor?.number, entrance: entrance, hookState: hookState(),
            listener: listener?.number, consoleSocket: consoleSocket?.number, times: trace?.inside)
        try placeholder.take()?.end()
        record.pid = made.process.pid
        initSocket = made.socket.number
        spawned = consume made
        record.startTime = try Procfs.startTime(of: record.pid) ?? 0
        try directory.write(record)
        listener = nil
        consoleSocket = nil
    }

    func sendPidfd(to path: Bytes, _ payload: Bytes) throws(SystemError) {
        switch spawned {
        case .some(let made): try HullRuntime.sendPidfd(made.process, to: path, payload)
        case nil: throw SystemError("sendmsg", path, .esrch)
        }
    }

    func writeProc(_ name: Bytes, _ text: Bytes) throws(SystemError) {
        try HostFiles.write("/proc/\(record.pid)/\(name)", text)
    }

    /// The maps as the kernel shows them to the runtime: in ids of the runtime's user namespace, as in the config.
    func compareIDMap(_ name: Bytes, _ said: [IDMapping]) throws(SystemError) {
        let path = "/proc/\(record.pid)/\(name)" as Bytes
        let found = IDMapping.all(inMap: Bytes(try HostFiles.read(path)))
        guard found == said.inOrder else {
            let lines = found.map { "\($0.containerID) \($0.hostID) \($0.size)" as Bytes }.joined(", ")
            throw SystemError(
                "read", path, .einval, words: "the user namespace that is joined has another id mapping: \(lines)")
        }
    }

    /// What asks for other namespaces of the runtime, hooks, systemd, agents, comes when it is back in its own. The
    /// process needs no word that the loopback device is up: that is before it is told to start.
    func makeNetwork() throws(SystemError) {
        let own = try Descriptor(opening: "/proc/self/ns/net")
        try CurrentProcess.unshare(NamespaceKind.network.cloneFlag)
        var failure: SystemError?
        do throws(SystemError) {
            let made = try Descriptor(opening: "/proc/self/ns/net")
            try RuntimeWord.network.send(to: initSocket, unlessGone: [made.number])
            try Kernel.setInterfaceUp("lo")
        } catch { failure = error }
        try CurrentProcess.join([.network], own.number)
        if let failure { throw failure }
    }

    /// timens_offsets(7) belongs to the host's root, since the process hides from all others; whoever has it open may
    /// write if the opener might.
    func passTimeOffsets() throws(SystemError) {
        let file = try Descriptor(opening: "/proc/\(record.pid)/timens_offsets", [.write])
        try RuntimeWord.timeOffsets.send(to: initSocket, descriptors: [file.number])
    }

    func say(_ word: RuntimeWord) throws(SystemError) {
        try word.send(to: initSocket)
    }

    /// What hooks read: only status and pid depend on the moment.
    func hookState() -> HookState { HookState(of: record) }

    /// Runs the hooks that belong between the namespaces and pivot_root, when the process has come there.
    mutating func runHooks(_ kind: HookKind) throws(Failure) {
        if kind == .prestart {
            let message = try next()
            guard case .hooksPoint = message else { throw Failure("the container's process did not stop for hooks") }
        }
        try HullRuntime.runHooks(kind, of: plan.hooks, record: record, status: .creating)
        if kind == .createRuntime { try attempt { () throws(SystemError) in try say(.goOn) } }
    }

    mutating func awaitReady() throws(Failure) {
        guard case .ready(let hint) = try next() else { throw Failure("the container's process is not ready") }
        spawned?.hint = hint
    }

    private func next() throws(Failure) -> InitMessage {
        guard let message = try spawned?.next(plan, cgroup) else { throw Failure("there is no process") }
        return message
    }

    /// What to do about errors whose words mislead.
    func hint(for error: SystemError, _ action: OutsideAction) -> Bytes? {
        switch action {
        case .startUnit(let unit): systemdHint(for: error, unit.name, unit.isOfUser)
        case .makeCgroup, .enableController: cgroup.obstacle(to: error, mountPoint: plan.cgroup.mountPoint)
        case .clone where error.isOfCgroup: cgroup.obstacle(to: error, mountPoint: plan.cgroup.mountPoint)
        case .openTree where error.errno == .enoent: "the path is looked up on the host, relative ones in the bundle"
        case .moveNetDevice where error.errno == .enodev: "it is looked up in the runtime's network namespace"
        case .moveNetDevice where error.errno == .eperm: "moving a network device needs CAP_NET_ADMIN"
        case .openTree, .makeFilesystem: hintOfIDMap(error)
        case .limit where error.errno == .eperm:
            "raising a hard limit needs CAP_SYS_RESOURCE in the host's user namespace"
        case .attachDeviceFilter: cgroup.hintOfDeviceFilter(error, mountPoint: plan.cgroup.mountPoint)
        case .mapByTool(let group, let maps): hintOfTool(group, maps, error)
        case .clone where error.call == "AttachProcessesToUnit": UnitEntrance.hint
        case .clone where error.call == "clone3" && plan.spawn.staysVisible && hintOfUserNamespace(error) != nil:
            hintOfUserNamespace(error)
        case .clone where error.errno == .enospc, .makeNetwork where error.errno == .enospc:
            "the limit of nested or counted namespaces is reached: /proc/sys/user"
        case .clone where error.call == "setns" && error.errno == .eperm:
            "joining needs CAP_SYS_ADMIN in the user namespace that owns it"
        case .clone where error.errno == .einval: "this kernel may lack one of the namespace kinds"
        default: nil
        }
    }
}
