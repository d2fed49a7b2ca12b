// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension ContainerStore {
    /// Sends a signal to the container's first process, or with `all` to every process: the verb `kill`.
    package func kill(_ id: Bytes, signal text: Bytes, all: Bool) throws(Failure) {
        guard let signal = Signal(parsing: text) else {
            throw Failure("unknown signal \"\(text)\"", hint: nearestHint(to: text, among: Signal.knownNames))
        }
        let directory = try open(id)
        let record = try directory.requireRecord()
        let status = try directory.status(record)
        guard status != .stopped else {
            // Engines pass --all on to what has ended by itself, and expect no complaint.
            if all { return try attempt { () throws(SystemError) in try signalAll(record, signal) } }
            throw Failure("container not running", code: .state)
        }
        guard record.pid > 0 else {
            throw Failure("container not running: it is being created and has no process yet", code: .state)
        }
        // A first process that is killed takes its pid namespace along; otherwise the others are known by their cgroup.
        if all, signal != .kill || !record.ownPidNamespace { try record.requireCgroup() }
        let hasCgroup = !record.cgroup.isEmpty
        do throws(SystemError) {
            let process = try ProcessHandle(opening: record.pid)
            guard try isAlive(record) else { throw SystemError("pidfd_open", "\(record.pid)", .esrch) }
            // Without a pid namespace the others would outlive the first process.
            if hasCgroup, signal == .kill, all || !record.ownPidNamespace {
                try CgroupDirectory(path: record.cgroup).kill()
            } else if hasCgroup, all {
                try signalAll(record, signal)
            } else {
                try process.signal(signal.rawValue)
            }
        } catch {
            if error.errno == .esrch { throw Failure("container not running", code: .state) }
            throw Failure(error)
        }
    }

    private func signalAll(_ record: ContainerRecord, _ signal: Signal) throws(SystemError) {
        let cgroup = CgroupDirectory(path: record.cgroup)
        guard try HostFiles.status(record.cgroup) != nil else { return }
        for pid in try cgroup.processes() {
            do { try ProcessHandle(opening: pid).signal(signal.rawValue) } catch {
                if error.errno != .esrch { throw error }
            }
        }
    }

    /// The processes of the container, pids as the caller sees them: the verb `ps`.
    package func processes(of id: Bytes) throws(Failure) -> [Int32] {
        let record = try open(id).requireRecord()
        let isRunning = try attempt { () throws(SystemError) in try isAlive(record) }
        if isRunning { try record.requireCgroup() }
        return try attempt { () throws(SystemError) in
            guard try HostFiles.status(record.cgroup) != nil else { return [] }
            return try CgroupDirectory(path: record.cgroup).processes().sorted()
        }
    }

    /// A process for a table: owner, parent and command line. nil when it has ended meanwhile.
    package func describe(process pid: Int32) -> (uid: UInt32, parent: Int32, command: Bytes)? {
        guard let status = try? HostFiles.read("/proc/\(pid)/status") else { return nil }
        var uid: UInt32 = 0
        var parent: Int32 = 0
        var name: Bytes = ""
        for line in Bytes(status).split(0x0a) {
            let fields = line.split(0x09)
            guard fields.count > 1 else { continue }
            if fields[0] == "Uid:" { uid = UInt32(clamping: fields[1].decimal ?? 0) }
            if fields[0] == "PPid:" { parent = Int32(clamping: fields[1].decimal ?? 0) }
            if fields[0] == "Name:" { name = fields[1] }
        }
        let words = Bytes((try? HostFiles.read("/proc/\(pid)/cmdline")) ?? []).split(0)
        return (uid, parent, words.isEmpty ? "[\(name)]" : words.joined(" "))
    }
}
