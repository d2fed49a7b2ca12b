// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// One more layer on an image: what the documents of the new image say.
package struct Commit: Equatable, Sendable {
    /// The hash of the layer's archive before it was packed.
    package var diffID: Digest
    /// The layer as it is packed.
    package var layer: ContentDescriptor
    /// When, as RFC 3339 has it.
    package var created: Bytes
    /// What made the layer, for the history.
    package var createdBy: Bytes
    /// What is said about it.
    package var comment: Bytes?
    /// Who made it, where that is said.
    package var author: Bytes?

    /// A layer that was made.
    package init(diffID: Digest, layer: ContentDescriptor, created: Bytes, createdBy: Bytes) {
        self.diffID = diffID
        self.layer = layer
        self.created = created
        self.createdBy = createdBy
    }

    /// The configuration of the new image: that of the old one, also what nobody here knows of it, and the layer.
    package func configuration(from old: [UInt8]) throws(ConfigErrors) -> [UInt8] {
        _ = try ImageConfiguration(reading: old)
        var amendments: [JSONAmendment] = [
            .set(["created"], to: created),
            .append(["rootfs", "diff_ids"], diffID),
            .append(
                ["history"],
                ImageConfiguration.History(
                    created: created, createdBy: createdBy, comment: comment, isEmptyLayer: false)),
        ]
        if let author { amendments.append(.set(["author"], to: author)) }
        return try JSONDocument(old).text(amended: amendments)
    }

    /// The manifest of the new image. Annotations of the old one described that one; types of Docker's become those of
    /// the specification, since the types of one document are all of one kind.
    package func manifest(from old: ImageManifest, configuration: Digest, size: UInt64) -> ImageManifest {
        let config = ContentDescriptor(mediaType: MediaType.configuration, digest: configuration, size: size)
        let layers = (old.layers + [layer]).map { layer in
            var layer = layer
            if let kind = try? LayerKind(layer.mediaType) { layer.mediaType = kind.mediaType }
            return layer
        }
        return ImageManifest(config: config, layers: layers)
    }
}

extension ImageConfiguration.History: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("created", created)
            writer.member("created_by", createdBy)
            writer.member("comment", comment)
            if isEmptyLayer { writer.member("empty_layer", true) }
        }
    }
}
