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

/// Clones the container's process, which then runs the inside list.
func spawn(
    _ plan: ContainerPlan, _ held: consuming DescriptorList, cgroup: Int32?, hookState: HookState,
    listener: Int32?, consoleSocket: Int32?
) throws(SystemError) -> Spawned {
    guard try CurrentProcess.isSingleThreaded else { throw SystemError("clone3", "the runtime has threads", .einval) }
    try CurrentProcess.hide()
    let sockets = try Sockets.pair()
    let joinedUser = plan.spawn.joiner.flatMap { held[$0] }
    let joinedPid = plan.spawn.parentJoins.flatMap { held[$0] }
    let ownPid = joinedPid == nil ? Descriptor(owning: -1) : try Descriptor(opening: "/proc/self/ns/pid")
    let program = InitProgram(
        plan, held: held, hookState: hookState, socket: sockets.second.number, listener: listener,
        consoleSocket: consoleSocket)
    // Only children enter the joined pid namespace: pid_namespaces(7). The runtime's own next children, hooks, must not.
    if let joinedPid { try CurrentProcess.join([.pid], joinedPid) }
    let flags = plan.spawn.flags
    let cloned = try CurrentProcess.clone(
        joinedUser == nil ? flags : 0, cgroup: joinedUser == nil ? cgroup : nil)
    if cloned == nil { become(program, joining: joinedUser, flags, cgroup) }
    if joinedPid != nil { try CurrentProcess.join([.pid], ownPid.number) }
    guard let process = cloned else { throw SystemError("clone3", "the child came back", .echild) }
    let socket = consume sockets.first
    guard joinedUser != nil else { return Spawned(process: process, socket: socket) }
    return try followJoiner(process, socket)
}

/// The child's side of the clone: never returns.
private func become(_ program: consuming InitProgram, joining user: Int32?, _ flags: UInt64, _ cgroup: Int32?) {
    switch user {
    case let user?: program.runAsJoiner(userNamespace: user, flags: flags, cgroup: cgroup)
    case nil: program.run()
    }
}

/// The joiner reports the pid of the process that it made, and ends.
private func followJoiner(
    _ joiner: borrowing ProcessHandle, _ socket: consuming Descriptor
) throws(SystemError) -> Spawned {
    let received = try Sockets.receive(from: socket.number)
    _ = try joiner.wait()
    switch InitMessage(received.message) {
    case .pid(let pid)?: return Spawned(process: try ProcessHandle(opening: pid), socket: socket)
    case .failure(_, let error)?: throw error
    default: throw SystemError("clone3", "the joiner", .echild)
    }
}

extension Spawned {
    /// The next message of the process; its death is a failure that says how it died. `steps` is what it runs.
    func next(_ steps: [InsideStep], cgroup: CgroupDirectory?) throws(Failure) -> InitMessage {
        let received = try attempt { () throws(SystemError) in
            while try Poll.ready([socket.number, process.pidfd.number], timeoutMilliseconds: -1) == 0 {}
            return try Sockets.receive(from: socket.number)
        }
        guard let message = InitMessage(received.message) else { throw died(cgroup) }
        if case .failure(let step, let error) = message {
            throw Failure(error, pointer: step < steps.count ? steps[step].origin(of: error) : nil)
        }
        return message
    }

    /// The container's process is gone before it said why: mostly the memory limit.
    private func died(_ cgroup: CgroupDirectory?) -> Failure {
        if let kills = cgroup?.outOfMemoryKills(), kills > 0 {
            return Failure(
                "the container's process was killed for memory while it was being set up",
                pointer: "/linux/resources/memory/limit", hint: "the memory limit is too low to start")
        }
        return Failure("the container's process died while it was being set up")
    }

    /// Lets the process become the container's program, and waits until it has: its end of the socket is closed by execve.
    func start(_ plan: ContainerPlan) throws(Failure) {
        try attempt { () throws(SystemError) in try RuntimeWord.start.send(to: socket.number) }
        try Spawned.awaitExec(
            socket.number, process.pidfd.number, executable: plan.process.arguments.first ?? "", hint: hint,
            steps: plan.inside)
    }

    /// Waits on a socket for the report of a failure, or for its end, which is success.
    static func awaitExec(
        _ socket: Int32, _ pidfd: Int32, executable: Bytes, hint: Bytes, steps: [InsideStep]
    ) throws(Failure) {
        let message = try attempt { () throws(SystemError) in
            while try Poll.ready([socket, pidfd], timeoutMilliseconds: -1) == 0 {}
            // Dead without a word: then the socket is at its end as well.
            return try Sockets.receive(from: socket).message
        }
        if message.isEmpty { return }
        if let error = LastMile.failure(fromReport: message, object: executable) {
            throw Failure(error, pointer: "/process/args/0", hint: hint.isEmpty ? nil : hint)
        }
        if case .failure(let step, let error)? = InitMessage(message) {
            throw Failure(error, pointer: step < steps.count ? steps[step].origin(of: error) : nil)
        }
        throw Failure("the container's process sent an unknown message")
    }
}
