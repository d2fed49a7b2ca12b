// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
internal import HullBytes
internal import HullKernel
internal import HullLinux

/// The files of a layout, wherever they are. Names come from documents: nothing is known of them.
protocol LayoutFiles {
    func has(_ name: Bytes) throws(ImageError) -> Bool
    func open(_ name: Bytes) throws(ImageError) -> FileRange
}

/// A layout in a directory. Its files are in it: a symbolic link that leads elsewhere is not followed, since the layout
/// may be anybody's and the reader root.
final class DirectoryFiles: LayoutFiles {
    private let directory: Descriptor
    private let path: Bytes

    init(_ directory: consuming Descriptor, _ path: Bytes) {
        self.directory = directory
        self.path = path
    }

    func has(_ name: Bytes) throws(ImageError) -> Bool {
        do throws(SystemError) {
            _ = try Descriptor(opening: name, [.path, .noFollow], strictlyIn: directory.number)
            return true
        } catch {
            if error.errno == .enoent { return false }
            throw ImageError("open a file of the layout", name, error.line)
        }
    }

    func open(_ name: Bytes) throws(ImageError) -> FileRange {
        guard !name.contains(0) else { throw ImageError("open a file of the layout", name, "the name has a NUL") }
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor(opening: name, [.nonBlocking, .noFollow], strictlyIn: directory.number)
        } catch {
            let cause: Bytes =
                switch error.errno {
                case .eloop: "it is a symbolic link, or below one"
                case .eacces: error.explained(at: name.below(path.fromHere)).line
                default: error.errno.message
                }
            throw ImageError(
                "open a file of the layout", name, cause, hint: error.errno == .enoent ? "the image is incomplete" : nil
            )
        }
        let number = file.number
        let status = try system("open a file of the layout", name) { () throws(SystemError) in
            try FileStatus(ofOpen: number)
        }
        guard status.isRegular else {
            throw ImageError("open a file of the layout", name, "it is not a regular file")
        }
        return FileRange(owning: file.give(), offset: 0, size: status.size)
    }
}

/// A layout in a tar archive, which is not unpacked: blobs are read where they are.
final class ArchiveFiles: LayoutFiles {
    private let archive: Descriptor
    private var places: [Bytes: (offset: UInt64, size: UInt64)] = [:]
    private var links: [Bytes: Bytes] = [:]
    private static let mostFiles = 100_000

    init(_ archive: consuming Descriptor, _ path: Bytes) throws(ImageError) {
        self.archive = archive
        do {
            let status = try self.archive.status()
            guard status.isRegular else {
                throw ImageError("open the image", path, "it is neither a directory nor a regular file")
            }
            let whole = FileRange(owning: try self.archive.duplicate().give(), offset: 0, size: status.size)
            if try whole.starts(with: [0x1f, 0x8b]) {
                throw ImageError(
                    "open the image", path, "the archive is compressed", hint: "decompress it first: gzip -d")
            }
            try list(TarReader(whole), path)
        } catch let error as SystemError {
            throw ImageError("open the image", path, error.line)
        } catch let error as StreamError {
            throw ImageError("open the image", path, error.problem)
        } catch let error as ImageError { throw error } catch { throw ImageError("open the image", path, "unreadable") }
    }

    private func list(_ reader: TarReader, _ path: Bytes) throws {
        while let entry = try reader.next() {
            let name = ArchiveFiles.clean(entry.path)
            guard places[name] == nil, links[name] == nil else {
                throw ImageError("open the image", path, "the archive has the file \(name) twice")
            }
            guard places.count + links.count < ArchiveFiles.mostFiles else {
                throw ImageError("open the image", path, "the archive has more than \(ArchiveFiles.mostFiles) files")
            }
            switch entry.kind {
            case .file:
                guard let size = UInt64(exactly: entry.size) else { throw StreamError.short }
                places[name] = (entry.position, size)
            // Docker's older archives have a layer once, and links to it.
            case .symbolicLink(let target): links[name] = ArchiveFiles.clean(target.below(name.parentPath))
            case .hardLink(let target): links[name] = ArchiveFiles.clean(target)
            default: break
            }
        }
    }

    /// The archive's names as keys of a table; they are never names of the host.
    private static func clean(_ path: Bytes) -> Bytes { path.below("/").cleanedPath.dropFirst(1) }

    private func place(_ name: Bytes) -> (offset: UInt64, size: UInt64)? {
        var name = ArchiveFiles.clean(name)
        for _ in 0..<8 {
            if let place = places[name] { return place }
            guard let target = links[name] else { return nil }
            name = target
        }
        return nil
    }

    func has(_ name: Bytes) throws(ImageError) -> Bool { place(name) != nil }

    func open(_ name: Bytes) throws(ImageError) -> FileRange {
        guard let (offset, size) = place(name) else {
            throw ImageError(
                "open a file of the layout", name, "it is not in the archive", hint: "the image is incomplete")
        }
        do throws(SystemError) {
            return FileRange(owning: try archive.duplicate().give(), offset: offset, size: size)
        } catch { throw ImageError("open a file of the layout", name, error.line) }
    }
}
