// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config.Linux {
    /// `linux.namespaces[]`.
    package struct Namespace: Equatable, Sendable {
        /// The kind: "pid", "network", "mount", "ipc", "uts", "user", "cgroup" or "time".
        package var type: Bytes
        /// The file of an existing namespace to join; without it a new one is made.
        package var path: Bytes?

        /// A namespace to make, or with a path one to join.
        package init(type: Bytes, path: Bytes? = nil) {
            self.type = type
            self.path = path
        }
    }

    /// A range of ids of a user namespace or of an id-mapped mount.
    package struct IDMapping: Equatable, Sendable {
        /// The first id inside.
        package var containerID: UInt32
        /// The first id outside.
        package var hostID: UInt32
        /// How many ids.
        package var size: UInt32

        /// A range of ids.
        package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    /// `linux.timeOffsets.*`: how far a clock inside is ahead of the one outside.
    package struct TimeOffset: Equatable, Sendable {
        /// Seconds.
        package var secs: Int64?
        /// Nanoseconds besides.
        package var nanosecs: UInt32?

        /// An offset of a clock.
        package init(secs: Int64? = nil, nanosecs: UInt32? = nil) {
            self.secs = secs
            self.nanosecs = nanosecs
        }
    }
}

extension Config.Linux.Namespace: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        type = reader.required("type", object)
        path = reader.optional("path", object)
    }
}

extension Config.Linux.IDMapping: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        containerID = reader.required("containerID", object)
        hostID = reader.required("hostID", object)
        size = reader.required("size", object)
    }
}

extension Config.Linux.TimeOffset: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        secs = reader.optional("secs", object)
        nanosecs = reader.optional("nanosecs", object)
    }
}
