// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
internal import HullBytes
internal import HullKernel
internal import HullLinux

// Everything but directories.

extension LayerUnpacker {
    mutating func addFile(
        _ entry: TarEntry, _ name: Bytes, _ archive: TarReader, _ progress: () -> Void
    ) throws(Refusal) {
        let owner = try owner(of: entry)
        let extended = try attributes(from: entry)
        let made = try makeAnew(name) { parent throws(SystemError) in
            let file = try Descriptor(
                opening: name, [.write, .create, .exclusive, .noFollow], mode: 0o600, strictlyIn: parent)
            return file.give()
        }
        let file = Descriptor(owning: made)
        try fill(file, entry, archive, progress)
        do throws(SystemError) {
            if try give(owner, "", in: file.number) { warnings.owners += 1 }
            // After the content and the owner: both take set-id bits and capabilities away.
            try file.setPermissions(entry.permissions)
            for attribute in extended {
                if try !permits(attribute, { () throws(SystemError) in try file.set(attribute) }) {
                    warnings.attributes += 1
                }
            }
            try file.setModified(entry.modified.seconds, entry.modified.nanoseconds)
        } catch { throw Refusal(error) }
    }

    private func fill(
        _ file: borrowing Descriptor, _ entry: TarEntry, _ archive: TarReader, _ progress: () -> Void
    ) throws(Refusal) {
        let size = UInt64(entry.size)
        var end: UInt64 = 0
        do {
            while let offset = try archive.nextBlock() {
                guard let place = UInt64(exactly: offset) else { throw Refusal("the place of a hole is negative") }
                let (next, overflow) = place.addingReportingOverflow(UInt64(archive.blockSize))
                end = next
                guard !overflow, end <= size else {
                    throw Refusal("the archive has more data than the entry's size says")
                }
                try archive.withBlock { span throws(SystemError) in try file.write(span, at: place) }
                progress()
            }
            if end < size { try file.resize(size) }
        } catch let error as SystemError {
            throw Refusal(error)
        } catch let error as StreamError {
            throw Refusal(error)
        } catch let error as Refusal {
            throw error
        } catch { throw Refusal("the content cannot be written") }
    }

    mutating func addSymbolicLink(_ entry: TarEntry, _ name: Bytes, to target: Bytes) throws(Refusal) {
        if target.isEmpty { throw Refusal("the symbolic link does not say where it leads") }
        let owner = try owner(of: entry)
        let extended = try attributes(from: entry)
        let parent = try makeAnew(name) { parent throws(SystemError) in
            try DirectoryName.makeLink(name, to: target, in: parent)
            return parent
        }
        try finishName(name, entry, owner, extended, in: parent)
    }

    mutating func addNode(
        _ entry: TarEntry, _ name: Bytes, _ kind: UInt32, _ device: DeviceNumber
    ) throws(Refusal) {
        let owner = try owner(of: entry)
        let extended = try attributes(from: entry)
        let isDevice = kind == NodeKind.characterDevice || kind == NodeKind.blockDevice
        guard device == DeviceNumber(packed: device.packed) else {
            throw Refusal("the kernel has no device \(device.major):\(device.minor)")
        }
        do throws(Refusal) {
            let parent = try makeAnew(name) { parent throws(SystemError) in
                try RootDirectory.makeNode(name, mode: kind | 0o600, device: device, in: parent)
                return parent
            }
            try finishName(name, entry, owner, extended, in: parent)
            try system { () throws(SystemError) in
                try DirectoryName.setPermissions(name, entry.permissions, in: parent)
            }
        } catch {
            // Without the capability there are no devices. A container has those that it needs from the runtime.
            guard isDevice, error.errno == .eperm else { throw error }
            warnings.devices += 1
        }
    }

    private mutating func finishName(
        _ name: Bytes, _ entry: TarEntry, _ owner: Owner, _ extended: [FileAttribute], in parent: Int32
    ) throws(Refusal) {
        do throws(SystemError) {
            if try give(owner, name, in: parent) { warnings.owners += 1 }
            for attribute in extended {
                let isSet = try permits(attribute) { () throws(SystemError) in
                    try DirectoryName.set(attribute, of: name, in: parent)
                }
                if !isSet { warnings.attributes += 1 }
            }
            try DirectoryName.setModified(name, entry.modified.seconds, entry.modified.nanoseconds, in: parent)
        } catch { throw Refusal(error) }
    }

    /// Makes something where nothing is. A removal that the layer itself has marked there, or a lower layer's file that
    /// only came for a link's sake, gives way; anything else is an entry that is there twice.
    private mutating func makeAnew(
        _ name: Bytes, _ make: (Int32) throws(SystemError) -> Int32
    ) throws(Refusal) -> Int32 {
        do throws(SystemError) { return try make(stack.top) } catch {
            guard error.errno == .eexist else { throw Refusal(error) }
            let isMark = try isWhiteout(name)
            guard isMark || copied.remove((stack.path + [name]).path) != nil else { throw Refusal(twice) }
            try removeMark(name)
            return try system { () throws(SystemError) in try make(stack.top) }
        }
    }

    // MARK: Hard links

    mutating func addHardLink(_ entry: TarEntry, _ name: Bytes, to target: Bytes) throws(Refusal) {
        if entry.size != 0 { throw Refusal("a hard link has no content of its own, this one says \(entry.size) bytes") }
        let parts: [Bytes]
        do throws(RefusedName) { parts = try LayerPath.components(target) } catch {
            throw Refusal("the link leads out of the layer by \"..\": \(target)")
        }
        guard let last = parts.last else { throw Refusal("a hard link cannot lead to a directory: \(target)") }
        let here = stack.path
        if parts == here + [name] { throw Refusal("the link leads to itself") }
        try goToTarget(parts)
        // The directory stays open while the way leads back.
        let top = stack.top
        let directory = try opened { () throws(SystemError) in
            try Descriptor(opening: ".", [.path, .directory], below: top)
        }
        let number = directory.number
        try goTo(here)
        _ = try makeAnew(name) { parent throws(SystemError) in
            try DirectoryName.link(last, in: number, as: name, in: parent)
            return parent
        }
        _ = consume directory
    }

    /// Goes to the directory of a link's target, and brings the target here where only a lower layer has it: two names
    /// of one file must be in one layer.
    private mutating func goToTarget(_ parts: [Bytes]) throws(Refusal) {
        let parent = Array(parts.dropLast())
        let name = parts[parts.count - 1]
        if let status = try statusInLayer(parts) {
            if status.isDirectory { throw Refusal("a hard link cannot lead to a directory: \(parts.path)") }
            if status.isWhiteout { throw Refusal("the link leads to \(parts.path), which the layer removes") }
            try goTo(parent)
            return
        }
        let found: MergedView.Found
        do throws(SystemError) { found = isHidden(parts) ? .nothing : try lower.find(parts) } catch {
            throw Refusal(error)
        }
        guard case .file(let layer, let status) = found else {
            throw Refusal("the link leads to \(parts.path), which is not there")
        }
        if status.isDirectory { throw Refusal("a hard link cannot lead to a directory: \(parts.path)") }
        try goTo(parent)
        try system { () throws(SystemError) in
            let source = try Descriptor(
                opening: parent.isEmpty ? "." : parent.path, [.directory], strictlyIn: lower.root(layer))
            try copy(FileCopy(name: name, status: status), from: source.number, to: stack.top)
        }
        copied.insert(parts.path)
    }

    /// What this layer itself has at a place, no link followed.
    private mutating func statusInLayer(_ parts: [Bytes]) throws(Refusal) -> FileStatus? {
        do throws(SystemError) {
            let place = try Descriptor(opening: parts.path, [.path, .noFollow], strictlyIn: stack.bottom)
            return try place.status()
        } catch {
            switch error.errno {
            case .enoent, .enotdir: return nil
            case .eloop: throw Refusal("the link leads through a symbolic link: \(parts.path)")
            default: throw Refusal(error)
            }
        }
    }
}

/// An error of the kernel is one of the entry's.
private func opened(_ body: () throws(SystemError) -> Descriptor) throws(Refusal) -> Descriptor {
    do throws(SystemError) { return try body() } catch { throw Refusal(error) }
}
