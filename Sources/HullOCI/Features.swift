// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The features document: what this runtime can do, whatever the host can. A property that is nil is not written,
/// which says nothing; an empty array says that there is none.
package struct Features: Equatable, Sendable {
    /// The oldest version of the specification that is recognized.
    package var ociVersionMin: Bytes
    /// The newest version of the specification that is recognized.
    package var ociVersionMax: Bytes
    /// The recognized hooks.
    package var hooks: [Bytes]?
    /// The recognized mount options.
    package var mountOptions: [Bytes]?
    /// What is particular to Linux.
    package var linux: Linux?
    /// Free metadata of the runtime.
    package var annotations: [Entry<Bytes>]?
    /// The annotations of a configuration that change what the runtime does; one that ends in "." is a prefix.
    package var potentiallyUnsafeConfigAnnotations: [Bytes]?

    /// A document that says nothing but its versions.
    package init(ociVersionMin: Bytes, ociVersionMax: Bytes) {
        self.ociVersionMin = ociVersionMin
        self.ociVersionMax = ociVersionMax
    }
}

extension Features {
    /// `linux`.
    package struct Linux: Equatable, Sendable {
        /// The recognized namespaces.
        package var namespaces: [Bytes]?
        /// The recognized capabilities.
        package var capabilities: [Bytes]?
        /// The kinds of cgroup management.
        package var cgroup: Cgroup?
        /// What the system call filter can express.
        package var seccomp: Seccomp?
        /// AppArmor.
        package var apparmor: Enabled?
        /// SELinux.
        package var selinux: Enabled?
        /// What is recognized of NUMA memory policies.
        package var memoryPolicy: MemoryPolicy?
        /// Intel Resource Director Technology.
        package var intelRdt: IntelRdt?
        /// Kinds of mounts beyond mount(2).
        package var mountExtensions: MountExtensions?
        /// Moving network devices into the container.
        package var netDevices: Enabled?

        /// Nothing said.
        package init() {}
    }

    /// Whether something is implemented.
    package struct Enabled: Equatable, Sendable {
        /// Whether it is.
        package var enabled: Bool?

        /// Implemented or not.
        package init(enabled: Bool?) { self.enabled = enabled }
    }

    /// `linux.cgroup`.
    package struct Cgroup: Equatable, Sendable {
        /// Whether version 1 is managed.
        package var v1: Bool?
        /// Whether version 2 is managed.
        package var v2: Bool?
        /// Whether the system's systemd can be asked for the cgroup.
        package var systemd: Bool?
        /// Whether the user's systemd can be asked for the cgroup.
        package var systemdUser: Bool?
        /// Whether the RDMA controller is managed.
        package var rdma: Bool?

        /// What is said; nothing without arguments.
        package init(
            v1: Bool? = nil, v2: Bool? = nil, systemd: Bool? = nil, systemdUser: Bool? = nil, rdma: Bool? = nil
        ) {
            self.v1 = v1
            self.v2 = v2
            self.systemd = systemd
            self.systemdUser = systemdUser
            self.rdma = rdma
        }
    }

    /// `linux.seccomp`.
    package struct Seccomp: Equatable, Sendable {
        /// Whether filters are implemented.
        package var enabled: Bool?
        /// The recognized actions.
        package var actions: [Bytes]?
        /// The recognized operators.
        package var operators: [Bytes]?
        /// The recognized architectures.
        package var archs: [Bytes]?
        /// The recognized flags.
        package var knownFlags: [Bytes]?
        /// The flags that also work.
        package var supportedFlags: [Bytes]?

        /// What is said; nothing without arguments.
        package init(
            enabled: Bool? = nil, actions: [Bytes]? = nil, operators: [Bytes]? = nil, archs: [Bytes]? = nil,
            knownFlags: [Bytes]? = nil, supportedFlags: [Bytes]? = nil
        ) {
            self.enabled = enabled
            self.actions = actions
            self.operators = operators
            self.archs = archs
            self.knownFlags = knownFlags
            self.supportedFlags = supportedFlags
        }
    }

    /// `linux.memoryPolicy`.
    package struct MemoryPolicy: Equatable, Sendable {
        /// The recognized modes.
        package var modes: [Bytes]?
        /// The recognized flags.
        package var flags: [Bytes]?

        /// What is said; nothing without arguments.
        package init(modes: [Bytes]? = nil, flags: [Bytes]? = nil) {
            self.modes = modes
            self.flags = flags
        }
    }

    /// `linux.intelRdt`.
    package struct IntelRdt: Equatable, Sendable {
        /// Whether it is implemented.
        package var enabled: Bool?
        /// Whether the property `schemata` is.
        package var schemata: Bool?
        /// Whether the property `enableMonitoring` is.
        package var monitoring: Bool?

        /// What is said; nothing without arguments.
        package init(enabled: Bool? = nil, schemata: Bool? = nil, monitoring: Bool? = nil) {
            self.enabled = enabled
            self.schemata = schemata
            self.monitoring = monitoring
        }
    }

    /// `linux.mountExtensions`.
    package struct MountExtensions: Equatable, Sendable {
        /// Id-mapped mounts.
        package var idmap: Enabled?

        /// What is said; nothing without arguments.
        package init(idmap: Enabled? = nil) {
            self.idmap = idmap
        }
    }
}

extension Features: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("ociVersionMin", ociVersionMin)
            writer.member("ociVersionMax", ociVersionMax)
            writer.member("hooks", hooks)
            writer.member("mountOptions", mountOptions)
            writer.member("linux", linux)
            writer.member("annotations", map: annotations)
            writer.member("potentiallyUnsafeConfigAnnotations", potentiallyUnsafeConfigAnnotations)
        }
    }
}

extension Features.Linux: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("namespaces", namespaces)
            writer.member("capabilities", capabilities)
            writer.member("cgroup", cgroup)
            writer.member("seccomp", seccomp)
            writer.member("apparmor", apparmor)
            writer.member("selinux", selinux)
            writer.member("memoryPolicy", memoryPolicy)
            writer.member("intelRdt", intelRdt)
            writer.member("mountExtensions", mountExtensions)
            writer.member("netDevices", netDevices)
        }
    }
}

extension Features.Enabled: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("enabled", enabled)
        }
    }
}

extension Features.Cgroup: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("v1", v1)
            writer.member("v2", v2)
            writer.member("systemd", systemd)
            writer.member("systemdUser", systemdUser)
            writer.member("rdma", rdma)
        }
    }
}

extension Features.Seccomp: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("enabled", enabled)
            writer.member("actions", actions)
            writer.member("operators", operators)
            writer.member("archs", archs)
            writer.member("knownFlags", knownFlags)
            writer.member("supportedFlags", supportedFlags)
        }
    }
}

extension Features.MemoryPolicy: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("modes", modes)
            writer.member("flags", flags)
        }
    }
}

extension Features.IntelRdt: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("enabled", enabled)
            writer.member("schemata", schemata)
            writer.member("monitoring", monitoring)
        }
    }
}

extension Features.MountExtensions: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("idmap", idmap)
        }
    }
}
