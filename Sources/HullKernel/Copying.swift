// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

// What the copy of a directory tree needs, by descriptors and single names alone.

extension Descriptor {
    /// Opens a name in an open directory, on the same mount: no way leads out, be it by `..`, a link or a mount.
    package init(
        opening name: Bytes, _ flags: OpenFlags, mode: UInt32 = 0, strictlyIn directory: Int32
    ) throws(SystemError) {
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
        try self.init(opening: name, flags, mode: mode, below: directory, resolve: resolve)
    }

    /// Appends what is left to read of another file, inside the kernel: sendfile(2).
    package borrowing func takeContent(of source: borrowing Descriptor) throws(SystemError) {
        while true {
            let copied = again { chull_sendfile(number, source.number, 1 << 30) }
            if try check(copied, "sendfile") == 0 { return }
        }
    }
}

extension RootDirectory {
    /// Gives a name in an open directory, or with an empty name what is open itself, the owner, the permissions and the
    /// time of modification of another file; of a symbolic link there are no permissions. The order matters: a change
    /// of the owner takes set-id bits off. An owner that the user namespace does not know stays its root.
    package static func copyMetadata(of status: FileStatus, to name: Bytes, in parent: Int32) throws(SystemError) {
        do { try changeOwner(name, uid: status.uid, gid: status.gid, in: parent) } catch {
            if error.errno != .einval && error.errno != .eperm { throw error }
        }
        if name.isEmpty { try check(chull_fchmod(parent, status.permissions), "fchmod") }
        let flags = name.isEmpty ? Int32(AT_EMPTY_PATH) : Int32(AT_SYMLINK_NOFOLLOW)
        let (seconds, nanoseconds) = status.modified
        let result = unsafe name.withCString { unsafe chull_utimensat(parent, $0, seconds, nanoseconds, flags) }
        try check(result, "utimensat", name)
    }
}
