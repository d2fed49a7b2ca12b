// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config {
    /// `linux`: what only Linux has.
    package struct Linux: Equatable, Sendable {
        /// The namespaces to make or to join; the others are the runtime's.
        package var namespaces: [Namespace]?
        /// The user ids of the user namespace.
        package var uidMappings: [IDMapping]?
        /// The group ids of the user namespace.
        package var gidMappings: [IDMapping]?
        /// The clock offsets of the time namespace, by clock name ("monotonic", "boottime").
        package var timeOffsets: [Entry<TimeOffset>]?
        /// The device nodes, besides those that every container has.
        package var devices: [Device]?
        /// The network devices to move into the container, by their name on the host.
        package var netDevices: [Entry<NetDevice>]?
        /// Where in the cgroup tree.
        package var cgroupsPath: Bytes?
        /// The cgroup limits.
        package var resources: Resources?
        /// Intel Resource Director Technology.
        package var intelRdt: IntelRdt?
        /// The NUMA memory policy.
        package var memoryPolicy: MemoryPolicy?
        /// Kernel parameters by name.
        package var sysctl: [Entry<Bytes>]?
        /// The system call filter.
        package var seccomp: Seccomp?
        /// The mount propagation of the root filesystem.
        package var rootfsPropagation: Bytes?
        /// The paths that are hidden.
        package var maskedPaths: [Bytes]?
        /// The paths that are made read-only.
        package var readonlyPaths: [Bytes]?
        /// The SELinux context of the mounts.
        package var mountLabel: Bytes?
        /// The execution domain.
        package var personality: Personality?

        /// Nothing said.
        package init() {}
    }
}

extension Config.Linux {
    /// `linux.memoryPolicy`: the arguments of set_mempolicy(2).
    package struct MemoryPolicy: Equatable, Sendable {
        /// The mode, "MPOL_BIND".
        package var mode: Bytes?
        /// The memory nodes, "0-3,7".
        package var nodes: Bytes?
        /// Flags, "MPOL_F_STATIC_NODES".
        package var flags: [Bytes]?

        /// Nothing said.
        package init() {}
    }

    /// `linux.personality`: the argument of personality(2).
    package struct Personality: Equatable, Sendable {
        /// The execution domain, "LINUX" or "LINUX32".
        package var domain: Bytes?
        /// Flags; the specification names none.
        package var flags: [Bytes]?

        /// Nothing said.
        package init() {}
    }

    /// `linux.intelRdt`: a class of service in the resctrl filesystem.
    package struct IntelRdt: Equatable, Sendable {
        /// The class of service.
        package var closID: Bytes?
        /// The lines for the file `schemata`.
        package var schemata: [Bytes]?
        /// The line for the L3 cache.
        package var l3CacheSchema: Bytes?
        /// The line for the memory bandwidth.
        package var memBwSchema: Bytes?
        /// Whether the container has a monitoring group of its own.
        package var enableMonitoring: Bool?
        /// Of versions 1.1 to 1.2; `enableMonitoring` took its place.
        package var enableCMT: Bool?
        /// Of versions 1.1 to 1.2; `enableMonitoring` took its place.
        package var enableMBM: Bool?

        /// Nothing said.
        package init() {}
    }
}

extension Config.Linux: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        namespaces = reader.optional("namespaces", object)
        uidMappings = reader.optional("uidMappings", object)
        gidMappings = reader.optional("gidMappings", object)
        timeOffsets = reader.map("timeOffsets", object)
        devices = reader.optional("devices", object)
        netDevices = reader.map("netDevices", object)
        cgroupsPath = reader.optional("cgroupsPath", object)
        resources = reader.optional("resources", object)
        intelRdt = reader.optional("intelRdt", object)
        memoryPolicy = reader.optional("memoryPolicy", object)
        sysctl = reader.map("sysctl", object)
        seccomp = reader.optional("seccomp", object)
        rootfsPropagation = reader.optional("rootfsPropagation", object)
        maskedPaths = reader.optional("maskedPaths", object)
        readonlyPaths = reader.optional("readonlyPaths", object)
        mountLabel = reader.optional("mountLabel", object)
        personality = reader.optional("personality", object)
    }
}

extension Config.Linux.MemoryPolicy: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        mode = reader.optional("mode", object)
        nodes = reader.optional("nodes", object)
        flags = reader.optional("flags", object)
    }
}

extension Config.Linux.Personality: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        domain = reader.optional("domain", object)
        flags = reader.optional("flags", object)
    }
}

extension Config.Linux.IntelRdt: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        closID = reader.optional("closID", object)
        schemata = reader.optional("schemata", object)
        l3CacheSchema = reader.optional("l3CacheSchema", object)
        memBwSchema = reader.optional("memBwSchema", object)
        enableMonitoring = reader.optional("enableMonitoring", object)
        enableCMT = reader.optional("enableCMT", object)
        enableMBM = reader.optional("enableMBM", object)
    }
}
