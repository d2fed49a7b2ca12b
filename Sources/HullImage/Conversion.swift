// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// From the configuration of an image to the `config.json` of a container (conversion.md), over a configuration that
/// says all that an image does not.
package struct Conversion {
    /// What the image says.
    package let image: ImageConfiguration
    /// What the caller says instead.
    package let wishes: Wishes
    /// What was left out or changed, for a person.
    package private(set) var warnings: [ConfigError] = []

    /// What the caller says in place of what the image says.
    package struct Wishes: Equatable, Sendable {
        /// The arguments in place of `Cmd`; nil for those of the image.
        package var arguments: [Bytes]?
        /// Whether the process gets a terminal.
        package var terminal = false
        /// Layers on which the root stands, the topmost first, in place of a directory of its own.
        package var lowerLayers: [Bytes]?
        /// The root's directory, absolute or in the bundle.
        package var rootPath: Bytes = "rootfs"

        /// Nothing else than the image.
        package init() {}
    }

    /// A conversion of an image.
    package init(_ image: ImageConfiguration, _ wishes: Wishes) {
        self.image = image
        self.wishes = wishes
    }

    /// The configuration for the process of this user. Errors point into the image's configuration.
    package mutating func config(over base: Config, user: ImageUser) throws(ConfigErrors) -> Config {
        guard image.platform.os == "linux" else {
            throw ConfigErrors([ConfigError("/os", "the image is for \"\(image.platform.os)\", not for linux")])
        }
        var config = base
        // A bundle for any runtime says the oldest version that has all it uses: older ones refuse those that they do
        // not know.
        if wishes.lowerLayers == nil { config.ociVersion = "1.0.2" }
        var process = base.process ?? Config.Process(cwd: "/")
        process.terminal = wishes.terminal
        process.args = try arguments()
        process.env = environment(of: base, user)
        process.cwd = image.config.workingDir.map { $0.below("/").cleanedPath } ?? "/"
        var said = Config.Process.User(uid: user.uid, gid: user.gid)
        said.additionalGids = user.additionalGids.isEmpty ? nil : user.additionalGids
        process.user = said
        config.process = process
        // What is made of an image is a copy, or a union whose lower layers nobody can write: its programs expect to.
        config.root = Config.Root(path: wishes.rootPath, readonly: false)
        config.mounts = (base.mounts ?? []) + volumes(besides: base.mounts ?? [])
        config.annotations = annotations()
        return config
    }

    private func arguments() throws(ConfigErrors) -> [Bytes] {
        let all = (image.config.entrypoint ?? []) + (wishes.arguments ?? image.config.cmd ?? [])
        guard let program = all.first, !program.isEmpty else {
            throw ConfigErrors([
                ConfigError(
                    "/config/Cmd", "the image does not say what to run", hint: "say it after --: … -- /bin/sh")
            ])
        }
        return all
    }

    // MARK: Environment

    /// The image's entries as they are, then what a program cannot do without, where the image has not said it.
    private mutating func environment(of base: Config, _ user: ImageUser) -> [Bytes] {
        var entries: [Bytes] = []
        for (index, entry) in (image.config.env ?? []).enumerated() {
            if entry.firstIndex(of: 0x3d) ?? 0 > 0 {
                entries.append(entry)
            } else {
                warn(
                    ("/config/Env" as JSONPointer).appending(index),
                    "\"\(entry)\" is left out: it is not of the form NAME=value")
            }
        }
        var defaults = (base.process?.env ?? []).filter { wishes.terminal || !$0.hasPrefix("TERM=") }
        defaults.append("HOME=\(user.home ?? "/")")
        for entry in defaults {
            let name = entry.prefix((entry.firstIndex(of: 0x3d) ?? 0) + 1)
            if !entries.contains(where: { $0.hasPrefix(name) }) { entries.append(entry) }
        }
        return entries
    }

    // MARK: Volumes

    /// A tmpfs for each volume, with what the image has there: what is written is not in the root, and no directory of
    /// the host is used that somebody would have to remove. The runtime finds the place inside the root, so that a
    /// link in the image leads nowhere else (CVE-2022-23648).
    private mutating func volumes(besides mounts: [Config.Mount]) -> [Config.Mount] {
        var paths: [Bytes] = []
        for said in image.config.volumes ?? [] {
            let pointer = ("/config/Volumes" as JSONPointer).appending(said)
            let path = said.below("/").cleanedPath
            if said.split(0x2f).contains("..") {
                warn(pointer, "\"\(said)\" is left out: the path has \"..\"")
            } else if path == "/" {
                warn(pointer, "\"\(said)\" is left out: the root itself cannot be a volume")
            } else if mounts.contains(where: { $0.destination == path }) || Conversion.isKernels(path) {
                warn(pointer, "\"\(said)\" is left out: the runtime has its own file system there")
            } else if !paths.contains(path) {
                paths.append(path)
            }
        }
        // A volume in a volume comes after it.
        return paths.sorted().map { path in
            Config.Mount(
                destination: path, source: "tmpfs", type: "tmpfs", options: ["nosuid", "nodev", "tmpcopyup"])
        }
    }

    private static func isKernels(_ path: Bytes) -> Bool {
        (["/proc", "/sys", "/dev"] as [Bytes]).contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    // MARK: Annotations

    /// The labels, and what else the image says that a configuration has no place for. A label goes before both.
    private mutating func annotations() -> [Entry<Bytes>] {
        var all: [Entry<Bytes>] = []
        for label in image.config.labels ?? [] {
            if Conversion.commands(label.key) {
                warn(
                    ("/config/Labels" as JSONPointer).appending(label.key),
                    "the label is left out: as an annotation it would command the runtime")
            } else {
                all.append(label)
            }
        }
        func imply(_ name: Bytes, _ value: Bytes?) {
            let key: Bytes = "org.opencontainers.image.\(name)"
            guard let value, !all.contains(where: { $0.key == key }) else { return }
            all.append(Entry(key: key, value: value))
        }
        imply("os", image.platform.os)
        imply("architecture", image.platform.architecture)
        imply("variant", image.platform.variant)
        imply("os.version", image.platform.osVersion)
        imply("os.features", image.platform.osFeatures?.joined(","))
        imply("author", image.author)
        imply("created", image.created)
        imply("stopSignal", image.config.stopSignal)
        imply("exposedPorts", image.config.exposedPorts?.joined(","))
        if let layers = wishes.lowerLayers {
            all.append(Entry(key: "run.hull.overlay", value: "tmpfs"))
            all.append(Entry(key: "run.hull.overlay.lower", value: layers.map(Conversion.escaped).joined(":")))
        }
        return all
    }

    /// Annotations that change what hull, crun or runc do: files of the host that they write, layers that they mount,
    /// properties of units. Whoever made the image must not say them.
    package static let commanding: [Bytes] = [
        "run.hull.", "run.oci.", "org.systemd.property.", "org.criu.", "io.crun.", "module.wasm.", "krun.",
    ]

    /// Whether a key is of such an annotation.
    package static func commands(_ key: Bytes) -> Bool { commanding.contains { key.hasPrefix($0) } }

    /// A directory in a list of layers: a colon or backslash in it is no separator.
    private static func escaped(_ layer: Bytes) -> Bytes {
        var text: [UInt8] = []
        for byte in layer.array {
            if byte == 0x3a || byte == 0x5c { text.append(0x5c) }
            text.append(byte)
        }
        return Bytes(text)
    }

    private mutating func warn(_ pointer: JSONPointer, _ problem: Bytes) {
        warnings.append(ConfigError(pointer, problem))
    }
}
