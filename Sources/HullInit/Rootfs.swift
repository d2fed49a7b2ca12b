// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Sets the propagation of the copied mounts. The root of the namespace itself must not be shared: pivot_root(2).
    func setNamespacePropagation(_ propagation: MountPropagation) throws(SystemError) {
        if propagation == .shared {
            try MountNamespace.setPropagation(.private, recursive: false)
        } else {
            try MountNamespace.setPropagation(propagation, recursive: true)
        }
    }

    /// Attaches the container's root over `/` of the namespace, where pivot_root finds it.
    mutating func attachRoot(_ plan: RootPlan) throws(SystemError) {
        let tree: MountTree
        switch plan {
        case .tree(let slot):
            guard let opened = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
            tree = MountTree(opened)
        case .overlay(let overlay): tree = try makeOverlay(overlay)
        }
        try tree.attachOverRoot()
        root = RootDirectory(tree.intoDescriptor())
    }

    /// Makes an overlay, detached. Layers are named through /proc/self/fd: short, and resolved once.
    mutating func makeOverlay(_ plan: OverlayPlan) throws(SystemError) -> MountTree {
        let context = try FilesystemContext("overlay")
        try context.set("source", "overlay")
        var lower: [Bytes] = []
        for slot in plan.lower { lower.append("/proc/self/fd/\(try descriptor(slot))") }
        if plan.layerByLayer {
            for layer in lower { try context.set("lowerdir+", layer) }
        } else {
            try context.set("lowerdir", lower.joined(":"))
        }
        var throwAway: MountTree?
        if let upper = plan.upper {
            try context.set("upperdir", "/proc/self/fd/\(try descriptor(upper.directory))")
            try context.set("workdir", "/proc/self/fd/\(try descriptor(upper.work))")
        } else if let layer = plan.throwAway {
            let tmpfs = try makeThrowAwayLayer(layer, like: try descriptor(plan.lower.first ?? -1))
            try context.set("upperdir", "/proc/self/fd/\(tmpfs.descriptor.number)/upper")
            try context.set("workdir", "/proc/self/fd/\(tmpfs.descriptor.number)/work")
            throwAway = consume tmpfs
        }
        for parameter in plan.parameters { try context.set(parameter.key, parameter.value) }
        let tree = try context.mount(plan.attributes)
        // The overlay has its own hold on the layers. Nothing else may keep a directory of the host open: the program's
        // path could lead through it (CVE-2024-21626).
        for slot in plan.lower + [plan.upper?.directory, plan.upper?.work].compactMap({ $0 }) { _ = held.take(slot) }
        try throwAway.take()?.detach()
        return tree
    }

    /// An upper layer that is gone with the mount namespace. overlayfs takes layers of attached mounts only, so the
    /// tmpfs is attached over `/` until the overlay is made, which then keeps the filesystem alive. It must be gone
    /// before pivot_root: on top of the old root it would be what the umount there takes away, and the old root would
    /// stay.
    private func makeThrowAwayLayer(_ layer: ThrowAwayLayer, like top: Int32) throws(SystemError) -> MountTree {
        let context = try FilesystemContext("tmpfs")
        try context.set("source", "hull")
        try context.set("mode", "0755")
        if let size = layer.size { try context.set("size", size) }
        let tmpfs = try context.mount([])
        try tmpfs.attachOverRoot()
        for name in ["upper", "work"] as [Bytes] {
            try RootDirectory.makeDirectory(name, mode: 0o755, in: tmpfs.descriptor.number)
        }
        try RootDirectory.makeAlike("upper", top, in: tmpfs.descriptor.number)
        return tmpfs
    }

    /// Joins a mount namespace that others use. The root was built in a namespace that is left behind here; a detached
    /// copy of it becomes the root of this process alone.
    mutating func changeRoot(_ namespace: Int32) throws(SystemError) {
        let copy = try MountTree(copyingAt: root.number, recursive: true)
        try CurrentProcess.join([.mount], namespace)
        root = RootDirectory(copy.intoDescriptor())
        try MountNamespace.changeRoot(to: root.number)
    }

    /// Enters the root by chroot(2), for where pivot_root(2) is impossible: the root of an initramfs cannot be put
    /// anywhere. The old root stays below, where no path leads. But an unmasked procfs or sysfs there would allow a
    /// user namespace inside to mount another one, so they go.
    func moveRoot() throws(SystemError) {
        var below: [UInt64] = [try MountTree.identifier(of: root.number)]
        for mount in try MountInfo.all() {
            if below.contains(mount.identifier) || below.contains(mount.parent) {
                below.append(mount.identifier)
            } else if mount.root == "/", mount.type == "proc" || mount.type == "sysfs" {
                try MountNamespace.hide(mount.mountPoint)
            }
        }
        try MountNamespace.changeRoot(to: root.number)
    }

    /// Enters the root of a process that is not the root of its mount namespace.
    mutating func enterRoot(_ slot: Int) throws(SystemError) {
        guard let place = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
        root = RootDirectory(place)
        try MountNamespace.changeRoot(to: root.number)
    }

    /// Makes the mount of the container's root read-only, and no other.
    func makeRootReadOnly() throws(SystemError) {
        try MountTree.setAttributes(of: root.number, set: .readOnly)
    }
}
