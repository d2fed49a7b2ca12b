// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// Users, groups, capabilities and limits.
package enum Credentials {
    /// The effective user.
    package static var effectiveUser: UInt32 { chull_geteuid() }
    /// The effective group.
    package static var effectiveGroup: UInt32 { chull_getegid() }

    /// The permitted and the inheritable set of the process: capget(2).
    package static func capabilities() throws(SystemError) -> (permitted: CapabilitySet, inheritable: CapabilitySet) {
        var effective: UInt64 = 0
        var permitted: UInt64 = 0
        var inheritable: UInt64 = 0
        try check(unsafe chull_capget(&effective, &permitted, &inheritable), "capget")
        return (CapabilitySet(rawValue: permitted), CapabilitySet(rawValue: inheritable))
    }

    /// Becomes a user of the user namespace just entered, its root mostly, without supplementary groups.
    package static func becomeUser(_ uid: UInt32, _ gid: UInt32, dropsGroups: Bool) throws(SystemError) {
        if dropsGroups { try check(chull_setgroups(0, nil), "setgroups") }
        try check(chull_setresgid(gid), "setresgid", "\(gid)")
        try check(chull_setresuid(uid), "setresuid", "\(uid)")
    }

    /// The highest capability of the kernel: none above it is in a bounding set, PR_CAPBSET_READ of prctl(2). Never
    /// less than 40, which every kernel has that hull can work on: a refusal must not leave that one to the container.
    package static var lastCapability: UInt32 {
        var last: UInt64 = 40
        while last < 63, chull_prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0 { last += 1 }
        return UInt32(last)
    }

    /// Whether a user may execute the file at a path: opens it as this user, setfsuid(2), for root may see less than
    /// the user (a directory of NFS that squashes root) or more. Leaves the groups as they are then.
    package static func mayExecute(
        _ path: Bytes, uid: UInt32, gid: UInt32, groups: [UInt32]?
    ) -> Bool {
        if let groups { _ = unsafe groups.withUnsafeBufferPointer { unsafe chull_setgroups($0.count, $0.baseAddress) } }
        chull_set_file_ids(uid, gid)
        defer { chull_set_file_ids(0, 0) }
        guard let file = try? Descriptor(opening: path, [.path]) else { return false }
        return chull_may_access(file.number, X_OK) == 0
    }

    /// Sets a limit of a process: prlimit(2). `pid` 0 is the caller.
    package static func setLimit(
        _ limit: ResourceLimit, soft: UInt64, hard: UInt64, pid: Int32
    ) throws(SystemError) {
        try check(chull_prlimit(pid, limit.rawValue, soft, hard), "prlimit", limit.name)
    }

    /// A limit of the calling process.
    package static func limit(_ limit: ResourceLimit) throws(SystemError) -> (soft: UInt64, hard: UInt64) {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        try check(unsafe chull_getrlimit(limit.rawValue, &soft, &hard), "prlimit", limit.name)
        return (soft, hard)
    }
}

/// What the kernel is and can do.
package enum Kernel {
    /// Major and minor number of the running kernel: uname(2).
    package static func version() throws(SystemError) -> (major: UInt32, minor: UInt32) {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        try check(unsafe chull_kernel_version(&major, &minor), "uname")
        return (major, minor)
    }

    /// Sets the host name of the UTS namespace.
    package static func setHostname(_ name: Bytes) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_sethostname($0, name.count) }, "sethostname", name)
    }

    /// Sets the NIS domain name of the UTS namespace.
    package static func setDomainname(_ name: Bytes) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_setdomainname($0, name.count) }, "setdomainname", name)
    }

    /// Sets a network interface of the network namespace up: SIOCSIFFLAGS of netdevice(7).
    package static func setInterfaceUp(_ name: Bytes) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_interface_up($0) }, "SIOCSIFFLAGS", name)
    }

    /// Replaces the session keyring by a new one of the name: keyctl(KEYCTL_JOIN_SESSION_KEYRING).
    package static func joinSessionKeyring(_ name: Bytes) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_join_session_keyring($0) }, "keyctl", name)
    }

    /// The kind of an open namespace file as CLONE_NEW* flag: the ioctl NS_GET_NSTYPE of ioctl_ns(2).
    package static func namespaceType(_ descriptor: Int32) throws(SystemError) -> UInt64 {
        UInt64(try check(chull_nstype(descriptor), "NS_GET_NSTYPE"))
    }
}
