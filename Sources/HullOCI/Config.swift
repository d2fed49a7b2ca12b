// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The document `config.json` of a bundle, exactly as said: no defaults, no interpretation. A property that was not
/// said is nil. Names are those of the runtime specification; a property is required where both its text and its
/// schema say so.
package struct Config: Equatable, Sendable {
    /// The version of the specification that the document follows.
    package var ociVersion: Bytes
    /// The root filesystem.
    package var root: Root?
    /// The container's process; absent for a container that is created but never started.
    package var process: Process?
    /// The host name inside.
    package var hostname: Bytes?
    /// The NIS domain name inside.
    package var domainname: Bytes?
    /// The mounts, in the order in which they are made.
    package var mounts: [Mount]?
    /// The programs to run at the points of the container's life.
    package var hooks: Hooks?
    /// Free metadata; some keys change how the runtime behaves.
    package var annotations: [Entry<Bytes>]?
    /// What only Linux has.
    package var linux: Linux?

    /// A document that says nothing but its version.
    package init(ociVersion: Bytes) { self.ociVersion = ociVersion }
}

extension Config {
    /// `root`: the root filesystem.
    package struct Root: Equatable, Sendable {
        /// The directory, absolute or relative to the bundle.
        package var path: Bytes
        /// Whether the root filesystem is read-only inside.
        package var readonly: Bool?

        /// A root filesystem at a path.
        package init(path: Bytes, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }
}

extension Config: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        ociVersion = reader.required("ociVersion", object)
        root = reader.optional("root", object)
        process = reader.optional("process", object)
        hostname = reader.optional("hostname", object)
        domainname = reader.optional("domainname", object)
        mounts = reader.optional("mounts", object)
        hooks = reader.optional("hooks", object)
        annotations = reader.map("annotations", object)
        linux = reader.optional("linux", object)
        checkVersion(object, &reader)
        for platform: StaticString in ["solaris", "windows", "vm", "zos", "freebsd"] { reader.skip(platform, object) }
    }
}

extension Config.Root: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        path = reader.required("path", object)
        readonly = reader.optional("readonly", object)
    }
}

extension Config {
    /// Reads a `config.json`.
    package static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(ConfigErrors) -> Config {
        try JSONReader.read(bytes, limits: limits)
    }

    /// Reads a `config.json` and gathers the properties that it has and the specification does not, in the order of
    /// the document. They are gathered also when there are errors, as long as the text is JSON. The advice becomes
    /// their hint.
    package static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), unknown: inout [ConfigError],
        advice: JSONReader.Advice = { _, _ in nil }
    ) throws(ConfigErrors) -> Config {
        try JSONReader.read(bytes, limits: limits, unknown: &unknown, advice: advice)
    }

    /// What a `config.json` says as far as it can be read, and all that is wrong with its types: for a report that goes
    /// on with the rest. Throws only where the text is no JSON.
    package static func survey(
        _ bytes: [UInt8], unknown: inout [ConfigError], advice: JSONReader.Advice
    ) throws(ConfigErrors) -> (value: Config?, errors: [ConfigError]) {
        try JSONReader.survey(bytes, unknown: &unknown, advice: advice)
    }

    /// Within a major version the specification stays compatible both ways, so any 1.x will do.
    private func checkVersion(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        guard let node = reader.member("ociVersion", object), reader.isText(node) else { return }
        guard let version = SemanticVersion(ociVersion) else {
            reader.note(
                node, "\"\(ociVersion)\" is no version of the form MAJOR.MINOR.PATCH (SemVer 2.0.0)",
                hint: "versions of the runtime specification are 1.0.0 to 1.3.0")
            return
        }
        if !version.isVersion1 {
            reader.note(node, "\"\(ociVersion)\" is not a version 1.x of the runtime specification")
        }
    }
}
