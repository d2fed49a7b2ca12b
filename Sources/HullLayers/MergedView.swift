// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

/// Layers as one tree: what overlayfs would show, without a mount.
final class MergedView {
    /// The layers' directories, the topmost first.
    private let roots: DescriptorList
    let count: Int

    /// Opens the directories, the topmost first.
    init(_ directories: [Bytes]) throws(SystemError) {
        var roots = DescriptorList()
        for (index, path) in directories.enumerated() {
            roots.set(index, try Descriptor(opening: path, [.directory, .noFollow]))
        }
        self.roots = roots
        count = directories.count
    }

    /// The descriptor of a layer's directory.
    func root(_ layer: Int) -> Int32 { roots[layer] ?? -1 }

    /// What is at a path.
    enum Found {
        case nothing
        case file(layer: Int, FileStatus)
        /// A part of the path is not a directory.
        case blocked(at: Bytes, isLink: Bool)
    }

    /// Looks a path up in all layers. No symbolic link is followed.
    func find(_ path: [Bytes]) throws(SystemError) -> Found {
        var layers = Array(0..<count)
        var found: (layer: Int, status: FileStatus)?
        if path.isEmpty, let top = layers.first {
            return .file(layer: top, try FileStatus(ofOpen: root(top)))
        }
        for depth in path.indices {
            let prefix = Array(path[...depth]).path
            found = nil
            var next: [Int] = []
            for layer in layers {
                guard let status = try status(prefix, in: layer) else { continue }
                if status.isWhiteout { break }
                found = found ?? (layer, status)
                guard status.isDirectory else { break }
                next.append(layer)
                if try isOpaque(prefix, in: layer) { break }
            }
            guard let found else { return .nothing }
            if depth < path.count - 1, !found.status.isDirectory {
                return .blocked(at: prefix, isLink: found.status.isSymbolicLink)
            }
            layers = next
        }
        guard let found else { return .nothing }
        return .file(layer: found.layer, found.status)
    }

    private func status(_ path: Bytes, in layer: Int) throws(SystemError) -> FileStatus? {
        do {
            let place = try Descriptor(opening: path, [.path, .noFollow], strictlyIn: root(layer))
            return try place.status()
        } catch {
            if error.errno == .enoent || error.errno == .enotdir { return nil }
            throw error
        }
    }

    private func isOpaque(_ path: Bytes, in layer: Int) throws(SystemError) -> Bool {
        try Descriptor(opening: path, [.directory, .noFollow], strictlyIn: root(layer)).isOpaque()
    }
}

extension FileStatus {
    /// Overlayfs's sign of a removal: a character device 0:0.
    var isWhiteout: Bool { isCharacterDevice && device == DeviceNumber(major: 0, minor: 0) }
}

extension Descriptor {
    /// Whether what lower layers have in the directory does not count.
    borrowing func isOpaque() throws(SystemError) -> Bool {
        for name in ["trusted.overlay.opaque", "user.overlay.opaque"] as [Bytes]
        where try attribute(name) == [UInt8(ascii: "y")] { return true }
        return false
    }
}

/// A path of the tree that layers make together.
struct MergedEntry {
    /// Relative to the root, which is the empty path.
    let path: Bytes
    /// Which layer it comes from: 0 is the topmost.
    let layer: Int
    let status: FileStatus
}

/// What is done on a walk through a tree.
protocol TreeVisitor: ~Copyable {
    /// A directory, before what is in it, or a file with its name in a directory of its layer.
    mutating func enter(_ entry: MergedEntry, _ name: Bytes, in directory: Int32) throws(ImageError)
    /// A directory, after all that is in it.
    mutating func leave(_ entry: MergedEntry) throws(ImageError)
}

extension MergedView {
    /// Shows the whole tree, names in order, the root itself first.
    func walk(_ visitor: inout some TreeVisitor & ~Copyable) throws(ImageError) {
        guard count > 0 else { return }
        let (parts, entry) = try system("read the layers", "") { () throws(SystemError) in
            (try rootParts(), MergedEntry(path: "", layer: 0, status: try FileStatus(ofOpen: root(0))))
        }
        try walk(entry, ".", in: root(0), parts, &visitor)
    }

    private func rootParts() throws(SystemError) -> [DirectoryPart] {
        var parts: [DirectoryPart] = []
        for layer in 0..<count {
            let part = DirectoryPart(layer: layer, try Descriptor(opening: ".", [.directory], below: root(layer)))
            let isOpaque = try part.descriptor.isOpaque()
            parts.append(part)
            if isOpaque { break }
        }
        return parts
    }

    private func walk(
        _ entry: MergedEntry, _ name: Bytes, in parent: Int32, _ parts: [DirectoryPart],
        _ visitor: inout some TreeVisitor & ~Copyable
    ) throws(ImageError) {
        try visitor.enter(entry, name, in: parent)
        let children = try system("read the layers", entry.path) { () throws(SystemError) in try merge(parts) }
        for child in children {
            let path = entry.path.isEmpty ? child.name : entry.path + "/" + child.name
            let found = MergedEntry(path: path, layer: child.owner.layer, status: child.status)
            guard child.status.isDirectory else {
                try visitor.enter(found, child.name, in: child.owner.descriptor.number)
                continue
            }
            let below = try system("read the layers", path) { () throws(SystemError) in try child.open() }
            try walk(found, child.name, in: child.owner.descriptor.number, below, &visitor)
        }
        try visitor.leave(entry)
    }

    /// The directory of one layer that takes part in a merged one.
    private final class DirectoryPart {
        let layer: Int
        let descriptor: Descriptor
        init(layer: Int, _ descriptor: consuming Descriptor) {
            self.layer = layer
            self.descriptor = descriptor
        }
    }

    private struct Child {
        let name: Bytes
        let owner: DirectoryPart
        let status: FileStatus
        /// The layers that have a directory of the name, as far down as they count.
        var parts: [DirectoryPart]
        /// What lower layers have does not count.
        var isClosed: Bool

        func open() throws(SystemError) -> [DirectoryPart] {
            var opened: [DirectoryPart] = []
            for part in parts {
                let found = try Descriptor(opening: name, [.directory, .noFollow], strictlyIn: part.descriptor.number)
                let isOpaque = try found.isOpaque()
                opened.append(DirectoryPart(layer: part.layer, found))
                if isOpaque { break }
            }
            return opened
        }
    }

    private func merge(_ parts: [DirectoryPart]) throws(SystemError) -> [Child] {
        var children: [Bytes: Child] = [:]
        for part in parts {
            for name in try part.descriptor.entries() {
                if children[name]?.isClosed == true { continue }
                guard let status = try RootDirectory.status(name, in: part.descriptor.number) else { continue }
                if children[name] != nil {
                    children[name]?.isClosed = !status.isDirectory
                    if status.isDirectory { children[name]?.parts.append(part) }
                } else {
                    children[name] = Child(
                        name: name, owner: part, status: status, parts: status.isDirectory ? [part] : [],
                        isClosed: !status.isDirectory)
                }
            }
        }
        return children.values.filter { !$0.status.isWhiteout }.sorted { $0.name < $1.name }
    }
}
