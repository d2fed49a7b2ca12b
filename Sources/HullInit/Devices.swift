// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Makes a device node, or binds the host's device where mknod(2) is not allowed.
    mutating func makeDevice(_ plan: DevicePlan) throws(SystemError) {
        if let slot = plan.slot {
            guard let opened = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
            guard isSame(plan, try opened.status()) else {
                throw SystemError(
                    "open_tree", plan.path, .enodev,
                    detail: "the host has another file there, and a user namespace can only bind its devices")
            }
            let place = try root.makeFile(plan.path)
            let there = try place.status()
            // An empty file is what an earlier container has left for a mount point.
            guard isSame(plan, there) || there.isRegular && there.size == 0 else {
                throw SystemError("move_mount", plan.path, .eexist)
            }
            return try MountTree(opened).attach(at: place.number)
        }
        let parent = try parent(of: plan.path)
        let name = plan.path.lastComponent
        do {
            try RootDirectory.makeNode(
                name, mode: plan.kind.modeBits | plan.mode, device: plan.number, in: parent)
        } catch {
            guard error.errno == .eexist, let there = try RootDirectory.status(name, in: parent), isSame(plan, there)
            else {
                throw SystemError(error.call, plan.path, error.errno, detail: error.detail)
            }
            return
        }
        if plan.uid != 0 || plan.gid != 0 {
            try RootDirectory.changeOwner(name, uid: plan.uid, gid: plan.gid, in: parent)
        }
    }

    /// config-linux.md: "If a file already exists at path that does not match the requested device, the runtime MUST
    /// generate an error."
    private func isSame(_ plan: DevicePlan, _ status: FileStatus) -> Bool {
        status.kindBits == plan.kind.modeBits && (plan.kind == .fifo || status.device == plan.number)
    }

    /// The directory of a device or link. It stays open from one such step to the next: most of them lie in /dev.
    private mutating func parent(of path: Bytes) throws(SystemError) -> Int32 {
        let path = path.parentPath
        if parentPath != path {
            parentDirectory = try root.makeDirectories(path)
            parentPath = path
        }
        return parentDirectory.number
    }

    /// A link that every /dev has; what is there already stays.
    mutating func makeLink(_ path: Bytes, _ target: Bytes) throws(SystemError) {
        let parent = try parent(of: path)
        // A read-only /dev of the root filesystem's own may do without.
        do { try RootDirectory.makeLink(path.lastComponent, to: target, in: parent) } catch {
            if error.errno != .erofs { throw error }
        }
    }
}

extension InsideAction {
    /// Whether this is one of the steps in a row that share an open directory: nothing is mounted or renamed by them.
    var makesEntry: Bool {
        switch self {
        case .device(let plan): plan.slot == nil
        case .link: true
        default: false
        }
    }
}
