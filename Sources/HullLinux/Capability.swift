// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// A capability of the kernel by its number: CAP_CHOWN is 0.
package struct Capability: Hashable, Sendable {
    /// The bit in the kernel's sets.
    package let rawValue: UInt8

    /// The capability with the number, known by name or not; nil above 63, where no set has a bit.
    package init?(rawValue: UInt8) {
        guard rawValue < 64 else { return nil }
        self.rawValue = rawValue
    }

    /// The capability of the name as the specification writes it: `CAP_CHOWN`, in capitals, with the prefix.
    package init?(name: Bytes) {
        // libcap's cap_from_name also takes "cap_chown", "CHOWN" in places and bare numbers: a config that runs here
        // would then not run elsewhere. The table is checked against libcap in a test.
        guard let row = Capability.rows.first(where: { name.matches($0.name) }) else { return nil }
        self.rawValue = UInt8(row.number)
    }

    /// `CAP_CHOWN`; `CAP_63` for a number without a name.
    package var name: Bytes {
        Int(rawValue) < Capability.names.count ? Capability.names[Int(rawValue)] : "CAP_\(rawValue)"
    }

    /// Every name, in the order of the numbers.
    package static let names: [Bytes] = rows.sorted { $0.number < $1.number }.map { Bytes(stringLiteral: $0.name) }

    /// linux/capability.h, up to its CAP_LAST_CAP; the numbers leave no gap.
    fileprivate static let rows: [(name: StaticString, number: Int32)] = [
        ("CAP_CHOWN", CAP_CHOWN), ("CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE),
        ("CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH), ("CAP_FOWNER", CAP_FOWNER), ("CAP_FSETID", CAP_FSETID),
        ("CAP_KILL", CAP_KILL), ("CAP_SETGID", CAP_SETGID), ("CAP_SETUID", CAP_SETUID), ("CAP_SETPCAP", CAP_SETPCAP),
        ("CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE), ("CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE),
        ("CAP_NET_BROADCAST", CAP_NET_BROADCAST), ("CAP_NET_ADMIN", CAP_NET_ADMIN), ("CAP_NET_RAW", CAP_NET_RAW),
        ("CAP_IPC_LOCK", CAP_IPC_LOCK), ("CAP_IPC_OWNER", CAP_IPC_OWNER), ("CAP_SYS_MODULE", CAP_SYS_MODULE),
        ("CAP_SYS_RAWIO", CAP_SYS_RAWIO), ("CAP_SYS_CHROOT", CAP_SYS_CHROOT), ("CAP_SYS_PTRACE", CAP_SYS_PTRACE),
        ("CAP_SYS_PACCT", CAP_SYS_PACCT), ("CAP_SYS_ADMIN", CAP_SYS_ADMIN), ("CAP_SYS_BOOT", CAP_SYS_BOOT),
        ("CAP_SYS_NICE", CAP_SYS_NICE), ("CAP_SYS_RESOURCE", CAP_SYS_RESOURCE), ("CAP_SYS_TIME", CAP_SYS_TIME),
        ("CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG), ("CAP_MKNOD", CAP_MKNOD), ("CAP_LEASE", CAP_LEASE),
        ("CAP_AUDIT_WRITE", CAP_AUDIT_WRITE), ("CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL), ("CAP_SETFCAP", CAP_SETFCAP),
        ("CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE), ("CAP_MAC_ADMIN", CAP_MAC_ADMIN), ("CAP_SYSLOG", CAP_SYSLOG),
        ("CAP_WAKE_ALARM", CAP_WAKE_ALARM), ("CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND),
        ("CAP_AUDIT_READ", CAP_AUDIT_READ), ("CAP_PERFMON", CAP_PERFMON), ("CAP_BPF", CAP_BPF),
        ("CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE),
    ]
}

/// A set of capabilities as the kernel keeps it: bit N is capability N.
package struct CapabilitySet: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A literal: the standard library's own way goes through a generic sequence, and looks up conformances at run
    /// time.
    package init(arrayLiteral elements: CapabilitySet...) {
        self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
    }

    /// Files are read, written and executed whatever their mode.
    package static let dacOverride = CapabilitySet(rawValue: 1 << UInt64(CAP_DAC_OVERRIDE))

    /// What mounting takes, and joining namespaces.
    package static let sysAdmin = CapabilitySet(rawValue: 1 << UInt64(CAP_SYS_ADMIN))
    /// What writing any id map takes.
    package static let ids = CapabilitySet(rawValue: 1 << UInt64(CAP_SETUID) | 1 << UInt64(CAP_SETGID))

    /// Whether all of another set are in this one.
    package func has(_ other: CapabilitySet) -> Bool { rawValue & other.rawValue == other.rawValue }

    /// The set of the given capabilities.
    package init(_ members: some Sequence<Capability>) {
        self.rawValue = members.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// All capabilities that have a name.
    package static let named = CapabilitySet(rawValue: 1 << UInt64(Capability.rows.count) - 1)

    /// Whether the capability is in the set.
    package func contains(_ capability: Capability) -> Bool { rawValue & 1 << UInt64(capability.rawValue) != 0 }
    /// Adds one capability.
    package mutating func insert(_ capability: Capability) {
        self = CapabilitySet(rawValue: rawValue | 1 << UInt64(capability.rawValue))
    }

    /// The members in the order of their numbers.
    package var members: [Capability] { (UInt8(0)..<64).compactMap(Capability.init(rawValue:)).filter(contains) }
    /// The names of the members in the order of their numbers.
    package var names: [Bytes] { members.map(\.name) }
}
