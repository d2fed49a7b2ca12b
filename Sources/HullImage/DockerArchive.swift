// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// `manifest.json` of an archive that `docker save` wrote: the images in it, by the names of files.
package struct DockerArchive: Equatable, Sendable {
    /// The images.
    package var images: [Image]

    /// An image in the archive. The names of files are as said: nothing is known of them.
    package struct Image: Equatable, Sendable {
        /// The file that is the image's configuration.
        package var config: Bytes
        /// The names by which the image is chosen, "busybox:latest".
        package var repoTags: [Bytes]
        /// The files that are its layers, the lowest first.
        package var layers: [Bytes]
    }

    /// Reads the document.
    package init(reading bytes: [UInt8], limits: JSONLimits = .imageDocument) throws(ConfigErrors) {
        images = try JSONReader.read(bytes, limits: limits)
    }
}

extension DockerArchive.Image: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        config = reader.required("Config", object)
        repoTags = reader.optional("RepoTags", object) ?? []
        layers = reader.required("Layers", object)
        for key: StaticString in ["Parent", "LayerSources"] { reader.skip(key, object) }
    }
}
