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
        if isFrozen {
            throw SystemError("cgroup", path, .ebusy, words: "container's cgroup is frozen")
        }
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

    /// The pids in the cgroup and in all below it.
    func processes() throws(SystemError) -> [Int32] {
        var pids = Bytes(try HostFiles.read(path + "/cgroup.procs")).split(0x0a).compactMap { line in
            line.decimal.map { Int32(clamping: $0) }
        }
        for child in try children() { pids += (try? child.processes()) ?? [] }
        return pids
    }

    private func children() throws(SystemError) -> [CgroupDirectory] {
        var children: [CgroupDirectory] = []
        for name in try Descriptor(opening: path, [.directory]).entries() {
            let below = "\(path)/\(name)" as Bytes
            if try HostFiles.status(below)?.isDirectory == true { children.append(CgroupDirectory(path: below)) }
        }
        return children
    }

    /// Kills all processes in it at once: cgroup.kill (kernel 5.14). ENODEV: systemd has removed it meanwhile.
    func kill() throws(SystemError) {
        do { try HostFiles.write(path + "/cgroup.kill", "1") } catch {
            if error.errno != .enoent && error.errno != .enodev { throw error }
        }
    }

    /// Kills what is left, waits until nothing is, and removes the tree from the bottom. After the time given, the
    /// error names who survived.
    func remove(waitMilliseconds: Int64) throws(SystemError) {
        // The usual case first: an empty cgroup goes in one call.
        do { return try HostFiles.removeDirectory(path) } catch {
            if error.errno == .enoent { return }
            if error.errno != .ebusy && error.errno != .enotempty { throw error }
        }
        try kill()
        let deadline = Clock.monotonic + waitMilliseconds * 1_000_000
        while true {
            do { return try removeTree() } catch {
                if error.errno == .enoent { return }
                guard error.errno == .ebusy || error.errno == .enotempty else { throw error }
                if Clock.monotonic >= deadline {
                    let pids = (try? processes()) ?? []
                    throw SystemError(
                        "rmdir", path, error.errno,
                        detail: "still there: \(pids.map { Bytes(decimal: $0) }.joined(" "))")
                }
            }
            // The kernel tells when the last process is gone; of a cgroup whose directory is still busy it does not.
            let left = Int32(clamping: max(2, (deadline - Clock.monotonic) / 1_000_000))
            let isEmpty = (try? awaitEvent("populated", "0", milliseconds: left)) ?? true
            if isEmpty { _ = try Poll.ready([], timeoutMilliseconds: 1) }
        }
    }

    private func removeTree() throws(SystemError) {
        do { try HostFiles.removeDirectory(path) } catch {
            if error.errno == .enoent { return }
            guard error.errno == .ebusy || error.errno == .enotempty else { throw error }
            for child in try children() { try child.removeTree() }
            try HostFiles.removeDirectory(path)
        }
    }

    /// Whether it is frozen by its own file. The root has none.
    var isFrozen: Bool { text("cgroup.freeze")?.trimmed == "1" }

    /// What a file says; nil where it is not there, as those of a controller that nobody enabled.
    func text(_ name: Bytes) -> Bytes? { (try? HostFiles.read("\(path)/\(name)")).map { Bytes($0) } }

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
