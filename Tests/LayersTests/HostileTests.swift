// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullImage
import HullLayers
import Support
import Testing

@Suite struct HostileTests {
    // Goal: an archive that means harm is refused with a sentence, and touches nothing. Method: each of the table, with
    // a tree beside the store that must stay as it is, and an empty store afterwards but for good lower layers.
    // (LY-20)
    @Test(arguments: attacks) func refused(_ attack: Attack) throws {
        let image = try TestImage()
        var lower = Tar()
        attack.lower(&lower, image.canary)
        var upper = Tar()
        attack.entries(&upper, image.canary)
        let layers = lower.bytes.isEmpty ? [TestLayer(upper)] : [TestLayer(lower), TestLayer(upper)]
        try image.write(layers, "attack")
        let refusal = try #require(try image.refusal())
        #expect(refusal.cause == Bytes(attack.cause))
        #expect(refusal.operation.hasPrefix("unpack layer sha256:"))
        #expect(image.isCanaryUntouched)
        #expect(image.leftovers.count == layers.count - 1)
    }

    static let falsehoods: [(String, String, @Sendable (inout TestLayer) -> Void)] = [
        ("digest", "the blob's content has the digest sha256:", { $0.digest = digest([1]) }),
        ("diffID", "the archive has the digest sha256:", { $0.diffID = digest([1]) }),
        ("size", "bytes, its descriptor says 7", { $0.size = 7 }),
        ("size beyond", "allowed is 0 to 9223372036854775807", { $0.size = 1 << 63 }),
        ("kind", "this is not a gzip stream, or a damaged one", { $0.mediaType = MediaType.layerGzip }),
        ("unknown kind", "the layer is of a kind that cannot be unpacked", { $0.mediaType = "text/plain" }),
        (
            "foreign", "the layer's content is not distributed with the image",
            { $0.mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar" }
        ),
    ]

    // Goal: what a descriptor says must be true. Method: one lie at a time about a good layer. (LY-21)
    @Test(arguments: falsehoods.indices) func lies(_ index: Int) throws {
        let (_, cause, lie) = Self.falsehoods[index]
        var layer = TestLayer { $0.add("file", "0", "x") }
        lie(&layer)
        let image = try TestImage([layer])
        let refusal = try #require(try image.refusal())
        #expect(refusal.cause.text.contains(cause), "\(refusal.cause.text)")
        #expect(image.leftovers == [])
    }

    static let badStreams: [(String, String, @Sendable ([UInt8]) -> ([UInt8], Bytes))] = [
        ("gzip cut", "the gzip stream ends in its middle", { (Array(gzip($0).dropLast(9)), MediaType.layerGzip) }),
        (
            "gzip sum", "this is not a gzip stream, or a damaged one",
            {
                var bytes = gzip($0)
                bytes[bytes.count - 5] ^= 1
                return (bytes, MediaType.layerGzip)
            }
        ),
        (
            "gzip and more", "something that is no gzip stream follows the end of the stream",
            {
                (gzip($0) + [1, 2, 3, 4], MediaType.layerGzip)
            }
        ),
        ("zstd cut", "the zstd stream ends in its middle", { (Array(zstd($0).dropLast(9)), MediaType.layerZstd) }),
        (
            "zstd and more", "something that is no zstd stream follows the end of the stream",
            {
                (zstd($0) + [1, 2, 3, 4], MediaType.layerZstd)
            }
        ),
        (
            "zstd window", "the zstd stream needs more than 128 MiB to be decompressed",
            { _ in
                ([0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0], MediaType.layerZstd)
            }
        ),
        ("nothing", "the gzip stream ends in its middle", { _ in ([], MediaType.layerGzip) }),
        (
            "no tar", "the tar archive is damaged: Unrecognized archive format",
            { _ in
                (Array("this is no archive".utf8), MediaType.layer)
            }
        ),
    ]

    // Goal: a stream that is cut, damaged or continued is refused. Method: a good archive, packed in each wrong way.
    // (LY-22)
    @Test(arguments: badStreams.indices) func streams(_ index: Int) throws {
        var tar = Tar()
        tar.add("file", "0", Bytes([UInt8](repeating: 0x62, count: 300_000)))
        let (blob, type) = Self.badStreams[index].2(tar.finished)
        let image = try TestImage([TestLayer(blob: blob, content: tar.finished, mediaType: type)])
        let refusal = try #require(try image.refusal())
        #expect(refusal.cause == Bytes(Self.badStreams[index].1))
        #expect(image.leftovers == [])
    }

    // Goal: an archive that says wrong sizes or goes on after its end is refused. Method: each by hand. (LY-23)
    @Test func archives() throws {
        func refusal(_ bytes: [UInt8]) throws -> String {
            let image = try TestImage([TestLayer(blob: bytes, content: bytes, mediaType: MediaType.layer)])
            let error = try #require(try image.refusal())
            #expect(image.leftovers == [])
            return error.cause.text
        }
        var good = Tar()
        good.add("file", "0", "x")
        #expect(try refusal(good.finished + good.finished) == "something follows the end of the tar archive")
        #expect(
            try refusal(good.finished + [UInt8](repeating: 0, count: 600_000) + [1])
                == "something follows the end of the tar archive")
        for size: UInt64 in [1 << 62, 1 << 63, .max] {
            var tar = Tar()
            tar.add("file", "0", "x", size: size)
            let cause = try refusal(tar.finished)
            #expect(
                cause.contains("which is the limit") || cause.contains("the tar archive is damaged")
                    || cause.contains("negative"), "\(cause)")
        }
        var short = Tar()
        short.add("file", "0", "x", size: 100_000)
        #expect(try refusal(short.finished) == "the tar archive is damaged: Truncated tar archive")
    }

    // Goal: a bomb ends at the limits, of bytes, of density and of entries. Method: zeros in zstd, 64 KiB in 4 bytes; a
    // sparse file; many entries. (LY-24)
    @Test func bombs() throws {
        func refusal(_ blob: [UInt8], _ type: Bytes, _ limits: UnpackLimits) throws -> String {
            let image = try TestImage([TestLayer(blob: blob, content: blob, mediaType: type)])
            let error = try #require(try image.refusal(limits: limits))
            #expect(image.leftovers == [])
            return error.cause.text
        }
        let dense = zstdZeros(blocks: 2000)
        #expect(
            try refusal(dense, MediaType.layerZstd, UnpackLimits())
                == "more than 256 times the size of the blob comes out, which is the limit")
        #expect(
            try refusal(dense, MediaType.layerZstd, UnpackLimits(content: 1 << 20))
                == "more than 1048576 bytes come out, which is the limit")
        var many = Tar()
        for index in 0..<20 { many.add("file\(index)", "0", "") }
        #expect(
            try refusal(many.finished, MediaType.layer, UnpackLimits(entries: 10))
                == "the layer has more than 10 entries")
        var sparse = Tar()
        sparse.add(
            "s", "0", Bytes([UInt8]("0\n".utf8) + [UInt8](repeating: 0, count: 510)),
            pax: [
                ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"),
                ("GNU.sparse.realsize", "1000000000000"),
            ])
        #expect(
            try refusal(sparse.finished, MediaType.layer, UnpackLimits())
                == "with its 1000000000000 bytes the layer would have more than 68719476736, which is the limit")
    }

    // Goal: a layout's files are in it. Method: a blob that is a link to a file outside, a fifo, and one that is gone.
    // (LY-25)
    @Test func layoutFiles() throws {
        let layer = TestLayer { $0.add("file", "0", "x") }
        for (kind, cause) in [
            ("link", "it is a symbolic link, or below one"), ("fifo", "it is not a regular file"),
            ("gone", "no such file or directory"),
        ] {
            let image = try TestImage([layer])
            let blob = image.layout + "/blobs/sha256/" + layer.digest.hex.text
            try FileManager.default.moveItem(atPath: blob, toPath: image.canary + "/blob")
            if kind == "link" { try Files.link(image.canary + "/blob", at: blob) }
            if kind == "fifo" { mkfifo(blob, 0o600) }
            #expect(try image.refusal()?.cause == Bytes(cause))
            Files.remove(image.canary + "/blob")
        }
    }

    // Goal: no archive makes the unpacker crash or leave the store. Method: a good archive with bytes changed at random
    // places by a generator with a known start; what comes is a sentence or a tree. (LY-26)
    @Test func mutations() throws {
        var random = Generator(state: 42)
        let image = try TestImage()
        var tar = Tar()
        tar.add("a/", "5", mode: 0o755)
        tar.add("a/file", "0", "content", pax: [("SCHILY.xattr.user.x", "y"), ("path", "a/long")])
        tar.add("a/link", "2", link: Bytes(image.canary))
        tar.add("a/hard", "1", link: "a/long")
        tar.add("a/.wh.x")
        tar.add("b/.wh..wh..opq")
        let good = tar.finished
        for round in 0..<120 {
            var bytes = good
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                bytes[place] =
                    round % 2 == 0 ? UInt8(random.next() & 0xff) : [0x2e, 0x2f, 0x30, 0x37][Int(random.next() % 4)]
            }
            fixSums(&bytes)
            let layer = TestLayer(blob: bytes, content: bytes, mediaType: MediaType.layer)
            Files.remove(image.layout)
            try image.write([layer], "mutation")
            _ = try image.refusal()
            #expect(image.isCanaryUntouched, "round \(round)")
        }
        #expect(image.leftovers.allSatisfy { !$0.hasPrefix(".") })
    }

    /// Headers whose sums are wrong would all be refused for that alone.
    private func fixSums(_ bytes: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257] == 0x75 {
            for index in 148..<156 { bytes[start + index] = 0x20 }
            let sum = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            let text = Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0]
            bytes.replaceSubrange(start + 148..<start + 155, with: text)
        }
    }
}

/// Numbers that are the same in every run.
struct Generator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
