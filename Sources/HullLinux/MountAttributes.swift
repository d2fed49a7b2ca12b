// SPDX-License-Identifier: Apache-2.0

internal import CHull

/// Attributes of one mount: MOUNT_ATTR_* of linux/mount.h, for fsmount(2) and mount_setattr(2).
package struct MountAttributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A literal: the standard library's own way goes through a generic sequence, and looks up conformances at run
    /// time.
    package init(arrayLiteral elements: MountAttributes...) {
        self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
    }

    /// No writes through this mount.
    package static let readOnly = MountAttributes(rawValue: UInt64(MOUNT_ATTR_RDONLY))
    /// Set-user-id, set-group-id and file capabilities do nothing.
    package static let noSuid = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NOSUID))
    /// Device files cannot be opened.
    package static let noDev = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NODEV))
    /// Files cannot be executed or mapped executable.
    package static let noExec = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NOEXEC))
    /// The access time of directories stays.
    package static let noDirAtime = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NODIRATIME))
    /// Symbolic links are not followed.
    package static let noSymFollow = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NOSYMFOLLOW))
    /// Owners are translated by a user namespace.
    package static let idMap = MountAttributes(rawValue: UInt64(MOUNT_ATTR_IDMAP))

    /// The bits of the access time: an enumeration inside the word, whose value 0 is relatime. mount_setattr(2) takes a
    /// new value only together with all of these in `attr_clr`.
    package static let atimeMask = MountAttributes(rawValue: UInt64(MOUNT_ATTR__ATIME))
    /// A value of the enumeration.
    package static let noAtime = MountAttributes(rawValue: UInt64(MOUNT_ATTR_NOATIME))
    /// A value of the enumeration.
    package static let strictAtime = MountAttributes(rawValue: UInt64(MOUNT_ATTR_STRICTATIME))
    /// A value of the enumeration: no bit at all.
    package static let relAtime: MountAttributes = []
}

extension MountAttributes {
    /// What `f_flags` of fstatfs(2) says: ST_* of statfs.h, which have other values.
    package init(statfs flags: UInt64) {
        let table: [(UInt64, MountAttributes)] = [
            (1, .readOnly), (2, .noSuid), (4, .noDev), (8, .noExec), (0x400, .noAtime), (0x800, .noDirAtime),
            (0x2000, .noSymFollow),
        ]
        var found: MountAttributes = []
        for (flag, attribute) in table where flags & flag != 0 { found.formUnion(attribute) }
        // Neither noatime nor relatime.
        if flags & 0x1400 == 0 { found.formUnion(.strictAtime) }
        self = found
    }
}

/// Flags of a whole filesystem, shared by all its mounts: MS_* of mount(2) that the kernel calls SB_*.
package struct SuperblockFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A literal: the standard library's own way goes through a generic sequence, and looks up conformances at run
    /// time.
    package init(arrayLiteral elements: SuperblockFlags...) {
        self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
    }

    /// No writes through any mount of it.
    package static let readOnly = SuperblockFlags(rawValue: UInt64(MS_RDONLY))
    /// Writes wait for the device.
    package static let synchronous = SuperblockFlags(rawValue: UInt64(MS_SYNCHRONOUS))
    /// Changes of directories wait for the device.
    package static let dirSync = SuperblockFlags(rawValue: UInt64(MS_DIRSYNC))
    /// Mandatory locks; without effect since kernel 5.15.
    package static let mandLock = SuperblockFlags(rawValue: UInt64(MS_MANDLOCK))
    /// Times are written late.
    package static let lazyTime = SuperblockFlags(rawValue: UInt64(MS_LAZYTIME))
    /// Inodes count their changes.
    package static let iVersion = SuperblockFlags(rawValue: UInt64(MS_I_VERSION))
    /// The kernel logs no complaint about this mount.
    package static let silent = SuperblockFlags(rawValue: UInt64(MS_SILENT))
}

/// How mounts below spread to other mount namespaces: mount_namespaces(7).
package enum MountPropagation: Hashable, Sendable {
    case `private`, shared, slave, unbindable

    /// The flag for `mount_attr.propagation` and mount(2): one of MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE.
    package var flag: UInt64 {
        switch self {
        case .private: UInt64(MS_PRIVATE)
        case .shared: UInt64(MS_SHARED)
        case .slave: UInt64(MS_SLAVE)
        case .unbindable: UInt64(MS_UNBINDABLE)
        }
    }
}
