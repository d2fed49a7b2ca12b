// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

/// The making of a container: runs the outside list from the first step to the last, and undoes all of it on failure.
package struct Creation: ~Copyable {
    let plan: ContainerPlan
    let directory: ContainerDirectory
    var record: ContainerRecord
    /// The bytes of the config, of which a copy is kept.
    private let config: [UInt8]
    var held = DescriptorList()
    var cgroupDescriptor: Descriptor?
    /// What the unit of systemd is going to have.
    var unitProperties: [UnitProperty] = []
    /// The process that holds the unit until the container's is in it.
    var placeholder: IdleProcess?
    var listener: Descriptor?
    var consoleSocket: Descriptor?
    var spawned: Spawned?
    /// Network devices that were moved into the container.
    var netDevices: NetDeviceMoves?
    /// The number of the socket that `spawned` owns.
    var initSocket: Int32 = -1
    /// A terminal that the caller relays: the other end of `consoleSocket`.
    var ownConsole: Descriptor?
    var notify: NotifySocket?
    /// Who answers for the filter while the container runs in the foreground, where a report is wanted.
    var reporter: SeccompReporter?
    /// Who notes when what was done, where a trace is wanted.
    var trace: TraceRecorder?

    /// Takes the id and keeps a copy of the config.
    package init(
        _ plan: ContainerPlan, config: [UInt8], host: Host, in store: ContainerStore, trace: TraceRecorder? = nil
    ) throws(Failure) {
        self.plan = plan
        let now = Clock.realtime
        record = ContainerRecord(
            id: plan.id, bundle: plan.bundle, rootfs: plan.rootfs,
            created: Timestamp(seconds: now.seconds, nanoseconds: UInt32(now.nanoseconds)).rfc3339,
            owner: host.effectiveUser, cgroup: "",
            ownPidNamespace: plan.spawn.flags & NamespaceKind.pid.cloneFlag != 0, annotations: plan.annotations)
        record.changedRoot = plan.inside.contains { if case .changeRoot = $0.action { true } else { false } }
        record.seccompListener = plan.process.listener
        for case .pidFile(let path) in plan.outside.map(\.action) { record.pidFile = path }
        self.config = config
        self.trace = trace
        try self.trace?.prepare(plan)
        directory = try store.make(plan.id)
    }

    /// Runs the outside list. On failure nothing is left, but for what `leftovers` of the failure names.
    package mutating func run() throws(Failure) {
        do throws(Failure) {
            for step in plan.outside {
                trace?.note()
                try apply(step)
            }
            trace?.note()
            record.isCreated = true
            try attempt { () throws(SystemError) in try directory.write(record) }
        } catch {
            throw undo(error)
        }
    }

    mutating func apply(_ step: OutsideStep) throws(Failure) {
        switch step.action {
        case .hooks(let kind): try runHooks(kind)
        case .awaitReady: try awaitReady()
        case .makeIntelRdt: try makeIntelRdt()
        case .lowerMemory(let file): try lowerMemory(file, step.origin)
        default:
            do throws(SystemError) { try carryOut(step.action) } catch {
                var failure = Failure(error, pointer: step.origin(of: error, plan), hint: hint(for: error, step.action))
                failure.phase = .outside
                if error.errno == .eagain { failure.blameTasks(cgroup) }
                throw failure
            }
        }
    }

    /// The steps that only talk with the kernel. No default: a new kind of step does not compile until it is carried
    /// out.
    private mutating func carryOut(_ action: OutsideAction) throws(SystemError) {
        switch action {
        case .record:
            if !plan.cgroup.isOfSystemd, !plan.cgroup.isCallers { try nameMissingCgroup() }
            try directory.write(record)
            let copy = try Descriptor(opening: directory.configPath, [.write, .create, .exclusive], mode: 0o600)
            try copy.writeAll(Bytes(config), directory.configPath)
        case .makeCgroup: try makeCgroup()
        case .unitProperty(let property): unitProperties.append(property)
        case .startUnit(let unit): try start(unit)
        case .enableController(let name): try cgroup.enable(name, mountPoint: plan.cgroup.mountPoint)
        case .writeCgroupFile(let file): try cgroup.write(file)
        case .openTree(let tree): held.set(tree.slot, try held.makeTree(tree))
        case .makeFilesystem(let filesystem, let map, let slot):
            held.set(slot, try held.makeFilesystem(filesystem, map))
        case .makeUpperLayer(let path, let other): try makeUpperLayer(path, like: other)
        case .makeUserNamespace(let uids, let gids, let slot):
            held.set(slot, try UserNamespace.holding(uids: uids.mapText, gids: gids.mapText))
        case .openNamespace(let kind, let path, let slot): held.set(slot, try openNamespace(kind, path))
        case .requireForeign(let kind, let slot): try requireForeign(kind, slot)
        case .openHookOutput(let path, let slot): held.set(slot, try openHookOutput(path))
        case .connectConsole(let path): consoleSocket = try Sockets.connect(to: path, seqpacket: false)
        case .listenForStart: try listenForStart()
        case .moveNetDevice(let device, let slot): try moveNetDevice(device, slot)
        case .clone: try clone()
        case .joinIntelRdt: try record.intelRdt.add(record.pid)
        case .makeNetwork: try makeNetwork()
        case .attachDeviceFilter: try attachDeviceFilter()
        case .writeIDMap(let group, let maps): try writeProc(group ? "gid_map" : "uid_map", maps.mapText)
        case .mapByTool(let group, let maps): try mapByTool(group, maps)
        case .compareIDMap(let group, let maps): try compareIDMap(group ? "gid_map" : "uid_map", maps)
        case .denySetgroups: try writeProc("setgroups", "deny")
        case .oomScore(let score): try writeProc("oom_score_adj", "\(score)")
        case .delegateCgroup(let uid, let gid): try cgroup.giveTo(uid: uid, gid: gid)
        case .releaseMappings: try say(.mappingsWritten)
        case .passTimeOffsets: try passTimeOffsets()
        case .limit(let limit, let soft, let hard):
            try Credentials.setLimit(limit, soft: soft, hard: hard, pid: record.pid)
        case .requireSELinux: try requireSELinux()
        case .makeNotifyDirectory(let path): try makeNotifyDirectory(path)
        case .listenForNotifications(let path): notify = try NotifySocket(in: path)
        case .sendPidfd(let path, let payload): try sendPidfd(to: path, payload)
        case .ownAffinity(let cpus): try Scheduling.setAffinity(cpus, pid: 0)
        case .affinity(let cpus): try Scheduling.setAffinity(cpus, pid: record.pid)
        case .scheduler(let attributes): try Scheduling.set(attributes, pid: record.pid)
        case .ioPriority(let priority): try Scheduling.set(priority, group: record.pid)
        case .pidFile(let path):
            try PidFile.write(record.pid, to: path, through: record.pidFileSibling)
        case .hooks, .awaitReady, .makeIntelRdt, .lowerMemory: break
        }
    }
}
