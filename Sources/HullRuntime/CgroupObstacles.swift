// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

/// Why a cgroup cannot be made, entered or given a controller: what the kernel's errno does not say.
extension CgroupDirectory {
    /// What is in the way of a call on this cgroup, or on one above it; nil where the errno says enough.
    func obstacle(to error: SystemError, mountPoint: Bytes) -> Bytes? {
        switch (error.call, error.errno) {
        case ("mkdir", .eagain): exceeded(by: error.object, mountPoint)
        case (_, .eopnotsupp): threaded(mountPoint)
        case ("write", .ebusy) where error.object.hasSuffix("/cgroup.subtree_control"):
            CgroupDirectory(path: error.object.parentPath).occupied
        case ("write", .enoent) where error.object.hasSuffix("/cgroup.subtree_control"):
            CgroupDirectory(path: error.object.parentPath).unavailable
        case (_, .ebusy): childrenControlled
        default: nil
        }
    }

    /// The cgroups from the mount point down to this one.
    private func way(from mountPoint: Bytes) -> [CgroupDirectory] {
        var way = [CgroupDirectory(path: mountPoint)]
        for part in path.dropFirst(mountPoint.count).split(0x2f) {
            way.append(CgroupDirectory(path: "\(way[way.count - 1].path)/\(part)"))
        }
        return way
    }

    /// cgroups(7), "Thread mode": of processes as wholes there are none below a threaded cgroup, nor beside one.
    private func threaded(_ mountPoint: Bytes) -> Bytes? {
        let odd = way(from: mountPoint).compactMap { directory -> (path: Bytes, type: Bytes)? in
            guard let type = directory.text("cgroup.type")?.trimmed, type != "domain" else { return nil }
            return (directory.path, type)
        }
        guard let first = odd.first else { return nil }
        let types = odd.map { "\($0.path)/cgroup.type is \"\($0.type)\"" as Bytes }.joined(", ")
        return "\(types): whole processes, and the controllers that limit them, have no place below a threaded cgroup "
            + "or beside one; use a cgroupsPath that is not below \(first.path)"
    }

    /// The limits of the tree itself: the kernel asks each cgroup above the new one.
    private func exceeded(by made: Bytes, _ mountPoint: Bytes) -> Bytes? {
        let above = CgroupDirectory(path: made.parentPath).way(from: mountPoint).reversed()
        for (index, directory) in above.enumerated() {
            if let most = directory.text("cgroup.max.depth")?.trimmed.decimal, UInt64(index) + 1 > most {
                return "\(directory.path)/cgroup.max.depth is \(most): no cgroup may be deeper below it"
            }
            if let most = directory.text("cgroup.max.descendants")?.trimmed.decimal,
                let number = directory.count("nr_descendants", in: "cgroup.stat"), number >= most
            {
                return "\(directory.path)/cgroup.max.descendants is \(most), and it has \(number) of them"
            }
        }
        return nil
    }

    private var occupied: Bytes? {
        guard let pids = text("cgroup.procs")?.split(0x0a).compactMap(\.decimal), !pids.isEmpty else { return nil }
        let some = pids.prefix(3).map { Procfs.activity(of: Int32(clamping: $0)) }.joined("; ")
        return "\(path) has processes of its own (\(some)), and then what is below it gets no controllers: cgroups(7), "
            + "\"no internal processes\""
    }

    private var unavailable: Bytes? {
        text("cgroup.controllers").map { "\(path)/cgroup.controllers has: \($0.trimmed)" }
    }

    private var childrenControlled: Bytes? {
        guard let names = text("cgroup.subtree_control")?.trimmed, !names.isEmpty else { return nil }
        return "\(path)/cgroup.subtree_control has \(names): a cgroup whose children have controllers holds no process "
            + "itself"
    }

    /// A frozen cgroup, and one below a frozen one, is an error: nothing would ever run in it.
    func checkThawed() throws(SystemError) {
        if try isFrozen { throw SystemError("cgroup", path, .ebusy, words: "container's cgroup is frozen") }
        try checkThawedAbove()
    }

    /// The same of the cgroups above it: its own file is for `pause`, the end of which can be waited for.
    func checkThawedAbove() throws(SystemError) {
        guard try !isFrozen, count("frozen", in: "cgroup.events") == 1 else { return }
        var above = path.parentPath
        while let freeze = CgroupDirectory(path: above).text("cgroup.freeze"), freeze.trimmed != "1" {
            above = above.parentPath
        }
        throw SystemError(
            "cgroup", path, .ebusy, detail: "by \(above)/cgroup.freeze", words: "container's cgroup is frozen")
    }
}

extension SystemError {
    /// Whether clone3(2) found the process no place in its cgroup.
    var isOfCgroup: Bool { call == "clone3" && (errno == .eopnotsupp || errno == .ebusy) }
}
