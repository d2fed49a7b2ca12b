// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// What one option word does.
enum MountOptionAction {
    case nothing
    case attribute(MountAttributes, set: Bool, recursive: Bool)
    /// Chooses a value of the access time.
    case accessTime(MountAttributes, recursive: Bool)
    /// Takes a value back if it was chosen, by this list or by whoever made the mount that is bound.
    case notAccessTime(MountAttributes, recursive: Bool)
    /// Read-only is said twice to the kernel: to the mount, and to the filesystem that is being made, because a
    /// write-protected device can only be mounted so.
    case readOnly(Bool)
    case superblock(SuperblockFlags, set: Bool)
    case propagation(MountPropagation, recursive: Bool)
    case bind(MountOptions.Bind)
    case special(MountOptions.Special.Kind)
}

extension MountOptions {
    /// Every option word that is not left to the filesystem, as `features` lists them.
    package static var names: [Bytes] { table.map { Bytes(stringLiteral: $0.name) } }

    static func action(_ option: Bytes) -> MountOptionAction? { table.first { option.matches($0.name) }?.action }

    private static let table: [(name: StaticString, action: MountOptionAction)] =
        attributeRows + accessTimeRows + superblockRows + propagationRows + specialRows

    private static let attributeRows: [(name: StaticString, action: MountOptionAction)] = [
        ("ro", .readOnly(true)),
        ("rw", .readOnly(false)),
        ("nosuid", .attribute(.noSuid, set: true, recursive: false)),
        ("suid", .attribute(.noSuid, set: false, recursive: false)),
        ("nodev", .attribute(.noDev, set: true, recursive: false)),
        ("dev", .attribute(.noDev, set: false, recursive: false)),
        ("noexec", .attribute(.noExec, set: true, recursive: false)),
        ("exec", .attribute(.noExec, set: false, recursive: false)),
        ("nosymfollow", .attribute(.noSymFollow, set: true, recursive: false)),
        ("symfollow", .attribute(.noSymFollow, set: false, recursive: false)),
        ("nodiratime", .attribute(.noDirAtime, set: true, recursive: false)),
        ("diratime", .attribute(.noDirAtime, set: false, recursive: false)),
        ("rro", .attribute(.readOnly, set: true, recursive: true)),
        ("rrw", .attribute(.readOnly, set: false, recursive: true)),
        ("rnosuid", .attribute(.noSuid, set: true, recursive: true)),
        ("rsuid", .attribute(.noSuid, set: false, recursive: true)),
        ("rnodev", .attribute(.noDev, set: true, recursive: true)),
        ("rdev", .attribute(.noDev, set: false, recursive: true)),
        ("rnoexec", .attribute(.noExec, set: true, recursive: true)),
        ("rexec", .attribute(.noExec, set: false, recursive: true)),
        ("rnosymfollow", .attribute(.noSymFollow, set: true, recursive: true)),
        ("rsymfollow", .attribute(.noSymFollow, set: false, recursive: true)),
        ("rnodiratime", .attribute(.noDirAtime, set: true, recursive: true)),
        ("rdiratime", .attribute(.noDirAtime, set: false, recursive: true)),
    ]

    private static let accessTimeRows: [(name: StaticString, action: MountOptionAction)] = [
        ("noatime", .accessTime(.noAtime, recursive: false)),
        ("atime", .notAccessTime(.noAtime, recursive: false)),
        ("relatime", .accessTime(.relAtime, recursive: false)),
        ("norelatime", .notAccessTime(.relAtime, recursive: false)),
        ("strictatime", .accessTime(.strictAtime, recursive: false)),
        ("nostrictatime", .notAccessTime(.strictAtime, recursive: false)),
        ("rnoatime", .accessTime(.noAtime, recursive: true)),
        ("ratime", .notAccessTime(.noAtime, recursive: true)),
        ("rrelatime", .accessTime(.relAtime, recursive: true)),
        ("rnorelatime", .notAccessTime(.relAtime, recursive: true)),
        ("rstrictatime", .accessTime(.strictAtime, recursive: true)),
        ("rnostrictatime", .notAccessTime(.strictAtime, recursive: true)),
    ]

    private static let superblockRows: [(name: StaticString, action: MountOptionAction)] = [
        // What mount(8) calls the defaults is what a mount has anyway.
        ("defaults", .nothing),
        ("sync", .superblock(.synchronous, set: true)),
        ("async", .superblock(.synchronous, set: false)),
        ("dirsync", .superblock(.dirSync, set: true)),
        ("mand", .superblock(.mandLock, set: true)),
        ("nomand", .superblock(.mandLock, set: false)),
        ("lazytime", .superblock(.lazyTime, set: true)),
        ("nolazytime", .superblock(.lazyTime, set: false)),
        ("iversion", .superblock(.iVersion, set: true)),
        ("noiversion", .superblock(.iVersion, set: false)),
        ("silent", .superblock(.silent, set: true)),
        ("loud", .superblock(.silent, set: false)),
    ]

    private static let propagationRows: [(name: StaticString, action: MountOptionAction)] = [
        ("private", .propagation(.private, recursive: false)),
        ("rprivate", .propagation(.private, recursive: true)),
        ("shared", .propagation(.shared, recursive: false)),
        ("rshared", .propagation(.shared, recursive: true)),
        ("slave", .propagation(.slave, recursive: false)),
        ("rslave", .propagation(.slave, recursive: true)),
        ("unbindable", .propagation(.unbindable, recursive: false)),
        ("runbindable", .propagation(.unbindable, recursive: true)),
    ]

    private static let specialRows: [(name: StaticString, action: MountOptionAction)] = [
        ("bind", .bind(.single)),
        ("rbind", .bind(.recursive)),
        ("remount", .special(.remount)),
        ("idmap", .special(.idMap(recursive: false, mapping: nil))),
        ("ridmap", .special(.idMap(recursive: true, mapping: nil))),
        ("tmpcopyup", .special(.tmpcopyup)),
        ("copy-symlink", .special(.copySymlink)),
        ("src-nofollow", .special(.sourceNoFollow)),
        ("dest-nofollow", .special(.destinationNoFollow)),
    ]
}

extension MountOptions.Propagation {
    /// The word of `linux.rootfsPropagation` or of a mount option: `rslave`.
    package init?(name: Bytes) {
        guard case .propagation(let type, let recursive) = MountOptions.action(name) else { return nil }
        self.init(type: type, recursive: recursive)
    }

    /// Every word that `init(name:)` takes.
    package static let names: [Bytes] = [
        "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
    ]
}
