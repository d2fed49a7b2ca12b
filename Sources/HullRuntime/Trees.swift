// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension DescriptorList {
    /// A host path as a detached tree with its attributes, never writable where it should not be.
    func makeTree(_ plan: TreePlan) throws(SystemError) -> Descriptor {
        let tree: MountTree
        do throws(SystemError) { tree = try MountTree(opening: plan) } catch { throw error.explained(at: plan.path) }
        if let map = plan.idMap { try give(map, to: tree, plan.path) }
        return tree.intoDescriptor()
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
