// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension ContainerStore {
    /// Freezes all processes of a container and waits until they are: the verb `pause`.
    package func pause(_ id: Bytes) throws(Failure) {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        switch try directory.status(record) {
        case .created, .running: break
        case .paused: throw Failure("container not running: it is paused already", code: .state)
        case .creating, .stopped: throw Failure("container not running", code: .state)
        }
        let cgroup = try record.requireCgroup()
        try attempt { () throws(SystemError) in try cgroup.freeze(waitMilliseconds: 10_000) }
    }

    /// Thaws a container and waits until it runs: the verb `resume`.
    package func resume(_ id: Bytes) throws(Failure) {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        guard try directory.status(record) == .paused else { throw Failure("container not paused", code: .state) }
        try attempt { () throws(SystemError) in
            try CgroupDirectory(path: record.cgroup).thaw(waitMilliseconds: 10_000)
        }
    }

    /// A container that no other hull creates, changes or deletes meanwhile.
    func openLocked(_ id: Bytes) throws(Failure) -> ContainerDirectory {
        let directory = try open(id)
        guard try directory.lock(waitMilliseconds: 10_000) else {
            throw Failure("another hull is at work on container \(id)", code: .busy)
        }
        return directory
    }
}

extension CgroupDirectory {
    /// Freezes the cgroup with all below it: cgroups(7), cgroup.freeze. If a process does not stop in time, because
    /// the kernel is at work for it, all of them are thawed again.
    func freeze(waitMilliseconds: Int32) throws(SystemError) {
        try HostFiles.write(path + "/cgroup.freeze", "1")
        if try awaitEvent("frozen", "1", milliseconds: waitMilliseconds) { return }
        try HostFiles.write(path + "/cgroup.freeze", "0")
        throw SystemError(
            "cgroup.freeze", path, .ebusy, detail: "not all processes stopped in \(waitMilliseconds / 1000) s")
    }

    func thaw(waitMilliseconds: Int32) throws(SystemError) {
        try HostFiles.write(path + "/cgroup.freeze", "0")
        guard try awaitEvent("frozen", "0", milliseconds: waitMilliseconds) else {
            throw SystemError("cgroup.freeze", path, .ebusy, detail: "a cgroup above it may be frozen")
        }
    }

    /// Waits until a key of cgroup.events has a value; false when the time is up. The kernel says so by poll(2).
    func awaitEvent(_ key: Bytes, _ value: Bytes, milliseconds: Int32) throws(SystemError) -> Bool {
        let file = try Descriptor(opening: path + "/cgroup.events")
        let deadline = Clock.monotonic + Int64(milliseconds) * 1_000_000
        let wanted = "\(key) \(value)" as Bytes
        while true {
            let text = Bytes(try file.readAgain())
            if text.split(0x0a).contains(wanted) { return true }
            let left = (deadline - Clock.monotonic) / 1_000_000
            guard left > 0 else { return false }
            _ = try Poll.ready([file.number], timeoutMilliseconds: Int32(clamping: left), changes: 1)
        }
    }
}

extension ContainerRecord {
    /// The container's cgroup, for what only a cgroup can do: freeze, limit, count, and say which processes are in it.
    @discardableResult
    func requireCgroup() throws(Failure) -> CgroupDirectory {
        guard cgroup.isEmpty else { return CgroupDirectory(path: cgroup) }
        throw Failure(
            "the container has no cgroup of its own: it was created with --cgroup-manager disabled, or by a user to "
                + "whom no cgroup is delegated")
    }
}
