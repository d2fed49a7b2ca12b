// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// User namespaces that nobody lives in.
package enum UserNamespace {
    /// A new user namespace with these maps: text for uid_map and gid_map. A process must be its first inhabitant: it
    /// waits for the end of a pipe that the caller alone holds, so that it is gone whatever happens to the caller.
    package static func holding(uids: Bytes, gids: Bytes) throws(SystemError) -> Descriptor {
        let life = try Pipe()
        let cloned = try CurrentProcess.clone(UInt64(CLONE_NEWUSER), cgroup: nil)
        if cloned == nil {
            _ = chull_close(life.writing.number)
            _ = try? hullReadAvailable(life.reading.number, 1)
            CurrentProcess.exit(0)
        }
        guard let inhabitant = cloned else { throw SystemError("clone3", "CLONE_NEWUSER", .echild) }
        let directory = "/proc/\(inhabitant.pid)" as Bytes
        let namespace: Descriptor
        do throws(SystemError) {
            try HostFiles.write(directory + "/gid_map", gids)
            try HostFiles.write(directory + "/uid_map", uids)
            namespace = try Descriptor(opening: directory + "/ns/user")
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
