// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// The container's root directory, hostile before and after pivot_root: every path below it is resolved by openat2(2)
/// with RESOLVE_IN_ROOT, so that no symbolic link leads out (CVE-2019-18837, CVE-2021-30465, CVE-2024-45310), and never
/// twice.
package struct RootDirectory: ~Copyable {
    private let directory: Descriptor

    /// No root yet: every call is EBADF.
    package init() { directory = Descriptor(owning: -1) }

    /// Takes over the descriptor of the directory that is the root.
    package init(_ directory: consuming Descriptor) { self.directory = directory }

    /// The descriptor's number, for move_mount(2) and fchdir(2).
    package var number: Int32 { directory.number }

    /// Opens a path as the container will see it. A race of renames is answered by EAGAIN: tried again, 128 times.
    package func open(
        _ path: Bytes, _ flags: OpenFlags, mode: UInt32 = 0, strict: Bool = false
    ) throws(SystemError) -> Descriptor {
        let resolve = UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (strict ? RESOLVE_NO_SYMLINKS : 0))
        var tries = 128
        while true {
            do {
                return try Descriptor(opening: path, flags, mode: mode, below: directory.number, resolve: resolve)
            } catch {
                tries -= 1
                if error.errno != .eagain || tries == 0 { throw error }
            }
        }
    }

    /// The place of a path, not opened for reading: O_PATH.
    package func place(_ path: Bytes) throws(SystemError) -> Descriptor { try open(path, [.path]) }

    /// The place of a path, or nil where nothing is.
    package func existingPlace(_ path: Bytes, strict: Bool = false) throws(SystemError) -> Descriptor? {
        do { return try open(path, [.path], strict: strict) } catch {
            if error.errno == .enoent || error.errno == .enotdir { return nil }
            throw error
        }
    }

    /// The directory at the path; missing components are made with mode 0755, one at a time below what was opened. With
    /// `strict` no symbolic link is followed on the way; else the target of one that leads to nothing is made, inside
    /// the root: images have /var/run -> /run without /run.
    package func makeDirectories(_ path: Bytes, strict: Bool = false) throws(SystemError) -> Descriptor {
        try makeDirectories(path, strict: strict, links: 40)
    }

    private func makeDirectories(_ path: Bytes, strict: Bool, links: Int) throws(SystemError) -> Descriptor {
        do { return try open(path, [.path, .directory], strict: strict) } catch {
            if error.errno != .enoent { throw error }
        }
        let clean = path.cleanedPath
        guard clean != "/" else { return try open("/", [.path, .directory]) }
        let name = clean.lastComponent
        let parent = try makeDirectories(clean.parentPath, strict: strict, links: links)
        do { try RootDirectory.makeDirectory(name, mode: 0o755, in: parent.number) } catch {
            throw SystemError(error.call, clean, error.errno)
        }
        do { return try RootDirectory.openMade(name, [.path, .directory], in: parent.number) } catch {
            guard error.errno == .eloop, !strict, links > 0 else { throw SystemError(error.call, clean, error.errno) }
            let target = try RootDirectory.linkTarget(name, in: parent.number)
            return try makeDirectories(target.below(clean.parentPath), strict: strict, links: links - 1)
        }
    }

    /// The place of a regular file at the path; made empty, with its directories, where nothing is. With `strict` no
    /// symbolic link is followed.
    package func makeFile(_ path: Bytes, strict: Bool = false) throws(SystemError) -> Descriptor {
        try makeFile(path, strict: strict, links: 40)
    }

    private func makeFile(_ path: Bytes, strict: Bool, links: Int) throws(SystemError) -> Descriptor {
        if let place = try existingPlace(path, strict: strict) { return place }
        let clean = path.cleanedPath
        let name = clean.lastComponent
        let parent = try makeDirectories(clean.parentPath, strict: strict)
        do { return try RootDirectory.makeFile(name, in: parent.number) } catch {
            guard error.errno == .eloop, !strict, links > 0 else { throw SystemError(error.call, clean, error.errno) }
            let target = try RootDirectory.linkTarget(name, in: parent.number)
            return try makeFile(target.below(clean.parentPath), strict: strict, links: links - 1)
        }
    }

    /// The place of a path's last name itself, a symbolic link included; made where nothing is.
    package func makePlace(_ path: Bytes, directory: Bool) throws(SystemError) -> Descriptor {
        let clean = path.cleanedPath
        let name = clean.lastComponent
        let parent = try makeDirectories(clean.parentPath)
        if try RootDirectory.status(name, in: parent.number) == nil {
            guard directory else { return try RootDirectory.makeFile(name, in: parent.number) }
            try RootDirectory.makeDirectory(name, mode: 0o755, in: parent.number)
        }
        return try RootDirectory.openMade(name, [.path, .noFollow], in: parent.number)
    }

    /// The place of a name in an open directory, made as an empty file where nothing is. A symbolic link is ELOOP.
    package static func makeFile(_ name: Bytes, in parent: Int32) throws(SystemError) -> Descriptor {
        do {
            _ = try Descriptor(
                opening: name, [.write, .create, .exclusive, .noFollow], mode: 0o644, below: parent,
                resolve: UInt64(RESOLVE_BENEATH))
        } catch { if error.errno != .eexist { throw error } }
        return try openMade(name, [.path], in: parent)
    }

    /// What has just been made, where it was made. Somebody may have been faster: what is there is taken, but no link.
    private static func openMade(_ name: Bytes, _ flags: OpenFlags, in parent: Int32) throws(SystemError) -> Descriptor
    {
        try Descriptor(opening: name, flags, below: parent, resolve: UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS))
    }

    /// The target of a symbolic link in an open directory: readlinkat(2).
    package static func linkTarget(_ name: Bytes, in parent: Int32) throws(SystemError) -> Bytes {
        try hullLinkTarget(name, parent)
    }

    /// A directory below an open one: mkdirat(2). One that is there already is no error: another container on the same
    /// root may have been faster.
    package static func makeDirectory(_ name: Bytes, mode: UInt32, in parent: Int32) throws(SystemError) {
        let result = unsafe name.withCString { unsafe chull_mkdirat(parent, $0, mode) }
        if result != -Errno.eexist.rawValue { try check(result, "mkdirat", name) }
    }

    /// Gives a name of an open directory the mode and the owner of another directory. An owner that is nobody in this
    /// user namespace cannot be given, EINVAL of fchownat(2), nor can one that an ordinary user is not.
    package static func makeAlike(_ name: Bytes, _ other: Int32, in parent: Int32) throws(SystemError) {
        let like = try hullStatus(other, "", Int32(AT_EMPTY_PATH))
        do { try changeOwner(name, uid: like.uid, gid: like.gid, in: parent) } catch {
            guard error.errno == .einval || error.errno == .eperm && chull_geteuid() != 0 else { throw error }
        }
        let result = unsafe name.withCString { unsafe chull_fchmodat(parent, $0, like.permissions) }
        try check(result, "fchmodat", name)
    }

    /// A symbolic link below an open directory; what is already there stays.
    package static func makeLink(_ name: Bytes, to target: Bytes, in parent: Int32) throws(SystemError) {
        let result = unsafe name.withCString { name in
            unsafe target.withCString { unsafe chull_symlinkat($0, parent, name) }
        }
        if result != -Errno.eexist.rawValue { try check(result, "symlinkat", name) }
    }

    /// A device, or fifo, below an open directory: mknodat(2). `mode` holds the type and all permission bits.
    package static func makeNode(
        _ name: Bytes, mode: UInt32, device: DeviceNumber, in parent: Int32
    ) throws(SystemError) {
        let result = unsafe name.withCString { unsafe chull_mknodat(parent, $0, mode, device.major, device.minor) }
        try check(result, "mknodat", name)
    }

    /// What is at a name of an open directory, links not followed; nil where nothing is.
    package static func status(_ name: Bytes, in parent: Int32) throws(SystemError) -> FileStatus? {
        do { return try hullStatus(parent, name, Int32(AT_SYMLINK_NOFOLLOW)) } catch {
            if error.errno == .enoent { return nil }
            throw error
        }
    }

    /// Sets the owner of a name in an open directory: fchownat(2), links not followed.
    package static func changeOwner(_ name: Bytes, uid: UInt32, gid: UInt32, in parent: Int32) throws(SystemError) {
        let flags = name.isEmpty ? Int32(AT_EMPTY_PATH) : Int32(AT_SYMLINK_NOFOLLOW)
        try check(unsafe name.withCString { unsafe chull_fchownat(parent, $0, uid, gid, flags) }, "fchownat", name)
    }
}
