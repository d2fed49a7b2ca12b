// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The media types of the image specification, and those of Docker's second schema, which mean the same
/// (media-types.md#compatibility-matrix).
package enum MediaType {
    package static let index: Bytes = "application/vnd.oci.image.index.v1+json"
    package static let manifest: Bytes = "application/vnd.oci.image.manifest.v1+json"
    package static let configuration: Bytes = "application/vnd.oci.image.config.v1+json"
    package static let layer: Bytes = "application/vnd.oci.image.layer.v1.tar"
    package static let layerGzip: Bytes = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let layerZstd: Bytes = "application/vnd.oci.image.layer.v1.tar+zstd"

    package static let dockerIndex: Bytes = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerManifest: Bytes = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerConfiguration: Bytes = "application/vnd.docker.container.image.v1+json"

    /// Whether a descriptor of this type leads to an index.
    package static func isIndex(_ type: Bytes) -> Bool { type == index || type == dockerIndex }
    /// Whether a descriptor of this type leads to a manifest.
    package static func isManifest(_ type: Bytes) -> Bool { type == manifest || type == dockerManifest }
    /// Whether a descriptor of this type leads to the configuration of an image.
    package static func isConfiguration(_ type: Bytes) -> Bool {
        type == configuration || type == dockerConfiguration
    }
}

/// How the changes of a layer are packed.
package enum LayerKind: Equatable, Sendable {
    case tar, gzip, zstd

    /// Why a layer cannot be unpacked.
    package enum Problem: Error, Equatable {
        /// Its content is by contract not where the image is (layer.md#non-distributable-layers).
        case notDistributable(Bytes)
        /// Nobody here knows what is in it.
        case unknown(Bytes)
    }

    /// The kind that the media type says.
    package init(_ type: Bytes) throws(Problem) {
        switch type {
        case MediaType.layer, "application/vnd.docker.image.rootfs.diff.tar": self = .tar
        case MediaType.layerGzip, "application/vnd.docker.image.rootfs.diff.tar.gzip": self = .gzip
        case MediaType.layerZstd, "application/vnd.docker.image.rootfs.diff.tar.zstd": self = .zstd
        default:
            let isForeign =
                type.hasPrefix("application/vnd.oci.image.layer.nondistributable.v1.")
                || type.hasPrefix("application/vnd.docker.image.rootfs.foreign.")
            throw isForeign ? .notDistributable(type) : .unknown(type)
        }
    }

    /// The media type of a layer that is packed so.
    package var mediaType: Bytes {
        switch self {
        case .tar: MediaType.layer
        case .gzip: MediaType.layerGzip
        case .zstd: MediaType.layerZstd
        }
    }
}

extension LayerKind.Problem {
    /// The problem in words.
    package var text: Bytes {
        switch self {
        case .notDistributable(let type): "the layer's content is not distributed with the image (\(type))"
        case .unknown(let type): "the layer is of a kind that cannot be unpacked: \"\(type)\""
        }
    }
    /// What to do about it.
    package var hint: Bytes {
        switch self {
        case .notDistributable: "copy the image with its foreign layers first"
        case .unknown: "tar, tar+gzip and tar+zstd layers can be unpacked"
        }
    }
}
