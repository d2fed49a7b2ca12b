// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
internal import HullBytes
internal import HullKernel
internal import HullLinux

/// Writes the entries of a layer's archive into a directory, in the form that overlayfs reads.
///
/// Nothing in the archive is trusted. A name is made in a directory that was opened name by name from the layer's own
/// root, no symbolic link on the way (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), and only where nothing
/// was: so nothing outside can be reached, whatever the names and links in the archive are.
struct LayerUnpacker: ~Copyable {
    var stack: DirectoryStack
    let lower: MergedView
    let rights: Rights
    let limits: UnpackLimits
    let user: (uid: UInt32, gid: UInt32)
    /// Directories get their attributes at the end: times change with every entry, and permissions could be in the way.
    var directories: [Bytes: DirectoryAttributes] = [:]
    /// Files of lower layers that have come here because something links to them.
    var copied: Set<Bytes> = []
    var warnings = UnpackWarnings()
    private var entries = 0
    private var declared: UInt64 = 0

    /// A layer over others, into an empty directory.
    init(into root: consuming Descriptor, over lower: MergedView, rights: Rights, limits: UnpackLimits) {
        stack = DirectoryStack(root)
        self.lower = lower
        self.rights = rights
        self.limits = limits
        user = (Credentials.effectiveUser, Credentials.effectiveGroup)
    }

    /// Unpacks everything, up to the end of the archive; says after each entry and each piece of one that it goes on.
    mutating func unpack(_ archive: TarReader, progress: () -> Void) throws(Refusal) {
        try inheritDirectory([])
        while let entry = try next(archive) {
            do throws(Refusal) { try add(entry, archive, progress) } catch {
                throw Refusal(error.cause, path: error.path ?? entry.path, hint: error.hint)
            }
            progress()
        }
    }

    private mutating func next(_ archive: TarReader) throws(Refusal) -> TarEntry? {
        let entry: TarEntry?
        do throws(StreamError) { entry = try archive.next() } catch { throw Refusal(error) }
        guard let entry else { return nil }
        entries += 1
        if entries > limits.entries { throw Refusal("the layer has more than \(limits.entries) entries") }
        guard let size = UInt64(exactly: entry.size) else { throw Refusal("the size is negative", path: entry.path) }
        let (sum, overflow) = declared.addingReportingOverflow(size)
        if overflow || sum > limits.content {
            throw Refusal(
                "with its \(size) bytes the layer would have more than \(limits.content), which is the limit",
                path: entry.path)
        }
        declared = sum
        return entry
    }

    private mutating func add(_ entry: TarEntry, _ archive: TarReader, _ progress: () -> Void) throws(Refusal) {
        let path: LayerPath
        do throws(RefusedName) { path = try LayerPath(entry.path) } catch { throw Refusal(error.text) }
        switch path {
        case .root:
            guard entry.kind == .directory else { throw Refusal("the root of a layer must be a directory") }
            directories[""] = try attributes(of: entry, opaque: directories[""]?.isOpaque ?? false)
        case .bookkeeping: warnings.bookkeeping += 1
        case .whiteout(let parent, let name):
            try checkMark(entry)
            try goTo(parent)
            try addWhiteout(name)
        case .opaque(let directory):
            try checkMark(entry)
            try goTo(directory)
            directories[directory.path]?.isOpaque = true
        case .entry(let parent, let name):
            try goTo(parent)
            try add(entry, name, archive, progress)
        }
    }

    /// The mark of a removal is an empty file.
    private func checkMark(_ entry: TarEntry) throws(Refusal) {
        guard entry.kind == .file, entry.size == 0 else {
            throw Refusal("the mark of a removal must be an empty file")
        }
    }

    private mutating func add(
        _ entry: TarEntry, _ name: Bytes, _ archive: TarReader, _ progress: () -> Void
    ) throws(Refusal) {
        switch entry.kind {
        case .file: try addFile(entry, name, archive, progress)
        case .directory: try addDirectory(entry, name)
        case .symbolicLink(let target): try addSymbolicLink(entry, name, to: target)
        case .hardLink(let target): try addHardLink(entry, name, to: target)
        case .characterDevice(0, 0):
            throw Refusal("a character device 0:0 is overlayfs's own mark of a removal, which a layer cannot have")
        case .characterDevice(let major, let minor):
            try addNode(entry, name, NodeKind.characterDevice, DeviceNumber(major: major, minor: minor))
        case .blockDevice(let major, let minor):
            try addNode(entry, name, NodeKind.blockDevice, DeviceNumber(major: major, minor: minor))
        case .fifo: try addNode(entry, name, NodeKind.fifo, DeviceNumber(major: 0, minor: 0))
        case .socket: try addNode(entry, name, NodeKind.socket, DeviceNumber(major: 0, minor: 0))
        case .other(let bits): throw Refusal("this is no kind of file that a layer can have (type \(bits))")
        }
    }

    // MARK: Directories

    /// Goes to a directory of the layer; what the archive does not have of the way is made like it is below.
    mutating func goTo(_ way: [Bytes]) throws(Refusal) {
        let common = stack.keep(way)
        for depth in common..<way.count {
            let here = Array(way[...depth])
            do throws(SystemError) {
                try stack.enter(way[depth])
                continue
            } catch {
                switch error.errno {
                case .enoent: break
                case .eloop:
                    throw Refusal("the name leads through the symbolic link \(here.path)", hint: linkHint)
                case .enotdir:
                    guard try isWhiteout(way[depth]) else {
                        throw Refusal("the name leads through \(here.path), which is not a directory")
                    }
                    try removeMark(way[depth])
                    directories[here.path] = .plain(opaque: true)
                default: throw Refusal(error)
                }
            }
            try makeDirectory(way[depth])
            if directories[here.path] == nil { try inheritDirectory(here) }
            do throws(SystemError) { try stack.enter(way[depth]) } catch { throw Refusal(error) }
        }
    }

    private var linkHint: Bytes { "an entry must be named by the directory that it is in, not by a link to it" }

    /// A directory that the layer needs and the archive does not have is as lower layers have it: in a union the
    /// topmost layer's attributes count.
    private mutating func inheritDirectory(_ way: [Bytes]) throws(Refusal) {
        let found: MergedView.Found
        do throws(SystemError) { found = isHidden(way) ? .nothing : try lower.find(way) } catch { throw Refusal(error) }
        switch found {
        case .nothing: directories[way.path] = .plain(opaque: false)
        case .file(let layer, let status) where status.isDirectory:
            var attributes: [FileAttribute] = []
            do throws(SystemError) {
                let place: Bytes = way.isEmpty ? "." : way.path
                let directory = try Descriptor(opening: place, [.directory], strictlyIn: lower.root(layer))
                attributes = try directory.attributes().filter { !isOverlayAttribute($0.name) }
            } catch { throw Refusal(error) }
            directories[way.path] = DirectoryAttributes(status, attributes)
        case .file(_, let status): throw blocked(way.path, isLink: status.isSymbolicLink)
        case .blocked(let path, let isLink): throw blocked(path, isLink: isLink)
        }
    }

    private func blocked(_ path: Bytes, isLink: Bool) -> Refusal {
        isLink
            ? Refusal("the name leads through \(path), a symbolic link of a lower layer", hint: linkHint)
            : Refusal("the name leads through \(path), which is not a directory in a lower layer")
    }

    /// Whether this layer hides what lower ones have at the place.
    func isHidden(_ way: [Bytes]) -> Bool {
        way.indices.contains { directories[Array(way[..<$0]).path]?.isOpaque == true }
    }

    private func makeDirectory(_ name: Bytes) throws(Refusal) {
        try system { () throws(SystemError) in try DirectoryName.makeDirectory(name, mode: 0o700, in: stack.top) }
    }

    private mutating func addDirectory(_ entry: TarEntry, _ name: Bytes) throws(Refusal) {
        let path = (stack.path + [name]).path
        var opaque = directories[path]?.isOpaque ?? false
        do throws(SystemError) { try DirectoryName.makeDirectory(name, mode: 0o700, in: stack.top) } catch {
            guard error.errno == .eexist else { throw Refusal(error) }
            if try isWhiteout(name) {
                try removeMark(name)
                try makeDirectory(name)
                opaque = true
            } else if directories[path] == nil {
                throw Refusal(twice)
            }
        }
        directories[path] = try attributes(of: entry, opaque: opaque)
    }

    // MARK: Marks

    private mutating func addWhiteout(_ name: Bytes) throws(Refusal) {
        let node = DeviceNumber(major: 0, minor: 0)
        do throws(SystemError) {
            try RootDirectory.makeNode(name, mode: NodeKind.characterDevice, device: node, in: stack.top)
        } catch {
            guard error.errno == .eexist else { throw Refusal(error) }
            // The layer itself has the name: what it says stays, what lower layers have goes.
            let path = (stack.path + [name]).path
            if directories[path] != nil { directories[path]?.isOpaque = true }
            // A lower layer's file that a link has brought here: the link keeps it.
            if copied.remove(path) != nil {
                try removeMark(name)
                try system { () throws(SystemError) in
                    try RootDirectory.makeNode(name, mode: NodeKind.characterDevice, device: node, in: stack.top)
                }
            }
        }
    }

    func isWhiteout(_ name: Bytes) throws(Refusal) -> Bool {
        do throws(SystemError) { return try RootDirectory.status(name, in: stack.top)?.isWhiteout == true } catch {
            throw Refusal(error)
        }
    }

    func removeMark(_ name: Bytes) throws(Refusal) {
        try system { () throws(SystemError) in try DirectoryName.remove(name, in: stack.top) }
    }

    var twice: Bytes { "the layer has this name twice" }

    /// An error of the kernel is one of the entry's.
    func system<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) throws(Refusal) -> Result {
        do throws(SystemError) { return try body() } catch { throw Refusal(error) }
    }
}

/// The type bits of `st_mode` of what mknod(2) makes: inode(7).
enum NodeKind {
    static let characterDevice: UInt32 = 0o020000
    static let blockDevice: UInt32 = 0o060000
    static let fifo: UInt32 = 0o010000
    static let socket: UInt32 = 0o140000
}
