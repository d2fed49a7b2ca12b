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
            let place = try root.makeFile(plan.path)
            return try MountTree(opened).attach(at: place.number)
        }
        let parent = try root.makeDirectories(plan.path.parentPath)
        let name = plan.path.lastComponent
        do {
            try RootDirectory.makeNode(
                name, mode: plan.kind.modeBits | plan.mode, device: plan.number, in: parent.number)
        } catch {
            guard error.errno == .eexist, try isSame(plan, name, parent) else {
                throw SystemError(error.call, plan.path, error.errno, detail: error.detail)
            }
            return
        }
        if plan.uid != 0 || plan.gid != 0 {
            try RootDirectory.changeOwner(name, uid: plan.uid, gid: plan.gid, in: parent.number)
        }
    }

    /// config-linux.md: "If a file already exists at path that does not match the requested device, the runtime MUST
    /// generate an error."
    private func isSame(
        _ plan: DevicePlan, _ name: Bytes, _ parent: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard let status = try RootDirectory.status(name, in: parent.number) else { return false }
        return status.kindBits == plan.kind.modeBits && (plan.kind == .fifo || status.device == plan.number)
    }

    /// A link that every /dev has; what is there already stays.
    mutating func makeLink(_ path: Bytes, _ target: Bytes) throws(SystemError) {
        let parent = try root.makeDirectories(path.parentPath)
        // A read-only /dev of the root filesystem's own may do without.
        do { try RootDirectory.makeLink(path.lastComponent, to: target, in: parent.number) } catch {
            if error.errno != .erofs { throw error }
        }
    }
}
