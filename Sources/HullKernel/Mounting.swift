// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// A mount, or a tree of mounts, that is attached nowhere yet: built, given its attributes, and only then attached by
/// descriptor. So no window exists in which a read-only mount can be written, and no path is resolved twice.
package struct MountTree: ~Copyable {
    package let descriptor: Descriptor

    /// Takes over a descriptor of open_tree(2) or fsmount(2).
    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// A detached copy of what is mounted at a host path; `recursive` with everything mounted below it. With `noFollow`
    /// a symbolic link at the end of the path is itself what is copied.
    package init(copying path: Bytes, recursive: Bool, noFollow: Bool = false) throws(SystemError) {
        let flags =
            UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | (recursive ? UInt32(AT_RECURSIVE) : 0)
            | (noFollow ? UInt32(AT_SYMLINK_NOFOLLOW) : 0)
        let number = unsafe path.withCString { unsafe chull_open_tree(AT_FDCWD, $0, flags) }
        self.init(Descriptor(owning: try check(number, "open_tree", path)))
    }

    /// A detached copy of what is mounted at an open place.
    package init(copyingAt place: Int32, recursive: Bool) throws(SystemError) {
        let flags =
            UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let number = unsafe ("" as Bytes).withCString { unsafe chull_open_tree(place, $0, flags) }
        self.init(Descriptor(owning: try check(number, "open_tree")))
    }

    /// The number of the mount that an open place lies on, as in mountinfo.
    package static func identifier(of place: Int32) throws(SystemError) -> UInt64 {
        try FileStatus(ofOpen: place).mount
    }

    /// Gives the descriptor of the mount's root away.
    package consuming func intoDescriptor() -> Descriptor { descriptor }

    /// Sets attributes of the mount whose root is open: mount_setattr(2); `recursive` of all below too.
    package static func setAttributes(
        of root: Int32, set: MountAttributes, clear: MountAttributes = [], recursive: Bool = false
    ) throws(SystemError) {
        let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_mount_setattr(root, $0, flags, set.rawValue, clear.rawValue, 0, -1)
        }
        try check(result, "mount_setattr")
    }

    /// Sets the propagation of the mount whose root is open, `recursive` with all below.
    package static func setPropagation(
        of root: Int32, _ propagation: MountPropagation, recursive: Bool
    ) throws(SystemError) {
        let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_mount_setattr(root, $0, flags, 0, 0, propagation.flag, -1)
        }
        try check(result, "mount_setattr")
    }

    /// Sets and clears attributes: mount_setattr(2). `propagation` is nil where it stays as it is.
    package func setAttributes(
        set: MountAttributes = [], clear: MountAttributes = [], propagation: MountPropagation? = nil,
        recursive: Bool = false
    ) throws(SystemError) {
        let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_mount_setattr(
                descriptor.number, $0, flags, set.rawValue, clear.rawValue, propagation?.flag ?? 0, -1)
        }
        try check(result, "mount_setattr")
    }

    /// Labels the root directory, for filesystems that take no label as an option: fsetxattr(2) of security.selinux.
    package func setLabel(_ label: Bytes) throws(SystemError) {
        let root = try Descriptor(opening: ".", [.directory], below: descriptor.number)
        // The label ends with a NUL byte, which belongs to it.
        let result = unsafe label.withCString { text in
            unsafe ("security.selinux" as Bytes).withCString {
                unsafe chull_fsetxattr(root.number, $0, text, label.count + 1)
            }
        }
        try check(result, "fsetxattr", "security.selinux")
    }

    /// Translates owners by the maps of an open user namespace: MOUNT_ATTR_IDMAP, only before the tree is attached.
    package func setIDMap(_ namespace: Int32, recursive: Bool) throws(SystemError) {
        let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_mount_setattr(
                descriptor.number, $0, flags, MountAttributes.idMap.rawValue, 0, 0, namespace)
        }
        try check(result, "mount_setattr")
    }

    /// Attaches the tree at an open place: move_mount(2). The descriptor stays and names the mount's root.
    package func attach(at place: Int32) throws(SystemError) {
        let flags = UInt32(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_move_mount(descriptor.number, $0, place, $0, flags)
        }
        try check(result, "move_mount")
    }

    /// Takes an attached tree away from where it is: umount2(2), which knows paths alone, so from within.
    package consuming func detach() throws(SystemError) {
        let here = try Descriptor(opening: ".", [.path, .directory])
        try check(chull_fchdir(descriptor.number), "fchdir")
        let result = unsafe ("." as Bytes).withCString { unsafe chull_umount2($0, detachFlag) }
        try CurrentProcess.changeDirectory(here.number)
        try check(result, "umount2")
    }

    /// Takes away what is mounted at a name of an open directory, with all below it; a link is not followed.
    package static func unmount(_ name: Bytes, in parent: Int32) throws(SystemError) {
        try CurrentProcess.changeDirectory(parent)
        let result = unsafe name.withCString { unsafe chull_umount2($0, detachFlag | noFollowFlag) }
        try check(result, "umount2", name)
    }

    /// Attaches the tree over the process's own `/`. The root of the process stays below it, so this is a place that
    /// always exists and that nothing of the container's can be found through.
    package func attachOverRoot() throws(SystemError) {
        let result = unsafe ("" as Bytes).withCString { empty in
            unsafe ("/" as Bytes).withCString {
                unsafe chull_move_mount(descriptor.number, empty, AT_FDCWD, $0, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
            }
        }
        try check(result, "move_mount", "/")
    }
}

extension Descriptor {
    /// Whether this is the root of a procfs: its root directory has inode 1, PROC_ROOT_INO.
    package borrowing func isRootOfProcfs() throws(SystemError) -> Bool {
        guard try filesystemType() == Filesystem.proc else { return false }
        return try status().inode == 1
    }

    /// The attributes of the mount that the file is seen through: fstatfs(2).
    package borrowing func mountAttributes() throws(SystemError) -> MountAttributes {
        MountAttributes(statfs: try hullFilesystem(number).flags)
    }
}

/// MNT_DETACH of sys/mount.h, which contradicts linux/mount.h.
private let detachFlag: Int32 = 2
/// UMOUNT_NOFOLLOW of the same.
private let noFollowFlag: Int32 = 8

/// The mount namespace of the process itself.
package enum MountNamespace {
    /// Sets the propagation of the mount at `/`, `recursive` with all below: mount_setattr(2).
    package static func setPropagation(_ propagation: MountPropagation, recursive: Bool) throws(SystemError) {
        let result = unsafe ("/" as Bytes).withCString {
            unsafe chull_mount_setattr(AT_FDCWD, $0, recursive ? UInt32(AT_RECURSIVE) : 0, 0, 0, propagation.flag, -1)
        }
        try check(result, "mount_setattr", "/")
    }

    /// Enters the open directory as root of the process alone: chroot(2).
    package static func changeRoot(to root: Int32) throws(SystemError) {
        try check(chull_fchdir(root), "fchdir")
        try check(unsafe ("." as Bytes).withCString { unsafe chull_chroot($0) }, "chroot")
        try HostFiles.changeDirectory("/")
    }

    /// Takes the mount at a path away; where it is locked, since a user namespace got it from another, it is covered.
    /// What is mounted there for others too stays theirs.
    package static func hide(_ path: Bytes) throws(SystemError) {
        let place = try Descriptor(opening: path, [.path, .noFollow])
        try MountTree.setPropagation(of: place.number, .slave, recursive: true)
        let result = unsafe path.withCString { unsafe chull_umount2($0, detachFlag | noFollowFlag) }
        guard result == -Errno.einval.rawValue || result == -Errno.eperm.rawValue else {
            try check(result, "umount2", path)
            return
        }
        try FilesystemContext("tmpfs").mount([.readOnly]).attach(at: place.number)
    }

    /// Makes the open directory, root of a mount, the root of the namespace, and takes the old one away:
    /// pivot_root(".", ".") stacks the old root over the new one, so no directory for it is needed.
    package static func pivotRoot(to root: Int32) throws(SystemError) {
        let old = try MountTree(Descriptor(opening: "/", [.path, .directory]))
        try check(chull_fchdir(root), "fchdir")
        let result = unsafe ("." as Bytes).withCString { unsafe chull_pivot_root($0, $0) }
        try check(result, "pivot_root")
        // Where mounts are shared with the host, taking the old root away would unmount what is mounted there too.
        try old.setAttributes(propagation: .slave, recursive: true)
        try check(chull_fchdir(old.descriptor.number), "fchdir")
        let removed = unsafe ("." as Bytes).withCString { unsafe chull_umount2($0, detachFlag) }
        try check(removed, "umount2", "the old root")
        try HostFiles.changeDirectory("/")
    }
}
