// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullKernel
package import HullLinux
package import HullPlan

extension InitProgram {
    /// Builds the mount, opens its place once below the root, and attaches it there by descriptor.
    mutating func attachMount(_ plan: MountPlan) throws(SystemError) {
        switch plan.what {
        case .tree(let slot):
            guard let opened = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
            let status = try opened.status()
            if plan.copiesLink, status.isSymbolicLink { return try copyLink(opened, to: plan.destination) }
            let tree = MountTree(opened)
            try attach(tree, try makePlace(plan, directory: status.isDirectory), plan)
        case .filesystem(let filesystem):
            let covered = filesystem.takesMode ? try root.existingPlace(plan.destination) : nil
            let place = try makePlace(plan, directory: true)
            let tree = try makeFilesystem(filesystem, place, mode: try covered?.status().permissions)
            try attach(tree, place, plan)
        case .remount(let change): try remount(change, plan)
        case .overlay(let overlay):
            let place = try makePlace(plan, directory: true)
            try attach(try makeOverlay(overlay), place, plan)
        }
    }

    /// The place of a mount, made where nothing is. The plan knows the destinations below /proc by their names; a
    /// symbolic link of the image may give one of them another name.
    private func makePlace(_ plan: MountPlan, directory: Bool) throws(SystemError) -> Descriptor {
        let path = plan.destination
        if plan.noFollow, !plan.strict { return try root.makePlace(path, directory: directory) }
        do {
            return directory ? try root.makeDirectories(path, strict: true) : try root.makeFile(path, strict: true)
        } catch {
            guard error.errno == .eloop else { throw error }
            if plan.strict {
                throw SystemError("openat2", path, .eloop, detail: "the place of a \(plan.what.word) must be no link")
            }
        }
        let place = directory ? try root.makeDirectories(path) : try root.makeFile(path)
        guard try place.filesystemType() != Filesystem.proc else {
            throw SystemError("openat2", path, .eloop, detail: "a symbolic link leads into /proc")
        }
        return place
    }

    private func attach(
        _ tree: borrowing MountTree, _ place: borrowing Descriptor, _ plan: MountPlan
    ) throws(SystemError) {
        do throws(SystemError) {
            try tree.attach(at: place.number)
            if reportsMounts { try report(tree, plan.destination) }
            for propagation in plan.propagation {
                try tree.setAttributes(propagation: propagation.type, recursive: propagation.recursive)
            }
        } catch {
            throw SystemError(error.call, plan.destination, error.errno, detail: error.detail)
        }
    }

    /// `copy-symlink`: the link itself at the destination. Another one there, or a file, is not replaced.
    private func copyLink(_ link: borrowing Descriptor, to path: Bytes) throws(SystemError) {
        let target = try RootDirectory.linkTarget("", in: link.number)
        let parent = try root.makeDirectories(path.parentPath)
        let name = path.lastComponent
        try RootDirectory.makeLink(name, to: target, in: parent.number)
        guard try RootDirectory.status(name, in: parent.number)?.isSymbolicLink == true,
            try RootDirectory.linkTarget(name, in: parent.number) == target
        else { throw SystemError("symlinkat", path, .eexist, detail: "and it is no symbolic link to \(target)") }
    }

    private func makeFilesystem(
        _ plan: FilesystemPlan, _ place: borrowing Descriptor, mode: UInt32?
    ) throws(SystemError) -> MountTree {
        do throws(SystemError) {
            guard plan.copiesUp else { return try MountTree(making: plan, mode: mode) }
            let tree = try MountTree(making: plan, mode: mode, without: .readOnly)
            try copyUp(place, into: tree, plan)
            if plan.attributes.contains(.readOnly) { try tree.setAttributes(set: .readOnly) }
            return tree
        } catch {
            // The kernel makes no cgroup2 mount for who does not own the cgroup namespace, or where version 1 has the
            // controllers: then the container gets its own part of the host's.
            guard let path = plan.fallback, error.errno == .eperm || error.errno == .ebusy else { throw error }
            guard plan.type != "cgroup2" else {
                let tree = try MountTree(copying: path, recursive: false)
                try tree.setAttributes(set: plan.attributes)
                return tree
            }
            // What is mounted below is locked to it. The host's sysfs has the host's cgroups: CVE-2023-25809.
            let tree = try MountTree(copying: path, recursive: true)
            try tree.setAttributes(propagation: .private, recursive: true)
            let attributes = plan.type == "sysfs" ? plan.attributes.union(.readOnly) : plan.attributes
            try tree.setAttributes(set: attributes, recursive: true)
            return tree
        }
    }

    private func remount(_ change: RemountPlan, _ plan: MountPlan) throws(SystemError) {
        let flags: OpenFlags = plan.noFollow ? [.path, .noFollow] : [.path]
        let place = try root.open(plan.destination, flags)
        if !change.parameters.isEmpty {
            let context = try FilesystemContext(picking: place.number, plan.destination)
            for parameter in change.parameters { try context.set(parameter.key, parameter.value) }
            try context.reconfigure()
        }
        do throws(SystemError) {
            for (attributes, recursive) in [(change.recursiveAttributes, true), (change.attributes, false)]
            where !attributes.isEmpty {
                try MountTree.setAttributes(
                    of: place.number, set: attributes.set, clear: attributes.clear, recursive: recursive)
            }
            for propagation in plan.propagation {
                try MountTree.setPropagation(of: place.number, propagation.type, recursive: propagation.recursive)
            }
        } catch {
            throw SystemError(error.call, plan.destination, error.errno, detail: error.detail)
        }
    }

    /// Makes a mount read-only that had to be written until now.
    func makeReadOnly(_ path: Bytes) throws(SystemError) {
        guard let place = try placeInRoot(path) else { return }
        try MountTree.setAttributes(of: place.number, set: .readOnly)
    }

    /// The place of a path below the root; nil where nothing is.
    func placeInRoot(_ path: Bytes) throws(SystemError) -> Descriptor? {
        try root.existingPlace(path)
    }
}

extension MountTree {
    /// A new filesystem, with a detached mount of it. `mode` is that of its root directory where it is to be another
    /// than the filesystem's own choice; attributes of `without` are left out for now.
    package init(
        making plan: FilesystemPlan, mode: UInt32? = nil, without left: MountAttributes = []
    ) throws(SystemError) {
        let context = try FilesystemContext(plan.type)
        if !plan.source.isEmpty { try context.set("source", plan.source) }
        if let mode { try context.set("mode", "0" + Bytes(String(mode, radix: 8))) }
        for parameter in plan.parameters { try context.set(parameter.key, parameter.value) }
        let tree = try context.mount(plan.attributes.subtracting(left))
        if let label = plan.label?.value { try tree.setLabel(label) }
        self = tree
    }
}

extension MountSource {
    /// The word of the type, for errors.
    fileprivate var word: Bytes {
        if case .filesystem(let plan) = self { plan.type } else { "mount on /proc" }
    }
}
