// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// A process of a container between clone and the last mile, seen from outside.
struct Spawned: ~Copyable {
    let process: ProcessHandle
    /// The socket to it.
    let socket: Descriptor
    /// Why execve may fail, told beforehand.
    var hint: Bytes = ""
}

/// Clones the container's process, which then runs the inside list. `instead` may name another cgroup where the kernel
/// lets no process into the given one; with an entrance the process is made by one that systemd has moved.
func spawn(
    _ plan: ContainerPlan, _ held: consuming DescriptorList, cgroup: Int32?, entrance: UnitEntrance? = nil,
    hookState: HookState, listener: Int32?, consoleSocket: Int32?, times: SharedTimes? = nil,
    instead: (SystemError) throws(SystemError) -> Descriptor? = { _ in nil }
) throws(SystemError) -> Spawned {
    guard try CurrentProcess.isSingleThreaded else { throw SystemError("clone3", "the runtime has threads", .einval) }
    if !plan.spawn.staysVisible { try CurrentProcess.hide() }
    let sockets = try Sockets.pair()
    // A number that this frame does not own: what a frame owns may be closed in the child before it is used there.
    // The child does not come back here, so only the parent closes it.
    let theirs = sockets.second.give()
    defer { _ = Descriptor(owning: theirs) }
    let pid = plan.spawn.parentJoins.flatMap { held[$0] }
    var program = InitProgram(
        plan, held: held, hookState: hookState, socket: theirs, listener: listener,
        consoleSocket: consoleSocket)
    program.times = times
    let flags = plan.spawn.flags
    let joins = plan.spawn.joins
    guard !joins.isEmpty || entrance != nil else {
        let cloned = try clone(flags, cgroup: cgroup, instead: instead, joining: pid)
        if cloned == nil { program.run() }
        guard let process = cloned else { throw SystemError("clone3", "the child came back", .echild) }
        return Spawned(process: process, socket: sockets.first)
    }
    let reports = try Sockets.pair()
    let report = reports.second.give()
    let joiner = try cloneJoiner(program, joins, flags, cgroup, waits: entrance != nil, joining: pid, report)
    if let entrance { try admit(joiner, through: entrance, reports.first) }
    return Spawned(process: try processMade(by: joiner, reports.first), socket: sockets.first)
}

/// clone3(2) into a cgroup or, where the kernel refuses that, into another one.
private func clone(
    _ flags: UInt64, cgroup: Int32?, instead: (SystemError) throws(SystemError) -> Descriptor?, joining pid: Int32?
) throws(SystemError) -> ProcessHandle? {
    do throws(SystemError) { return try clone(flags, cgroup: cgroup, joining: pid) } catch {
        guard let other = try instead(error) else { throw error }
        return try clone(flags, cgroup: other.number, joining: pid)
    }
}

/// clone3(2). Only children enter a joined pid namespace, pid_namespaces(7); the runtime's own next children, hooks,
/// must not, so it is left again whatever happens.
func clone(_ flags: UInt64, cgroup: Int32?, joining pid: Int32?) throws(SystemError) -> ProcessHandle? {
    guard let pid else { return try CurrentProcess.clone(flags, cgroup: cgroup) }
    let own = try Descriptor(opening: "/proc/self/ns/pid")
    try CurrentProcess.join([.pid], pid)
    let cloned: ProcessHandle?
    do { cloned = try CurrentProcess.clone(flags, cgroup: cgroup) } catch {
        try CurrentProcess.join([.pid], own.number)
        throw error
    }
    if cloned != nil { try CurrentProcess.join([.pid], own.number) }
    return cloned
}

/// The joiner's end of the reports is closed in the parent at once: else its death would not be seen.
private func cloneJoiner(
    _ program: consuming InitProgram, _ joins: [JoinPlan], _ flags: UInt64, _ cgroup: Int32?, waits: Bool,
    joining pid: Int32?, _ report: Int32
) throws(SystemError) -> ProcessHandle {
    defer { _ = Descriptor(owning: report) }
    let cloned = try clone(0, cgroup: nil, joining: pid)
    if cloned == nil {
        program.runAsJoiner(joins, flags: flags, cgroup: waits ? nil : cgroup, waits: waits, report: report)
    }
    guard let joiner = cloned else { throw SystemError("clone3", "the child came back", .echild) }
    return joiner
}

/// A child begins in the cgroup of its maker, so that is the one to move: the container's process never is in another.
private func admit(
    _ joiner: borrowing ProcessHandle, through entrance: UnitEntrance, _ reports: borrowing Descriptor
) throws(SystemError) {
    do throws(SystemError) {
        try entrance.admit(joiner.pid)
        try RuntimeWord.goOn.send(to: reports.number)
    } catch {
        try joiner.signal(9)
        _ = try joiner.wait()
        throw error
    }
}

/// The joiner reports the process that it made, a child of the runtime, and ends.
private func processMade(
    by joiner: borrowing ProcessHandle, _ reports: borrowing Descriptor
) throws(SystemError) -> ProcessHandle {
    let received = try Sockets.receive(from: reports.number)
    _ = try joiner.wait()
    let message = InitMessage(received.message)
    if case .failure(_, let error)? = message { throw error }
    guard case .sibling? = message, let pidfd = received.takeDescriptor() else {
        throw SystemError("clone3", "the joiner", .echild)
    }
    return try ProcessHandle(pidfd: pidfd)
}

extension Spawned {
    /// The next message of the process; its death is a failure that says how it died.
    func next(_ plan: ContainerPlan, _ cgroup: CgroupDirectory) throws(Failure) -> InitMessage {
        let received: Received
        do throws(SystemError) {
            received = try Spawned.receive(from: socket.number, until: process.pidfd.number, cgroup)
        } catch { throw Failure(error, pointer: error.call == "cgroup" ? "/linux/cgroupsPath" : nil) }
        guard let message = InitMessage(received.message) else {
            throw cgroup.memoryFailure(said: plan.lateMemoryLimit)
                ?? Failure("the container's process died while it was being set up", code: .died)
        }
        if case .failure(let step, let error) = message {
            var failure = Failure(error, of: step < plan.inside.count ? plan.inside[step] : nil)
            if error.errno == .eagain { failure.blameTasks(cgroup) }
            throw failure
        }
        return message
    }

    /// A message of the process, what it said before its death included; empty at the end of its socket, or when it is
    /// dead: a child that it was just making may still hold the other end.
    ///
    /// Where a limit of memory is reached and nobody may be killed for it (an `oom_score_adj` of -1000, which may be
    /// the caller's own), the process asks for its page again and again, for ever: then it is killed from here.
    private static func receive(
        from socket: Int32, until pidfd: Int32, _ cgroup: CgroupDirectory
    ) throws(SystemError) -> Received {
        var before: OutOfMemory?
        var ready: Int32 = 0
        while true {
            ready = try Poll.ready([socket, pidfd], timeoutMilliseconds: 1000)
            if ready != 0 { break }
            try cgroup.checkThawedAbove()
            let now = cgroup.outOfMemory()
            if let before, now.kills == before.kills, now.ownLimit > before.ownLimit {
                try ProcessHandle.signal(pidfd: pidfd, 9)
            }
            before = now
        }
        if ready & 1 == 0, try Poll.ready([socket], timeoutMilliseconds: 0) == 0 {
            return Received(message: "", descriptor: nil)
        }
        return try Sockets.receive(from: socket)
    }

    /// Lets the process become the container's program, and waits until it has: its end of the socket is closed by
    /// execve.
    func start(_ plan: ContainerPlan, _ cgroup: CgroupDirectory, agent: consuming SeccompAgent?) throws(Failure) {
        try attempt { () throws(SystemError) in try RuntimeWord.start.send(to: socket.number) }
        try Spawned.awaitExec(
            socket.number, process.pidfd.number, executable: plan.process.arguments.first ?? "", hint: hint,
            steps: plan.inside, agent: agent, cgroup)
        // Where nobody counts memory there is nothing to ask.
        if plan.cgroup.countsMemory { try cgroup.checkExecuted(process.pid) }
    }

    /// Waits on a socket for the report of a failure, or for its end, which is success. On the way the agent gets the
    /// descriptor of the filter's notifications.
    static func awaitExec(
        _ socket: Int32, _ pidfd: Int32, executable: Bytes, hint: Bytes, steps: [InsideStep],
        agent: consuming SeccompAgent?, _ cgroup: CgroupDirectory
    ) throws(Failure) {
        var received = try attempt { () throws(SystemError) in try receive(from: socket, until: pidfd, cgroup) }
        if let agent, case .listener? = InitMessage(received.message) {
            guard let filter = received.takeDescriptor() else {
                throw Failure("the container's process sent no filter for the agent")
            }
            try agent.deliver(filter)
            received = try attempt { () throws(SystemError) in
                try RuntimeWord.goOn.send(to: socket)
                return try receive(from: socket, until: pidfd, cgroup)
            }
        }
        let message = received.message
        if message.isEmpty { return }
        if let error = LastMile.failure(fromReport: message, object: executable) {
            if let failure = cgroup.memoryFailure(ofExecve: error) { throw failure }
            throw Failure(lastMile: error, hint: hint)
        }
        switch InitMessage(message) {
        case .failure(let step, let error)?:
            throw Failure(error, of: step < steps.count ? steps[step] : nil)
        case .hookFailure(let index, let error)?:
            let hook = ("/hooks/startContainer" as JSONPointer).appending(index)
            var failure = Failure(error, pointer: error.call.hasSuffix("execve") ? hook.appending("path") : hook)
            failure.endsContainer = true
            (failure.code, failure.phase) = (.hook, .hook)
            if error.errno == .eagain { failure.blameTasks(cgroup) }
            throw failure
        default: throw Failure("the container's process sent an unknown message")
        }
    }
}
