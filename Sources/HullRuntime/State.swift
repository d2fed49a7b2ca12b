// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
package import HullOCI
internal import HullPlan

/// The version of the runtime-spec that hull follows.
package let ociVersion: Bytes = "1.3.0"

/// The statuses of runtime.md, "State", and `paused`, which engines know.
enum Status: Sendable {
    case creating, created, running, paused, stopped

    var name: Bytes {
        switch self {
        case .creating: "creating"
        case .created: "created"
        case .running: "running"
        case .paused: "paused"
        case .stopped: "stopped"
        }
    }
}

extension ContainerDirectory {
    /// What the container is doing: computed from its first process, never stored. Where the kernel refuses to tell,
    /// nothing is guessed: a container that runs must not be taken for one that has stopped.
    func status(_ record: ContainerRecord) throws(Failure) -> Status {
        try attempt { () throws(SystemError) in try ownStatus(record) }
    }

    private func ownStatus(_ record: ContainerRecord) throws(SystemError) -> Status {
        guard try isAlive(record) else { return record.pid == 0 && !record.isCreated ? .creating : .stopped }
        if !record.isCreated { return .creating }
        // A created container can be paused as well, and `start` would wait for it in vain.
        if try CgroupDirectory(path: record.cgroup).isFrozen { return .paused }
        return try isWaitingForStart ? .created : .running
    }

    /// Whether init still listens. The name of the socket alone may have outlived a `start` that was killed; and a path
    /// below the open directory is never too long for sun_path.
    private var isWaitingForStart: Bool {
        get throws(SystemError) {
            guard try HostFiles.status(startSocketPath) != nil else { return false }
            return try Sockets.isListening(at: "/proc/self/fd/\(descriptor.number)/\(ContainerDirectory.startSocket)")
        }
    }

    /// The record, or the words for what is not there, or half there.
    func requireRecord() throws(Failure) -> ContainerRecord {
        guard let record = try readRecord() else { throw Failure("container does not exist: \(id)", code: .notFound) }
        guard record.version == ContainerRecord.currentVersion else {
            throw Failure(
                "container \(id) was made by another version of hull", hint: "hull delete --force \(id) removes it")
        }
        return record
    }

    func state(_ record: ContainerRecord, owner: Bytes) throws(Failure) -> State {
        record.state(id, try status(record), owner: owner)
    }
}

extension ContainerRecord {
    fileprivate func state(_ id: Bytes, _ status: Status, owner: Bytes) -> State {
        State(
            ociVersion: ociVersion, id: id, pid: status == .stopped ? 0 : Int(pid), status: status.name, bundle: bundle,
            rootfs: rootfs, created: created, annotations: annotations, owner: owner)
    }
}

/// Whether the recorded process is still that process, and no zombie.
func isAlive(_ record: ContainerRecord) throws(SystemError) -> Bool {
    guard record.pid > 0 else { return false }
    return try Procfs.startTime(of: record.pid) == record.startTime
}

extension ContainerStore {
    /// The state of a container: the verb `state`.
    package func state(of id: Bytes) throws(Failure) -> State {
        let directory = try open(id)
        let record = try directory.requireRecord()
        return try directory.state(record, owner: userName(record.owner))
    }

    /// Tells the state of each container in turn, by id; one that is being made or removed meanwhile is left out: the
    /// verb `list`. Of one that has ended the record is all that is opened, for there may be thousands.
    package func list(_ tell: (State) -> Void) throws(Failure) {
        guard let directory = try openRoot() else { return }
        var owners: [UInt32: Bytes] = [:]
        for id in try ids(in: directory) {
            guard let record = try? record(of: id, in: directory),
                record.version == ContainerRecord.currentVersion
            else { continue }
            let owner = owners[record.owner] ?? userName(record.owner)
            owners[record.owner] = owner
            if record.isCreated, !CurrentProcess.exists(record.pid) {
                tell(record.state(id, .stopped, owner: owner))
            } else if let container = try? open(id) {
                tell(try container.state(record, owner: owner))
            }
        }
    }
}

/// The record of a container whose directory is not open.
private func record(of id: Bytes, in directory: borrowing Descriptor) throws -> ContainerRecord {
    let path: Bytes = "\(id)/\(ContainerDirectory.recordName)"
    let file = try Descriptor(opening: path, below: directory.number)
    return try ContainerRecord.read(hullReadAll(file.number, limit: 1 << 20, path, small: true))
}

/// The name of a user in /etc/passwd, or the number: `#1000`.
func userName(_ uid: UInt32) -> Bytes {
    if uid == 0 { return "root" }
    for line in Bytes((try? HostFiles.read("/etc/passwd")) ?? []).split(0x0a) {
        let fields = line.split(0x3a, omittingEmpty: false)
        if fields.count > 2, fields[2].decimal == UInt64(uid) { return fields[0] }
    }
    return "#\(uid)"
}
