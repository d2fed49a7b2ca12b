// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullImage
import HullOCI
import Testing

@Suite struct CommitTests {
    private func commit() throws -> Commit {
        let digest = try #require(Digest(someDigest))
        let layer = ContentDescriptor(mediaType: MediaType.layerGzip, digest: digest, size: 9)
        return Commit(diffID: digest, layer: layer, created: "2026-01-01T00:00:00Z", createdBy: "hull image commit")
    }

    // Goal: a layer more is all that changes in a configuration, even where nobody knows what stands there (IA-50).
    // Method: one with unknown members, with and without a history.
    @Test(arguments: [
        (
            #"{"x":[1e3,"\u00e9"],"config":{"T":{"a":1}},"architecture":"arm","os":"linux","rootfs":ROOTFS}"#,
            #"{"x":[1e3,"é"],"config":{"T":{"a":1}},"architecture":"arm","os":"linux","rootfs":NEW,"#
                + #""created":"2026-01-01T00:00:00Z","history":[HISTORY]}"#
        ),
        (
            #"{"created":"x","architecture":"arm","os":"linux","history":[{"empty_layer":true}],"rootfs":ROOTFS}"#,
            #"{"created":"2026-01-01T00:00:00Z","architecture":"arm","os":"linux","#
                + #""history":[{"empty_layer":true},HISTORY],"rootfs":NEW}"#
        ),
    ])
    func configuration(old: String, new: String) throws {
        let rootfs = #"{"type":"layers","diff_ids":[]}"#
        let history = #"{"created":"2026-01-01T00:00:00Z","created_by":"hull image commit"}"#
        let made = try commit().configuration(from: Array(old.replacing("ROOTFS", with: rootfs).utf8))
        let wanted = new.replacing("NEW", with: rootfs.replacing("[]", with: "[\"\(someDigest.text)\"]"))
            .replacing("HISTORY", with: history)
        #expect(String(decoding: made, as: UTF8.self) == wanted)
    }

    // Goal: the manifest has one layer more, and types of one kind (IA-51). Method: an image of Docker's.
    @Test func manifest() throws {
        let digest = try #require(Digest(someDigest))
        let old = ImageManifest(
            config: ContentDescriptor(mediaType: MediaType.dockerConfiguration, digest: digest, size: 1),
            layers: [
                ContentDescriptor(
                    mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", digest: digest, size: 2)
            ], annotations: [Entry(key: "k", value: "v")])
        let new = try commit().manifest(from: old, configuration: digest, size: 7)
        #expect(new.mediaType == MediaType.manifest)
        #expect(new.config.mediaType == MediaType.configuration)
        #expect(new.config.size == 7)
        #expect(new.layers.map(\.mediaType) == [MediaType.layerGzip, MediaType.layerGzip])
        #expect(new.layers.map(\.size) == [2, 9])
        #expect(new.annotations == nil)
    }
}
