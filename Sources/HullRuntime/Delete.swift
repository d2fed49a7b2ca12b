// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension ContainerStore {
    /// Removes a container that has stopped or was never started; with `force` one that runs, and what a creation that
    /// was cut off has left. Gives warnings: the verb `delete`.
    package func delete(_ id: Bytes, force: Bool) throws(Failure) -> [Failure] {
        do { return try deleteExisting(id, force: force) } catch {
            // Engines delete by force what may not be there.
            if force, error.cause.hasPrefix("container does not exist") { return [] }
            throw error
        }
    }

    private func deleteExisting(_ id: Bytes, force: Bool) throws(Failure) -> [Failure] {
        let directory = try open(id)
        guard try directory.lock(waitMilliseconds: force ? 10_000 : 0) else {
            throw Failure("cannot delete container \(id): another hull is at work on it", code: .busy)
        }
        if !force { _ = try directory.requireRecord() }
        guard let record = try directory.readRecord() else { return try finish(nil, directory, HooksPlan()) }
        let status = try directory.status(record)
        if status == .running || status == .paused, !force {
            throw Failure("cannot delete container \(id) that is not stopped: \(status.name)", code: .state)
        }
        let hooks = (try? directory.hooksPlan(of: record)) ?? HooksPlan()
        try endFirstProcess(record)
        if !record.isCreated { PidFile.remove(of: record) }
        return try finish(record, directory, hooks)
    }

    /// Kills the first process and waits for its end, 10 s at most; only then can its cgroup be removed.
    func endFirstProcess(_ record: ContainerRecord) throws(Failure) {
        do throws(SystemError) {
            guard try isAlive(record) else { return }
            let process = try ProcessHandle(opening: record.pid)
            guard try isAlive(record) else { return }
            try process.signal(9)
            if try Poll.ready([process.pidfd.number], timeoutMilliseconds: 10_000) == 0 {
                throw SystemError(
                    "pidfd_send_signal", Procfs.activity(of: record.pid), .ebusy,
                    detail: "SIGKILL has not ended it in 10 s")
            }
        } catch {
            if error.errno != .esrch { throw Failure(error) }
        }
    }

    func finish(
        _ record: ContainerRecord?, _ directory: consuming ContainerDirectory, _ hooks: HooksPlan
    ) throws(Failure) -> [Failure] {
        let id = directory.id
        let leftovers = removeTraces(record, directory)
        if !leftovers.isEmpty {
            var failure = Failure("container \(id) could not be removed completely")
            failure.leftovers = leftovers
            throw failure
        }
        guard let record else { return [] }
        return runPoststopHooks(hooks, record: record)
    }
}
