// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// What the options of one mount say, sorted by the kernel call that carries each out.
///
/// Options act in the order in which they are listed, and the last word counts. A recursive option (`rro`) speaks of
/// the mount and of all below it, a plain one (`ro`) of the mount alone; so the executor applies `recursive` to the
/// tree first and `attributes` to its top afterwards, and every mount has what the list said last of it.
package struct MountOptions: Equatable, Sendable {
    /// Whether the mount is a bind mount, alone or with everything below the source.
    package enum Bind: Sendable { case single, recursive }

    /// Options of one filesystem type; each is one call of fsconfig(2).
    package struct Parameter: Equatable, Sendable {
        /// The name.
        package var key: Bytes
        /// What follows the first `=`; nil for a bare name, which is a flag to the filesystem.
        package var value: Bytes?
        /// The option that said it.
        package var origin: JSONPointer
    }

    /// A change of how mounts spread.
    package struct Propagation: Equatable, Sendable {
        /// The new type.
        package var type: MountPropagation
        /// Whether all mounts below change too: MS_REC, AT_RECURSIVE.
        package var recursive: Bool
    }

    /// An option that is neither an attribute nor a flag nor the filesystem's.
    package struct Special: Equatable, Sendable {
        /// Which one.
        package enum Kind: Equatable, Sendable {
            case remount, tmpcopyup, copySymlink, sourceNoFollow, destinationNoFollow
            /// `idmap` or `ridmap`; `mapping` is what follows the `=` where mappings are said in the option itself.
            case idMap(recursive: Bool, mapping: Bytes?)
        }
        /// Which one.
        package var kind: Kind
        /// The option that said it.
        package var origin: JSONPointer
    }

    /// Set for a bind mount.
    package var bind: Bind?
    /// For the mount itself: attr_set and attr_clr of mount_setattr(2).
    package var attributes = MountAttributeChange()
    /// For the mount and all below it: the same with AT_RECURSIVE, to be applied first.
    package var recursive = MountAttributeChange()
    /// For the filesystem and all its mounts; empty for a bind mount, which must not touch the host's filesystem.
    package var superblock = SuperblockChange()
    /// To be carried out in this order, each by a call of its own: the kernel refuses two at once.
    package var propagation: [Propagation] = []
    /// What no word of ours is: for the filesystem, in the listed order; empty for a bind mount.
    package var data: [Parameter] = []
    /// What asks for work beyond flags.
    package var special: [Special] = []

    /// No option.
    package init() {}

    /// Whether the list asks for that; not for an id map, whose words have values.
    func has(_ kind: Special.Kind) -> Bool { special.contains { $0.kind == kind } }

    /// The attributes of a mount that is only made now. Nothing is mounted below it: recursive words speak of it alone.
    var attributesOfNew: MountAttributes { attributes.applied(to: recursive.applied()) }
}

/// Attributes to set and to clear on a mount.
///
/// The bits of the access time are an enumeration: `clear` has all of them or none, and where it has them `set` has
/// the new value. No other bit is in both.
package struct MountAttributeChange: Equatable, Sendable {
    /// attr_set of mount_setattr(2).
    package private(set) var set: MountAttributes = []
    /// attr_clr of mount_setattr(2).
    package private(set) var clear: MountAttributes = []

    /// No change.
    package init() {}

    /// Whether there is nothing to do.
    package var isEmpty: Bool { self.set.isEmpty && clear.isEmpty }

    /// The attributes of a mount after the change; of a fresh one without argument.
    package func applied(to attributes: MountAttributes = []) -> MountAttributes {
        attributes.subtracting(clear).union(set)
    }

    /// The access time rule that is asked for; nil leaves the mount's own.
    package var accessTime: MountAttributes? {
        clear.isSuperset(of: .atimeMask) ? self.set.intersection(.atimeMask) : nil
    }

    mutating func add(_ bit: MountAttributes) {
        set.formUnion(bit)
        clear.subtract(bit)
    }

    mutating func remove(_ bit: MountAttributes) {
        clear.formUnion(bit)
        set.subtract(bit)
    }

    mutating func choose(accessTime value: MountAttributes?) {
        forget(.atimeMask)
        guard let value else { return }
        clear.formUnion(.atimeMask)
        set.formUnion(value)
    }

    mutating func forget(_ bits: MountAttributes) {
        set.subtract(bits)
        clear.subtract(bits)
    }
}

/// Flags to set and to clear on a filesystem; no bit is in both.
package struct SuperblockChange: Equatable, Sendable {
    /// To be set.
    package private(set) var set: SuperblockFlags = []
    /// To be cleared; they are clear on a filesystem that is only being made.
    package private(set) var clear: SuperblockFlags = []

    /// No change.
    package init() {}

    /// The flags by the names that fsconfig(2) takes (FSCONFIG_SET_FLAG). `iversion` and `silent` have none: the first
    /// is the filesystem's own business, the second keeps complaints of mount(2) out of the kernel's log, and those of
    /// fsconfig(2) go to the context's log in any case.
    package var names: [Bytes] {
        var names: [Bytes] = []
        if set.contains(.readOnly) { names.append("ro") }
        if set.contains(.synchronous) { names.append("sync") }
        if set.contains(.dirSync) { names.append("dirsync") }
        if set.contains(.mandLock) { names.append("mand") }
        if set.contains(.lazyTime) { names.append("lazytime") }
        return names
    }

    /// The names by which fsconfig(2) clears flags of a filesystem that is there already; `dirsync` has none.
    package var namesOfCleared: [Bytes] {
        var names: [Bytes] = []
        if clear.contains(.readOnly) { names.append("rw") }
        if clear.contains(.synchronous) { names.append("async") }
        if clear.contains(.mandLock) { names.append("nomand") }
        if clear.contains(.lazyTime) { names.append("nolazytime") }
        return names
    }

    mutating func add(_ flag: SuperblockFlags) {
        set.formUnion(flag)
        clear.subtract(flag)
    }

    mutating func remove(_ flag: SuperblockFlags) {
        clear.formUnion(flag)
        set.subtract(flag)
    }
}
