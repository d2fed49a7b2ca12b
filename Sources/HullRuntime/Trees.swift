// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension DescriptorList {
    /// A host path as a detached tree with its attributes, never writable where it should not be.
    func makeTree(_ plan: TreePlan) throws(SystemError) -> Descriptor {
        let tree = try MountTree(copying: plan.path, recursive: plan.recursive, noFollow: plan.noFollow)
        do throws(SystemError) {
            if plan.mustBeDirectory, try !tree.descriptor.status().isDirectory {
                throw SystemError("open_tree", plan.path, .enotdir)
            }
            if plan.mustBeProcfs, try !tree.descriptor.isRootOfProcfs() {
                throw SystemError("open_tree", plan.path, .einval, detail: "only a procfs can be mounted on /proc")
            }
            for propagation in plan.propagation {
                try tree.setAttributes(propagation: propagation.type, recursive: propagation.recursive)
            }
            for (change, recursive) in [(plan.recursiveAttributes, true), (plan.attributes, false)]
            where !change.isEmpty {
                try set(change, of: tree, recursive: recursive)
            }
        } catch {
            throw SystemError(error.call, plan.path, error.errno, detail: error.detail)
        }
        if let map = plan.idMap { try give(map, to: tree, plan.path) }
        return tree.intoDescriptor()
    }

    /// In a user namespace the flags that mounts came with are locked: mount_namespaces(7). EPERM does not say which.
    private func set(
        _ change: MountAttributeChange, of tree: borrowing MountTree, recursive: Bool
    ) throws(SystemError) {
        do { try tree.setAttributes(set: change.set, clear: change.clear, recursive: recursive) } catch {
            guard error.errno == .eperm else { throw error }
            let kept = change.clearedWords(of: (try? tree.descriptor.mountAttributes()) ?? [])
            let flags: Bytes = kept.isEmpty ? "a flag below it" : kept.joined(", ")
            throw SystemError(error.call, error.object, .eperm, detail: "locked in this user namespace: \(flags)")
        }
    }

    /// A new filesystem with an id map, detached.
    func makeFilesystem(_ plan: FilesystemPlan, _ map: MountIDMapPlan) throws(SystemError) -> Descriptor {
        let tree = try MountTree(making: plan)
        try give(map, to: tree, plan.type)
        return tree.intoDescriptor()
    }

    private func give(_ map: MountIDMapPlan, to tree: borrowing MountTree, _ object: Bytes) throws(SystemError) {
        guard let namespace = self[map.namespace] else { throw SystemError("descriptor", "\(map.namespace)", .ebadf) }
        do { try tree.setIDMap(namespace, recursive: map.recursive) } catch {
            throw SystemError(callOfIDMap, object, error.errno)
        }
    }
}

extension Creation {
    /// The upper layer of the root in a directory of the caller's, where it stays: it holds what the container wrote.
    func makeUpperLayer(_ directory: Bytes, like path: Bytes) throws(SystemError) {
        try HostFiles.makeDirectories(directory, mode: 0o700)
        let parent = try Descriptor(opening: directory, [.path, .directory])
        let other = try Descriptor(opening: path, [.path, .directory])
        // Both: where the container's root may not write "work", the kernel makes the union read-only and says nothing.
        for name in ["work", "upper"] as [Bytes]
        where try RootDirectory.status(name, in: parent.number) == nil {
            try RootDirectory.makeDirectory(name, mode: 0o700, in: parent.number)
            try RootDirectory.makeAlike(name, other.number, in: parent.number)
        }
    }
}

/// Why a mount got no id map.
func hintOfIDMap(_ error: SystemError) -> Bytes? {
    guard error.call == callOfIDMap else { return nil }
    switch error.errno {
    case .einval: return "the filesystem, or one mounted below it, does not support id maps"
    case .eperm: return "a mount has one id map at most, and only its filesystem's owner gives it one"
    default: return nil
    }
}

/// How errors name the call.
let callOfIDMap: Bytes = "mount_setattr(MOUNT_ATTR_IDMAP)"
