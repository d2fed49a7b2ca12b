// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux

// A tree of its own out of layers, for a runtime or a host without overlayfs; and where each of its paths comes from.

/// A path of an image, and the layer that it comes from.
package struct ImagePath: Equatable, Sendable {
    /// Relative to the image's root, which is the empty path.
    package let path: Bytes
    /// The layer, counted from the lowest, 0.
    package let layer: Int
    /// The type bits of its mode: inode(7).
    package let kindBits: UInt32
    /// The permission bits.
    package let permissions: UInt32
    /// Bytes of its content.
    package let size: UInt64
}

extension ImageStore {
    /// Shows every path of the image in the order of a walk, with the layer that it comes from: a directory comes from
    /// the topmost layer that has it.
    package func paths(
        of layers: [Bytes], _ show: @escaping (ImagePath) throws(ImageError) -> Void
    ) throws(ImageError) {
        let view = try system("read the layers", root) { () throws(SystemError) in try MergedView(layers) }
        var lister = PathLister(count: layers.count, show: show)
        try view.walk(&lister)
    }

    /// Copies the tree that the layers make together into an empty directory, which is made if it is not there. With a
    /// filesystem that can, contents are shared until they are written.
    package func flatten(_ layers: [Bytes], into path: Bytes) throws(ImageError) {
        let view = try system("read the layers", root) { () throws(SystemError) in try MergedView(layers) }
        let target: Descriptor
        do throws(SystemError) {
            try HostFiles.makeDirectories(path, mode: 0o755)
            target = try Descriptor(opening: path, [.directory])
        } catch { throw ImageError("make the root file system", path, error) }
        let isEmpty = try system("make the root file system", path) { () throws(SystemError) in
            try Descriptor(opening: path, [.directory]).entries().isEmpty
        }
        guard isEmpty else {
            throw ImageError("make the root file system", path, "the directory is not empty")
        }
        var copier = TreeCopier(target, place: path, view: view)
        try view.walk(&copier)
    }
}

private struct PathLister: TreeVisitor {
    let count: Int
    let show: (ImagePath) throws(ImageError) -> Void

    func enter(_ entry: MergedEntry, _ name: Bytes, in directory: Int32) throws(ImageError) {
        try show(
            ImagePath(
                path: entry.path, layer: count - 1 - entry.layer, kindBits: entry.status.kindBits,
                permissions: entry.status.permissions, size: entry.status.size))
    }
    func leave(_ entry: MergedEntry) {}
}

/// Makes in a directory what a walk shows.
private struct TreeCopier: TreeVisitor, ~Copyable {
    private struct FileID: Hashable {
        let layer: Int
        let inode: UInt64
    }

    private var stack: DirectoryStack
    private let place: Bytes
    private let view: MergedView
    /// Where a file with several names is already.
    private var names: [FileID: Bytes] = [:]

    init(_ root: consuming Descriptor, place: Bytes, view: MergedView) {
        stack = DirectoryStack(root)
        self.place = place
        self.view = view
    }

    mutating func enter(_ entry: MergedEntry, _ name: Bytes, in directory: Int32) throws(ImageError) {
        do throws(SystemError) {
            guard entry.status.isDirectory else {
                _ = stack.keep(entry.path.split(0x2f).dropLast())
                try makeFile(entry, name, from: directory)
                return
            }
            if entry.path.isEmpty { return }
            _ = stack.keep(entry.path.split(0x2f).dropLast())
            try DirectoryName.makeDirectory(name, mode: 0o700, in: stack.top)
            try stack.enter(name)
        } catch { throw ImageError("make the root file system", "\(place)/\(entry.path)", error) }
    }

    private mutating func makeFile(_ entry: MergedEntry, _ name: Bytes, from directory: Int32) throws(SystemError) {
        guard entry.status.links > 1 else {
            try copy(FileCopy(name: name, status: entry.status), from: directory, to: stack.top)
            return
        }
        let id = FileID(layer: entry.layer, inode: entry.status.inode)
        if let first = names[id] {
            let parent: Bytes = first.contains(0x2f) ? first.parentPath : "."
            let other = try Descriptor(opening: parent, [.path, .directory], strictlyIn: stack.bottom)
            try DirectoryName.link(first.lastComponent, in: other.number, as: name, in: stack.top)
        } else {
            try copy(FileCopy(name: name, status: entry.status), from: directory, to: stack.top)
            names[id] = entry.path
        }
    }

    mutating func leave(_ entry: MergedEntry) throws(ImageError) {
        do throws(SystemError) {
            _ = stack.keep(entry.path.split(0x2f))
            let here: Bytes = entry.path.isEmpty ? "." : entry.path
            let source = try Descriptor(opening: here, [.directory], strictlyIn: view.root(entry.layer))
            let target = try Descriptor(opening: here, [.directory], strictlyIn: stack.bottom)
            for attribute in try source.attributes() where !isOverlayAttribute(attribute.name) {
                try target.set(attribute)
            }
            try RootDirectory.copyMetadata(of: entry.status, to: "", in: target.number)
        } catch { throw ImageError("make the root file system", "\(place)/\(entry.path)", error) }
    }
}
