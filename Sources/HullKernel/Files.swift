// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// Flags of openat2(2); O_CLOEXEC is always added.
package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A literal: the standard library's own way goes through a generic sequence, and looks up conformances at run
    /// time.
    package init(arrayLiteral elements: OpenFlags...) { self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue }) }
    /// O_PATH: only a place, nothing can be read through it.
    package static let path = OpenFlags(rawValue: UInt64(O_PATH))
    /// O_DIRECTORY: anything else is ENOTDIR.
    package static let directory = OpenFlags(rawValue: UInt64(O_DIRECTORY))
    /// O_NOFOLLOW: a symbolic link at the end is not followed.
    package static let noFollow = OpenFlags(rawValue: UInt64(O_NOFOLLOW))
    /// O_WRONLY.
    package static let write = OpenFlags(rawValue: UInt64(O_WRONLY))
    /// O_RDWR.
    package static let readWrite = OpenFlags(rawValue: UInt64(O_RDWR))
    /// O_CREAT.
    package static let create = OpenFlags(rawValue: UInt64(O_CREAT))
    /// O_EXCL: with `create`, the file must be new.
    package static let exclusive = OpenFlags(rawValue: UInt64(O_EXCL))
    /// O_TRUNC.
    package static let truncate = OpenFlags(rawValue: UInt64(O_TRUNC))
    /// O_APPEND.
    package static let append = OpenFlags(rawValue: UInt64(O_APPEND))
    /// O_NONBLOCK: opening a fifo does not wait for its other end.
    package static let nonBlocking = OpenFlags(rawValue: UInt64(O_NONBLOCK))
    /// O_NOCTTY: a terminal does not become the controlling one.
    package static let noControllingTerminal = OpenFlags(rawValue: UInt64(O_NOCTTY))
}

/// What statx(2) says of a file.
package struct FileStatus: Sendable {
    /// Type and permission bits: `st_mode`.
    package let mode: UInt32
    /// The owner.
    package let uid: UInt32
    /// The group.
    package let gid: UInt32
    /// Of a device file: which device.
    package let device: DeviceNumber
    /// The file's number on its filesystem.
    package let inode: UInt64
    /// Hard links; of a directory, two and its subdirectories on most filesystems.
    package let links: UInt32
    /// Bytes.
    package let size: UInt64
    /// The filesystem that it lies on.
    package let filesystem: DeviceNumber
    /// The number of the mount through which it was found, as in mountinfo.
    package let mount: UInt64
    /// The last modification, since 1970.
    package let modified: (seconds: Int64, nanoseconds: UInt32)

    private func isType(_ type: Int32) -> Bool { mode & UInt32(S_IFMT) == UInt32(type) }
    /// S_ISDIR.
    package var isDirectory: Bool { isType(S_IFDIR) }
    /// S_ISREG.
    package var isRegular: Bool { isType(S_IFREG) }
    /// S_ISCHR.
    package var isCharacterDevice: Bool { isType(S_IFCHR) }
    /// S_ISFIFO.
    package var isFifo: Bool { isType(S_IFIFO) }
    /// S_ISLNK.
    package var isSymbolicLink: Bool { isType(S_IFLNK) }
    /// The type bits of `mode`.
    package var kindBits: UInt32 { mode & UInt32(S_IFMT) }
    /// The permission bits, set-id bits included.
    package var permissions: UInt32 { mode & 0o7777 }
}

extension FileStatus {
    /// What is open on a descriptor that is not owned here.
    package init(ofOpen descriptor: Int32) throws(SystemError) {
        self = try hullStatus(descriptor, "", Int32(AT_EMPTY_PATH))
    }
}

extension Descriptor {
    /// Opens a host path: openat2(2). `below` is a directory's descriptor for relative paths.
    package init(
        opening path: Bytes, _ flags: OpenFlags = [], mode: UInt32 = 0, below: Int32 = AT_FDCWD, resolve: UInt64 = 0
    ) throws(SystemError) {
        let number = unsafe path.withCString { path in
            again { unsafe chull_openat2(below, path, flags.rawValue | UInt64(O_CLOEXEC), mode, resolve) }
        }
        self.init(owning: try check(number, "openat2", path))
    }

    /// A file without a name that holds the bytes, open at its beginning: memfd_create(2).
    package init(holding bytes: Bytes, name: Bytes) throws(SystemError) {
        let created = unsafe name.withCString { unsafe chull_memfd_create($0) }
        let file = Descriptor(owning: try check(created, "memfd_create", name))
        try file.writeAll(bytes, name)
        try check(chull_lseek(file.number, 0), "lseek", name)
        self = file
    }

    /// All that can be read, up to `limit` bytes; EFBIG beyond.
    package borrowing func readAll(limit: Int = 1 << 24, _ object: Bytes = "") throws(SystemError) -> [UInt8] {
        try hullReadAll(number, limit: limit, object)
    }

    /// All that can be read from the beginning, once more.
    package borrowing func readAgain(_ object: Bytes = "") throws(SystemError) -> [UInt8] {
        try hullReadAgain(number, object)
    }

    /// What one read(2) gives, `count` bytes at most.
    package borrowing func readSome(_ count: Int) throws(SystemError) -> [UInt8] {
        try hullReadAvailable(number, count)
    }

    /// flock(2), exclusive: true when taken, false when another open of the file has it.
    package borrowing func tryLock() throws(SystemError) -> Bool {
        let result = chull_flock(number, 1, 0)
        if result == -Errno.eagain.rawValue { return false }
        try check(result, "flock")
        return true
    }

    /// Gives up the lock of `tryLock`.
    package borrowing func unlock() throws(SystemError) { try check(chull_unlock(number), "flock") }

    /// Takes O_NONBLOCK off.
    package borrowing func clearNonBlocking() throws(SystemError) {
        let flags = try check(chull_fcntl(number, Int32(F_GETFL), 0), "fcntl")
        try check(chull_fcntl(number, Int32(F_SETFL), Int64(flags & ~O_NONBLOCK)), "fcntl")
    }

    /// Writes all bytes: write(2) until done.
    package borrowing func writeAll(_ bytes: Bytes, _ object: Bytes = "") throws(SystemError) {
        try hullWriteAll(number, bytes, object)
    }

    /// statx(2) of the open file itself.
    package borrowing func status() throws(SystemError) -> FileStatus {
        try hullStatus(number, "", Int32(AT_EMPTY_PATH))
    }

    /// The type of the filesystem that the file lies on: fstatfs(2), a *_MAGIC number.
    package borrowing func filesystemType() throws(SystemError) -> Int64 { try hullFilesystem(number).type }

    /// The names in the directory, without `.` and `..`: getdents64(2).
    package borrowing func entries() throws(SystemError) -> [Bytes] { try hullEntries(number) }
}

/// Types of filesystems: linux/magic.h.
package enum Filesystem {
    package static let devpts = Int64(DEVPTS_SUPER_MAGIC)
    package static let cgroup2 = Int64(CGROUP2_SUPER_MAGIC)
    package static let proc = Int64(PROC_SUPER_MAGIC)
    package static let selinux = Int64(SELINUX_MAGIC)
}

/// What one read(2) gives of a descriptor that is not owned here; empty at its end.
package func hullReadAvailable(_ number: Int32, _ count: Int = 4096) throws(SystemError) -> [UInt8] {
    var result: Int64 = 0
    let some = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        result = again { unsafe chull_read(number, buffer.baseAddress, count) }
        filled = max(0, Int(result))
    }
    try check(result, "read")
    return some
}

/// Reads a descriptor that is not owned here, to its end: for a `small` file a read of less than was asked for.
package func hullReadAll(_ fd: Int32, limit: Int, _ object: Bytes, small: Bool = false) throws(SystemError) -> [UInt8] {
    var all: [UInt8] = []
    // Most files of /proc, of a cgroup and of a bundle are smaller: no memory is asked of the kernel for them.
    var size = 8192
    while true {
        var result: Int64 = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            result = again { unsafe chull_read(fd, buffer.baseAddress, size) }
            count = max(0, Int(result))
        }
        try check(result, "read", object)
        if result == 0 { return all }
        if all.isEmpty { all = chunk } else { all += chunk }
        if all.count > limit { throw SystemError("read", object, Errno(rawValue: EFBIG)) }
        if result == size { size = min(size * 2, 1 << 20) } else if small { return all }
    }
}

/// Reads a descriptor that is not owned here from its beginning to its end.
package func hullReadAgain(_ number: Int32, _ object: Bytes) throws(SystemError) -> [UInt8] {
    try check(chull_lseek(number, 0), "lseek", object)
    return try hullReadAll(number, limit: 1 << 24, object)
}

/// Writes all bytes to a descriptor that is not owned here.
package func hullWriteAll(_ number: Int32, _ bytes: Bytes, _ object: Bytes) throws(SystemError) {
    var done = 0
    repeat {
        let written = unsafe bytes.array.withUnsafeBytes { buffer in
            again { unsafe chull_write(number, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done) }
        }
        if written == -Int64(Errno.eagain.rawValue) {
            // Somebody has set O_NONBLOCK on what they gave us.
            try check(again { Int64(chull_wait_writable(number)) }, "poll", object)
            continue
        }
        done += Int(try check(written, "write", object))
    } while done < bytes.count
}

func hullStatus(_ directory: Int32, _ path: Bytes, _ flags: Int32) throws(SystemError) -> FileStatus {
    var status = chull_status()
    let result = unsafe path.withCString { unsafe chull_statx(directory, $0, flags, &status) }
    try check(result, "statx", path)
    return FileStatus(
        mode: status.mode, uid: status.uid, gid: status.gid,
        device: DeviceNumber(major: status.rdev_major, minor: status.rdev_minor), inode: status.inode,
        links: status.nlink, size: status.size,
        filesystem: DeviceNumber(major: status.dev_major, minor: status.dev_minor), mount: status.mount,
        modified: (status.modified, status.modified_nanoseconds))
}

func hullFilesystem(_ number: Int32) throws(SystemError) -> (type: Int64, flags: UInt64) {
    var type: Int64 = 0
    var flags: UInt64 = 0
    try check(unsafe chull_fstatfs(number, &type, &flags), "fstatfs")
    return (type, flags)
}

func hullEntries(_ number: Int32) throws(SystemError) -> [Bytes] {
    var names: [Bytes] = []
    while true {
        var result: Int64 = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 8192) { buffer, count in
            result = unsafe chull_getdents64(number, buffer.baseAddress, 8192)
            count = max(0, Int(result))
        }
        try check(result, "getdents64")
        if result == 0 { return names }
        var offset = 0
        // struct linux_dirent64: d_reclen at 16, the name from 19 on.
        while offset + 19 < chunk.count {
            let length = Int(chunk[offset + 16]) | Int(chunk[offset + 17]) << 8
            let name = chunk[(offset + 19)..<(offset + length)]
            let bytes = Bytes(name.prefix(while: { $0 != 0 }))
            if bytes != "." && bytes != ".." { names.append(bytes) }
            offset += length
        }
    }
}

func hullLinkTarget(_ path: Bytes, _ directory: Int32) throws(SystemError) -> Bytes {
    var result: Int64 = 0
    let target = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        result = unsafe path.withCString { path in
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                guard let start = $0.baseAddress else { return -Int64(EINVAL) }
                return unsafe chull_readlinkat(directory, path, start, 4096)
            }
        }
        count = max(0, Int(result))
    }
    try check(result, "readlinkat", path)
    return Bytes(target)
}

/// Host paths: what the runtime does in its own directories and the kernel's filesystems, never below a container's
/// root.
package enum HostFiles {
    /// The target of a symbolic link: readlinkat(2).
    package static func linkTarget(_ path: Bytes) throws(SystemError) -> Bytes { try hullLinkTarget(path, AT_FDCWD) }

    /// statx(2), by default following links; nil where nothing is.
    package static func status(_ path: Bytes, follows: Bool = true) throws(SystemError) -> FileStatus? {
        do { return try hullStatus(AT_FDCWD, path, follows ? 0 : Int32(AT_SYMLINK_NOFOLLOW)) } catch {
            if error.errno == .enoent || error.errno == .enotdir { return nil }
            throw error
        }
    }

    /// All bytes of a file; `small` saves a call where it is regular or a single value of /proc or a cgroup, no list.
    package static func read(_ path: Bytes, limit: Int = 1 << 24, small: Bool = false) throws(SystemError) -> [UInt8] {
        let file = try Descriptor(opening: path)
        return try hullReadAll(file.number, limit: limit, path, small: small)
    }

    /// Writes into an existing file of a kernel filesystem, in one write(2).
    package static func write(_ path: Bytes, _ text: Bytes) throws(SystemError) {
        try Descriptor(opening: path, [.write]).writeAll(text, path)
    }

    /// mkdir(2).
    package static func makeDirectory(_ path: Bytes, mode: UInt32) throws(SystemError) {
        try check(unsafe path.withCString { unsafe chull_mkdirat(AT_FDCWD, $0, mode) }, "mkdir", path)
    }

    /// mkdir -p; what exists already is left as it is.
    package static func makeDirectories(_ path: Bytes, mode: UInt32) throws(SystemError) {
        do { try makeDirectory(path, mode: mode) } catch {
            if error.errno == .eexist { return }
            guard error.errno == .enoent, path.parentPath != path, path.parentPath != "." else { throw error }
            try makeDirectories(path.parentPath, mode: 0o755)
            do { try makeDirectory(path, mode: mode) } catch { if error.errno != .eexist { throw error } }
        }
    }

    /// rmdir(2).
    package static func removeDirectory(_ path: Bytes) throws(SystemError) {
        try check(unsafe path.withCString { unsafe chull_unlinkat(AT_FDCWD, $0, Int32(AT_REMOVEDIR)) }, "rmdir", path)
    }

    /// chown(2) of what a link at the end points to is never wanted: AT_SYMLINK_NOFOLLOW.
    package static func changeOwner(_ path: Bytes, uid: UInt32, gid: UInt32) throws(SystemError) {
        let result = unsafe path.withCString {
            unsafe chull_fchownat(AT_FDCWD, $0, uid, gid, Int32(AT_SYMLINK_NOFOLLOW))
        }
        try check(result, "chown", path)
    }

    /// Replaces a file in one step: a sibling with the bytes takes its name. Readers see the old or the new whole.
    ///
    /// With `exchanging`, an old file and the sibling change names, and the old one is removed afterwards. rename(2)
    /// over it would do the same, but ext4 takes that for a wish that the new bytes be on the disk: 0.1 to 0.3 ms, of 6
    /// for a whole `run`, and as much again when the blocks are given back. Only for a file that nobody else writes.
    package static func replace(
        _ path: Bytes, with bytes: Bytes, mode: UInt32, through sibling: Bytes? = nil, exchanging: Bool = false
    ) throws(SystemError) {
        let sibling = sibling ?? "\(path.parentPath)/.\(path.lastComponent).\(chull_getpid())"
        let file = try makeAnew(sibling, mode: mode)
        do {
            try file.writeAll(bytes, sibling)
            if exchanging, try exchange(sibling, path) { try remove(sibling) } else { try rename(sibling, to: path) }
        } catch {
            try? remove(sibling)
            throw error
        }
    }

    /// RENAME_EXCHANGE of linux/fs.h, which cannot stand beside linux/mount.h.
    private static let renameExchange: UInt32 = 2

    /// Each of two files gets the other's name: renameat2(2) with RENAME_EXCHANGE. False where one is not there, or the
    /// filesystem cannot do that.
    private static func exchange(_ path: Bytes, _ other: Bytes) throws(SystemError) -> Bool {
        let result = unsafe path.withCString { path in
            unsafe other.withCString { unsafe chull_renameat2(AT_FDCWD, path, AT_FDCWD, $0, renameExchange) }
        }
        if result == -Errno.enoent.rawValue || result == -Errno.einval.rawValue { return false }
        try check(result, "rename", other)
        return true
    }

    /// A new file, never one that somebody has put there, nor what a link there points to: the directory of a pid file
    /// may be everybody's. One that an earlier process of the same pid left behind is in the way.
    private static func makeAnew(_ path: Bytes, mode: UInt32) throws(SystemError) -> Descriptor {
        do { return try Descriptor(opening: path, [.write, .create, .exclusive], mode: mode) } catch {
            guard error.errno == .eexist else { throw error }
        }
        try remove(path)
        return try Descriptor(opening: path, [.write, .create, .exclusive], mode: mode)
    }

    /// rename(2).
    package static func rename(_ path: Bytes, to new: Bytes) throws(SystemError) {
        let result = unsafe path.withCString { path in
            unsafe new.withCString { unsafe chull_renameat2(AT_FDCWD, path, AT_FDCWD, $0, 0) }
        }
        try check(result, "rename", path)
    }

    /// unlink(2).
    package static func remove(_ path: Bytes) throws(SystemError) {
        try check(unsafe path.withCString { unsafe chull_unlinkat(AT_FDCWD, $0, 0) }, "unlink", path)
    }

    /// The working directory: getcwd(2).
    package static func workingDirectory() throws(SystemError) -> Bytes {
        var result: Int64 = 0
        let path = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            result = unsafe buffer.withMemoryRebound(to: CChar.self) {
                guard let start = $0.baseAddress else { return -Int64(EINVAL) }
                return unsafe chull_getcwd(start, 4096)
            }
            count = max(0, Int(result) - 1)
        }
        try check(result, "getcwd")
        return Bytes(path)
    }

    /// chdir(2).
    package static func changeDirectory(_ path: Bytes) throws(SystemError) {
        try check(unsafe path.withCString { unsafe chull_chdir($0) }, "chdir", path)
    }
}
