// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What a content is, how long, and what its bytes hash to (descriptor.md). `urls` and `data` are not read: a content
/// comes from the layout and from nowhere else.
package struct ContentDescriptor: Equatable, Sendable {
    /// The type of the content.
    package var mediaType: Bytes
    /// The hash of its bytes.
    package var digest: Digest
    /// The number of its bytes.
    package var size: UInt64
    /// What the content is for, where it is no image.
    package var artifactType: Bytes?
    /// Free metadata; an index names its images here.
    package var annotations: [Entry<Bytes>]?
    /// The machine that the image runs on, where the descriptor stands in an index.
    package var platform: Platform?

    /// A descriptor of a content.
    package init(
        mediaType: Bytes, digest: Digest, size: UInt64, annotations: [Entry<Bytes>]? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }

    /// The value of an annotation.
    package func annotation(_ key: Bytes) -> Bytes? { annotations?.first { $0.key == key }?.value }

    /// The name by which the image is chosen (annotations.md).
    package var reference: Bytes? { annotation("org.opencontainers.image.ref.name") }
}

/// A machine that an image runs on (image-index.md).
package struct Platform: Hashable, Sendable {
    /// The operating system, in Go's words.
    package var os: Bytes
    /// The processor, in Go's words.
    package var architecture: Bytes
    /// The kind of that processor, "v7".
    package var variant: Bytes?
    /// The version of the operating system.
    package var osVersion: Bytes?
    /// What the operating system must have.
    package var osFeatures: [Bytes]?

    /// A platform.
    package init(
        os: Bytes, architecture: Bytes, variant: Bytes? = nil, osVersion: Bytes? = nil, osFeatures: [Bytes]? = nil
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`, as `--platform` has it; nil for anything else.
    package init?(text: Bytes) {
        let parts = text.split(UInt8(ascii: "/"), omittingEmpty: false)
        guard (2...3).contains(parts.count), !parts.contains("") else { return nil }
        self.init(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
    }

    /// `OS/ARCHITECTURE[/VARIANT]`.
    package var text: Bytes { [os, architecture, variant].compactMap { $0 }.joined("/") }
}

extension ContentDescriptor: JSONRequired, JSONObjectReadable {
    package static var blank: ContentDescriptor { ContentDescriptor(mediaType: "", digest: .blank, size: 0) }

    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        mediaType = reader.required("mediaType", object)
        digest = reader.required("digest", object)
        size = reader.required("size", object)
        artifactType = reader.optional("artifactType", object)
        annotations = reader.map("annotations", object)
        platform = reader.optional("platform", object)
        // The specification's number is signed: a reader of that kind would find another one here.
        if size > UInt64(Int64.max), let node = reader.member("size", object) {
            reader.note(node, "\(size) is out of range, allowed is 0 to \(Int64.max)")
        }
        for key: StaticString in ["urls", "data"] { reader.skip(key, object) }
    }
}

extension ContentDescriptor: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mediaType", mediaType)
            writer.member("digest", digest)
            writer.member("size", size)
            writer.member("artifactType", artifactType)
            writer.member("annotations", map: annotations)
            writer.member("platform", platform)
        }
    }
}

extension Platform: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        os = reader.required("os", object)
        architecture = reader.required("architecture", object)
        variant = reader.optional("variant", object)
        osVersion = reader.optional("os.version", object)
        osFeatures = reader.optional("os.features", object)
        reader.skip("features", object)
        // An empty variant says no more than its absence.
        if variant?.isEmpty == true { variant = nil }
    }
}

extension Platform: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("architecture", architecture)
            writer.member("os", os)
            writer.member("os.version", osVersion)
            writer.member("os.features", osFeatures)
            writer.member("variant", variant)
        }
    }
}
