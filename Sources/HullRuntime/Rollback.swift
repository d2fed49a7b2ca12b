// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Creation {
    /// Undoes what was done, in reverse; what cannot be undone is added to the failure.
    mutating func undo(_ failure: Failure) -> Failure {
        var failure = failure
        // It is the failure that counts: that its trace cannot be written besides does not.
        try? writeTrace()
        let hadProcess = spawned != nil
        if var moves = netDevices.take() { failure.leftovers += moves.undo() }
        if hadProcess { endProcess(&failure) }
        try? placeholder.take()?.end()
        PidFile.remove(of: record)
        // After the start the lock is free, and another hull may have removed the container, or made a new one of its
        // id.
        guard (try? directory.lock(waitMilliseconds: 10_000)) == true else { return failure }
        failure.leftovers += removeTraces(record, directory)
        // runtime.md, "Lifecycle": a failure after the creation continues with the steps of `delete`.
        if hadProcess {
            let failed = runPoststopHooks(plan.hooks, record: record)
            failure.leftovers += failed.map { "poststop hook: \($0.cause)" }
        }
        return failure
    }

    private mutating func endProcess(_ failure: inout Failure) {
        guard let made = spawned.take() else { return }
        do throws(SystemError) {
            try? made.process.signal(9)
            _ = try made.process.wait()
        } catch { failure.leftovers.append(error.line) }
    }
}

/// Ends and removes a container of which a hook has failed, unless another hull has done so meanwhile.
func destroy(
    _ record: ContainerRecord, _ directory: borrowing ContainerDirectory, _ process: borrowing ProcessHandle,
    _ hooks: HooksPlan, _ failure: Failure
) -> Failure {
    var failure = failure
    try? process.signal(9)
    _ = try? Poll.ready([process.pidfd.number], timeoutMilliseconds: 10_000)
    guard (try? directory.lock(waitMilliseconds: 10_000)) == true else { return failure }
    failure.leftovers += removeTraces(record, directory)
    failure.leftovers += runPoststopHooks(hooks, record: record).map { "poststop hook: \($0.cause)" }
    return failure
}

/// Removes the cgroup and the directory of a container whose processes are dead or may be killed. Gives what
/// could not be removed; then the record stays, so that `delete --force` can try again.
func removeTraces(_ record: ContainerRecord?, _ directory: borrowing ContainerDirectory) -> [Bytes] {
    do throws(SystemError) {
        if let record, !record.cgroup.isEmpty {
            try record.stopUnit()
            try CgroupDirectory(path: record.cgroup).remove(waitMilliseconds: 10_000)
            for made in record.madeCgroups.reversed() { try removeIfEmpty(made) }
        }
        if let record { try record.intelRdt.remove(isCreated: record.isCreated) }
        // Before the container's directory: while that is there, nobody makes another bundle in its place.
        if let record { try ImageBundle.remove(of: record, beside: directory.path) }
        try directory.remove()
        return []
    } catch {
        return [error.line]
    }
}

/// A directory that was made for one container; another one may have come into it since.
private func removeIfEmpty(_ directory: Bytes) throws(SystemError) {
    do { try HostFiles.removeDirectory(directory) } catch {
        guard error.errno == .enoent || error.errno == .ebusy || error.errno == .enotempty else { throw error }
    }
}
