// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullOCI
internal import HullPlan

extension Creation {
    /// Undoes what was done, in reverse; what cannot be undone is added to the failure.
    mutating func undo(_ failure: Failure) -> Failure {
        var failure = failure
        let hadProcess = spawned != nil
        if hadProcess { endProcess(&failure) }
        if !record.pidFile.isEmpty { try? HostFiles.remove(record.pidFile) }
        // After the start the lock is free, and another hull may have removed the container, or made a new one of its id.
        guard (try? directory.lock(waitMilliseconds: 10_000)) == true else { return failure }
        failure.leftovers += removeTraces(record, directory)
        // runtime.md, "Lifecycle": a failure after the creation continues with the steps of `delete`.
        if hadProcess {
            let failed = runPoststopHooks(plan.hooks[.poststop], record: record)
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

/// Removes the cgroup and the directory of a container whose processes are dead or may be killed. Gives what
/// could not be removed; then the record stays, so that `delete --force` can try again.
func removeTraces(_ record: ContainerRecord?, _ directory: borrowing ContainerDirectory) -> [Bytes] {
    do throws(SystemError) {
        if let record, !record.cgroup.isEmpty {
            try CgroupDirectory(path: record.cgroup).remove(waitMilliseconds: 10_000)
            // Directories above were made for this container; another one may have come into them since.
            for made in record.madeCgroups.reversed() { try? HostFiles.removeDirectory(made) }
        }
        try directory.remove()
        return []
    } catch {
        return [error.line]
    }
}
