// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullImage
internal import HullLayers
internal import HullOCI

/// An image in a listing.
private struct ListedImage: JSONWritable {
    let names: [Bytes]
    let digest: Digest
    let platform: Platform?
    let created: Bytes?
    let layers: Int?
    let size: UInt64?

    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("names", names as [Bytes]?)
            writer.member("digest", digest.text)
            writer.member("platform", platform)
            writer.member("created", created)
            writer.member("layers", layers.map(Int64.init))
            writer.member("size", size)
        }
    }

    var row: [Bytes] {
        [
            names.isEmpty ? "-" : names.joined(", "), digest.short, platform?.text ?? "-", created ?? "-",
            layers.map { Bytes(decimal: $0) } ?? "-", size.map(amount) ?? "-",
        ]
    }
}

extension ImageProgram {
    func list(_ options: ImageListOptions) throws(ImageError) {
        let found: [ListedImage]
        if let layout = options.layout { found = try images(inLayout: layout) } else { found = try stored() }
        switch options.format {
        case .json: print(Bytes(JSONWriter.text(of: found)) + "\n")
        case .table:
            print(columns([["NAME", "IMAGE", "PLATFORM", "CREATED", "LAYERS", "SIZE"]] + found.map(\.row)))
        }
    }

    private func stored() throws(ImageError) -> [ListedImage] {
        try openStore().images().map { image in
            ListedImage(
                names: image.names, digest: image.manifest, platform: image.configuration.platform,
                created: image.configuration.created, layers: image.layers.count, size: image.size)
        }
    }

    /// The images that a layout has, those of its indexes too. What cannot be read, since only a part was copied, is
    /// listed by what its descriptor says.
    private func images(inLayout path: Bytes) throws(ImageError) -> [ListedImage] {
        let layout = try Layout(opening: path)
        var found: [ListedImage] = []
        var rest = try layout.index().manifests.map { (descriptor: $0, name: $0.name, depth: 0) }[...]
        while let (descriptor, name, depth) = rest.popFirst(), found.count < 10_000 {
            if MediaType.isIndex(descriptor.mediaType), depth < 8, let inner = try? layout.index(descriptor) {
                rest = (inner.manifests.map { ($0, $0.name ?? name, depth + 1) } + rest)[...]
                continue
            }
            let image = MediaType.isManifest(descriptor.mediaType) ? try? layout.image(descriptor) : nil
            found.append(
                ListedImage(
                    names: name.map { [$0] } ?? [], digest: descriptor.digest,
                    platform: image?.configuration.platform ?? descriptor.platform,
                    created: image?.configuration.created, layers: image?.manifest.layers.count,
                    size: image.map { $0.manifest.layers.reduce($0.manifest.config.size) { $0 &+ $1.size } }))
        }
        return found
    }

    // MARK: One image

    func inspect(_ options: ImageInspectOptions) throws(ImageError) {
        let (_, image) = try choose(options.image, options.platform)
        if options.format == .json {
            return print(Bytes(JSONWriter.text(of: ImageDocuments(image: image), .blanks(2))) + "\n")
        }
        let said = image.configuration
        var rows: [[Bytes]] = [["Digest:", image.descriptor.digest.text]]
        func add(_ name: Bytes, _ value: Bytes?) { if let value, !value.isEmpty { rows.append([name, value]) } }
        add("Name:", image.descriptor.name)
        add("Platform:", said.platform.text)
        add("Created:", said.created)
        add("Author:", said.author)
        add("Entrypoint:", said.config.entrypoint.map(words))
        add("Cmd:", said.config.cmd.map(words))
        add("User:", said.config.user)
        add("WorkingDir:", said.config.workingDir)
        add("StopSignal:", said.config.stopSignal)
        add("Ports:", said.config.exposedPorts?.joined(", "))
        add("Volumes:", said.config.volumes?.joined(", "))
        for entry in said.config.env ?? [] { add("Env:", entry) }
        for label in said.config.labels ?? [] { add("Label:", "\(label.key)=\(label.value)") }
        for (index, layer) in image.manifest.layers.enumerated() {
            add("Layer \(index + 1):", "\(layer.digest.text)  \(amount(layer.size))")
        }
        print(columns(rows))
    }

    func diff(_ options: ImageDiffOptions) throws(ImageError) {
        let (layout, image) = try choose(options.image, options.platform)
        let store = try openStore()
        let unpacked = try unpack(image, from: layout, into: store, progress: 2)
        var lines: [UInt8] = []
        try store.paths(of: unpacked.layers) { path in
            lines += ("\(path.layer + 1) \(kind(path.kindBits)) " as Bytes).array
            lines += (octal(path.permissions) + " \(path.size) /\(printable(path.path))\n").array
        }
        print(Bytes(lines))
    }
}

/// The documents of an image as they are.
private struct ImageDocuments: JSONWritable {
    let image: ResolvedImage

    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("digest", image.descriptor.digest.text)
            writer.member("name", image.descriptor.name)
            writer.member("manifest", try? JSONDocument(image.manifestBytes))
            writer.member("configuration", try? JSONDocument(image.configurationBytes))
        }
    }
}

/// Arguments so that one sees where each ends.
private func words(_ arguments: [Bytes]) -> Bytes { arguments.map(quoted).joined(" ") }

/// The letter that ls(1) has for a kind of file.
private func kind(_ bits: UInt32) -> Bytes {
    switch bits >> 12 {
    case 0o14: "s"
    case 0o12: "l"
    case 0o10: "-"
    case 0o6: "b"
    case 0o4: "d"
    case 0o2: "c"
    case 0o1: "p"
    default: "?"
    }
}

/// Four octal digits.
private func octal(_ mode: UInt32) -> Bytes {
    Bytes([9, 6, 3, 0].map { UInt8(truncatingIfNeeded: mode >> $0 & 7) + 0x30 })
}
