// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
package import HullBytes
package import HullImage
internal import HullKernel
internal import HullLinux
internal import HullOCI

/// A new image: another one with the upper directory of a container on top.
package struct Commit: Sendable {
    /// The directory with the changes, in overlayfs's form.
    package var upper: Bytes
    /// The name of the new image in the layout's index; one that has it already loses it.
    package var reference: Bytes?
    /// When it is made, as RFC 3339 has it.
    package var created: Bytes
    /// What the history says about how.
    package var createdBy: Bytes
    /// Who made it.
    package var author: Bytes?
    /// A word about it in the history.
    package var comment: Bytes?

    /// A commit.
    package init(
        upper: Bytes, reference: Bytes?, created: Bytes, createdBy: Bytes, author: Bytes? = nil, comment: Bytes? = nil
    ) {
        self.upper = upper
        self.reference = reference
        self.created = created
        self.createdBy = createdBy
        self.author = author
        self.comment = comment
    }

    /// Writes the layer, the configuration and the manifest into the layout, a directory, and names the image in its
    /// index. Whoever reads the layout meanwhile sees the index before or after.
    package func write(
        on image: ResolvedImage, in layout: Bytes
    ) throws(ImageError) -> ContentDescriptor {
        let target = try LayoutWriter(layout)
        let (layer, diffID) = try writeLayer(target)
        let history = HistoryEntry(created: created, createdBy: createdBy, author: author, comment: comment)
        let configuration = try edited(
            image.configurationBytes, image.manifest.config.digest.text,
            [
                JSONArrayEdit(["rootfs", "diff_ids"], adding: [diffID]), JSONArrayEdit(["history"], adding: [history]),
            ])
        let config = ContentDescriptor(
            mediaType: MediaType.configuration, digest: try target.add(configuration), size: UInt64(configuration.count)
        )
        // Of an image in Docker's form the layers stay what they are, and are called what they are here.
        let below = image.manifest.layers.map { layer in
            guard let kind = try? LayerKind(layer.mediaType) else { return layer }
            var renamed = layer
            renamed.mediaType = kind.mediaType
            return renamed
        }
        let manifest = JSONWriter.text(
            of: ImageManifest(config: config, layers: below + [layer], annotations: image.manifest.annotations))
        var said = ContentDescriptor(
            mediaType: MediaType.manifest, digest: try target.add(manifest), size: UInt64(manifest.count))
        if let reference { said.annotations = [Entry(key: "org.opencontainers.image.ref.name", value: reference)] }
        said.platform = image.configuration.platform
        try target.name(said)
        return said
    }

    private func writeLayer(_ target: LayoutWriter) throws(ImageError) -> (ContentDescriptor, Digest) {
        let root = try system("write the layer", upper) { () throws(SystemError) in
            try Descriptor(opening: upper, [.directory])
        }
        let file = try system("write the layer", upper) { () throws(SystemError) in try target.makeFile() }
        let number = file.number
        let archive = TarWriter { bytes in
            do throws(SystemError) {
                try hullWriteAll(number, Bytes(bytes), "")
                return true
            } catch { return false }
        }
        var layer = UpperLayer(root, to: archive)
        try layer.write()
        let outcome: TarWriter.Outcome
        do throws(StreamError) { outcome = try archive.finish() } catch {
            throw ImageError("write the layer", upper, error.problem)
        }
        guard let digest = Digest(.sha256, hex: outcome.blob), let diffID = Digest(.sha256, hex: outcome.content) else {
            throw ImageError("write the layer", upper, "it has no digest")
        }
        try target.keep(file, as: digest)
        return (ContentDescriptor(mediaType: MediaType.layerGzip, digest: digest, size: outcome.size), diffID)
    }
}

/// One entry of `history` of a configuration.
private struct HistoryEntry: JSONWritable {
    let created: Bytes
    let createdBy: Bytes
    let author: Bytes?
    let comment: Bytes?

    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("created", created)
            writer.member("created_by", createdBy)
            writer.member("author", author)
            writer.member("comment", comment)
        }
    }
}

private func edited(_ bytes: [UInt8], _ name: Bytes, _ edits: [JSONArrayEdit]) throws(ImageError) -> [UInt8] {
    do throws(ConfigErrors) { return try JSONDocument(bytes, limits: .imageDocument).text(with: edits) } catch {
        throw ImageError("read a document", name, error.list.first?.problem ?? "it cannot be read")
    }
}

/// A layout in a directory that gets new blobs.
private final class LayoutWriter {
    private let path: Bytes
    private let directory: Descriptor
    /// A name that no blob has.
    private let unfinished: Bytes = "blobs/sha256/.new-\(CurrentProcess.pid)"

    init(_ path: Bytes) throws(ImageError) {
        self.path = path
        do throws(SystemError) {
            directory = try Descriptor(opening: path, [.directory])
        } catch {
            throw ImageError(
                "write into the layout", path, error.line,
                hint: error.errno == .enotdir ? "a layout in a directory can be written to, an archive cannot" : nil)
        }
    }
    deinit { try? DirectoryName.removeTree(unfinished, in: directory.number) }

    func makeFile() throws(SystemError) -> Descriptor {
        for name in ["blobs", "blobs/sha256"] as [Bytes] {
            try RootDirectory.makeDirectory(name, mode: 0o755, in: directory.number)
        }
        try DirectoryName.removeTree(unfinished, in: directory.number)
        return try Descriptor(
            opening: unfinished, [.write, .create, .exclusive, .noFollow], mode: 0o644, strictlyIn: directory.number)
    }

    func keep(_ file: borrowing Descriptor, as digest: Digest) throws(ImageError) {
        do throws(SystemError) {
            try file.sync()
            try DirectoryName.rename(unfinished, in: directory.number, to: digest.blobPath, in: directory.number)
        } catch { throw ImageError("write into the layout", path, error) }
    }

    func add(_ bytes: [UInt8]) throws(ImageError) -> Digest {
        let digest = Digest.sum(of: bytes)
        let file = try system("write into the layout", path) { () throws(SystemError) in
            let file = try makeFile()
            try file.writeAll(Bytes(bytes), unfinished)
            return file
        }
        try keep(file, as: digest)
        return digest
    }

    /// Two who commit at once must not lose each other's image: the directory is locked from reading to writing.
    func name(_ said: ContentDescriptor) throws(ImageError) {
        let index: [UInt8]
        do throws(SystemError) {
            try directory.lock(exclusive: true)
            index = try Descriptor(opening: "index.json", [.noFollow], strictlyIn: directory.number).readAll(
                limit: 4 << 20)
        } catch { throw ImageError("write into the layout", path, error) }
        var former: Set<Int> = []
        do throws(ConfigErrors) {
            let known = try ImageIndex(reading: index)
            for (place, other) in known.manifests.enumerated()
            where other.reference == said.reference
                && (said.reference != nil || other.digest == said.digest)
            {
                former.insert(place)
            }
        } catch { throw ImageError("read a document", "index.json", error.list.first?.problem ?? "") }
        let text = try edited(index, "index.json", [JSONArrayEdit(["manifests"], removing: former, adding: [said])])
        do throws(SystemError) {
            let file = try makeFile()
            try file.writeAll(Bytes(text), unfinished)
            try file.sync()
            try DirectoryName.rename(unfinished, in: directory.number, to: "index.json", in: directory.number)
            try directory.unlock()
        } catch { throw ImageError("write into the layout", path, error) }
    }
}
