// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullImage
import HullKernel
import HullLayers
import HullOCI
import Support

/// A layer of a test's image. What is said of it is true unless the test says otherwise.
struct TestLayer {
    var blob: [UInt8]
    var mediaType: Bytes
    var digest: Digest
    var size: UInt64
    var diffID: Digest

    init(blob: [UInt8], content: [UInt8], mediaType: Bytes) {
        self.blob = blob
        self.mediaType = mediaType
        digest = LayersTests.digest(blob)
        size = UInt64(blob.count)
        diffID = LayersTests.digest(content)
    }
    /// A plain archive.
    init(_ tar: Tar) { self.init(blob: tar.finished, content: tar.finished, mediaType: MediaType.layer) }
    /// A plain archive of entries.
    init(_ entries: (inout Tar) -> Void) {
        var tar = Tar()
        entries(&tar)
        self.init(tar)
    }
}

/// An image in a layout of its own, a store of its own, and beside both a tree that nobody may touch.
final class TestImage {
    let scratch = Scratch()
    let canary: String
    private let before: [String]
    var layout: String { scratch.path + "/layout" }
    var store: String { scratch.path + "/store" }

    init(_ layers: [TestLayer] = [], reference: Bytes = "test") throws {
        canary = scratch.path + "/canary"
        try Files.makeDirectory(canary + "/directory")
        try Files.write("untouched", to: canary + "/file")
        try Files.write("untouched", to: canary + "/directory/file")
        before = Files.fingerprint(canary)
        try write(layers, reference)
    }

    func write(_ layers: [TestLayer], _ reference: Bytes) throws {
        try Files.makeDirectory(layout + "/blobs/sha256")
        for layer in layers { try put(layer.blob, layout + "/blobs/sha256/" + layer.digest.hex.text) }
        let configuration = try add(
            Bytes(
                """
                {"architecture":"amd64","os":"linux","future":{"kept":[1.50]},"rootfs":{"type":"layers",
                "diff_ids":[\(layers.map { "\"" + $0.diffID.text.text + "\"" }.joined(separator: ","))]}}
                """
            ).array, MediaType.configuration)
        let manifest = try add(
            JSONWriter.text(
                of: ImageManifest(
                    config: configuration,
                    layers: layers.map {
                        ContentDescriptor(mediaType: $0.mediaType, digest: $0.digest, size: $0.size)
                    })), MediaType.manifest)
        var named = manifest
        named.annotations = [Entry(key: "org.opencontainers.image.ref.name", value: reference)]
        try put(JSONWriter.text(of: ImageIndex([named])), layout + "/index.json")
        try put(Bytes("{\"imageLayoutVersion\":\"1.0.0\"}").array, layout + "/oci-layout")
    }

    func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    private func add(_ bytes: [UInt8], _ type: Bytes) throws -> ContentDescriptor {
        let digest = LayersTests.digest(bytes)
        try put(bytes, layout + "/" + digest.blobPath.text)
        return ContentDescriptor(mediaType: type, digest: digest, size: UInt64(bytes.count))
    }

    func open(limits: UnpackLimits = UnpackLimits(), rights: Rights = .own) throws -> ImageStore {
        try ImageStore(root: Bytes(store), rights: rights, limits: limits)
    }

    @discardableResult
    func unpack(
        limits: UnpackLimits = UnpackLimits(), rights: Rights = .own,
        progress: (ImageStore.LayerProgress) -> Void = {
            _ in
        }
    ) throws -> ImageStore.UnpackedImage {
        let layout = try Layout(opening: Bytes(self.layout))
        guard let first = try layout.index().manifests.first else { throw Problem("no image") }
        return try open(limits: limits, rights: rights).unpack(
            try layout.image(first), from: layout, progress: progress)
    }

    /// Unpacks, and makes the whole tree: its directory.
    func flatten(limits: UnpackLimits = UnpackLimits(), rights: Rights = .own) throws -> String {
        let image = try unpack(limits: limits, rights: rights)
        try open().flatten(image.layers, into: Bytes(scratch.path + "/root"))
        return scratch.path + "/root"
    }

    /// Why the image cannot be unpacked; nil if it can.
    func refusal(limits: UnpackLimits = UnpackLimits()) throws -> ImageError? {
        do {
            _ = try unpack(limits: limits)
            return nil
        } catch let error as ImageError { return error }
    }

    /// What is in the store beyond its own directories, locks and documents.
    var leftovers: [String] { Files.list(store + "/layers/sha256") }
    var isCanaryUntouched: Bool { Files.fingerprint(canary) == before }
}

/// Mode and owner of a path as a text: `100644 0:0`.
func look(_ path: String) -> String {
    var it = stat()
    guard lstat(path, &it) == 0 else { return "nothing" }
    return "\(String(it.st_mode, radix: 8)) \(it.st_uid):\(it.st_gid)"
}

func modified(_ path: String) -> Int {
    var it = stat()
    return lstat(path, &it) == 0 ? it.st_mtim.tv_sec : -1
}

func attribute(_ name: String, of path: String) -> String? {
    guard let parent = try? Descriptor(opening: Bytes(path).parentPath, [.directory]) else { return nil }
    let all = try? DirectoryName.attributes(of: Bytes(path).lastComponent, in: parent.number)
    return all?.first { $0.name == Bytes(name) }.map { Bytes($0.value).text }
}

func setAttribute(_ name: String, _ value: String, of path: String) throws {
    let parent = try Descriptor(opening: Bytes(path).parentPath, [.directory])
    try DirectoryName.set(
        FileAttribute(name: Bytes(name), value: Bytes(value).array), of: Bytes(path).lastComponent, in: parent.number)
}
