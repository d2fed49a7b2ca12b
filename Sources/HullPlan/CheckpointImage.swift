// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What hull keeps beside CRIU's images, to restore them: names alone. Where a mount comes from is said by the config
/// of the container that is restored, never by the images, which a container has had its hands in (CVE-2026-119101).
package struct CheckpointImage: JSONWritable, Equatable, Sendable {
    /// A mount whose content is not in the images.
    package struct Mount: Equatable, Sendable {
        /// The name that CRIU has for it, made by hull: `m0`, `m1`.
        package var key: Bytes
        /// The destination in the config.
        package var destination: Bytes
        /// Where below it, for a mount that the source has brought along; empty for the mount itself.
        package var below: Bytes

        package init(key: Bytes, destination: Bytes, below: Bytes = "") {
            self.key = key
            self.destination = destination
            self.below = below
        }
    }

    /// The name of the file.
    package static let fileName: Bytes = "hull.json"
    private static let currentVersion: Int64 = 1

    package var mounts: [Mount] = []
    /// What the standard streams are in the images; an empty name for what is the container's own.
    package var streams: [Bytes] = []
    /// Namespaces that were joined, and are not in the images.
    package var namespaces: [Bytes] = []
    /// Whether the program has a terminal.
    package var terminal = false
    /// Whether the root was a union that the caller asked for, and not the config.
    package var overlay = false

    /// That of a container with no mounts of the host's.
    package init() {}

    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("version", CheckpointImage.currentVersion)
            writer.key("mounts")
            writer.array { writer in
                for mount in mounts {
                    writer.object { writer in
                        writer.member("key", mount.key)
                        writer.member("destination", mount.destination)
                        if !mount.below.isEmpty { writer.member("below", mount.below) }
                    }
                }
            }
            writer.key("streams")
            writer.array { writer in for name in streams { writer.value(name) } }
            writer.key("namespaces")
            writer.array { writer in for name in namespaces { writer.value(name) } }
            writer.member("terminal", terminal)
            writer.member("overlay", overlay)
        }
    }

    /// Reads the file, which is believed no more than an image is.
    package static func read(_ bytes: [UInt8]) throws(ConfigErrors) -> CheckpointImage {
        let image: CheckpointImage = try JSONReader.read(bytes)
        var findings = Findings()
        image.check(&findings)
        try findings.throwIfAny()
        return image
    }

    /// Nothing in a name may mean something to CRIU, or lead out of where it is looked up.
    private func check(_ findings: inout Findings) {
        for (index, mount) in mounts.enumerated() {
            let pointer = ("/mounts" as JSONPointer).appending(index)
            let digits = mount.key.dropFirst(1)
            if !mount.key.hasPrefix("m") || digits.decimal == nil || digits.count > 6 {
                findings.error(pointer.appending("key"), "\"\(mount.key)\" is no key of hull's")
            }
            if mounts.prefix(index).contains(where: { $0.key == mount.key }) {
                findings.error(pointer.appending("key"), "\"\(mount.key)\" is there for the second time")
            }
            let parts = mount.below.split(0x2f, omittingEmpty: false)
            let leads = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." || $0.contains(0) }
            if !mount.below.isEmpty, leads {
                findings.error(pointer.appending("below"), "\"\(mount.below)\" is no path below a mount")
            }
        }
        for (index, name) in streams.enumerated() where !CheckpointImage.isStream(name) {
            findings.error(("/streams" as JSONPointer).appending(index), "\"\(name)\" is no name of a stream")
        }
        for (index, name) in namespaces.enumerated() where !["network", "pid", "ipc", "uts"].contains(name) {
            findings.error(("/namespaces" as JSONPointer).appending(index), "\"\(name)\" is no namespace to be joined")
        }
    }

    /// `pipe:[1]`, `socket:[1]`, `file[1a:2b]`, `tty[8801:17]`, or nothing.
    private static func isStream(_ name: Bytes) -> Bool {
        if name.isEmpty { return true }
        guard let bracket = name.firstIndex(of: UInt8(ascii: "[")), name.hasSuffix("]"),
            ["pipe:", "socket:", "file", "tty"].contains(name.prefix(bracket))
        else { return false }
        let number = name.array[(bracket + 1)..<(name.count - 1)]
        return !number.isEmpty && number.count < 40 && number.allSatisfy { "0123456789abcdef:".utf8.contains($0) }
    }
}

extension CheckpointImage: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        self.init()
        let version: Int64 = reader.required("version", object)
        if version != CheckpointImage.currentVersion {
            reader.note(object, "version \(version) of this file is of another hull")
        }
        mounts = reader.required("mounts", object)
        streams = reader.required("streams", object)
        namespaces = reader.required("namespaces", object)
        terminal = reader.required("terminal", object)
        overlay = reader.required("overlay", object)
    }
}

extension CheckpointImage.Mount: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        key = reader.required("key", object)
        destination = reader.required("destination", object)
        below = reader.optional("below", object) ?? ""
    }
}
