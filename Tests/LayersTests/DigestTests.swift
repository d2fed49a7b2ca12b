// SPDX-License-Identifier: Apache-2.0

import HullArchive
import HullBytes
import HullImage
import Testing

@Suite struct DigestTests {
    // Goal: the checksums are those of FIPS 180-4. Method: its example "abc", given in two parts.
    @Test func checksums() {
        var short = Checksum(.sha256)
        short.add([0x61])
        short.add([0x62, 0x63])
        #expect(short.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var long = Checksum(.sha512)
        long.add([0x61, 0x62, 0x63])
        #expect(long.finish().hasPrefix("ddaf35a193617abacc417349ae204131"))
    }

    // Goal: one blob has one name. Method: names that differ from the right one in a single way are refused.
    @Test func grammar() throws {
        let digits = String(repeating: "ab", count: 32)
        let right = try #require(Digest(Bytes("sha256:" + digits)))
        #expect(right.blobPath == Bytes("blobs/sha256/" + digits))
        let wrong = [
            "sha256:" + digits.uppercased(), "sha256:" + digits.dropLast(), "sha256:" + digits + "0", digits,
            "sha512:" + digits, "md5:" + digits, "sha256:../../" + digits.dropFirst(6), "", ":", "sha256:",
        ]
        for text in wrong { #expect(Digest(Bytes(text)) == nil, "\(text)") }
    }
}
