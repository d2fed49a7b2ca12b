// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config.Linux {
    /// `linux.resources`: the cgroup limits, and the document that `update --resources` reads.
    package struct Resources: Equatable, Sendable {
        /// The allowed devices.
        package var devices: [DeviceRule]?
        /// Memory.
        package var memory: Memory?
        /// Processor time and placement.
        package var cpu: CPU?
        /// The number of tasks.
        package var pids: Pids?
        /// Block I/O.
        package var blockIO: BlockIO?
        /// Huge pages, per size.
        package var hugepageLimits: [HugepageLimit]?
        /// Network classes and priorities (cgroup v1 only).
        package var network: Network?
        /// RDMA handles and objects, by device.
        package var rdma: [Entry<RDMA>]?
        /// Values for cgroup v2 files, by file name.
        package var unified: [Entry<Bytes>]?

        /// Nothing said.
        package init() {}
    }
}

extension Config.Linux.Resources {
    /// `linux.resources.memory`, in bytes; -1 is no limit.
    package struct Memory: Equatable, Sendable {
        /// The limit of memory.
        package var limit: Int64?
        /// The soft limit of memory.
        package var reservation: Int64?
        /// The limit of memory and swap together.
        package var swap: Int64?
        /// Deprecated: the limit of kernel memory.
        package var kernel: Int64?
        /// Deprecated: the limit of kernel memory for TCP buffers.
        package var kernelTCP: Int64?
        /// How readily memory is swapped, 0 to 100.
        package var swappiness: UInt64?
        /// Whether tasks wait instead of being killed.
        package var disableOOMKiller: Bool?
        /// Whether child cgroups share the limits.
        package var useHierarchy: Bool?
        /// Whether a new limit below the present usage is refused.
        package var checkBeforeUpdate: Bool?

        /// Nothing said.
        package init() {}
    }

    /// `linux.resources.cpu`, in microseconds.
    package struct CPU: Equatable, Sendable {
        /// The relative weight, in the terms of cgroup v1.
        package var shares: UInt64?
        /// The running time in a period; negative is no limit.
        package var quota: Int64?
        /// The running time that may be saved up for a burst.
        package var burst: UInt64?
        /// The period.
        package var period: UInt64?
        /// The running time in a real-time period.
        package var realtimeRuntime: Int64?
        /// The real-time period.
        package var realtimePeriod: UInt64?
        /// The CPUs, "0-3,7".
        package var cpus: Bytes?
        /// The memory nodes, "0-3,7".
        package var mems: Bytes?
        /// Whether the tasks run only when nothing else does.
        package var idle: Int64?

        /// Nothing said.
        package init() {}
    }

    /// `linux.resources.pids`.
    package struct Pids: Equatable, Sendable {
        /// The number of tasks; -1 is no limit, and 0 is a limit of none.
        package var limit: Int64?

        /// A limit of tasks.
        package init(limit: Int64? = nil) { self.limit = limit }
    }

    /// `linux.resources.hugepageLimits[]`.
    package struct HugepageLimit: Equatable, Sendable {
        /// The page size, "2MB".
        package var pageSize: Bytes
        /// The limit in bytes.
        package var limit: UInt64

        /// A limit for a page size.
        package init(pageSize: Bytes, limit: UInt64) {
            self.pageSize = pageSize
            self.limit = limit
        }
    }

    /// `linux.resources.network`.
    package struct Network: Equatable, Sendable {
        /// The class of the packets.
        package var classID: UInt32?
        /// The priorities per interface.
        package var priorities: [Priority]?

        /// Nothing said.
        package init() {}

        /// `linux.resources.network.priorities[]`.
        package struct Priority: Equatable, Sendable {
            /// The interface.
            package var name: Bytes
            /// Its priority.
            package var priority: UInt32

            /// The priority of an interface.
            package init(name: Bytes, priority: UInt32) {
                self.name = name
                self.priority = priority
            }
        }
    }

    /// `linux.resources.rdma.*`, by device.
    package struct RDMA: Equatable, Sendable {
        /// The number of handles.
        package var hcaHandles: UInt32?
        /// The number of objects.
        package var hcaObjects: UInt32?

        /// Limits of a device.
        package init(hcaHandles: UInt32? = nil, hcaObjects: UInt32? = nil) {
            self.hcaHandles = hcaHandles
            self.hcaObjects = hcaObjects
        }
    }
}

extension Config.Linux.Resources: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        devices = reader.optional("devices", object)
        memory = reader.optional("memory", object)
        cpu = reader.optional("cpu", object)
        pids = reader.optional("pids", object)
        blockIO = reader.optional("blockIO", object)
        hugepageLimits = reader.optional("hugepageLimits", object)
        network = reader.optional("network", object)
        rdma = reader.map("rdma", object)
        unified = reader.map("unified", object)
    }
}

extension Config.Linux.Resources.Memory: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        limit = reader.optional("limit", object)
        reservation = reader.optional("reservation", object)
        swap = reader.optional("swap", object)
        kernel = reader.optional("kernel", object)
        kernelTCP = reader.optional("kernelTCP", object)
        swappiness = reader.optional("swappiness", object)
        disableOOMKiller = reader.optional("disableOOMKiller", object)
        useHierarchy = reader.optional("useHierarchy", object)
        checkBeforeUpdate = reader.optional("checkBeforeUpdate", object)
    }
}

extension Config.Linux.Resources.CPU: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        shares = reader.optional("shares", object)
        quota = reader.optional("quota", object)
        burst = reader.optional("burst", object)
        period = reader.optional("period", object)
        realtimeRuntime = reader.optional("realtimeRuntime", object)
        realtimePeriod = reader.optional("realtimePeriod", object)
        cpus = reader.optional("cpus", object)
        mems = reader.optional("mems", object)
        idle = reader.optional("idle", object)
    }
}

extension Config.Linux.Resources.Pids: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        limit = reader.optional("limit", object)
    }
}

extension Config.Linux.Resources.HugepageLimit: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        pageSize = reader.required("pageSize", object)
        limit = reader.required("limit", object)
    }
}

extension Config.Linux.Resources.Network: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        classID = reader.optional("classID", object)
        priorities = reader.optional("priorities", object)
    }
}

extension Config.Linux.Resources.Network.Priority: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        name = reader.required("name", object)
        priority = reader.required("priority", object)
    }
}

extension Config.Linux.Resources.RDMA: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        hcaHandles = reader.optional("hcaHandles", object)
        hcaObjects = reader.optional("hcaObjects", object)
    }
}

extension Config.Linux.Resources {
    /// Reads the document of `update --resources`.
    package static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(ConfigErrors) -> Config.Linux.Resources {
        try JSONReader.read(bytes, limits: limits)
    }
}
