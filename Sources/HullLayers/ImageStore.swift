// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
package import HullBytes
package import HullImage
internal import HullKernel
internal import HullLinux

/// Layers that are unpacked once, for any number of containers.
///
///     ROOT/layers/sha256/CHAIN-ID/diff    a layer's own changes, as overlayfs reads them
///     ROOT/layers/sha256/CHAIN-ID/about   DiffID, bytes and entries, for a person
///     ROOT/layers/sha256/.CHAIN-ID.new    one that is being made; no other process looks at it
///     ROOT/blobs/sha256/…                 manifests and configurations
///     ROOT/images/sha256/…                what was unpacked, with its names
///     ROOT/holds/…                        bundles that use an image
///     ROOT/layers/ids                     for which ids the layers are, where not for those of the machine
///     ROOT/locks/…                        of a layer that is being made; ROOT/lock of the whole
///
/// A layer gets its name when all of it is on the disk: whoever finds the name finds the whole layer, whenever the
/// maker was killed. A layer depends on those below it (what they have of a directory's attributes counts), so its name
/// is the chain's, not its own digest.
package final class ImageStore {
    /// Where it is.
    package let root: Bytes
    let rights: Rights
    let limits: UnpackLimits
    let directory: Descriptor

    /// Opens a store, and makes it where nothing is.
    package init(
        root: Bytes, rights: Rights = .own, limits: UnpackLimits = UnpackLimits()
    ) throws(ImageError) {
        self.root = root
        self.rights = rights
        self.limits = limits
        do throws(SystemError) {
            // Programs of images with set-id bits are in it: no other user of the machine may reach them.
            try HostFiles.makeDirectories(root, mode: 0o700)
            directory = try Descriptor(opening: root, [.directory])
            for name in [
                "layers", "layers/sha256", "blobs", "blobs/sha256", "blobs/sha512", "images", "holds", "locks",
            ]
                as [Bytes]
            {
                try RootDirectory.makeDirectory(name, mode: 0o700, in: directory.number)
            }
        } catch { throw ImageError("open the store", root, error) }
        try checkIDs()
    }

    /// How far an unpacking is.
    package struct LayerProgress: Sendable {
        /// Which layer, from 0, the lowest first.
        package let index: Int
        /// How many there are.
        package let count: Int
        /// The layer's blob.
        package let digest: Digest
        /// What is done with it.
        package let stage: Stage

        /// What is done with a layer.
        package enum Stage: Equatable, Sendable {
            /// It was in the store already.
            case present
            /// So many bytes of its blob are read.
            case unpacking(bytes: UInt64, of: UInt64)
            /// It is in the store now.
            case unpacked
        }
    }

    /// An image whose layers are all in the store.
    package struct UnpackedImage: Sendable {
        /// The image's manifest.
        package let manifest: Digest
        /// The layers' directories, the topmost first.
        package let layers: [Bytes]
        /// What is not as the image says.
        package let warnings: UnpackWarnings
    }

    /// Brings the layers of an image into the store, those that are not there yet, and records it.
    package func unpack(
        _ image: ResolvedImage, from layout: Layout, progress: (LayerProgress) -> Void = { _ in }
    ) throws(ImageError) -> UnpackedImage {
        let lock = try lockWhole(exclusive: false)
        var warnings = UnpackWarnings()
        let chain = chainIDs(image.configuration.diffIDs)
        var done: [Bytes] = []
        for (index, layer) in image.manifest.layers.enumerated() {
            func report(_ stage: LayerProgress.Stage) {
                progress(LayerProgress(index: index, count: chain.count, digest: layer.digest, stage: stage))
            }
            if try has(chain[index]) {
                report(.present)
            } else {
                let made = try make(
                    NewLayer(
                        descriptor: layer, diffID: image.configuration.diffIDs[index], chainID: chain[index],
                        lower: done, isPlain: image.layersArePlain), from: layout, report)
                if let made { warnings.add(made) }
                report(made == nil ? .present : .unpacked)
            }
            done.insert(path(of: chain[index]), at: 0)
        }
        try record(image)
        _ = consume lock
        return UnpackedImage(manifest: image.descriptor.digest, layers: done, warnings: warnings)
    }

    /// The directories of an image's layers, the topmost first; nil where one is not in the store.
    package func layers(of configuration: ImageConfiguration) throws(ImageError) -> [Bytes]? {
        let chain = chainIDs(configuration.diffIDs)
        for id in chain where try !has(id) { return nil }
        return chain.reversed().map(path(of:))
    }

    func path(of chainID: Digest) -> Bytes { "\(root)/layers/\(chainID.algorithm.name)/\(chainID.hex)/diff" }

    private func has(_ chainID: Digest) throws(ImageError) -> Bool {
        try system("look into the store", root) { () throws(SystemError) in
            try RootDirectory.status("layers/sha256/\(chainID.hex)", in: directory.number) != nil
        }
    }

    /// A lock that ends with the descriptor, or with the process. Who unpacks has a part of it, who collects the whole.
    func lockWhole(exclusive: Bool) throws(ImageError) -> Descriptor {
        try lock("lock", exclusive: exclusive)
    }

    func lock(_ name: Bytes, exclusive: Bool) throws(ImageError) -> Descriptor {
        do throws(SystemError) {
            let file = try Descriptor(
                opening: name, [.readWrite, .create, .noFollow], mode: 0o600, strictlyIn: directory.number)
            try file.lock(exclusive: exclusive)
            return file
        } catch { throw ImageError("lock the store", root, error) }
    }
}

/// The names of layers together with all below them: config.md#layer-chainid.
func chainIDs(_ diffIDs: [Digest]) -> [Digest] {
    var chain: [Digest] = []
    for diffID in diffIDs {
        // The lowest is its own DiffID by the specification. All are SHA-256 here: one directory, one function.
        guard let below = chain.last else {
            chain.append(diffID.algorithm == .sha256 ? diffID : Digest.sum(of: diffID.text.array))
            continue
        }
        chain.append(Digest.sum(of: (below.text + " " + diffID.text).array))
    }
    return chain
}

/// A layer that is to be made.
private struct NewLayer {
    let descriptor: ContentDescriptor
    let diffID: Digest
    let chainID: Digest
    /// The directories of the layers below, the topmost first.
    let lower: [Bytes]
    /// Its file may be compressed in any way; the digest is that of what comes out.
    let isPlain: Bool

    var operation: Bytes { "unpack layer \(descriptor.digest.algorithm.name):\(descriptor.digest.short)" }
}

extension ImageStore {
    /// Makes a layer; nil if somebody else was faster.
    private func make(
        _ layer: NewLayer, from layout: Layout, _ report: (LayerProgress.Stage) -> Void
    ) throws(ImageError) -> UnpackWarnings? {
        let lock = try lock("locks/\(layer.chainID.hex)", exclusive: true)
        if try has(layer.chainID) { return nil }
        let name: Bytes = "layers/sha256/.\(layer.chainID.hex).new"
        let warnings: UnpackWarnings
        do throws(ImageError) {
            // What is there is of a process that was killed: it would hold the lock.
            try system(layer.operation, root) { () throws(SystemError) in
                try DirectoryName.removeTree(name, in: directory.number)
                try DirectoryName.makeDirectory(name, mode: 0o700, in: directory.number)
                try DirectoryName.makeDirectory(name + "/diff", mode: 0o700, in: directory.number)
            }
            warnings = try unpack(layer, into: name, from: layout, report)
            try system(layer.operation, root) { () throws(SystemError) in
                try directory.syncFilesystem()
                try DirectoryName.rename(
                    name, in: directory.number, to: "layers/sha256/\(layer.chainID.hex)", in: directory.number)
                try Descriptor(opening: "layers/sha256", [.directory], strictlyIn: directory.number).sync()
            }
        } catch {
            try? DirectoryName.removeTree(name, in: directory.number)
            throw error
        }
        _ = consume lock
        return warnings
    }

    private func unpack(
        _ layer: NewLayer, into name: Bytes, from layout: Layout, _ report: (LayerProgress.Stage) -> Void
    ) throws(ImageError) -> UnpackWarnings {
        let file = try layout.blob(layer.descriptor)
        let stream = LayerStream(
            file, try compression(of: layer, file), blob: layer.descriptor.digest.algorithm.function,
            content: layer.diffID.algorithm.function,
            limits: StreamLimits(content: limits.content, ratio: limits.ratio))
        let archive = TarReader(stream)
        let lower: MergedView
        let target: Descriptor
        do throws(SystemError) {
            lower = try MergedView(layer.lower)
            target = try Descriptor(opening: name + "/diff", [.directory], strictlyIn: directory.number)
        } catch { throw ImageError(layer.operation, root, error) }
        var unpacker = LayerUnpacker(into: target, over: lower, rights: rights, limits: limits)
        let outcome: LayerStream.Outcome
        var step: UInt64 = 0
        do {
            try unpacker.unpack(archive) {
                let bytes = stream.consumed
                guard bytes >= step else { return }
                report(.unpacking(bytes: bytes, of: file.size))
                step = bytes + (1 << 20)
            }
            outcome = try archive.finish()
            try check(outcome, layer)
            try unpacker.finishDirectories()
        } catch let error as Refusal {
            throw ImageError(layer.operation, error.path ?? "", error.cause, hint: error.hint)
        } catch let error as StreamError {
            throw ImageError(layer.operation, "", error.problem)
        } catch let error as ImageError { throw error } catch { throw ImageError(layer.operation, "", "unreadable") }
        let about: Bytes = "diffID \(layer.diffID.text)\nbytes \(outcome.size)\n"
        try writeFile(name + "/about", about.array)
        return unpacker.warnings
    }

    private func check(_ outcome: LayerStream.Outcome, _ layer: NewLayer) throws(ImageError) {
        if !layer.isPlain, outcome.blob != layer.descriptor.digest.hex {
            throw ImageError(
                layer.operation, "",
                "the blob's content has the digest \(layer.descriptor.digest.algorithm.name):\(outcome.blob)")
        }
        guard outcome.content == layer.diffID.hex else {
            throw ImageError(
                layer.operation, "",
                "the archive has the digest \(layer.diffID.algorithm.name):\(outcome.content), "
                    + "the configuration says \(layer.diffID.text)")
        }
    }

    private func compression(of layer: NewLayer, _ file: FileRange) throws(ImageError) -> Compression {
        if layer.isPlain {
            do throws(StreamError) {
                if try file.starts(with: [0x1f, 0x8b]) { return .gzip }
                return try file.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? .zstd : .none
            } catch { throw ImageError(layer.operation, "", error.problem) }
        }
        do throws(LayerKind.Problem) {
            switch try LayerKind(layer.descriptor.mediaType) {
            case .tar: return .none
            case .gzip: return .gzip
            case .zstd: return .zstd
            }
        } catch { throw ImageError(layer.operation, "", error.text, hint: error.hint) }
    }
}
