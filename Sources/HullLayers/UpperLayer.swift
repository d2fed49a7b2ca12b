// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
internal import HullBytes
internal import HullKernel
internal import HullLinux

/// Writes the upper directory of a union as a layer's archive: removals become marks, names come in order, and a file
/// with several names is written once (layer.md#creating).
struct UpperLayer: ~Copyable {
    private let archive: TarWriter
    private let root: Descriptor
    private var names: [UInt64: Bytes] = [:]

    init(_ root: consuming Descriptor, to archive: TarWriter) {
        self.root = root
        self.archive = archive
    }

    mutating func write() throws(ImageError) {
        do {
            try add(".", [], in: root.number)
        } catch let error as SystemError {
            throw ImageError("write the layer", error.object, error)
        } catch let error as StreamError {
            throw ImageError("write the layer", "", error.problem)
        } catch let error as ImageError { throw error } catch { throw ImageError("write the layer", "", "unreadable") }
    }

    private mutating func add(_ name: Bytes, _ path: [Bytes], in parent: Int32) throws {
        guard let status = try RootDirectory.status(name, in: parent) else { return }
        if path.last?.hasPrefix(".wh.") == true {
            throw ImageError(
                "write the layer", path.path, "names that begin with .wh. mark removals and cannot be in a layer")
        }
        if status.isWhiteout {
            try archive.begin(entry(Array(path.dropLast()) + [".wh." + name], .file, status, []))
            return
        }
        let attributes: [FileAttribute]
        if status.isDirectory || status.isRegular {
            let file = try Descriptor(
                opening: name, status.isDirectory ? [.directory, .noFollow] : [.noFollow], strictlyIn: parent)
            attributes = try file.attributes()
        } else {
            attributes = try DirectoryName.attributes(of: name, in: parent)
        }
        try check(attributes, path)
        let kept = attributes.filter { !isOverlayAttribute($0.name) && $0.name != "security.selinux" }
        if status.isDirectory { return try addDirectory(name, path, in: parent, status, kept) }
        if status.links > 1, let first = names[status.inode] {
            try archive.begin(entry(path, .hardLink(to: first), status, []))
            return
        }
        names[status.inode] = path.path
        try addFile(name, path, in: parent, status, kept)
    }

    /// Of a union that renames directories or copies attributes alone, the upper layer does not have all that it shows.
    private func check(_ attributes: [FileAttribute], _ path: [Bytes]) throws {
        for attribute in attributes {
            guard let own = attribute.name.split(UInt8(ascii: ".")).last, isOverlayAttribute(attribute.name) else {
                continue
            }
            if own == "redirect" || own == "metacopy" {
                throw ImageError(
                    "write the layer", path.path, "overlayfs has left a part of it in the lower layers (\(own))",
                    hint: "make the union with redirect_dir=off and metacopy=off")
            }
        }
    }

    private mutating func addDirectory(
        _ name: Bytes, _ path: [Bytes], in parent: Int32, _ status: FileStatus, _ attributes: [FileAttribute]
    ) throws {
        let directory = try Descriptor(opening: name, [.directory, .noFollow], strictlyIn: parent)
        try archive.begin(entry(path, .directory, status, attributes))
        if try directory.isOpaque(), !path.isEmpty {
            try archive.begin(entry(path + [".wh..wh..opq"], .file, status, []))
        }
        // Removals first: a reader that applies one entry after the other removes nothing that the layer has.
        var marks: [Bytes] = []
        var others: [Bytes] = []
        for child in try directory.entries().sorted() {
            let isMark = try RootDirectory.status(child, in: directory.number)?.isWhiteout == true
            if isMark { marks.append(child) } else { others.append(child) }
        }
        for child in marks + others { try add(child, path + [child], in: directory.number) }
    }

    private func addFile(
        _ name: Bytes, _ path: [Bytes], in parent: Int32, _ status: FileStatus, _ attributes: [FileAttribute]
    ) throws {
        let device = status.device
        switch status.kindBits {
        case NodeKind.characterDevice:
            try archive.begin(
                entry(path, .characterDevice(major: device.major, minor: device.minor), status, attributes))
        case NodeKind.blockDevice:
            try archive.begin(entry(path, .blockDevice(major: device.major, minor: device.minor), status, attributes))
        case NodeKind.fifo: try archive.begin(entry(path, .fifo, status, attributes))
        // A socket is nothing without the process that listens.
        case NodeKind.socket: return
        default:
            if status.isSymbolicLink {
                let target = try RootDirectory.linkTarget(name, in: parent)
                try archive.begin(entry(path, .symbolicLink(to: target), status, attributes))
            } else {
                try archive.begin(entry(path, .file, status, attributes))
                try addContent(name, path, in: parent, status.size)
            }
        }
    }

    private func addContent(_ name: Bytes, _ path: [Bytes], in parent: Int32, _ size: UInt64) throws {
        let file = try Descriptor(opening: name, [.noFollow], strictlyIn: parent)
        var left = size
        while left > 0 {
            let some = try file.readSome(Int(min(left, 1 << 18)))
            guard !some.isEmpty else {
                throw ImageError("write the layer", path.path, "the file has become shorter meanwhile")
            }
            try archive.add(some)
            left -= UInt64(some.count)
        }
    }

    private func entry(
        _ path: [Bytes], _ kind: TarEntry.Kind, _ status: FileStatus, _ attributes: [FileAttribute]
    ) -> TarEntry {
        let isMark = path.last?.hasPrefix(".wh.") == true
        return TarEntry(
            path: kind == .directory ? (path.isEmpty ? "./" : path.path + "/") : path.path, kind: kind,
            permissions: isMark ? 0o644 : status.permissions, uid: isMark ? 0 : Int64(status.uid),
            gid: isMark ? 0 : Int64(status.gid), size: isMark ? 0 : Int64(status.size), modified: status.modified,
            attributes: attributes.map { TarEntry.Attribute(name: $0.name, value: $0.value) }, position: 0)
    }
}
