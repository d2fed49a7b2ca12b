// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullArchive
import HullBytes
import HullImage
import HullLayers
import HullOCI

/// A layer over another one: entries that are drawn, or the bytes themselves as an archive. It is refused with a
/// sentence, or all of its entries are in the union and what it removes is not; and nothing outside is touched.
enum LayersTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        do {
            let place = try Place()
            defer { place.remove() }
            if draw.bool() {
                let bytes = draw.all()
                _ = try place.unpack(bytes, packing: MediaType.layer)
                return place.problem
            }
            var entries: [TarEntry] = []
            while !draw.isEmpty, entries.count < 24 { entries.append(entry(&draw)) }
            let writer = TarWriter {
                place.archive.bytes += $0; return true
            }
            for entry in entries { try writer.begin(entry) }
            _ = try writer.finish()
            guard let paths = try place.unpack(place.archive.bytes, packing: MediaType.layerGzip) else {
                return place.problem
            }
            return place.problem ?? problem(entries, paths)
        } catch is StreamError { return nil } catch { return "\(error)" }
    }

    private static let words: [Bytes] = ["a", "b", "c", "d", ".", "..", "", ".wh.", ".wh..wh..opq", ".wh.x"]

    private static func path(_ draw: inout Draw) -> Bytes {
        var path: Bytes = ["", "", "/", "./"][Int(draw.byte() & 3)]
        for index in 0...draw.count(upTo: 3) {
            let part = draw.byte() & 15 == 0 ? ".wh." + draw.pick(words) : draw.word(words)
            path = path + (index > 0 ? "/" : "") + part
        }
        return path.contains(0) ? "a" : path
    }

    private static func entry(_ draw: inout Draw) -> TarEntry {
        let path = path(&draw)
        let kind: TarEntry.Kind =
            switch draw.byte() % 8 {
            case 0, 1: .directory
            case 2: .symbolicLink(to: draw.bool() ? Self.path(&draw) : "/dev/shm")
            case 3: .hardLink(to: Self.path(&draw))
            case 4: .characterDevice(major: UInt32(draw.byte() & 1), minor: UInt32(draw.byte() & 3))
            case 5: .fifo
            default: .file
            }
        let names: [Bytes] = ["user.x", "user.overlay.opaque", "trusted.overlay.redirect", "trusted.x"]
        let attributes =
            draw.byte() & 15 == 0 ? [TarEntry.Attribute(name: draw.pick(names), value: draw.text().array)] : []
        return TarEntry(
            path: path, kind: kind, permissions: UInt32(draw.byte()) << 4, uid: 0, gid: 0, size: 0,
            modified: (1, 0), attributes: attributes, position: 0)
    }

    /// An entry that is not in the union as what it is, or something of the lower layer that was removed.
    private static func problem(_ entries: [TarEntry], _ paths: [Bytes: ImagePath]) -> String? {
        var said: Set<Bytes> = []
        for entry in entries {
            let parts = entry.path.split(0x2f).filter { $0 != "." }
            said.insert(parts.joined("/"))
            if parts.contains(where: { $0.hasPrefix(".wh.") }) { continue }
            guard let found = paths[parts.joined("/")] else { return "\(entry.path.shown) is not there" }
            let wanted: UInt32? =
                switch entry.kind {
                case .file: 0o100000
                case .directory: 0o040000
                case .symbolicLink: 0o120000
                case .fifo: 0o010000
                default: nil
                }
            // A slash at the end makes a directory of a file (tar(5), "Old-Style Archive Format").
            if entry.path.hasSuffix("/") { continue }
            if let wanted, found.kindBits != wanted { return "\(entry.path.shown) is of kind \(found.kindBits)" }
        }
        for name in ["a", "b", "c"] as [Bytes] where said.contains(".wh." + name) {
            // The layer itself may have it, or something below.
            let isNamed = said.contains { $0 == name || $0.hasPrefix(name + "/") }
            let isLinked = entries.contains { if case .hardLink = $0.kind { true } else { false } }
            if !isNamed, !isLinked, paths[name] != nil { return "\(name) was removed and is there" }
        }
        return nil
    }

    /// What the archive is gathered in.
    private final class Archive { var bytes: [UInt8] = [] }

    /// A layout, a store, and a tree that must stay as it is, in memory.
    private final class Place {
        let path = "/dev/shm/layers.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let archive = Archive()
        private let lower: [UInt8]

        init() throws {
            for name in ["layout/blobs/sha256", "canary/a"] {
                try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
            }
            try Data("untouched".utf8).write(to: URL(filePath: "\(path)/canary/a/b"))
            let gathered = Archive()
            let writer = TarWriter {
                gathered.bytes += $0; return true
            }
            for (name, kind) in [
                ("a/", .directory), ("a/b", .file), ("b", .symbolicLink(to: "../../../../../canary")), ("c", .file),
            ] as [(Bytes, TarEntry.Kind)] {
                try writer.begin(
                    TarEntry(
                        path: name, kind: kind, permissions: 0o755, uid: 0, gid: 0, size: 0, modified: (1, 0),
                        attributes: [], position: 0))
            }
            _ = try writer.finish()
            lower = gathered.bytes
        }

        func remove() { try? FileManager.default.removeItem(atPath: path) }

        /// The union's paths; nil where the layer is refused.
        func unpack(_ blob: [UInt8], packing: Bytes) throws -> [Bytes: ImagePath]? {
            let layers = [try add(lower, MediaType.layerGzip), try add(blob, packing)]
            let diffIDs = [
                try Place.content(lower, .gzip), try? Place.content(blob, packing == MediaType.layer ? .none : .gzip),
            ]
            let ids = diffIDs.map { "\"sha256:\(($0 ?? Bytes(String(repeating: "0", count: 64))).text)\"" }
            let rootfs = "{\"type\":\"layers\",\"diff_ids\":[\(ids.joined(separator: ","))]}"
            let config = try add(
                Bytes("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":\(rootfs)}").array,
                MediaType.configuration)
            let manifest = try add(
                JSONWriter.text(of: ImageManifest(config: config, layers: layers)), MediaType.manifest)
            try write(JSONWriter.text(of: ImageIndex([manifest])), "layout/index.json")
            try write(Bytes("{\"imageLayoutVersion\":\"1.0.0\"}").array, "layout/oci-layout")
            let layout = try Layout(opening: Bytes("\(path)/layout"))
            let store = try ImageStore(root: Bytes("\(path)/store"), limits: UnpackLimits(content: 1 << 24))
            let unpacked: ImageStore.UnpackedImage
            do { unpacked = try store.unpack(try layout.image(manifest), from: layout) } catch {
                if error.cause.isEmpty { throw error }
                return nil
            }
            let found = Found()
            try store.paths(of: unpacked.layers) { found.paths[$0.path] = $0 }
            try store.flatten(unpacked.layers, into: Bytes("\(path)/root"))
            return found.paths
        }
        private final class Found { var paths: [Bytes: ImagePath] = [:] }

        private static func content(_ blob: [UInt8], _ packing: Compression) throws -> Bytes {
            let path = "/dev/shm/blob.\(getpid()).\(UInt32.random(in: 0 ... .max))"
            try Data(blob).write(to: URL(filePath: path))
            defer { try? FileManager.default.removeItem(atPath: path) }
            let file = FileRange(owning: open(path, O_RDONLY | O_CLOEXEC), offset: 0, size: UInt64(blob.count))
            let stream = LayerStream(
                file, packing, blob: .sha256, content: .sha256, limits: StreamLimits(content: 1 << 24, ratio: 256))
            let reader = TarReader(stream)
            while try reader.next() != nil {}
            return try reader.finish().content
        }

        private func add(_ bytes: [UInt8], _ type: Bytes) throws -> ContentDescriptor {
            var sum = Checksum(.sha256)
            sum.add(bytes)
            guard let digest = Digest(.sha256, hex: sum.finish()) else { preconditionFailure("64 digits") }
            try write(bytes, "layout/" + digest.blobPath.text)
            return ContentDescriptor(mediaType: type, digest: digest, size: UInt64(bytes.count))
        }

        private func write(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }

        /// What is wrong around the store.
        var problem: String? {
            let canary = FileManager.default.contents(atPath: "\(path)/canary/a/b")
            let all = try? FileManager.default.subpathsOfDirectory(atPath: "\(path)/canary").sorted()
            if canary != Data("untouched".utf8) || all != ["a", "a/b"] { return "the tree outside was touched" }
            let layers = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/store/layers/sha256")) ?? []
            return layers.contains { $0.hasPrefix(".") } ? "a half-made layer is left" : nil
        }
    }
}
