// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

// What making and copying whole trees needs of open files.

/// An extended attribute: xattr(7).
package struct FileAttribute: Equatable, Sendable {
    /// With its namespace: `user.comment`.
    package var name: Bytes
    /// Any bytes.
    package var value: [UInt8]

    /// Takes both as they are.
    package init(name: Bytes, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

extension Descriptor {
    /// Writes all bytes at a place: pwrite(2).
    package borrowing func write(_ bytes: RawSpan, at place: UInt64) throws(SystemError) {
        var done = 0
        while done < bytes.byteCount {
            let rest = bytes.extracting(done...)
            let written = unsafe rest.withUnsafeBytes { buffer in
                again { unsafe chull_pwrite(number, buffer.baseAddress, buffer.count, place + UInt64(done)) }
            }
            done += Int(try check(written, "pwrite"))
        }
    }

    /// The file gets this size; what is new in it is a hole: ftruncate(2).
    package borrowing func resize(_ size: UInt64) throws(SystemError) {
        try check(chull_ftruncate(number, size), "ftruncate")
    }

    /// Copies the content of a file of this size, its holes as holes.
    package borrowing func copyContent(of source: borrowing Descriptor, size: UInt64) throws(SystemError) {
        try resize(size)
        var place: UInt64 = 0
        while place < size {
            let data = chull_seek_data(source.number, place)
            if data == -Int64(Errno.enxio.rawValue) { return }
            place = UInt64(try check(data, "lseek"))
            let end = UInt64(try check(chull_seek_hole(source.number, place), "lseek"))
            while place < min(end, size) {
                let count = Int(min(end, size) - place)
                let copied = again { chull_copy_range(source.number, place, number, place, count) }
                if try check(copied, "copy_file_range") == 0 { return }
                place += UInt64(copied)
            }
        }
    }

    /// The permission bits: fchmod(2).
    package borrowing func setPermissions(_ permissions: UInt32) throws(SystemError) {
        try check(chull_fchmod(number, permissions), "fchmod")
    }

    /// The time of the last modification, and of the last access with it: utimensat(2).
    package borrowing func setModified(_ seconds: Int64, _ nanoseconds: UInt32) throws(SystemError) {
        let flags = Int32(AT_EMPTY_PATH)
        let result = unsafe ("" as Bytes).withCString {
            unsafe chull_utimensat(number, $0, seconds, nanoseconds, flags)
        }
        try check(result, "utimensat")
    }

    /// Sets an extended attribute: fsetxattr(2).
    package borrowing func set(_ attribute: FileAttribute) throws(SystemError) {
        let result = unsafe attribute.name.withCString { name in
            unsafe attribute.value.withUnsafeBytes {
                unsafe chull_fsetxattr(number, name, $0.baseAddress, attribute.value.count)
            }
        }
        try check(result, "fsetxattr", attribute.name)
    }

    /// The value of an extended attribute; nil where there is none: fgetxattr(2).
    package borrowing func attribute(_ name: Bytes) throws(SystemError) -> [UInt8]? {
        unsafe try readAttribute(name) { buffer in
            unsafe name.withCString { unsafe chull_fgetxattr(number, $0, buffer.baseAddress, buffer.count) }
        }
    }

    /// All extended attributes: flistxattr(2).
    package borrowing func attributes() throws(SystemError) -> [FileAttribute] {
        let names = unsafe try readNames { buffer in
            unsafe chull_flistxattr(number, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
        }
        var all: [FileAttribute] = []
        for name in names {
            if let value = try attribute(name) { all.append(FileAttribute(name: name, value: value)) }
        }
        return all
    }

    /// All of its filesystem is on the disk: syncfs(2).
    package borrowing func syncFilesystem() throws(SystemError) { try check(chull_syncfs(number), "syncfs") }

    /// The file is on the disk: fsync(2).
    package borrowing func sync() throws(SystemError) { try check(chull_fsync(number), "fsync") }

    /// Waits for a lock on the file: flock(2).
    package borrowing func lock(exclusive: Bool) throws(SystemError) {
        try check(again { chull_flock(number, exclusive ? 1 : 0, 1) }, "flock")
    }
}

/// Single names in an open directory. None is followed where it is a symbolic link.
package enum DirectoryName {
    /// mkdirat(2).
    package static func makeDirectory(_ name: Bytes, mode: UInt32, in parent: Int32) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_mkdirat(parent, $0, mode) }, "mkdirat", name)
    }

    /// symlinkat(2).
    package static func makeLink(_ name: Bytes, to target: Bytes, in parent: Int32) throws(SystemError) {
        let result = unsafe name.withCString { name in
            unsafe target.withCString { unsafe chull_symlinkat($0, parent, name) }
        }
        try check(result, "symlinkat", name)
    }

    /// A further name of a file: linkat(2).
    package static func link(
        _ name: Bytes, in directory: Int32, as new: Bytes, in parent: Int32
    ) throws(SystemError) {
        let result = unsafe name.withCString { name in
            unsafe new.withCString { unsafe chull_linkat(directory, name, parent, $0) }
        }
        try check(result, "linkat", new)
    }

    /// renameat2(2); with `fresh` the new name must not be taken (RENAME_NOREPLACE of linux/fs.h).
    package static func rename(
        _ name: Bytes, in directory: Int32, to new: Bytes, in parent: Int32, fresh: Bool = false
    ) throws(SystemError) {
        let result = unsafe name.withCString { name in
            unsafe new.withCString { unsafe chull_renameat2(directory, name, parent, $0, fresh ? 1 : 0) }
        }
        try check(result, "renameat2", name)
    }

    /// unlinkat(2) of what is no directory.
    package static func remove(_ name: Bytes, in parent: Int32) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_unlinkat(parent, $0, 0) }, "unlinkat", name)
    }

    /// The time of the last modification: utimensat(2).
    package static func setModified(
        _ name: Bytes, _ seconds: Int64, _ nanoseconds: UInt32, in parent: Int32
    ) throws(SystemError) {
        let flags = Int32(AT_SYMLINK_NOFOLLOW)
        let result = unsafe name.withCString { unsafe chull_utimensat(parent, $0, seconds, nanoseconds, flags) }
        try check(result, "utimensat", name)
    }

    /// Permission bits of what cannot be opened without an effect, such as a device. Never a symbolic link's: those
    /// have none, and fchmodat(2) would follow it.
    package static func setPermissions(_ name: Bytes, _ permissions: UInt32, in parent: Int32) throws(SystemError) {
        try check(unsafe name.withCString { unsafe chull_fchmodat(parent, $0, permissions) }, "fchmodat", name)
    }

    // A call that takes a directory and a name came with kernel 6.13 only: before, the way leads through /proc.
    private static func path(_ name: Bytes, _ parent: Int32) -> Bytes { "/proc/self/fd/\(parent)/\(name)" }

    /// Sets an extended attribute: lsetxattr(2).
    package static func set(_ attribute: FileAttribute, of name: Bytes, in parent: Int32) throws(SystemError) {
        let result = unsafe path(name, parent).withCString { path in
            unsafe attribute.name.withCString { name in
                unsafe attribute.value.withUnsafeBytes {
                    unsafe chull_lsetxattr(path, name, $0.baseAddress, attribute.value.count)
                }
            }
        }
        try check(result, "lsetxattr", attribute.name)
    }

    /// All extended attributes: llistxattr(2), lgetxattr(2).
    package static func attributes(of name: Bytes, in parent: Int32) throws(SystemError) -> [FileAttribute] {
        let path = path(name, parent)
        let names = unsafe try readNames { buffer in
            unsafe path.withCString {
                unsafe chull_llistxattr($0, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
            }
        }
        var all: [FileAttribute] = []
        for attribute in names {
            let value = unsafe try readAttribute(attribute) { buffer in
                unsafe path.withCString { path in
                    unsafe attribute.withCString {
                        unsafe chull_lgetxattr(path, $0, buffer.baseAddress, buffer.count)
                    }
                }
            }
            if let value { all.append(FileAttribute(name: attribute, value: value)) }
        }
        return all
    }

    /// Removes what the name is, with all that is in it. A name that is not there is no error.
    package static func removeTree(_ name: Bytes, in parent: Int32) throws(SystemError) {
        let result = unsafe name.withCString { unsafe chull_unlinkat(parent, $0, 0) }
        if result == -Errno.enoent.rawValue { return }
        guard result == -Errno.eisdir.rawValue || result == -Errno.eperm.rawValue else {
            try check(result, "unlinkat", name)
            return
        }
        try emptyDirectory(name, in: parent)
        try check(unsafe name.withCString { unsafe chull_unlinkat(parent, $0, Int32(AT_REMOVEDIR)) }, "rmdir", name)
    }

    private static func emptyDirectory(_ name: Bytes, in parent: Int32) throws(SystemError) {
        // Without a capability the owner needs the permission to look into a directory and to change it.
        let place = try Descriptor(opening: name, [.path, .directory, .noFollow], strictlyIn: parent)
        if try place.status().permissions & 0o700 != 0o700 {
            try check(unsafe name.withCString { unsafe chull_fchmodat(parent, $0, 0o700) }, "fchmodat", name)
        }
        let directory = try Descriptor(opening: name, [.directory, .noFollow], strictlyIn: parent)
        for entry in try directory.entries() { try removeTree(entry, in: directory.number) }
    }
}

/// What a call of getxattr's family says; values have 64 KiB at most.
private func readAttribute(
    _ name: Bytes, _ call: (UnsafeMutableRawBufferPointer) -> Int64
) throws(SystemError) -> [UInt8]? {
    var result: Int64 = 0
    var value = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
        result = unsafe call(UnsafeMutableRawBufferPointer(buffer))
        count = max(0, Int(result))
    }
    if result == -Int64(Errno.erange.rawValue) {
        unsafe value = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            result = unsafe call(UnsafeMutableRawBufferPointer(buffer))
            count = max(0, Int(result))
        }
    }
    if result == -Int64(Errno.enodata.rawValue) || result == -Int64(Errno.eopnotsupp.rawValue) { return nil }
    try check(result, "getxattr", name)
    return value
}

private func readNames(_ call: (UnsafeMutableRawBufferPointer) -> Int64) throws(SystemError) -> [Bytes] {
    var result: Int64 = 0
    let list = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
        result = unsafe call(UnsafeMutableRawBufferPointer(buffer))
        count = max(0, Int(result))
    }
    if result == -Int64(Errno.eopnotsupp.rawValue) { return [] }
    try check(result, "listxattr")
    return Bytes(list).split(0)
}
