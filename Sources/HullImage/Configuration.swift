// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// The configuration of an image, as said (config.md of the image specification): what runs in it, and the layers by
/// the hashes of their unpacked archives.
package struct ImageConfiguration: Equatable, Sendable {
    /// The machine that the image runs on.
    package var platform: Platform
    /// How a container of the image runs.
    package var config: Execution
    /// The hashes of the layers' tar archives, the lowest first.
    package var diffIDs: [Digest]
    /// How the layers came to be.
    package var history: [History]
    /// When the image was made.
    package var created: Bytes?
    /// Who made it.
    package var author: Bytes?

    /// `config`: how a container of the image runs.
    package struct Execution: Equatable, Sendable {
        /// Who the process is: names or numbers, `USER[:GROUP]`.
        package var user: Bytes?
        /// The ports on which the process waits, "8080/tcp".
        package var exposedPorts: [Bytes]?
        /// The environment, "NAME=value".
        package var env: [Bytes]?
        /// The program with its first arguments.
        package var entrypoint: [Bytes]?
        /// What follows the entrypoint, or the program where there is none.
        package var cmd: [Bytes]?
        /// Where the process writes what is its own.
        package var volumes: [Bytes]?
        /// The working directory.
        package var workingDir: Bytes?
        /// Free metadata.
        package var labels: [Entry<Bytes>]?
        /// The signal that asks the process to end.
        package var stopSignal: Bytes?

        /// Nothing said.
        package init() {}
    }

    /// One entry of `history`.
    package struct History: Equatable, Sendable {
        /// When the step was taken.
        package var created: Bytes?
        /// What was run.
        package var createdBy: Bytes?
        /// What was said about it.
        package var comment: Bytes?
        /// Whether no layer belongs to it.
        package var isEmptyLayer: Bool
    }

    /// Reads a configuration.
    package init(reading bytes: [UInt8], limits: JSONLimits = .imageDocument) throws(ConfigErrors) {
        self = try JSONReader.read(bytes, limits: limits)
    }

    /// A configuration that says nothing about its containers.
    package init(platform: Platform, diffIDs: [Digest] = []) {
        self.platform = platform
        self.config = Execution()
        self.diffIDs = diffIDs
        self.history = []
    }
}

extension ImageConfiguration: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        platform = Platform(object, &reader)
        config = reader.optional("config", object) ?? Execution()
        let rootfs: Rootfs = reader.required("rootfs", object)
        diffIDs = rootfs.diffIDs
        history = reader.optional("history", object) ?? []
        created = reader.optional("created", object)
        author = reader.optional("author", object)
    }

    /// `rootfs`: the layers.
    private struct Rootfs: JSONRequired, JSONObjectReadable {
        var diffIDs: [Digest] = []
        static var blank: Rootfs { Rootfs() }

        init() {}
        init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
            let type: Bytes = reader.required("type", object)
            diffIDs = reader.required("diff_ids", object)
            if type != "layers", let node = reader.member("type", object) {
                reader.note(node, "\"\(type)\" is not a kind of root file system that can be unpacked, \"layers\" is")
            }
        }
    }
}

extension ImageConfiguration.Execution: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        user = reader.optional("User", object)
        exposedPorts = keys("ExposedPorts", object, &reader)
        env = reader.optional("Env", object)
        entrypoint = reader.optional("Entrypoint", object)
        cmd = reader.optional("Cmd", object)
        volumes = keys("Volumes", object, &reader)
        workingDir = reader.optional("WorkingDir", object)
        labels = reader.map("Labels", object)
        stopSignal = reader.optional("StopSignal", object)
    }
}

extension ImageConfiguration.History: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        created = reader.optional("created", object)
        createdBy = reader.optional("created_by", object)
        comment = reader.optional("comment", object)
        isEmptyLayer = reader.optional("empty_layer", object) ?? false
    }
}

/// The keys of a map whose values are empty objects: a set, as Go's encoder writes one.
private func keys(_ name: StaticString, _ object: JSONReader.Node, _ reader: inout JSONReader) -> [Bytes]? {
    let entries: [Entry<Nothing>]? = reader.map(name, object)
    return entries?.map(\.key)
}

/// `{}`, or `null` as some tools write it.
private struct Nothing: JSONReadable {
    static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Nothing? {
        reader.isNull(node) || reader.isObject(node) ? Nothing() : nil
    }
}
