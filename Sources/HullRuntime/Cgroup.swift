// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// A cgroup v2 directory: made, written, emptied, removed.
struct CgroupDirectory {
    /// The absolute path on the host.
    let path: Bytes

    /// That of a container which stays in its caller's: nothing is counted for it, and nobody is frozen in it.
    static var none: CgroupDirectory { CgroupDirectory(path: "") }

    /// The directories that are missing on the way to it, the topmost first; itself the last. Empty when it exists.
    func missing() throws(SystemError) -> [Bytes] {
        var missing: [Bytes] = []
        var current = path
        while current != "/", try HostFiles.status(current) == nil {
            missing.insert(current, at: 0)
            current = current.parentPath
        }
        return missing
    }

    /// Makes it, after the directories on the way to it, which others may make as well. EEXIST: somebody else's.
    func make(after directories: [Bytes]) throws(SystemError) {
        for directory in directories {
            do { try HostFiles.makeDirectory(directory, mode: 0o755) } catch {
                if error.errno != .eexist { throw error }
            }
        }
        try HostFiles.makeDirectory(path, mode: 0o755)
    }

    /// A cgroup that others use, or that is frozen, is none to put a container in: a kill of the one would be a kill of
    /// the other, and in a frozen one nothing would ever start.
    func checkUsable() throws(SystemError) {
        if !Bytes(try HostFiles.read(path + "/cgroup.procs")).isEmpty {
            throw SystemError("cgroup", path, .ebusy, words: "container's cgroup is not empty")
        }
        try checkThawed()
    }

    /// Enables a controller in all directories above, from the mount point down.
    func enable(_ controller: Bytes, mountPoint: Bytes) throws(SystemError) {
        var directory = mountPoint
        for part in path.dropFirst(mountPoint.count).split(0x2f) {
            let control = directory + "/cgroup.subtree_control"
            if !Bytes(try HostFiles.read(control)).trimmed.split(0x20).contains(controller) {
                try HostFiles.write(control, "+" + controller)
            }
            directory = "\(directory)/\(part)"
        }
    }

    /// Writes a file of the cgroup. Some files exist only on some kernels and devices: the plan says what to do then.
    func write(_ file: CgroupFile) throws(SystemError) {
        do { try HostFiles.write("\(path)/\(file.name)", file.value) } catch {
            guard error.errno == .enoent else { throw error }
            switch file.absence {
            case .fails: throw error
            case .skip: break
            case .write(let name, let value): try HostFiles.write("\(path)/\(name)", value)
            }
        }
    }

    /// Gives the directory, and the files that the kernel names for it, to another user; where it names none, those of
    /// config-linux.md, "Cgroup ownership".
    func giveTo(uid: UInt32, gid: UInt32) throws(SystemError) {
        try HostFiles.changeOwner(path, uid: uid, gid: gid)
        let usual: [Bytes] = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]
        let named = (try? HostFiles.read("/sys/kernel/cgroup/delegate")).map { Bytes($0).split(0x0a) }
        for name in named ?? usual {
            do { try HostFiles.changeOwner("\(path)/\(name)", uid: uid, gid: gid) } catch {
                // Files of controllers that are not enabled here.
                if error.errno != .enoent { throw error }
            }
        }
    }

    /// Whether it is frozen by its own file. The root has none.
    var isFrozen: Bool {
        get throws(SystemError) {
            guard !path.isEmpty else { return false }
            do { return Bytes(try HostFiles.read(path + "/cgroup.freeze", small: true)).trimmed == "1" } catch {
                // ENODEV: it was removed while its file was open.
                guard error.errno == .enoent || error.errno == .enodev else { throw error }
                return false
            }
        }
    }

    /// What a file says; nil where it is not there, as those of a controller that nobody enabled.
    func text(_ name: Bytes) -> Bytes? {
        path.isEmpty ? nil : (try? HostFiles.read("\(path)/\(name)")).map { Bytes($0) }
    }

    /// The lines of a file that have a key and a number.
    func table(_ name: Bytes) -> [Entry<UInt64>] {
        (text(name) ?? "").split(0x0a).compactMap { line in
            let words = line.split(0x20)
            guard words.count == 2, let value = words[1].decimal else { return nil }
            return Entry(key: words[0], value: value)
        }
    }

    /// The number of a key in such a file; nil where nobody counts.
    func count(_ key: Bytes, in name: Bytes) -> UInt64? { table(name).first { $0.key == key }?.value }
}
