// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
package import HullBytes
package import HullImage
internal import HullKernel
internal import HullOCI

/// Images in a directory or in one file: an OCI image layout, a tar archive of one, or what `docker save` writes.
/// Every blob that is read is checked against its digest and its size.
package final class Layout {
    private let files: any LayoutFiles
    private let path: Bytes
    /// Of what `docker save` wrote, the images as manifests that hull has made; they are in no file.
    private var made: [Digest: [UInt8]] = [:]
    private var places: [Digest: Bytes] = [:]
    private var contents: ImageIndex

    /// Opens a directory or an archive, and reads what images are in it.
    package init(opening path: Bytes) throws(ImageError) {
        self.path = path
        contents = ImageIndex([])
        let place = try system("open the image", path) { () throws(SystemError) in
            try Descriptor(opening: path, [.nonBlocking])
        }
        let number = place.number
        let isDirectory = try system("open the image", path) { () throws(SystemError) in
            try FileStatus(ofOpen: number).isDirectory
        }
        if isDirectory {
            files = DirectoryFiles(place, path)
        } else {
            files = try ArchiveFiles(place, path)
        }
        try readContents()
    }

    private func readContents() throws(ImageError) {
        if try files.has("index.json") {
            try checkVersion()
            contents = try parse("index.json") { bytes throws(ConfigErrors) in try ImageIndex(reading: bytes) }
        } else if try files.has("manifest.json") {
            try readDockerArchive()
        } else {
            throw ImageError(
                "open the image", path, "there is neither index.json nor manifest.json in it",
                hint: "an OCI image layout, a tar archive of one, or an archive of docker save can be read")
        }
    }

    /// The version of a layout must be one that is known; its first number says whether that is so.
    private func checkVersion() throws(ImageError) {
        let version: LayoutVersion = try parse("oci-layout") { bytes throws(ConfigErrors) in
            try JSONReader.read(bytes, limits: .imageDocument)
        }
        guard version.text.hasPrefix("1.") else {
            throw ImageError("open the image", path, "the layout has version \(version.text), 1.0.0 can be read")
        }
    }

    private func parse<Value>(
        _ name: Bytes, _ read: ([UInt8]) throws(ConfigErrors) -> Value
    ) throws(ImageError) -> Value {
        let file = try files.open(name)
        return try parse(try small(file, name), name, read)
    }

    private func parse<Value>(
        _ bytes: [UInt8], _ name: Bytes, _ read: ([UInt8]) throws(ConfigErrors) -> Value
    ) throws(ImageError) -> Value {
        do throws(ConfigErrors) { return try read(bytes) } catch {
            let first = error.list.first
            let place = first.map { "\($0.pointer.text): \($0.problem)" as Bytes } ?? "it cannot be read"
            throw ImageError("read a document", name, place, hint: first?.hint)
        }
    }

    private func small(_ file: FileRange, _ name: Bytes) throws(ImageError) -> [UInt8] {
        guard file.size <= Layout.documentLimit else {
            throw ImageError("read a document", name, "it has \(file.size) bytes, at most \(Layout.documentLimit)")
        }
        do throws(StreamError) { return try file.readAll() } catch {
            throw ImageError("read a document", name, error.problem)
        }
    }

    private static let documentLimit: UInt64 = 4 << 20

    /// What images there are.
    package func index() throws(ImageError) -> ImageIndex { contents }

    /// The bytes of a document, which are what the descriptor says they are.
    package func document(_ said: ContentDescriptor) throws(ImageError) -> [UInt8] {
        let bytes: [UInt8]
        if let own = made[said.digest] {
            bytes = own
        } else {
            bytes = try small(try blob(said), said.digest.text)
        }
        var sum = Checksum(said.digest.algorithm.function)
        sum.add(bytes)
        let found = sum.finish()
        guard found == said.digest.hex else {
            throw ImageError(
                "read a document", said.digest.text,
                "its content has the digest \(said.digest.algorithm.name):\(found)")
        }
        return bytes
    }

    /// The file of a blob; its size is what the descriptor says, its content is not checked yet.
    func blob(_ said: ContentDescriptor) throws(ImageError) -> FileRange {
        let name = places[said.digest] ?? said.digest.blobPath
        let file = try files.open(name)
        guard file.size == said.size else {
            throw ImageError(
                "open a blob", said.digest.text, "it has \(file.size) bytes, its descriptor says \(said.size)")
        }
        return file
    }

    /// Reads the manifest and the configuration of an image.
    package func image(_ said: ContentDescriptor) throws(ImageError) -> ResolvedImage {
        let bytes = try document(said)
        let manifest = try parse(bytes, said.digest.text) { bytes throws(ConfigErrors) in
            try ImageManifest(reading: bytes, describedAs: said.mediaType)
        }
        let configurationBytes = try document(manifest.config)
        let configuration = try parse(configurationBytes, manifest.config.digest.text) {
            bytes throws(ConfigErrors) in try ImageConfiguration(reading: bytes)
        }
        guard manifest.layers.count == configuration.diffIDs.count else {
            throw ImageError(
                "read a document", manifest.config.digest.text,
                "it has \(configuration.diffIDs.count) layers, the manifest has \(manifest.layers.count)")
        }
        // The most that overlayfs puts on each other (OVL_MAX_STACK).
        guard manifest.layers.count <= 500 else {
            throw ImageError(
                "read a document", said.digest.text,
                "it has \(manifest.layers.count) layers, at most 500 can be a union")
        }
        return ResolvedImage(
            descriptor: said, manifest: manifest, configuration: configuration, manifestBytes: bytes,
            configurationBytes: configurationBytes, layersArePlain: made[said.digest] != nil)
    }

    /// Reads an index that the layout's own one leads to.
    package func index(_ said: ContentDescriptor) throws(ImageError) -> ImageIndex {
        try parse(try document(said), said.digest.text) { bytes throws(ConfigErrors) in
            try ImageIndex(reading: bytes, describedAs: said.mediaType)
        }
    }

    // MARK: What docker save writes

    /// The archive names files, not contents: the configuration's digest is made here, the layers' are those of their
    /// unpacked archives, which the configuration has.
    private func readDockerArchive() throws(ImageError) {
        let archive = try parse("manifest.json") { bytes throws(ConfigErrors) in try DockerArchive(reading: bytes) }
        var descriptors: [ContentDescriptor] = []
        for image in archive.images {
            let bytes = try small(try files.open(image.config), image.config)
            let configuration = try parse(bytes, image.config) { bytes throws(ConfigErrors) in
                try ImageConfiguration(reading: bytes)
            }
            guard configuration.diffIDs.count == image.layers.count else {
                throw ImageError(
                    "read a document", image.config,
                    "it has \(configuration.diffIDs.count) layers, manifest.json has \(image.layers.count)")
            }
            let config = Digest.sum(of: bytes)
            made[config] = bytes
            var layers: [ContentDescriptor] = []
            for (name, digest) in zip(image.layers, configuration.diffIDs) {
                places[digest] = name
                layers.append(
                    ContentDescriptor(
                        mediaType: MediaType.layer, digest: digest, size: try files.open(name).size))
            }
            let manifest = JSONWriter.text(
                of: ImageManifest(
                    config: ContentDescriptor(
                        mediaType: MediaType.configuration, digest: config, size: UInt64(bytes.count)), layers: layers))
            let digest = Digest.sum(of: manifest)
            made[digest] = manifest
            for tag in image.repoTags.isEmpty ? [nil] : image.repoTags.map(Optional.some) {
                descriptors.append(
                    ContentDescriptor(
                        mediaType: MediaType.manifest, digest: digest, size: UInt64(manifest.count),
                        annotations: tag.map { [Entry(key: "org.opencontainers.image.ref.name", value: $0)] },
                        platform: configuration.platform))
            }
        }
        contents = ImageIndex(descriptors)
    }
}

/// An image of a layout: its documents, read and verified.
package struct ResolvedImage: Sendable {
    /// What led to the manifest.
    package let descriptor: ContentDescriptor
    package let manifest: ImageManifest
    package let configuration: ImageConfiguration
    /// The documents as they are, for the store.
    package let manifestBytes: [UInt8]
    package let configurationBytes: [UInt8]
    /// Of what `docker save` wrote: the layers' digests are those of their unpacked archives, whatever the files are.
    let layersArePlain: Bool
}

extension Digest {
    /// The SHA-256 digest of bytes.
    static func sum(of bytes: [UInt8]) -> Digest {
        var sum = Checksum(.sha256)
        sum.add(bytes)
        guard let digest = Digest(.sha256, hex: sum.finish()) else { preconditionFailure("64 digits are a digest") }
        return digest
    }
}

extension Digest.Algorithm {
    /// What makes its checksums.
    var function: Checksum.Function {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}

/// The file `oci-layout`.
private struct LayoutVersion: JSONObjectReadable {
    let text: Bytes
    init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        text = reader.required("imageLayoutVersion", object)
    }
}
