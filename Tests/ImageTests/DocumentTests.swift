// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullImage
import HullOCI
import Testing

/// Sixty-four digits.
let someHex = Bytes([UInt8](repeating: UInt8(ascii: "a"), count: 64))
let someDigest: Bytes = "sha256:\(someHex)"

@Suite struct DocumentTests {
    // Goal: only a digest that can be verified is one (IA-01). Method: the grammar's borders.
    @Test(
        arguments: [
            (someDigest, true),
            ("sha512:\(someHex)\(someHex)", true),
            ("sha256:\(someHex)a", false),
            ("sha256:\(someHex.dropFirst(1))", false),
            ("sha256:\(someHex.dropFirst(1))A", false),
            ("sha256:\(someHex.dropFirst(1))/", false),
            ("SHA256:\(someHex)", false),
            ("blake3:\(someHex)", false),
            ("sha512:\(someHex)", false),
            (someHex, false),
            ("sha256", false),
            ("", false),
        ] as [(Bytes, Bool)])
    func digests(text: Bytes, isDigest: Bool) {
        let digest = Digest(text)
        #expect((digest != nil) == isDigest)
        if let digest { #expect(digest.text == text) }
    }

    // Goal: how a layer is packed follows from its type alone (IA-04). Method: every known type, and what is refused.
    @Test func layerKinds() throws {
        for (type, kind) in [
            ("application/vnd.oci.image.layer.v1.tar", .tar), ("application/vnd.oci.image.layer.v1.tar+gzip", .gzip),
            ("application/vnd.oci.image.layer.v1.tar+zstd", .zstd),
            ("application/vnd.docker.image.rootfs.diff.tar", .tar),
            ("application/vnd.docker.image.rootfs.diff.tar.gzip", .gzip),
            ("application/vnd.docker.image.rootfs.diff.tar.zstd", .zstd),
        ] as [(Bytes, LayerKind)] {
            #expect(try LayerKind(type) == kind, "\(type.text)")
        }
        for type in [
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ] as [Bytes] {
            #expect(throws: LayerKind.Problem.notDistributable(type)) { try LayerKind(type) }
        }
        for type in ["", "application/vnd.oci.image.layer.v1.tar+xz", "text/plain"] as [Bytes] {
            #expect(throws: LayerKind.Problem.unknown(type)) { try LayerKind(type) }
        }
    }

    // Goal: a document that two readers could take for different things is refused, at the place (IA-02).
    // Method: one wrong thing in each document.
    @Test(
        arguments: [
            (#""manifests":[],"config":{}"#, "/config"),
            (#""manifests":[],"layers":[]"#, "/layers"),
            (#""manifests":[],"fsLayers":[]"#, "/fsLayers"),
            (#""manifests":[],"manifests":[]"#, "/manifests"),
            (#""manifests":{}"#, "/manifests"),
            (#""manifests":null"#, "/manifests"),
            (#""annotations":{}"#, "/manifests"),
            (#""manifests":[{"mediaType":"x","digest":"sha256:0","size":1}]"#, "/manifests/0/digest"),
            (#""manifests":[{"mediaType":"x","digest":"\#(someDigest.text)","size":-1}]"#, "/manifests/0/size"),
            (
                #""manifests":[{"mediaType":"x","digest":"\#(someDigest.text)","size":9223372036854775808}]"#,
                "/manifests/0/size"
            ),
            (#""manifests":[{"mediaType":"x","digest":"\#(someDigest.text)","size":1.0}]"#, "/manifests/0/size"),
            (#""manifests":[{"mediaType":"x","digest":"\#(someDigest.text)"}]"#, "/manifests/0/size"),
            (#""manifests":[{"digest":"\#(someDigest.text)","size":1}]"#, "/manifests/0/mediaType"),
            (#""manifests":[],"mediaType":"application/vnd.oci.image.manifest.v1+json""#, "/mediaType"),
            (#""manifests":[],"annotations":{"a":1}"#, "/annotations/a"),
        ] as [(String, JSONPointer)])
    func wrongIndex(members: String, pointer: JSONPointer) {
        expectError(at: pointer) { () throws(ConfigErrors) in
            _ = try ImageIndex(reading: Array("{\"schemaVersion\":2,\(members)}".utf8))
        }
    }

    // Goal and method as above, for a manifest (IA-02).
    @Test(
        arguments: [
            (#""layers":[]"#, "/config"),
            (#""config":CONFIG"#, "/layers"),
            (#""config":CONFIG,"layers":[],"manifests":[]"#, "/manifests"),
            (#""config":CONFIG,"layers":[],"fsLayers":[]"#, "/fsLayers"),
            (#""config":CONFIG,"layers":[],"mediaType":"application/vnd.oci.image.index.v1+json""#, "/mediaType"),
            (
                #""config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"DIGEST","size":2},"layers":[]"#,
                "/config/mediaType"
            ),
            (#""config":CONFIG,"layers":[{"mediaType":"x","digest":"DIGEST","size":"1"}]"#, "/layers/0/size"),
        ] as [(String, JSONPointer)])
    func wrongManifest(members: String, pointer: JSONPointer) {
        let config = #"{"mediaType":"\#(MediaType.configuration.text)","digest":"DIGEST","size":2}"#
        let text = members.replacing("CONFIG", with: config).replacing("DIGEST", with: someDigest.text)
        expectError(at: pointer) { () throws(ConfigErrors) in
            _ = try ImageManifest(reading: Array("{\"schemaVersion\":2,\(text)}".utf8))
        }
    }

    // Goal: the type in the document and the one in its descriptor are the same (IA-02). Method: each of the two types.
    @Test func describedAs() throws {
        let index = Array(#"{"schemaVersion":2,"mediaType":"\#(MediaType.index.text)","manifests":[]}"#.utf8)
        #expect(try ImageIndex(reading: index, describedAs: MediaType.index).manifests.isEmpty)
        expectError(at: "/mediaType") { () throws(ConfigErrors) in
            _ = try ImageIndex(reading: index, describedAs: MediaType.dockerIndex)
        }
        let silent = Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8)
        #expect(try ImageIndex(reading: silent, describedAs: MediaType.dockerIndex).manifests.isEmpty)
        expectError(at: "/schemaVersion") { () throws(ConfigErrors) in
            _ = try ImageIndex(reading: Array(#"{"schemaVersion":1,"manifests":[]}"#.utf8))
        }
    }

    // Goal: all that the specification's example says is read (IA-03). Method: that example, shortened.
    @Test func configuration() throws {
        let image = try ImageConfiguration(
            reading: Array(
                """
                {"created":"2015-10-31T22:22:56Z","author":"Alyssa","architecture":"arm","variant":"v7","os":"linux",
                 "os.version":"1","os.features":["a","b"],"container_config":{"User":7},
                 "config":{"User":"alice","ExposedPorts":{"8080/tcp":{},"53/udp":null},"Env":["A=b"],
                 "Entrypoint":["/bin/app"],"Cmd":null,"Volumes":{"/data":{}},"WorkingDir":"/w","Labels":{"k":""},
                 "StopSignal":"SIGRTMIN+3","Healthcheck":{"Test":["NONE"]}},
                 "rootfs":{"diff_ids":["\(someDigest.text)"],"type":"layers"},
                 "history":[{"created_by":"x"},{"created":"t","comment":"c","empty_layer":true}]}
                """.utf8))
        #expect(image.platform.text == "linux/arm/v7")
        #expect(image.platform.osVersion == "1")
        #expect(image.platform.osFeatures == ["a", "b"])
        #expect(image.config.user == "alice")
        #expect(image.config.exposedPorts == ["8080/tcp", "53/udp"])
        #expect(image.config.entrypoint == ["/bin/app"])
        #expect(image.config.cmd == nil)
        #expect(image.config.volumes == ["/data"])
        #expect(image.config.workingDir == "/w")
        #expect(image.config.labels == [Entry(key: "k", value: "")])
        #expect(image.config.stopSignal == "SIGRTMIN+3")
        #expect(image.diffIDs.map(\.text) == [someDigest])
        #expect(image.history.map(\.isEmptyLayer) == [false, true])
        #expect(image.author == "Alyssa")
    }

    // Goal: a configuration that leaves open what is unpacked is refused, at the place (IA-03).
    // Method: one wrong thing each.
    @Test(
        arguments: [
            (#""os":"linux","rootfs":ROOTFS"#, "/architecture"),
            (#""architecture":"arm","rootfs":ROOTFS"#, "/os"),
            (#"MACHINE"#, "/rootfs"),
            (#"MACHINE,"rootfs":{"type":"other","diff_ids":[]}"#, "/rootfs/type"),
            (#"MACHINE,"rootfs":{"type":"layers"}"#, "/rootfs/diff_ids"),
            (#"MACHINE,"rootfs":{"type":"layers","diff_ids":["sha256:.."]}"#, "/rootfs/diff_ids/0"),
            (#"GOOD,"config":{"Env":"A=b"}"#, "/config/Env"),
            (#"GOOD,"config":{"User":0}"#, "/config/User"),
            (#"GOOD,"config":{"User":"a\u0000"}"#, "/config/User"),
            (#"GOOD,"config":{"Volumes":["/a"]}"#, "/config/Volumes"),
            (#"GOOD,"config":{"Volumes":{"/a":1}}"#, "/config/Volumes/~1a"),
        ] as [(String, JSONPointer)])
    func wrongConfiguration(members: String, pointer: JSONPointer) {
        let text = members.replacing("GOOD", with: "MACHINE,\"rootfs\":ROOTFS")
            .replacing("MACHINE", with: #""os":"linux","architecture":"arm""#)
            .replacing("ROOTFS", with: #"{"type":"layers","diff_ids":[]}"#)
        expectError(at: pointer) { () throws(ConfigErrors) in
            _ = try ImageConfiguration(reading: Array("{\(text)}".utf8))
        }
    }

    // Goal: what Docker's archives list is read (IA-05). Method: an archive with a name and one without.
    @Test func dockerArchive() throws {
        let archive = try DockerArchive(
            reading: Array(
                """
                [{"Config":"a.json","RepoTags":["x:1"],"Layers":["l/layer.tar"]},
                 {"Config":"b","RepoTags":null,"Layers":[]}]
                """.utf8))
        #expect(archive.images.map(\.config) == ["a.json", "b"])
        #expect(archive.images.map(\.repoTags) == [["x:1"], []])
        #expect(archive.images.map(\.layers) == [["l/layer.tar"], []])
    }

    // Goal: what is written is read as the same. Method: every property set.
    @Test func written() throws {
        let digest = try #require(Digest(someDigest))
        let platform = Platform(os: "linux", architecture: "arm", variant: "v7", osVersion: "1", osFeatures: ["f"])
        let descriptor = ContentDescriptor(
            mediaType: MediaType.manifest, digest: digest, size: 7, annotations: [Entry(key: "k", value: "v")],
            platform: platform)
        let index = ImageIndex([descriptor])
        #expect(try ImageIndex(reading: JSONWriter.text(of: index)) == index)
        let manifest = ImageManifest(
            config: ContentDescriptor(mediaType: MediaType.configuration, digest: digest, size: 1),
            layers: [ContentDescriptor(mediaType: MediaType.layerZstd, digest: digest, size: 2)],
            annotations: [Entry(key: "k", value: "")])
        #expect(try ImageManifest(reading: JSONWriter.text(of: manifest)) == manifest)
    }
}

/// Expects one error, at this place.
func expectError(
    at pointer: JSONPointer, _ read: () throws(ConfigErrors) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    do throws(ConfigErrors) {
        try read()
        Issue.record("nothing was found wrong", sourceLocation: sourceLocation)
    } catch {
        #expect(error.list.map(\.pointer.text) == [pointer.text], sourceLocation: sourceLocation)
    }
}
