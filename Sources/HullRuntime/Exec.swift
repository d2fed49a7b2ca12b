// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

/// A further process in a container: the verb `exec`.
package struct Execution: ~Copyable {
    private let plan: ContainerPlan
    private let record: ContainerRecord
    private let status: Status
    private var held = DescriptorList()
    private var consoleSocket: Descriptor?
    private var ownConsole: Descriptor?
    private var spawned: Spawned?
    private var pid: Int32 = 0
    /// Who notes when what was done, where a trace is wanted.
    private var trace: TraceRecorder?

    /// Finds the container, which must not have stopped, and decides. `say` turns the config's process into the wanted
    /// one.
    package static func prepare(
        in id: Bytes, of store: ContainerStore, _ request: Request, _ host: Host,
        trace: TraceRecorder? = nil, _ say: (Config) throws(Failure) -> Config.Process
    ) throws(Failure) -> Execution {
        let directory = try store.open(id)
        let record = try directory.requireRecord()
        let status = try directory.status(record)
        guard status != .stopped, status != .creating else {
            throw Failure("cannot exec in a stopped container", code: .state)
        }
        if status == .paused, !request.ignoresPause {
            throw Failure("cannot exec in a paused container (use --ignore-paused to override)", code: .state)
        }
        if !request.cgroups.isEmpty { try record.requireCgroup() }
        let first = try attempt { () throws(SystemError) in try ProcessHandle(opening: record.pid) }
        let config = try directory.readConfig()
        let kinds = try attempt { () throws(SystemError) in
            try foreignNamespaces(of: record.pid, made: config.linux?.namespaces ?? [])
        }
        var root: Descriptor?
        if record.changedRoot {
            root = try attempt { () throws(SystemError) in
                try Descriptor(opening: "/proc/\(record.pid)/root", [.path, .directory])
            }
        }
        let isThere = try attempt { () throws(SystemError) in try isAlive(record) }
        guard isThere else { throw Failure("cannot exec in a stopped container", code: .state) }
        let process = try say(config)
        var target = ExecTarget(id: id, bundle: record.bundle, namespaces: kinds, cgroup: record.cgroup)
        target.annotations = record.annotations
        if host.isUnprivileged {
            let word = try attempt { () throws(SystemError) in try HostFiles.read("/proc/\(record.pid)/setgroups") }
            target.deniesSetgroups = Bytes(word).trimmed == "deny"
        }
        target.hasIntelRdt = !record.intelRdt.group.isEmpty
        target.changedRoot = record.changedRoot
        let plan: ContainerPlan
        do throws(ConfigErrors) {
            plan = try resolveExec(process, linux: config.linux, in: target, request, host)
        } catch {
            throw Failure(error)
        }
        var execution = Execution(plan, record, status, first.intoDescriptor(), root)
        execution.trace = trace
        try execution.trace?.prepare(plan, isFirst: false)
        return execution
    }

    private init(
        _ plan: ContainerPlan, _ record: ContainerRecord, _ status: Status, _ first: consuming Descriptor,
        _ root: consuming Descriptor?
    ) {
        self.plan = plan
        self.record = record
        self.status = status
        held.set(0, first)
        if let root { held.set(1, root) }
    }

    /// What is done otherwise than asked for.
    package var warnings: [ConfigError] { plan.warnings }

    /// The kinds in which the process is in another namespace than the caller. Those that were made for it are not
    /// asked for: who is in one of them already joins it again, which does no harm but to a user namespace.
    static func foreignNamespaces(
        of pid: Int32, made: [Config.Linux.Namespace] = []
    ) throws(SystemError) -> [NamespaceKind] {
        var kinds: [NamespaceKind] = []
        for kind in NamespaceKind.allCases {
            if kind != .user, made.contains(where: { $0.path == nil && $0.type == kind.name }) {
                kinds.append(kind)
                continue
            }
            guard let own = try HostFiles.status("/proc/self/ns/\(kind.fileName)"),
                let other = try HostFiles.status("/proc/\(pid)/ns/\(kind.fileName)")
            else { continue }
            if own.inode != other.inode { kinds.append(kind) }
        }
        return kinds
    }

    /// Makes the process, ready to go. On failure it is gone again.
    package mutating func run() throws(Failure) {
        do throws(Failure) {
            for step in plan.outside {
                trace?.note()
                try apply(step)
            }
            trace?.note()
            let agent = try SeccompAgent.connect(plan.process.listener, pid: pid, record, status)
            trace?.noteStart()
            try spawned?.start(plan, CgroupDirectory(path: record.cgroup), agent: agent)
            trace?.noteExecution()
            try writeTrace()
        } catch {
            var failure = error
            // It is the failure that counts: that its trace cannot be written besides does not.
            try? writeTrace()
            failure.blameIDs(plan.process)
            failure.blame(
                DeniedPath(plan.process, root: "/proc/\(record.pid)/root", uids: maps("uid"), gids: maps("gid")))
            if let made = spawned.take() {
                try? made.process.signal(9)
                _ = try? made.process.wait()
            }
            throw failure
        }
    }

    /// Writes the trace, once, where one is wanted.
    private mutating func writeTrace() throws(Failure) {
        if let trace = trace.take() { try trace.write(plan, pid: pid, isFirst: false) }
    }

    /// From the container's ids to those that this process sees.
    private func maps(_ kind: Bytes) -> [IDMapping] {
        IDMapping.all(inMap: Bytes((try? HostFiles.read("/proc/\(record.pid)/\(kind)_map")) ?? []))
    }

    private mutating func apply(_ step: OutsideStep) throws(Failure) {
        if case .awaitReady = step.action {
            guard case .ready(let hint)? = try spawned?.next(plan, CgroupDirectory(path: record.cgroup)) else {
                throw Failure("the process is not ready")
            }
            spawned?.hint = hint
            return
        }
        do throws(SystemError) { try carryOut(step.action) } catch {
            let hint = error.call == "AttachProcessesToUnit" ? UnitEntrance.hint : nil
            var failure = Failure(error, pointer: step.origin, hint: hint)
            failure.phase = .outside
            if error.errno == .eagain {
                failure.blameTasks(CgroupDirectory(path: record.cgroup))
            }
            throw failure
        }
    }

    private mutating func carryOut(_ action: OutsideAction) throws(SystemError) {
        switch action {
        case .connectConsole(let path): consoleSocket = try Sockets.connect(to: path, seqpacket: false)
        case .openTree(let tree): held.set(tree.slot, try held.makeTree(tree))
        case .clone: try clone()
        case .joinIntelRdt: try record.intelRdt.add(pid)
        case .oomScore(let score):
            // Before the process is there the runtime's own, which it will have.
            try HostFiles.write("/proc/\(pid > 0 ? "\(pid)" : "self" as Bytes)/oom_score_adj", "\(score)")
        case .limit(let limit, let soft, let hard): try Credentials.setLimit(limit, soft: soft, hard: hard, pid: pid)
        case .requireSELinux: try requireSELinux()
        case .sendPidfd(let path, let payload): try sendPidfd(to: path, payload)
        case .ownAffinity(let cpus): try Scheduling.setAffinity(cpus, pid: 0)
        case .affinity(let cpus): try Scheduling.setAffinity(cpus, pid: pid)
        case .scheduler(let attributes): try Scheduling.set(attributes, pid: pid)
        case .ioPriority(let priority): try Scheduling.set(priority, group: pid)
        case .pidFile(let path): try PidFile.write(pid, to: path)
        default: throw SystemError("exec", "a step of create", .einval)
        }
    }

    private mutating func clone() throws(SystemError) {
        if plan.process.terminal, consoleSocket == nil {
            let pair = try Sockets.pair()
            consoleSocket = consume pair.first
            ownConsole = consume pair.second
        }
        let cgroup = try openCgroup()
        let cgroupNumber: Int32? =
            switch cgroup {
            case .some(let opened): opened.number
            case nil: nil
            }
        var taken = DescriptorList()
        swap(&taken, &held)
        let made = try spawn(
            plan, taken, cgroup: cgroupNumber, entrance: try entrance(), hookState: HookState(of: record),
            listener: nil, consoleSocket: consoleSocket?.number, times: trace?.inside
        ) { (error) throws(SystemError) in
            guard plan.cgroup.path.isEmpty, [.ebusy, .eopnotsupp].contains(error.errno) else { return nil }
            return try cgroupOfFirst()
        }
        pid = made.process.pid
        spawned = consume made
        consoleSocket = nil
    }

    /// The container's cgroup, or the one below it that was asked for; nil where it has none of its own.
    private func openCgroup() throws(SystemError) -> Descriptor? {
        if record.cgroup.isEmpty { return nil }
        let cgroup = try Descriptor(opening: record.cgroup, [.path, .directory])
        if plan.cgroup.path.isEmpty { return cgroup }
        return try Descriptor(openingBelow: cgroup, plan.cgroup.path)
    }

    /// The cgroup of the container's first process. One that manages its own subtree, systemd for instance, has left
    /// the container's cgroup for one below: a cgroup whose children have controllers holds no process itself
    /// (cgroups(7), "no internal processes").
    private func cgroupOfFirst() throws(SystemError) -> Descriptor? {
        guard let below = try placeOfFirst() else { return nil }
        let cgroup = try Descriptor(opening: record.cgroup, [.path, .directory])
        return try Descriptor(openingBelow: cgroup, below)
    }

    /// The path from the container's cgroup to that of its first process; nil where it is the same.
    private func placeOfFirst() throws(SystemError) -> Bytes? {
        let own = record.cgroup.dropFirst(plan.cgroup.mountPoint.count)
        guard let first = try Procfs.cgroup(of: "\(record.pid)"), first.hasPrefix(own + "/") else { return nil }
        return first.dropFirst(own.count + 1)
    }

    /// Where an ordinary user's systemd has to let the process in.
    private func entrance() throws(SystemError) -> UnitEntrance? {
        guard record.unitIsOfUser else { return nil }
        let below = plan.cgroup.path.isEmpty ? try placeOfFirst() ?? "" : plan.cgroup.path
        return try UnitEntrance(to: record, below, mountPoint: plan.cgroup.mountPoint)
    }

    private func sendPidfd(to path: Bytes, _ payload: Bytes) throws(SystemError) {
        switch spawned {
        case .some(let made): try HullRuntime.sendPidfd(made.process, to: path, payload)
        case nil: throw SystemError("sendmsg", path, .esrch)
        }
    }

    /// Forwards signals and the terminal until the process ends. Gives the exit code of the shell's view.
    package consuming func attend(_ signals: borrowing SignalsOfCaller) throws(Failure) -> Int32 {
        let relay = try receiveTerminal()
        guard let made = spawned.take() else { throw Failure("there is no process") }
        defer { relay?.restore() }
        do { return try HullRuntime.attend(made.process, signals.descriptor, relay).code } catch {
            throw Failure(error)
        }
    }

    private mutating func receiveTerminal() throws(Failure) -> TerminalRelay? {
        guard let console = ownConsole.take() else { return nil }
        return try TerminalRelay.receive(from: console.number)
    }
}
