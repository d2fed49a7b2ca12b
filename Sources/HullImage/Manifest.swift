// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// An index: a list of images, or of further indexes (image-index.md). `index.json` of a layout is one.
package struct ImageIndex: Equatable, Sendable {
    /// The type that the document says of itself.
    package var mediaType: Bytes?
    /// What it lists, in its order.
    package var manifests: [ContentDescriptor]
    /// Free metadata.
    package var annotations: [Entry<Bytes>]?

    /// A list of images.
    package init(_ manifests: [ContentDescriptor]) {
        self.mediaType = MediaType.index
        self.manifests = manifests
    }

    /// Reads an index. Where a descriptor led to the document, its type is given: both must say the same.
    package init(
        reading bytes: [UInt8], describedAs type: Bytes? = nil, limits: JSONLimits = .imageDocument
    ) throws(ConfigErrors) {
        self = try JSONReader.read(bytes, limits: limits)
        try checkType(mediaType, describedAs: type, MediaType.isIndex)
    }
}

/// The manifest of an image: its configuration, and its layers from the lowest to the topmost (manifest.md).
package struct ImageManifest: Equatable, Sendable {
    /// The type that the document says of itself.
    package var mediaType: Bytes?
    /// What the manifest is for, where it is no image.
    package var artifactType: Bytes?
    /// The configuration.
    package var config: ContentDescriptor
    /// The layers, the lowest first.
    package var layers: [ContentDescriptor]
    /// Free metadata.
    package var annotations: [Entry<Bytes>]?

    /// A manifest of an image.
    package init(config: ContentDescriptor, layers: [ContentDescriptor], annotations: [Entry<Bytes>]? = nil) {
        self.mediaType = MediaType.manifest
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Reads a manifest. Where a descriptor led to the document, its type is given: both must say the same.
    package init(
        reading bytes: [UInt8], describedAs type: Bytes? = nil, limits: JSONLimits = .imageDocument
    ) throws(ConfigErrors) {
        self = try JSONReader.read(bytes, limits: limits)
        try checkType(mediaType, describedAs: type, MediaType.isManifest)
        guard MediaType.isConfiguration(config.mediaType) else {
            let kind = artifactType ?? config.mediaType
            throw ConfigErrors([
                ConfigError(
                    "/config/mediaType", "the manifest is not of an image: it is an artifact of type \"\(kind)\"")
            ])
        }
    }
}

extension JSONLimits {
    /// Limits for a document of an image: registries take no manifest that is longer.
    package static var imageDocument: JSONLimits { JSONLimits(bytes: 4 << 20, depth: 32, nodes: 1 << 18) }
}

extension ImageIndex: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        checkSchemaVersion(object, &reader)
        mediaType = reader.optional("mediaType", object)
        manifests = reader.required("manifests", object)
        annotations = reader.map("annotations", object)
        refuse(["config", "layers", "fsLayers"], of: "a manifest", in: "an index", object, &reader)
        for key: StaticString in ["artifactType", "subject"] { reader.skip(key, object) }
    }
}

extension ImageManifest: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        checkSchemaVersion(object, &reader)
        mediaType = reader.optional("mediaType", object)
        artifactType = reader.optional("artifactType", object)
        config = reader.required("config", object)
        layers = reader.required("layers", object)
        annotations = reader.map("annotations", object)
        refuse(["manifests", "fsLayers"], of: "another document", in: "a manifest", object, &reader)
        reader.skip("subject", object)
    }
}

extension ImageIndex: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("schemaVersion", 2 as Int64)
            writer.member("mediaType", mediaType)
            writer.member("manifests", manifests as [ContentDescriptor]?)
            writer.member("annotations", map: annotations)
        }
    }
}

extension ImageManifest: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("schemaVersion", 2 as Int64)
            writer.member("mediaType", mediaType)
            writer.member("config", config as ContentDescriptor?)
            writer.member("layers", layers as [ContentDescriptor]?)
            writer.member("annotations", map: annotations)
        }
    }
}

/// The version is not the specification's but the one of Docker's schema from which it came: always 2.
private func checkSchemaVersion(_ object: JSONReader.Node, _ reader: inout JSONReader) {
    let version: Int64 = reader.required("schemaVersion", object)
    if version != 2, let node = reader.member("schemaVersion", object) {
        reader.note(node, "schemaVersion \(version) cannot be read, only 2 can")
    }
}

/// A document that is an index to one reader and a manifest to another hides one of them (CVE-2021-41190).
private func refuse(
    _ keys: [StaticString], of other: Bytes, in kind: Bytes, _ object: JSONReader.Node, _ reader: inout JSONReader
) {
    for key in keys {
        guard let node = reader.member(key, object) else { continue }
        reader.note(node, "\"\(Bytes(stringLiteral: key))\" belongs to \(other) and cannot stand in \(kind)")
    }
}

private func checkType(
    _ said: Bytes?, describedAs type: Bytes?, _ fits: (Bytes) -> Bool
) throws(ConfigErrors) {
    guard let said else { return }
    if let type, said != type {
        throw ConfigErrors([
            ConfigError("/mediaType", "the document says that it is \"\(said)\", its descriptor says \"\(type)\"")
        ])
    }
    guard fits(said) else {
        throw ConfigErrors([ConfigError("/mediaType", "\"\(said)\" is the type of another document")])
    }
}
