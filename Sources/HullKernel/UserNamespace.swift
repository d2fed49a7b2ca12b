// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// User namespaces that nobody lives in.
package enum UserNamespace {
    /// A new user namespace with these maps: text for uid_map and gid_map. A process must be its first inhabitant: it
    /// waits for the end of a pipe that the caller alone holds, so that it is gone whatever happens to the caller.
    package static func holding(uids: Bytes, gids: Bytes) throws(SystemError) -> Descriptor {
        try holding { pid throws(SystemError) in
            try HostFiles.write("/proc/\(pid)/gid_map", gids)
            try HostFiles.write("/proc/\(pid)/uid_map", uids)
        }
    }

    /// Makes a user namespace and goes into it, for good: `map` gives its maps, by the pid of its first inhabitant.
    /// Where it cannot be mapped nothing has changed. Whoever made it has all rights in it, user_namespaces(7).
    package static func enter(_ map: (Int32) throws(SystemError) -> Void) throws(SystemError) {
        let namespace = try holding(map)
        try CurrentProcess.join([.user], namespace.number)
    }

    private static func holding(_ map: (Int32) throws(SystemError) -> Void) throws(SystemError) -> Descriptor {
        let life = try Pipe()
        let cloned = try CurrentProcess.clone(UInt64(CLONE_NEWUSER), cgroup: nil)
        if cloned == nil {
            _ = chull_close(life.writing.number)
            _ = try? hullReadAvailable(life.reading.number, 1)
            CurrentProcess.exit(0)
        }
        guard let inhabitant = cloned else { throw SystemError("clone3", "CLONE_NEWUSER", .echild) }
        let namespace: Descriptor
        do throws(SystemError) {
            try map(inhabitant.pid)
            namespace = try Descriptor(opening: "/proc/\(inhabitant.pid)/ns/user")
        } catch {
            try end(inhabitant)
            throw error
        }
        try end(inhabitant)
        return namespace
    }

    private static func end(_ process: borrowing ProcessHandle) throws(SystemError) {
        try process.signal(9)
        _ = try process.wait()
    }
}
