// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

extension CgroupDirectory {
    /// The pids in the cgroup and in all below it.
    func processes() throws(SystemError) -> [Int32] {
        var pids = try ownProcesses()
        for child in try children() { pids += (try? child.processes()) ?? [] }
        return pids
    }

    /// A threaded cgroup has no list of processes, but one of threads: cgroups(7).
    private func ownProcesses() throws(SystemError) -> [Int32] {
        var text: [UInt8]
        do throws(SystemError) { text = try HostFiles.read(path + "/cgroup.procs") } catch {
            guard error.errno == .eopnotsupp else { throw error }
            text = try HostFiles.read(path + "/cgroup.threads")
        }
        return Bytes(text).split(0x0a).compactMap { line in line.decimal.map { Int32(clamping: $0) } }
    }

    private func children() throws(SystemError) -> [CgroupDirectory] {
        var children: [CgroupDirectory] = []
        for name in try Descriptor(opening: path, [.directory]).entries() {
            let below = "\(path)/\(name)" as Bytes
            if try HostFiles.status(below)?.isDirectory == true { children.append(CgroupDirectory(path: below)) }
        }
        return children
    }

    /// Kills all processes in it at once: cgroup.kill (kernel 5.14).
    func kill() throws(SystemError) {
        do { try HostFiles.write(path + "/cgroup.kill", "1") } catch {
            // ENODEV: systemd has removed it meanwhile.
            if error.errno != .enoent && error.errno != .enodev { throw error }
        }
    }

    /// Kills what is left, waits until nothing is, and removes the tree from the bottom. After the time given, or at
    /// once where waiting is in vain, the error names what is still there and why.
    func remove(waitMilliseconds: Int64) throws(SystemError) {
        // The usual case first: an empty cgroup goes in one call.
        do { return try HostFiles.removeDirectory(path) } catch {
            if error.errno == .enoent { return }
            if error.errno != .ebusy && error.errno != .enotempty { throw error }
        }
        let deadline = Clock.monotonic + waitMilliseconds * 1_000_000
        var pause: Int32 = 1
        while true {
            // Once more in each round: somebody may move a process into it meanwhile. Who moves one after the other is
            // outrun only between two of them: the longer a round, the more have to die in it.
            try kill()
            if (try? awaitEvent("populated", "0", milliseconds: 20)) ?? true {
                do { return try removeTree() } catch {
                    if error.errno == .enoent { return }
                    guard error.errno == .ebusy || error.errno == .enotempty else { throw error }
                    if let mount = mountPoint() {
                        throw SystemError(error.call, mount, .ebusy, detail: "it is a mount point")
                    }
                }
                // The kernel says when the last process is gone, but not when a directory stops being busy.
                if (try? awaitEvent("populated", "0", milliseconds: 0)) ?? true {
                    _ = try Poll.ready([], timeoutMilliseconds: pause)
                    pause = min(2 * pause, 250)
                }
            }
            if Clock.monotonic >= deadline { throw SystemError("rmdir", path, .ebusy, detail: remainder()) }
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

    /// A directory of the tree that something is mounted on: it is busy until that is unmounted.
    private func mountPoint() -> Bytes? {
        let mounts = (try? MountInfo.all()) ?? []
        return mounts.first { $0.mountPoint == path || $0.mountPoint.hasPrefix(path + "/") }?.mountPoint
    }

    /// What is in the way: processes that SIGKILL has not ended, and what the kernel is doing for them; or directories
    /// that come again and again.
    private func remainder() -> Bytes {
        var found: [Bytes] = []
        describe(&found, within: "")
        if !found.isEmpty { return "still there: \(Array(found.prefix(8)).joined("; "))" }
        let names = ((try? children()) ?? []).map(\.path.lastComponent)
        return names.isEmpty ? "no process is left in it" : "no process is left, but \(names.joined(", "))"
    }

    private func describe(_ found: inout [Bytes], within place: Bytes) {
        for pid in (try? ownProcesses()) ?? [] {
            let what = pid == 0 ? "a process that this pid namespace cannot see" : Procfs.activity(of: pid)
            found.append(place.isEmpty ? what : "\(what), in \(place)")
        }
        for child in (try? children()) ?? [] {
            let name = child.path.lastComponent
            child.describe(&found, within: place.isEmpty ? name : "\(place)/\(name)")
        }
    }
}
