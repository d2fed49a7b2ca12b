// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI
internal import HullPlan

/// What `delete` must know, written before each effect that it would have to undo: a kill at any point leaves enough.
struct ContainerRecord: JSONWritable {
    /// Of this format. A record of another version is cleaned up but not otherwise understood.
    static let currentVersion: Int64 = 1

    var version = ContainerRecord.currentVersion
    var id: Bytes
    var bundle: Bytes
    var rootfs: Bytes
    /// RFC 3339.
    var created: Bytes
    /// The user who made it.
    var owner: UInt32
    /// The first process; 0 before it exists.
    var pid: Int32 = 0
    /// Its start time in clock ticks since boot: pids come again, this pair does not.
    var startTime: UInt64 = 0
    /// The cgroup's directory on the host; empty where the container stays in its caller's.
    var cgroup: Bytes
    /// The unit of systemd that the cgroup is of; empty where hull made the cgroup.
    var unit: Bytes = ""
    /// Whether the manager of the user's session has that unit.
    var unitIsOfUser = false
    /// The directories above it that were made for it, the topmost first.
    var madeCgroups: [Bytes] = []
    /// Whether the container has a pid namespace of its own, so that its first process takes all others along.
    var ownPidNamespace: Bool
    /// Whether its mount namespace is another's: the root is then only that of its own processes, by chroot(2).
    var changedRoot = false
    /// Whether creation is complete.
    var isCreated = false
    /// The pid file that was asked for, written or not.
    var pidFile: Bytes = ""
    /// What becomes the pid file when it is complete; a name that `delete` knows.
    var pidFileSibling: Bytes { "\(pidFile.parentPath)/.\(pidFile.lastComponent).\(id)" }
    /// What it has in the resctrl filesystem.
    var intelRdt = IntelRdtRecord()
    /// The agent that `start` connects to.
    var seccompListener: SeccompListener?
    var annotations: [Entry<Bytes>]

    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("version", version)
            writer.member("id", id)
            writer.member("bundle", bundle)
            writer.member("rootfs", rootfs)
            writer.member("created", created)
            writer.member("owner", Int64(owner))
            writer.member("pid", Int64(pid))
            writer.member("startTime", startTime)
            writer.member("cgroup", cgroup)
            if !unit.isEmpty {
                writer.member("unit", unit)
                writer.member("unitIsOfUser", unitIsOfUser)
            }
            writer.key("madeCgroups")
            writer.array { writer in for path in madeCgroups { writer.value(path) } }
            writer.member("ownPidNamespace", ownPidNamespace)
            writer.member("changedRoot", changedRoot)
            writer.member("isCreated", isCreated)
            writer.member("pidFile", pidFile)
            if !intelRdt.group.isEmpty {
                writer.key("intelRdt")
                writer.object { writer in
                    writer.member("group", intelRdt.group)
                    writer.member("isMade", intelRdt.isMade)
                    writer.member("isKept", intelRdt.isKept)
                    writer.member("monitor", intelRdt.monitor)
                }
            }
            if let seccompListener {
                writer.member("seccompListener", seccompListener.path)
                writer.member("seccompMetadata", seccompListener.metadata)
                writer.member("seccompOrigin", seccompListener.origin.text)
            }
            writer.member("annotations", map: annotations)
        }
    }

    static func read(_ bytes: [UInt8]) throws(ConfigErrors) -> ContainerRecord { try JSONReader.read(bytes) }
}

extension ContainerRecord: JSONObjectReadable {
    init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        version = reader.required("version", object)
        id = reader.required("id", object)
        bundle = reader.required("bundle", object)
        rootfs = reader.required("rootfs", object)
        created = reader.required("created", object)
        owner = reader.required("owner", object)
        pid = reader.required("pid", object)
        startTime = reader.required("startTime", object)
        cgroup = reader.required("cgroup", object)
        unit = reader.optional("unit", object) ?? ""
        unitIsOfUser = reader.optional("unitIsOfUser", object) ?? false
        madeCgroups = reader.optional("madeCgroups", object) ?? []
        ownPidNamespace = reader.required("ownPidNamespace", object)
        changedRoot = reader.optional("changedRoot", object) ?? false
        isCreated = reader.required("isCreated", object)
        pidFile = reader.optional("pidFile", object) ?? ""
        intelRdt = reader.optional("intelRdt", object) ?? IntelRdtRecord()
        if let path: Bytes = reader.optional("seccompListener", object) {
            seccompListener = SeccompListener(
                path: path, metadata: reader.optional("seccompMetadata", object),
                origin: JSONPointer(text: reader.optional("seccompOrigin", object) ?? ""))
        }
        annotations = reader.map("annotations", object) ?? []
    }
}

extension IntelRdtRecord: JSONObjectReadable {
    init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        group = reader.required("group", object)
        isMade = reader.required("isMade", object)
        isKept = reader.required("isKept", object)
        monitor = reader.required("monitor", object)
    }
}
