// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config {
    /// `mounts[]`.
    package struct Mount: Equatable, Sendable {
        /// Where in the container.
        package var destination: Bytes
        /// A device name, a file or directory of the host, or a dummy.
        package var source: Bytes?
        /// The filesystem type; a dummy for a bind mount.
        package var type: Bytes?
        /// Mount options, ours and the filesystem's.
        package var options: [Bytes]?
        /// The user ids of an id-mapped mount.
        package var uidMappings: [Linux.IDMapping]?
        /// The group ids of an id-mapped mount.
        package var gidMappings: [Linux.IDMapping]?

        /// A mount at a destination.
        package init(destination: Bytes, source: Bytes? = nil, type: Bytes? = nil, options: [Bytes]? = nil) {
            self.destination = destination
            self.source = source
            self.type = type
            self.options = options
        }
    }
}

extension Config.Mount: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        destination = reader.required("destination", object)
        source = reader.optional("source", object)
        type = reader.optional("type", object)
        options = reader.optional("options", object)
        uidMappings = reader.optional("uidMappings", object)
        gidMappings = reader.optional("gidMappings", object)
    }
}
