// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
package import HullPlan

/// What CRIU finds in the mount namespace that it is run in.
package struct CRIUSurroundings: Sendable {
    /// The absolute path of the program.
    package var program: Bytes
    /// A directory, covered by an empty filesystem in which the mounts are attached.
    package var yard: Bytes
    /// Where cgroup2 is mounted.
    package var cgroups: Bytes?
    /// What is restored; nil at checkpoint.
    package var restore: RestorePlan?
    /// Descriptors that CRIU inherits.
    package var inherited: [Int32] = []
    /// The session keyring of what is restored.
    package var keyring: Bytes?

    /// At checkpoint.
    package init(program: Bytes, yard: Bytes) {
        self.program = program
        self.yard = yard
    }

    /// Names in the yard.
    package static let root: Bytes = "root"
    package static let cgroup: Bytes = "cgroup"
}

extension InitProgram {
    /// Becomes CRIU, in a mount namespace of its own that was just made: nothing of the preparations is seen by the
    /// host, and nothing is left of them. A failure is reported on the socket, with the mount that it was about.
    package consuming func becomeCRIU(_ surroundings: CRIUSurroundings) -> Never {
        var index = surroundings.restore.map { $0.mounts.count + 1 } ?? 0
        do throws(SystemError) {
            try closeDescriptors(except: needed + surroundings.inherited)
            try MountNamespace.setPropagation(.slave, recursive: true)
            let place = try Descriptor(opening: surroundings.yard, [.path, .directory])
            let yard = try FilesystemContext("tmpfs").mount([.noSuid, .noDev])
            try yard.setAttributes(propagation: .private)
            try yard.attach(at: place.number)
            if let path = surroundings.cgroups { try bindCgroups(path, yard.descriptor.number) }
            if let restore = surroundings.restore {
                for case .openLayer(let path, let slot) in restore.layers.map(\.action) {
                    held.set(slot, try Descriptor(opening: path, [.path, .directory]))
                }
                index = restore.mounts.count
                try attachRoot(restore, yard.descriptor.number)
                for (number, mount) in restore.mounts.enumerated() where mount.below.isEmpty {
                    index = number
                    try attach(mount, yard.descriptor.number)
                }
                for (number, mount) in restore.mounts.enumerated() where !mount.below.isEmpty {
                    index = number
                    try attachBrought(mount, restore, yard.descriptor.number)
                }
                index = restore.mounts.count + 1
            }
            if let keyring = surroundings.keyring { try joinSessionKeyring(keyring, label: nil) }
            for number in surroundings.inherited + [socket] { try CurrentProcess.keepAcrossExec(number) }
            CurrentProcess.resetIgnoredSignals()
            try CurrentProcess.setSignalMask(0)
            try HostFiles.changeDirectory("/")
            try CurrentProcess.execute(
                surroundings.program, ["criu", "swrk", "\(socket)"], CurrentProcess.environment)
        } catch {
            InitMessage.failure(step: index, error).sendLast(to: socket)
        }
        CurrentProcess.exit(1)
    }

    private func bindCgroups(_ path: Bytes, _ yard: Int32) throws(SystemError) {
        try RootDirectory.makeDirectory(CRIUSurroundings.cgroup, mode: 0o700, in: yard)
        let directory = try Descriptor(opening: CRIUSurroundings.cgroup, [.path, .directory], below: yard)
        try RootDirectory.makeDirectory("unified", mode: 0o755, in: directory.number)
        let place = try Descriptor(opening: "unified", [.path, .directory], below: directory.number)
        try MountTree(copying: path, recursive: false).attach(at: place.number)
    }

    private mutating func attachRoot(_ plan: RestorePlan, _ yard: Int32) throws(SystemError) {
        let tree: MountTree
        switch plan.root {
        case .tree(let slot): tree = MountTree(try takeTree(slot))
        case .overlay(let overlay): tree = try makeOverlay(overlay)
        }
        if plan.isRootReadOnly { try tree.setAttributes(set: .readOnly) }
        try attach(tree, CRIUSurroundings.root, yard)
    }

    private mutating func attach(_ mount: RestorePlan.Mount, _ yard: Int32) throws(SystemError) {
        let tree: MountTree
        switch mount.source {
        case .tree(let slot): tree = MountTree(try takeTree(slot))
        case .overlay(let overlay): tree = try makeOverlay(overlay)
        case .directory(let path, let attributes):
            tree = try MountTree(copying: path, recursive: false)
            try tree.setAttributes(set: attributes)
        }
        try attach(tree, mount.key, yard)
    }

    /// A mount that the source of another one has brought along gets a name of its own, so that CRIU follows no path
    /// that somebody else can change.
    private func attachBrought(
        _ mount: RestorePlan.Mount, _ plan: RestorePlan, _ yard: Int32
    ) throws(SystemError) {
        let top = plan.mounts.first { $0.below.isEmpty && $0.origin == mount.origin }
        guard let top else { throw SystemError("open_tree", mount.below, .enoent) }
        let source = try RootDirectory(Descriptor(opening: top.key, [.path], below: yard))
        let found = try source.open(mount.below, [.path, .noFollow], strict: true)
        let parent = try source.open(mount.below.parentPath, [.path], strict: true)
        guard try MountTree.identifier(of: found.number) != MountTree.identifier(of: parent.number) else {
            throw SystemError("open_tree", mount.below, .enoent, detail: "nothing is mounted there any more")
        }
        try attach(try MountTree(copyingAt: found.number, recursive: false), mount.key, yard)
    }

    private func attach(_ tree: borrowing MountTree, _ name: Bytes, _ yard: Int32) throws(SystemError) {
        let place: Descriptor
        if try tree.descriptor.status().isDirectory {
            try RootDirectory.makeDirectory(name, mode: 0o700, in: yard)
            place = try Descriptor(opening: name, [.path, .directory], below: yard)
        } else {
            place = try RootDirectory.makeFile(name, in: yard)
        }
        try tree.attach(at: place.number)
    }

    private mutating func takeTree(_ slot: Int) throws(SystemError) -> Descriptor {
        guard let opened = held.take(slot) else { throw SystemError("descriptor", "\(slot)", .ebadf) }
        return opened
    }
}
