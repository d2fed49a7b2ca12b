// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Creation {
    /// Ends `create`: the process waits for `start` from now on, without its creator.
    package consuming func leaveCreated() throws(Failure) {
        do throws(Failure) { try writeTrace() } catch { throw undo(error) }
        do throws(SystemError) { try say(.goodbye) } catch {
            throw undo(Failure(error))
        }
    }

    /// Starts the program at once, as `run` does.
    mutating func start() throws(Failure) {
        do throws(Failure) {
            trace?.noteStart()
            let agent = try filterAgent()
            try spawned?.start(plan, cgroup, agent: agent)
            trace?.noteExecution()
            // What the hooks after the start take belongs to it.
            if plan.hooks[.poststart].isEmpty { try writeTrace() }
            // From here on they are the container's; a descriptor of its network namespace would keep it alive.
            netDevices = nil
            // From here on it is a container as any other: to be killed and deleted by other calls.
            try attempt { () throws(SystemError) in try directory.descriptor.unlock() }
            try afterStart()
        } catch {
            var failure = error
            failure.blame(plan.deniedPath)
            throw undo(failure)
        }
    }

    /// Who gets the filter's descriptor; nil where the filter asks nobody.
    private mutating func filterAgent() throws(Failure) -> SeccompAgent? {
        guard let report = plan.process.report else {
            return try SeccompAgent.connect(plan.process.listener, pid: record.pid, record, .created)
        }
        let pid = record.pid
        let started = try attempt { () throws(SystemError) in try SeccompReporter(report, first: pid) }
        let agent = try attempt { () throws(SystemError) in try started.agent() }
        reporter = consume started
        return agent
    }

    /// runtime.md, "Lifecycle", step 9: a failing poststart hook stops the container.
    private mutating func afterStart() throws(Failure) {
        try HullRuntime.runHooks(.poststart, of: plan.hooks, record: record, status: .running)
        trace?.noteHooks()
        try writeTrace()
    }
}

extension ContainerStore {
    /// Starts a created container: the verb `start`. Waits until its program is executed, and tells why not. A hook
    /// that fails is the end of the container, poststop hooks included: runtime.md, "Lifecycle", steps 7 and 9.
    package func start(_ id: Bytes, _ recorder: StartRecorder? = nil) throws(Failure) {
        var trace = recorder
        do throws(Failure) { try start(id, &trace) } catch {
            // It is the failure that counts: that its trace cannot be written besides does not.
            try? trace?.write()
            throw error
        }
        try trace?.write()
    }

    private func start(_ id: Bytes, _ trace: inout StartRecorder?) throws(Failure) {
        let directory = try open(id)
        let record = try directory.requireRecord()
        switch try directory.status(record) {
        case .created: break
        case .creating: throw Failure("cannot start a container that is still being created", code: .state)
        case .stopped: throw directory.cannotStartStopped(record)
        case .paused:
            throw Failure("cannot start a paused container", hint: "hull resume \(id) goes first", code: .state)
        case .running: throw Failure("cannot start an already running container", code: .state)
        }
        let process = try attempt { () throws(SystemError) in try ProcessHandle(opening: record.pid) }
        let isThere = try attempt { () throws(SystemError) in try isAlive(record) }
        guard isThere else { throw directory.cannotStartStopped(record) }
        let notify = try listenForNotifications(directory)
        let agent = try SeccompAgent.connect(record.seccompListener, pid: record.pid, record, .created)
        if trace != nil {
            try trace?.prepare(record, directory.hooksPlan(of: record), isNotified: notify != nil)
        }
        let connection = try connect(directory)
        trace?.note(\.connected)
        let hooks = try directory.hooksPlan(of: record)
        let cgroup = CgroupDirectory(path: record.cgroup)
        do throws(Failure) {
            try Spawned.awaitExec(
                connection.number, process.pidfd.number, executable: "", hint: "", steps: [], agent: agent, cgroup)
            try cgroup.checkExecuted(record.pid)
            trace?.note(\.executed)
        } catch {
            var failure = error
            failure.blame(directory.deniedPath(record))
            throw failure.endsContainer ? destroy(record, directory, process, hooks, failure) : failure
        }
        do throws(Failure) { try runHooks(.poststart, of: hooks, record: record, status: .running) } catch {
            throw destroy(record, directory, process, hooks, error)
        }
        trace?.note(\.hooked)
        guard let notify else { return }
        try attempt { () throws(SystemError) in
            try notify.passOn(until: process.pidfd.number, mainProcess: record.pid)
        }
        trace?.note(\.ready)
    }

    /// Where a service manager waits for readiness, and the container was created for one.
    private func listenForNotifications(_ directory: borrowing ContainerDirectory) throws(Failure) -> NotifySocket? {
        guard NotifySocket.manager != nil else { return nil }
        let path = notifyDirectory(of: directory.id)
        return try attempt { () throws(SystemError) in
            try HostFiles.status(path) == nil ? nil : try NotifySocket(in: path)
        }
    }

    /// Connects to the waiting init, which accepts one connection. Only one `start` gets there: the lock decides which.
    /// A kill before the connection leaves the container created, one after it leaves it started: the name of the
    /// socket says nothing by itself.
    private func connect(_ directory: borrowing ContainerDirectory) throws(Failure) -> Descriptor {
        guard try directory.lock(waitMilliseconds: 10_000) else {
            throw Failure("cannot start container \(directory.id): another hull is at work on it", code: .busy)
        }
        do throws(SystemError) {
            try HostFiles.changeDirectory(directory.path)
            let connection = try Sockets.connect(to: ContainerDirectory.startSocket, seqpacket: true)
            try? HostFiles.remove(ContainerDirectory.startSocket)
            // A hook before the start may take long, and the container must be there to be killed and deleted
            // meanwhile.
            try directory.descriptor.unlock()
            return connection
        } catch {
            switch error.errno {
            case .enoent: throw Failure("cannot start an already running container", code: .state)
            case .econnrefused: throw directory.cannotStartStopped(try? directory.requireRecord())
            default: throw Failure(error)
            }
        }
    }
}

extension ContainerDirectory {
    /// It has ended; where it was never started, its limit of memory may be why.
    func cannotStartStopped(_ record: ContainerRecord?) -> Failure {
        let cause = "cannot start a container that has stopped" as Bytes
        guard let record, (try? HostFiles.status("\(path)/\(ContainerDirectory.startSocket)")) != nil,
            var failure = CgroupDirectory(path: record.cgroup).memoryFailure()
        else { return Failure(cause, code: .state) }
        failure.cause = "\(cause): \(failure.cause)"
        return failure
    }

    /// The hooks of the container's config, as it was when it was created.
    func hooksPlan(of record: ContainerRecord) throws(Failure) -> HooksPlan {
        var findings = Findings()
        return resolveHooks(try readConfig().hooks, record.annotations, bundle: record.bundle, &findings)
    }
}
