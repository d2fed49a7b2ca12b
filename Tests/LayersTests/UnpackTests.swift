// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullImage
import HullLayers
import Support
import Testing

@Suite struct UnpackTests {
    // Goal: every kind of file comes with mode, owner, time and content. Method: one of each, looked at by lstat(2).
    // (LY-01)
    @Test func kinds() throws {
        let image = try TestImage([
            TestLayer { tar in
                tar.add("./", "5", mode: 0o755)
                tar.add("bin/", "5", mode: 0o751, owner: (3, 4))
                tar.add("bin/tool", "0", "content", mode: 0o4755, owner: (0, 50))
                tar.add("bin/same", "1", link: "bin/tool")
                tar.add("link", "2", link: "/somewhere/else", mode: 0o777, owner: (7, 8))
                tar.add("pipe", "6", mode: 0o600)
                tar.add("null", "3", mode: 0o666, device: (1, 3))
                tar.add("loop", "4", mode: 0o660, device: (7, 0))
            }
        ])
        let root = try image.flatten()
        #expect(look(root + "/bin") == "40751 3:4")
        #expect(look(root + "/bin/tool") == "104755 0:50")
        #expect(Files.read(root + "/bin/tool") == "content")
        #expect(Files.inode(of: root + "/bin/same") == Files.inode(of: root + "/bin/tool"))
        #expect(look(root + "/link") == "120777 7:8")
        #expect(Files.linkTarget(root + "/link") == "/somewhere/else")
        #expect(look(root + "/pipe") == "10600 0:0")
        #expect(look(root + "/null") == "20666 0:0")
        #expect(look(root + "/loop") == "60660 0:0")
        for name in ["bin", "bin/tool", "link", "pipe", "null"] {
            #expect(modified(root + "/" + name) == 1_000_000_000, "\(name)")
        }
    }

    // Goal: each packing gives the same tree, also in several parts. Method: the same archive packed in four ways.
    // (LY-02)
    @Test(arguments: ["plain", "gzip", "zstd", "members"]) func packings(_ packing: String) throws {
        var tar = Tar()
        let text = Bytes([UInt8](repeating: 0x61, count: 700_000))
        tar.add("file", "0", text)
        let content = tar.finished
        let layer =
            switch packing {
            case "plain": TestLayer(tar)
            case "gzip": TestLayer(blob: gzip(content), content: content, mediaType: MediaType.layerGzip)
            case "zstd": TestLayer(blob: zstd(content), content: content, mediaType: MediaType.layerZstd)
            default:
                TestLayer(
                    blob: gzip(Array(content[..<1000])) + gzip([]) + gzip(Array(content[1000...])), content: content,
                    mediaType: MediaType.layerGzip)
            }
        let image = try TestImage([layer])
        let root = try image.flatten()
        #expect(Files.read(root + "/file") == text.text)
    }

    // Goal: names of pax, extended attributes, holes. Method: records by hand, a sparse file of GNU tar's 1.0 form.
    // (LY-01)
    @Test func extensions() throws {
        let long = Bytes(String(repeating: "d/", count: 90) + "caf\u{e9}")
        let map: Bytes = "1\n1048576\n3\n"
        let sparse = map + Bytes([UInt8](repeating: 0, count: 512 - map.count)) + "end"
        let image = try TestImage([
            TestLayer { tar in
                tar.add("short", "0", "x", pax: [("path", long), ("mtime", "1234567890.5")])
                tar.add("marked", "0", "x", pax: [("SCHILY.xattr.user.comment", "a=b\nc")])
                tar.add(
                    "GNUSparseFile.0/hole", "0", sparse,
                    pax: [
                        ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "hole"),
                        ("GNU.sparse.realsize", "2097152"),
                    ])
            }
        ])
        let root = try image.flatten()
        #expect(Files.read(root + "/" + long.text) == "x")
        #expect(modified(root + "/" + long.text) == 1_234_567_890)
        #expect(attribute("user.comment", of: root + "/marked") == "a=b\nc")
        let hole = try #require(FileManager.default.contents(atPath: root + "/hole"))
        #expect(hole.count == 2 << 20)
        #expect(Array(hole[(1 << 20)..<(1 << 20) + 3]) == Array("end".utf8))
        var it = stat()
        lstat(root + "/hole", &it)
        #expect(it.st_blocks * 512 < 1 << 20, "the hole is one")
    }

    // Goal: removals in the form of overlayfs, and without them in the whole tree. Method: a mark of each kind, before
    // and after what it could hit. (LY-03)
    @Test func whiteouts() throws {
        let base = TestLayer { tar in
            for name in ["a/", "b/", "c/", "d/"] as [Bytes] {
                tar.add(name, "5", mode: 0o755)
                tar.add(name + "old", "0", "old")
            }
            tar.add("gone", "0", "old")
        }
        let changes = TestLayer { tar in
            tar.add(".wh.gone")
            tar.add("a/", "5", mode: 0o700)
            tar.add("a/.wh..wh..opq")
            tar.add("a/new", "0", "new")
            tar.add("b/new", "0", "new")
            tar.add("b/.wh..wh..opq")
            tar.add(".wh.c")
            tar.add("c/", "5", mode: 0o711)
            tar.add("c/new", "0", "new")
            tar.add("d/", "5", mode: 0o755)
            tar.add("d/new", "0", "new")
            tar.add(".wh.d")
        }
        let image = try TestImage([base, changes])
        let unpacked = try image.unpack()
        let top = unpacked.layers[0].text
        #expect(look(top + "/gone") == "20000 0:0")
        for name in ["a", "b", "c", "d"] { #expect(attribute("trusted.overlay.opaque", of: top + "/" + name) == "y") }
        let root = try image.flatten()
        #expect(
            Files.tree(root).map { String($0.dropFirst(root.count)) } == [
                "/a", "/a/new", "/b", "/b/new", "/c", "/c/new", "/d", "/d/new",
            ])
        // The layer has no entry for b: it is as the lower layer says.
        #expect(look(root + "/b") == "40755 0:0")
        #expect(attribute("trusted.overlay.opaque", of: root + "/a") == nil)
    }

    // Goal: a directory that only a lower layer has keeps its attributes in the union. Method: the topmost layer has an
    // entry deep inside alone. (LY-04)
    @Test func inherited() throws {
        let image = try TestImage([
            TestLayer { tar in
                tar.add("./", "5", mode: 0o711, time: 1_100_000_000)
                tar.add("var/", "5", mode: 0o1777, owner: (5, 6), pax: [("SCHILY.xattr.user.note", "kept")])
                tar.add("var/lib/", "5", mode: 0o750, time: 1_200_000_000)
            }, TestLayer { tar in tar.add("var/lib/file", "0", "x") },
        ])
        let top = try image.unpack().layers[0].text
        #expect(look(top) == "40711 0:0")
        #expect(look(top + "/var") == "41777 5:6")
        #expect(attribute("user.note", of: top + "/var") == "kept")
        #expect(look(top + "/var/lib") == "40750 0:0")
        #expect(modified(top + "/var/lib") == 1_200_000_000)
    }

    // Goal: a link to a file of a lower layer is a second name of it in the union. Method: the two names are one inode
    // in the upper layer, with the file's content and attributes; a mark for the old name removes that one alone.
    // (LY-05)
    @Test func linkToLowerLayer() throws {
        let base = TestLayer { tar in
            tar.add("etc/", "5", mode: 0o755)
            tar.add("etc/file", "0", "lower", mode: 0o640, owner: (1, 2), pax: [("SCHILY.xattr.user.x", "y")])
        }
        let link = TestLayer { tar in tar.add("name", "1", link: "./etc/file") }
        let moved = TestLayer { tar in
            tar.add("name", "1", link: "etc/file")
            tar.add("etc/.wh.file")
        }
        let linked = try TestImage([base, link])
        let top = try linked.unpack().layers[0].text
        withKnownFile(top + "/name", top + "/etc/file")
        let image = try TestImage([base, moved])
        let root = try image.flatten()
        #expect(Files.read(root + "/name") == "lower")
        #expect(look(root + "/etc/file") == "nothing")
    }

    private func withKnownFile(_ path: String, _ other: String) {
        #expect(look(path) == "100640 1:2")
        #expect(Files.read(path) == "lower")
        #expect(attribute("user.x", of: path) == "y")
        #expect(Files.inode(of: path) == Files.inode(of: other))
    }

    // Goal: without root's rights all is unpacked, and what is not as it should be is counted. Method: such rights are
    // given; the files stay ours, devices are only made if the kernel allows, marks are of `user.`. (LY-06)
    @Test func withoutRights() throws {
        let image = try TestImage([
            TestLayer { tar in
                tar.add("a/", "5", mode: 0, owner: (1000, 1000))
                tar.add("a/file", "0", "x", mode: 0o600, owner: (33, 33), pax: [("SCHILY.xattr.trusted.x", "y")])
                tar.add("a/.wh..wh..opq")
            }
        ])
        let unpacked = try image.unpack(rights: Rights(keepsOwners: false, isTrusted: false))
        #expect(unpacked.warnings.owners == 2)
        #expect(unpacked.warnings.attributes == 1)
        let top = unpacked.layers[0].text
        #expect(look(top + "/a") == "40000 0:0")
        #expect(attribute("user.overlay.opaque", of: top + "/a") == "y")
        #expect(attribute("trusted.x", of: top + "/a/file") == nil)
        #expect(unpacked.warnings.lines("").count == 2)
    }

    // Goal: where each path comes from. Method: three layers, each with one of its own and one that it changes.
    // (LY-07)
    @Test func origins() throws {
        let image = try TestImage([
            TestLayer { tar in
                tar.add("a/", "5", mode: 0o755)
                tar.add("a/x", "0", "0")
                tar.add("a/y", "0", "0")
            },
            TestLayer { tar in
                tar.add("a/y", "0", "1")
                tar.add("z", "0", "1")
            }, TestLayer { tar in tar.add(".wh.z") },
        ])
        let unpacked = try image.unpack()
        let found = Found()
        try image.open().paths(of: unpacked.layers) { path in found.lines.append("\(path.path.text) \(path.layer)") }
        #expect(found.lines == [" 2", "a 1", "a/x 0", "a/y 1"])
    }
    private final class Found { var lines: [String] = [] }
}
