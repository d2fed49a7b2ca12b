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

    /// A detached copy of what is mounted at a host path; `recursive` with everything mounted below it.
    package init(copying path: Bytes, recursive: Bool) throws(SystemError) {
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | (recursive ? UInt32(AT_RECURSIVE) : 0)
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

    /// Sets attributes of the mount whose root is open: mount_setattr(2).
    package static func setAttributes(
        of root: Int32, set: MountAttributes, clear: MountAttributes = []
    ) throws(SystemError) {
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_mount_setattr(root, $0, UInt32(AT_EMPTY_PATH), set.rawValue, clear.rawValue, 0, -1)
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

/// A filesystem being configured: fsopen(2) to fsmount(2).
package struct FilesystemContext: ~Copyable {
    private let descriptor: Descriptor
    private let type: Bytes

    /// Opens a context of the type; ENODEV where the kernel has no such filesystem.
    package init(_ type: Bytes) throws(SystemError) {
        let number = unsafe type.withCString { unsafe chull_fsopen($0, UInt32(FSOPEN_CLOEXEC)) }
        self.descriptor = Descriptor(owning: try check(number, "fsopen", type))
        self.type = type
    }

    /// Sets an option: `key` alone is a flag, `key=value` a string (at most 255 bytes, a limit of fsconfig(2)).
    package func set(_ key: Bytes, _ value: Bytes?) throws(SystemError) {
        guard let value else {
            let result = unsafe key.withCString {
                unsafe chull_fsconfig(descriptor.number, UInt32(FSCONFIG_SET_FLAG.rawValue), $0, nil, 0)
            }
            return try explain(result, key)
        }
        let result = unsafe key.withCString { key in
            unsafe value.withCString {
                unsafe chull_fsconfig(descriptor.number, UInt32(FSCONFIG_SET_STRING.rawValue), key, $0, 0)
            }
        }
        try explain(result, "\(key)=\(value)")
    }

    /// Makes the superblock and a detached mount of it with the attributes.
    package consuming func mount(_ attributes: MountAttributes) throws(SystemError) -> MountTree {
        let created = chull_fsconfig(descriptor.number, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0)
        try explain(created, type)
        let number = chull_fsmount(descriptor.number, UInt32(FSMOUNT_CLOEXEC), UInt32(attributes.rawValue))
        try explain(number, type, "fsmount")
        return MountTree(Descriptor(owning: number))
    }

    /// The context's log holds the kernel's own sentence: "e tmpfs: Unknown parameter 'sise'".
    private func explain(_ result: Int32, _ object: Bytes, _ call: Bytes = "fsconfig") throws(SystemError) {
        if result >= 0 { return }
        var said: [Bytes] = []
        while said.count < 8 {
            var count: Int64 = 0
            let line = unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, filled in
                count = unsafe chull_read(descriptor.number, buffer.baseAddress, 1024)
                filled = max(0, Int(count))
            }
            if count <= 0 { break }
            said.append(Bytes(line.dropFirst(2)).trimmed)
        }
        throw SystemError(call, object, Errno(rawValue: -result), detail: said.joined("; "))
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
