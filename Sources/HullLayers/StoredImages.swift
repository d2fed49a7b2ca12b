// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
package import HullBytes
package import HullImage
internal import HullKernel
internal import HullLinux
internal import HullOCI

// Which images are in the store, who uses them, and what nobody does.

/// An image of the store.
package struct StoredImage: Equatable, Sendable {
    /// Its manifest.
    package let manifest: Digest
    /// The names that layouts gave it.
    package let names: [Bytes]
    /// Its configuration.
    package let configuration: ImageConfiguration
    /// Its layers' directories, the topmost first; some may be gone.
    package let layers: [Bytes]
    /// The sizes of its blobs together.
    package let size: UInt64
}

extension ImageStore {
    /// Keeps the documents, and the name under which the image was chosen. A name leads to one image: the former one
    /// loses it.
    func record(_ image: ResolvedImage) throws(ImageError) {
        let manifest = image.descriptor.digest
        let lock = try lock("locks/documents", exclusive: true)
        try keep(image.manifestBytes, as: manifest)
        try keep(image.configurationBytes, as: image.manifest.config.digest)
        let name = image.descriptor.reference
        var names = try names(of: manifest)
        if let name, !names.contains(name) {
            names.append(name)
            for other in try manifests("images") where other != manifest {
                let others = try self.names(of: other)
                guard others.contains(name) else { continue }
                try write(names: others.filter { $0 != name }, of: other)
            }
        } else if try exists("images/\(manifest.algorithm.name)-\(manifest.hex)") {
            return
        }
        try write(names: names, of: manifest)
        _ = consume lock
    }

    private func write(names: [Bytes], of manifest: Digest) throws(ImageError) {
        let lines = names.filter { !$0.contains(0x0a) }.reduce("" as Bytes) { $0 + $1 + "\n" }
        try replaceFile("images/\(manifest.algorithm.name)-\(manifest.hex)", lines.array)
    }

    private func names(of manifest: Digest) throws(ImageError) -> [Bytes] {
        let file: Bytes = "images/\(manifest.algorithm.name)-\(manifest.hex)"
        guard try exists(file) else { return [] }
        return Bytes(try readFile(file)).split(0x0a)
    }

    /// The digests that are names of files in a directory of the store.
    private func manifests(_ directory: Bytes) throws(ImageError) -> [Digest] {
        try names(in: directory).compactMap { name in
            let parts = name.split(UInt8(ascii: "-"))
            return parts.count == 2 ? Digest(parts[0] + ":" + parts[1]) : nil
        }.sorted()
    }

    private func keep(_ bytes: [UInt8], as digest: Digest) throws(ImageError) {
        if try !exists(digest.blobPath) { try replaceFile(digest.blobPath, bytes) }
    }

    /// All images, in the order of their digests.
    package func images() throws(ImageError) -> [StoredImage] {
        var images: [StoredImage] = []
        for digest in try manifests("images") {
            // Documents that are damaged or gone: the image is as good as not there, and is made anew when it is asked
            // for.
            guard let image = try? stored(digest) else { continue }
            images.append(image)
        }
        return images
    }

    private func stored(_ digest: Digest) throws(ImageError) -> StoredImage {
        let manifest = try document(digest) { bytes throws(ConfigErrors) in try ImageManifest(reading: bytes) }
        let configuration = try document(manifest.config.digest) { bytes throws(ConfigErrors) in
            try ImageConfiguration(reading: bytes)
        }
        return StoredImage(
            manifest: digest, names: try names(of: digest), configuration: configuration,
            layers: chainIDs(configuration.diffIDs).reversed().map(path(of:)),
            size: manifest.layers.reduce(manifest.config.size) { $0 &+ $1.size })
    }

    private func document<Value>(
        _ digest: Digest, _ read: ([UInt8]) throws(ConfigErrors) -> Value
    ) throws(ImageError) -> Value {
        let bytes = try readFile(digest.blobPath)
        do throws(ConfigErrors) { return try read(bytes) } catch {
            throw ImageError("read a document", digest.text, error.list.first?.problem ?? "it cannot be read")
        }
    }

    /// Takes an image off the list. Its layers go with the next collection, if nobody else needs them.
    package func remove(_ manifest: Digest) throws(ImageError) {
        let lock = try lockWhole(exclusive: false)
        try system("remove the image", manifest.text) { () throws(SystemError) in
            try DirectoryName.remove("images/\(manifest.algorithm.name)-\(manifest.hex)", in: directory.number)
        }
        _ = consume lock
    }

    /// Says that a bundle uses the layers of an image: they stay as long as its config.json does.
    package func hold(_ manifest: Digest, by bundle: Bytes) throws(ImageError) {
        let whole = try lockWhole(exclusive: false)
        let lock = try lock("locks/documents", exclusive: true)
        let name = Digest.sum(of: bundle.array).hex
        try replaceFile("holds/\(name)", ("\(manifest.text)\n\(bundle)" as Bytes).array)
        _ = consume lock
        _ = consume whole
    }

    /// What a collection has removed.
    package struct Collected: Equatable, Sendable {
        /// Layers.
        package var layers = 0
        /// Documents.
        package var documents = 0
        /// What processes left that were killed.
        package var leftovers = 0

        /// A result.
        package init(layers: Int = 0, documents: Int = 0, leftovers: Int = 0) {
            self.layers = layers
            self.documents = documents
            self.leftovers = leftovers
        }
    }

    /// Removes what no image on the list and no bundle needs. Waits for those who unpack, and they wait for it.
    package func collect() throws(ImageError) -> Collected {
        let lock = try lockWhole(exclusive: true)
        var used: Set<Bytes> = []
        for manifest in try manifests("images") + holders() {
            used.insert(manifest.blobPath)
            guard let image = try? stored(manifest) else { continue }
            let parsed = try document(manifest) { bytes throws(ConfigErrors) in try ImageManifest(reading: bytes) }
            used.insert(parsed.config.digest.blobPath)
            for id in chainIDs(image.configuration.diffIDs) { used.insert("layers/sha256/" + id.hex) }
        }
        var collected = Collected()
        for name in try names(in: "layers/sha256") where !used.contains("layers/sha256/" + name) {
            if name.hasPrefix(".") { collected.leftovers += 1 } else { collected.layers += 1 }
            try removeLayer(name)
        }
        for algorithm in Digest.Algorithm.allCases {
            let place: Bytes = "blobs/\(algorithm.name)"
            for name in try names(in: place) where !used.contains(place + "/" + name) {
                try removeFile(place + "/" + name)
                if name.hasPrefix(".") { collected.leftovers += 1 } else { collected.documents += 1 }
            }
        }
        for place in ["images", "holds"] as [Bytes] {
            for name in try names(in: place) where name.hasPrefix(".") {
                try removeFile(place + "/" + name)
                collected.leftovers += 1
            }
        }
        for name in try names(in: "locks") { try removeFile("locks/" + name) }
        _ = consume lock
        return collected
    }

    /// The images that bundles use; forgets bundles that are gone.
    private func holders() throws(ImageError) -> [Digest] {
        var all: [Digest] = []
        for name in try names(in: "holds") where !name.hasPrefix(".") {
            let lines = Bytes(try readFile("holds/" + name)).split(0x0a, omittingEmpty: false)
            let bundle = Array(lines.dropFirst()).joined("\n")
            let exists = try system("look for a bundle", bundle) { () throws(SystemError) in
                try HostFiles.status(bundle + "/config.json") != nil
            }
            if exists, let first = lines.first, let digest = Digest(first) {
                all.append(digest)
            } else {
                try removeFile("holds/" + name)
            }
        }
        return all
    }

    /// A layer loses its name first: what is left of it, should this be interrupted, is no layer any more.
    private func removeLayer(_ name: Bytes) throws(ImageError) {
        try system("remove a layer", name) { () throws(SystemError) in
            let parent = try Descriptor(opening: "layers/sha256", [.directory], strictlyIn: directory.number)
            let gone = name.hasPrefix(".") ? name : "." + name + ".gone"
            if gone != name { try DirectoryName.rename(name, in: parent.number, to: gone, in: parent.number) }
            try DirectoryName.removeTree(gone, in: parent.number)
        }
    }
}

// MARK: Files of the store

extension ImageStore {
    func exists(_ name: Bytes) throws(ImageError) -> Bool {
        try system("look into the store", name) { () throws(SystemError) in
            try RootDirectory.status(name, in: directory.number) != nil
        }
    }

    func names(in name: Bytes) throws(ImageError) -> [Bytes] {
        try system("look into the store", name) { () throws(SystemError) in
            try Descriptor(opening: name, [.directory], strictlyIn: directory.number).entries().sorted()
        }
    }

    func readFile(_ name: Bytes) throws(ImageError) -> [UInt8] {
        try system("read a file of the store", name) { () throws(SystemError) in
            try Descriptor(opening: name, [.noFollow], strictlyIn: directory.number).readAll(name)
        }
    }

    func writeFile(_ name: Bytes, _ bytes: [UInt8]) throws(ImageError) {
        try system("write a file of the store", name) { () throws(SystemError) in
            let file = try Descriptor(
                opening: name, [.write, .create, .exclusive, .noFollow], mode: 0o600, strictlyIn: directory.number)
            try file.writeAll(Bytes(bytes), name)
        }
    }

    /// Others see the old file or the new one whole. The caller has the lock of the documents: what is there under the
    /// new one's name was left by a process that was killed.
    func replaceFile(_ name: Bytes, _ bytes: [UInt8]) throws(ImageError) {
        let sibling: Bytes = "\(name.parentPath)/.new"
        try system("write a file of the store", name) { () throws(SystemError) in
            try DirectoryName.removeTree(sibling, in: directory.number)
            let file = try Descriptor(
                opening: sibling, [.write, .create, .exclusive, .noFollow], mode: 0o600, strictlyIn: directory.number)
            try file.writeAll(Bytes(bytes), name)
            try file.sync()
            try DirectoryName.rename(sibling, in: directory.number, to: name, in: directory.number)
        }
    }

    func removeFile(_ name: Bytes) throws(ImageError) {
        try system("remove a file of the store", name) { () throws(SystemError) in
            try DirectoryName.remove(name, in: directory.number)
        }
    }
}
