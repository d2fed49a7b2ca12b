// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// Where on a path the kernel says no: EACCES names neither the directory nor who is meant.
package enum PathRefusal {
    /// The first place on an absolute path that the caller may not pass, or the last that is there where it may not
    /// make the next; its owner and mode, and who the caller is. `root` is where paths begin; nil for the process's.
    package static func explanation(of path: Bytes, below root: Int32? = nil) -> Bytes? {
        guard path.isAbsolutePath else { return nil }
        var place = "/" as Bytes
        var parts = path.split(0x2f)[...]
        while let here = open(place, root), let status = try? here.status() {
            if status.isDirectory, !may(X_OK, here) { return words(place, status, "search") }
            guard let part = parts.popFirst() else {
                return may(R_OK, here) ? nil : words(place, status, "read")
            }
            let next = place == "/" ? "/\(part)" as Bytes : "\(place)/\(part)"
            if open(next, root) == nil { return may(W_OK, here) ? nil : words(place, status, "write to") }
            place = next
        }
        return nil
    }

    private static func open(_ path: Bytes, _ root: Int32?) -> Descriptor? {
        guard let root else { return try? Descriptor(opening: path, [.path]) }
        return try? Descriptor(opening: path, [.path], below: root, resolve: UInt64(RESOLVE_IN_ROOT))
    }

    private static func may(_ mode: Int32, _ place: borrowing Descriptor) -> Bool {
        chull_may_access(place.number, mode) != -Errno.eacces.rawValue
    }

    private static func words(_ place: Bytes, _ status: FileStatus, _ verb: Bytes) -> Bytes {
        let maps = (map("uid_map"), map("gid_map"))
        let mode = Bytes(String(status.permissions, radix: 8))
        let who = "uid \(outside(chull_geteuid(), maps.0)) and gid \(outside(chull_getegid(), maps.1))" as Bytes
        let owner = "uid \(inside(status.uid, maps.0)) and gid \(inside(status.gid, maps.1))" as Bytes
        return "\(place) belongs to \(owner) and has the mode 0\(mode); \(who) may not \(verb) it"
    }

    private static func map(_ name: Bytes) -> [IDMapping] {
        IDMapping.all(inMap: Bytes((try? HostFiles.read("/proc/self/\(name)")) ?? []))
    }

    /// An id of the caller, and what it is outside of the user namespace.
    private static func outside(_ id: UInt32, _ maps: [IDMapping]) -> Bytes {
        guard let host = maps.hostID(of: id), host != id else { return "\(id)" }
        return "\(id) (\(host) outside)"
    }

    /// An owner. One that the user namespace does not have looks like the overflow id, which it may not have either.
    private static func inside(_ id: UInt32, _ maps: [IDMapping]) -> Bytes {
        id == 65534 && !maps.isEmpty && maps.hostID(of: id) == nil ? "that is not mapped here" : "\(id)"
    }
}

extension SystemError {
    /// The error with the place on the path that it is about.
    package func explained(at path: Bytes, below root: Int32? = nil) -> SystemError {
        guard errno == .eacces || errno == .eoverflow, detail.isEmpty,
            let explanation = PathRefusal.explanation(of: path, below: root)
        else { return self }
        var explained = self
        explained.detail = explanation
        return explained
    }
}

extension HostFiles {
    /// Whether the caller may write to what is at a path.
    package static func mayWrite(_ path: Bytes) -> Bool {
        guard let place = try? Descriptor(opening: path, [.path]) else { return false }
        return chull_may_access(place.number, W_OK) == 0
    }
}
