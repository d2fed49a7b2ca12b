// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Builds the mount, opens its place once below the root, and attaches it there by descriptor.
    mutating func attachMount(_ plan: MountPlan) throws(SystemError) {
        switch plan.what {
        case .tree(let slot):
            guard let opened = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
            let isDirectory = try opened.status().isDirectory
            let tree = MountTree(opened)
            let place = isDirectory ? try root.makeDirectories(plan.destination) : try root.makeFile(plan.destination)
            try attach(tree, place, plan)
        case .filesystem(let filesystem):
            let place = try root.makeDirectories(plan.destination, strict: plan.strict)
            let tree = try makeFilesystem(filesystem, place)
            try attach(tree, place, plan)
        case .remount(let change):
            let place = try root.place(plan.destination)
            try MountTree.setAttributes(of: place.number, set: change.set, clear: change.clear)
            for propagation in plan.propagation {
                try MountTree.setPropagation(of: place.number, propagation.type, recursive: propagation.recursive)
            }
        case .overlay(let overlay):
            let place = try root.makeDirectories(plan.destination)
            try attach(try makeOverlay(overlay), place, plan)
        }
    }

    private func attach(
        _ tree: borrowing MountTree, _ place: borrowing Descriptor, _ plan: MountPlan
    ) throws(SystemError) {
        do throws(SystemError) {
            try tree.attach(at: place.number)
            for propagation in plan.propagation {
                try tree.setAttributes(propagation: propagation.type, recursive: propagation.recursive)
            }
        } catch {
            throw SystemError(error.call, plan.destination, error.errno, detail: error.detail)
        }
    }

    private func makeFilesystem(
        _ plan: FilesystemPlan, _ place: borrowing Descriptor
    ) throws(SystemError) -> MountTree {
        let context = try FilesystemContext(plan.type)
        if !plan.source.isEmpty { try context.set("source", plan.source) }
        if plan.takesMode {
            let mode = try place.status().permissions
            try context.set("mode", "0" + Bytes(String(mode, radix: 8)))
        }
        for parameter in plan.parameters { try context.set(parameter.key, parameter.value) }
        guard plan.copiesUp else { return try context.mount(plan.attributes) }
        let tree = try context.mount(plan.attributes.subtracting(.readOnly))
        try copyUp(place, into: tree, plan)
        if plan.attributes.contains(.readOnly) { try tree.setAttributes(set: .readOnly) }
        return tree
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
