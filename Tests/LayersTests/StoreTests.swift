// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullImage
import HullLayers
import HullOCI
import Support
import Testing

@Suite struct StoreTests {
    private var layers: [TestLayer] {
        [
            TestLayer { tar in
                tar.add("a/", "5", mode: 0o755)
                tar.add("a/file", "0", "lower")
            }, TestLayer { $0.add("a/other", "0", "upper") },
        ]
    }

    // Goal: a second unpacking touches no layer. Method: the blobs are gone, and all layers are reported as present.
    // (LY-11)
    @Test func second() throws {
        let image = try TestImage(layers)
        let first = try image.unpack()
        for layer in layers { Files.remove(image.layout + "/blobs/sha256/" + layer.digest.hex.text) }
        let stages = Stages()
        let second = try image.unpack { stages.all.append($0.stage) }
        #expect(second.layers == first.layers)
        #expect(stages.all == [.present, .present])
        #expect(first.layers.count == 2)
        #expect(Files.read(first.layers[1].text + "/a/file") == "lower")
        #expect(look(image.store) == "40700 0:0", "nobody else reaches programs with set-id bits")
    }
    private final class Stages { var all: [ImageStore.LayerProgress.Stage] = [] }

    // Goal: what a killed process left is in nobody's way. Method: a half-made layer is put where one is made.
    // (LY-12)
    @Test func leftover() throws {
        let image = try TestImage(layers)
        let chain = layers[0].diffID.hex.text
        try Files.makeDirectory(image.store + "/layers/sha256/.\(chain).new/diff/a")
        try Files.write("half", to: image.store + "/layers/sha256/.\(chain).new/diff/a/file", mode: 0)
        let unpacked = try image.unpack()
        #expect(Files.read(unpacked.layers[1].text + "/a/file") == "lower")
        #expect(image.leftovers.count == 2)
    }

    // Goal: eight at once make each layer once. Method: threads on stores of their own over one directory. (LY-13)
    @Test func together() async throws {
        let image = try TestImage(layers)
        let path = (image.layout, image.store)
        let results = try await withThrowingTaskGroup(of: ([Bytes], Int).self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let layout = try Layout(opening: Bytes(path.0))
                    let found = try layout.image(try #require(try layout.index().manifests.first))
                    let counter = Counter()
                    let store = try ImageStore(root: Bytes(path.1))
                    let done = try store.unpack(found, from: layout) { if $0.stage == .unpacked { counter.count += 1 } }
                    return (done.layers, counter.count)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results.map(\.0)).count == 1)
        #expect(results.reduce(0) { $0 + $1.1 } == 2)
        #expect(image.leftovers.count == 2)
    }
    private final class Counter { var count = 0 }

    // Goal: the list, removal, and a collection that takes only what nobody needs. Method: two images with one layer in
    // common, one removed; a bundle that holds the other. (LY-14)
    @Test func collection() throws {
        let image = try TestImage([layers[0]], reference: "one")
        let first = try image.unpack().manifest
        Files.remove(image.layout)
        try image.write(layers, "two")
        let second = try image.unpack().manifest
        let store = try image.open()
        #expect(try store.images().map(\.names).sorted { $0[0] < $1[0] } == [["one"], ["two"]])
        #expect(try store.images().allSatisfy { $0.size > 0 && !$0.layers.isEmpty })
        try Files.makeDirectory(image.scratch.path + "/bundle")
        try Files.write("{}", to: image.scratch.path + "/bundle/config.json")
        try store.hold(second, by: Bytes(image.scratch.path + "/bundle"))
        try store.remove(first)
        try store.remove(second)
        #expect(try store.images().isEmpty)
        #expect(try store.collect() == ImageStore.Collected(layers: 0, documents: 2, leftovers: 0))
        #expect(image.leftovers.count == 2, "the bundle needs both")
        Files.remove(image.scratch.path + "/bundle")
        #expect(try store.collect() == ImageStore.Collected(layers: 2, documents: 2, leftovers: 0))
        #expect(image.leftovers == [])
        #expect(Files.list(image.store + "/locks") == [])
        #expect(Files.list(image.store + "/holds") == [])
    }

    // Goal: a name leads to one image. Method: another image under the same name. (LY-15)
    @Test func renamed() throws {
        let image = try TestImage([layers[0]], reference: "latest")
        _ = try image.unpack()
        Files.remove(image.layout)
        try image.write(layers, "latest")
        let second = try image.unpack().manifest
        let named = try image.open().images().filter { $0.names == ["latest"] }
        #expect(named.map(\.manifest) == [second])
        #expect(try image.open().images().count == 2)
    }

    // Goal: the same image as a tar archive of its layout, and as docker save writes it. Method: both are made of the
    // layout by hand; the tree is the same. (LY-10)
    @Test(arguments: ["layout", "docker"]) func archives(_ form: String) throws {
        let image = try TestImage(layers)
        var tar = Tar()
        if form == "layout" {
            for name in ["oci-layout", "index.json"]
                + Files.list(image.layout + "/blobs/sha256").map({ "blobs/sha256/" + $0 })
            {
                let bytes = try #require(FileManager.default.contents(atPath: image.layout + "/" + name))
                tar.add("./" + Bytes(name), "0", Bytes([UInt8](bytes)))
            }
        } else {
            let diffIDs = layers.map { "\"\($0.diffID.text.text)\"" }.joined(separator: ",")
            let names = ["x/layer.tar", "y.tar.gz"]
            tar.add("x/layer.tar", "2", link: "../real.tar")
            tar.add("real.tar", "0", Bytes(layers[0].blob))
            tar.add("y.tar.gz", "0", Bytes(gzip(layers[1].blob)))
            let rootfs = "{\"type\":\"layers\",\"diff_ids\":[\(diffIDs)]}"
            tar.add(
                "config.json", "0", Bytes("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":\(rootfs)}"))
            tar.add(
                "manifest.json", "0",
                Bytes(
                    "[{\"Config\":\"config.json\",\"RepoTags\":[\"a:b\"],\"Layers\":[\"\(names[0])\",\"\(names[1])\"]}]"
                ))
        }
        let path = image.scratch.path + "/archive.tar"
        try image.put(tar.finished, path)
        let layout = try Layout(opening: Bytes(path))
        let said = try #require(try layout.index().manifests.first)
        #expect(said.reference == (form == "docker" ? "a:b" : "test"))
        let unpacked = try image.open().unpack(try layout.image(said), from: layout)
        #expect(Files.read(unpacked.layers[1].text + "/a/file") == "lower")
        #expect(Files.read(unpacked.layers[0].text + "/a/other") == "upper")
    }
}

@Suite struct CommitLayerTests {
    // Goal: an upper directory becomes a layer that gives the same union. Method: overlayfs's form by hand, committed,
    // unpacked again; what nobody here knows of the configuration is kept. (LY-16)
    @Test func commit() throws {
        let image = try TestImage([
            TestLayer { tar in
                tar.add("a/", "5", mode: 0o755)
                tar.add("a/old", "0", "old")
                tar.add("gone", "0", "old")
            }
        ])
        _ = try image.unpack()
        let upper = image.scratch.path + "/upper"
        try Files.makeDirectory(upper + "/a", mode: 0o750)
        try Files.write("new", to: upper + "/a/new", mode: 0o4711)
        Files.remove(upper + "/a/same")
        #expect(Foundation.link(upper + "/a/new", upper + "/a/same") == 0)
        try setAttribute("trusted.overlay.opaque", "y", of: upper + "/a")
        try setAttribute("user.x", "v", of: upper + "/a/new")
        #expect(mknod(upper + "/gone", S_IFCHR, 0) == 0)
        let layout = try Layout(opening: Bytes(image.layout))
        let base = try layout.image(try #require(try layout.index().manifests.first))
        let commit = Commit(
            upper: Bytes(upper), reference: "new", created: "2030-01-01T00:00:00Z", createdBy: "test", author: "me")
        let said = try commit.write(on: base, in: Bytes(image.layout))
        #expect(try commit.write(on: base, in: Bytes(image.layout)) == said, "the same changes give the same image")
        let again = try Layout(opening: Bytes(image.layout))
        #expect(try again.index().manifests.map(\.reference) == ["test", "new"])
        let made = try again.image(said)
        #expect(made.configuration.history.map(\.createdBy) == ["test"])
        #expect(Bytes(made.configurationBytes).text.contains("\"future\":{\"kept\":[1.50]}"))
        let unpacked = try image.open().unpack(made, from: again)
        try image.open().flatten(unpacked.layers, into: Bytes(image.scratch.path + "/root"))
        let root = image.scratch.path + "/root"
        #expect(Files.tree(root).map { String($0.dropFirst(root.count)) } == ["/a", "/a/new", "/a/same"])
        #expect(look(root + "/a") == "40750 0:0")
        #expect(look(root + "/a/new") == "104711 0:0")
        #expect(attribute("user.x", of: root + "/a/same") == "v")
        #expect(Files.inode(of: root + "/a/same") == Files.inode(of: root + "/a/new"))
    }

    // Goal: what a layer cannot say is an error. Method: a file with the name of a mark, a renamed directory. (LY-17)
    @Test func impossible() throws {
        let image = try TestImage([TestLayer { $0.add("a/", "5", mode: 0o755) }])
        let layout = try Layout(opening: Bytes(image.layout))
        let base = try layout.image(try #require(try layout.index().manifests.first))
        for (name, cause) in [
            (".wh.x", "names that begin with .wh. mark removals and cannot be in a layer"),
            ("moved", "overlayfs has left a part of it in the lower layers (redirect)"),
        ] {
            let upper = image.scratch.path + "/upper-" + name
            try Files.makeDirectory(upper + "/" + name)
            if name == "moved" { try setAttribute("trusted.overlay.redirect", "a", of: upper + "/moved") }
            let commit = Commit(upper: Bytes(upper), reference: nil, created: "", createdBy: "")
            let error = #expect(throws: ImageError.self) { try commit.write(on: base, in: Bytes(image.layout)) }
            #expect(error?.cause == Bytes(cause))
        }
        #expect(Files.list(image.layout + "/blobs/sha256").allSatisfy { !$0.hasPrefix(".") })
    }
}
