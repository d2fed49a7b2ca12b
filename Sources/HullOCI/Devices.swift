// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Config.Linux {
    /// `linux.devices[]`.
    package struct Device: Equatable, Sendable {
        /// The kind: "c", "b", "u" or "p".
        package var type: Bytes
        /// Where in the container.
        package var path: Bytes
        /// The major number.
        package var major: Int64?
        /// The minor number.
        package var minor: Int64?
        /// The permissions.
        package var fileMode: UInt32?
        /// The owner inside.
        package var uid: UInt32?
        /// The group inside.
        package var gid: UInt32?

        /// A device node.
        package init(type: Bytes, path: Bytes, major: Int64? = nil, minor: Int64? = nil) {
            self.type = type
            self.path = path
            self.major = major
            self.minor = minor
        }
    }

    /// `linux.netDevices.*`, by the name on the host.
    package struct NetDevice: Equatable, Sendable {
        /// The name inside, if it is another.
        package var name: Bytes?

        /// A network device, with its name inside.
        package init(name: Bytes? = nil) { self.name = name }
    }
}

extension Config.Linux.Resources {
    /// `linux.resources.devices[]`: one rule of the allowed device list; the last that matches counts.
    package struct DeviceRule: Equatable, Sendable {
        /// Whether the rule allows or denies.
        package var allow: Bool
        /// The kind: "a", "c" or "b".
        package var type: Bytes?
        /// The major number; all if not said.
        package var major: Int64?
        /// The minor number; all if not said.
        package var minor: Int64?
        /// The access that is meant, of "r", "w" and "m".
        package var access: Bytes?

        /// A rule.
        package init(
            allow: Bool, type: Bytes? = nil, major: Int64? = nil, minor: Int64? = nil, access: Bytes? = nil
        ) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }
}

extension Config.Linux.Device: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        type = reader.required("type", object)
        path = reader.required("path", object)
        major = reader.optional("major", object)
        minor = reader.optional("minor", object)
        fileMode = reader.optional("fileMode", object)
        uid = reader.optional("uid", object)
        gid = reader.optional("gid", object)
    }
}

extension Config.Linux.NetDevice: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        name = reader.optional("name", object)
    }
}

extension Config.Linux.Resources.DeviceRule: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        allow = reader.required("allow", object)
        type = reader.optional("type", object)
        major = reader.optional("major", object)
        minor = reader.optional("minor", object)
        access = reader.optional("access", object)
    }
}
