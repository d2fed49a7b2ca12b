// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullImage
import HullOCI
import Testing

@Suite struct ChoiceTests {
    // Goal: the words that name an image are read one way only (IA-10). Method: a table with the borders.
    @Test(
        arguments: [
            ("a/b", "a/b", .only), ("a/b:c", "a/b", .named("c")), ("/a:h:5000/x/y:1", "/a", .named("h:5000/x/y:1")),
            ("a@\(someDigest)", "a", .digest(Digest(someDigest) ?? .blank)),
            ("a@b:c", "a@b", .named("c")), ("user@host", "user@host", .only),
        ] as [(Bytes, Bytes, ImageReference.Choice)])
    func reference(text: Bytes, layout: Bytes, image: ImageReference.Choice) throws {
        let reference = try ImageReference(text)
        #expect(reference.layout == layout)
        #expect(reference.image == image)
    }

    // Goal: words that name nothing, or two things, are refused. Method: a table.
    @Test(
        arguments: [
            "", ":a", "a:", "@\(someDigest)", "a@sha256:", "a@sha256:AB", "a@sha512:\(someHex)", "a:b@\(someDigest)",
            Bytes([0x61, 0]),
        ] as [Bytes])
    func noReference(text: Bytes) {
        #expect(throws: ImageReference.Problem.self) { try ImageReference(text) }
    }

    private static func digest(_ digit: Character) -> Digest {
        Digest(.sha256, hex: Bytes(String(repeating: digit, count: 64))) ?? .blank
    }

    private static func entry(
        _ digit: Character, _ platform: Bytes? = nil, named name: Bytes? = nil, type: Bytes = MediaType.manifest,
        annotation: Entry<Bytes>? = nil
    ) -> ContentDescriptor {
        let name = name.map { Entry(key: "org.opencontainers.image.ref.name", value: $0) }
        return ContentDescriptor(
            mediaType: type, digest: digest(digit), size: 1, annotations: [name, annotation].compactMap { $0 },
            platform: platform.flatMap { Platform(text: $0) })
    }

    private static let amd64 = Platform(os: "linux", architecture: "amd64")

    private func search(
        _ wanted: ImageReference.Choice, _ entries: [ContentDescriptor], nested: [Digest: [ContentDescriptor]] = [:]
    ) -> Result<Digest, ChoiceProblem> {
        search(wanted, nil, entries, nested: nested)
    }

    private func search(
        _ wanted: ImageReference.Choice, _ platform: Bytes?, _ entries: [ContentDescriptor],
        nested: [Digest: [ContentDescriptor]] = [:]
    ) -> Result<Digest, ChoiceProblem> {
        struct Missing: Error {}
        let search = ImageSearch(wanted, platform: platform.flatMap { Platform(text: $0) }, host: Self.amd64)
        do {
            return try search.manifest(in: ImageIndex(entries)) { (descriptor) throws(Missing) in
                guard let inner = nested[descriptor.digest] else { throw Missing() }
                return ImageIndex(inner)
            }.map(\.digest)
        } catch {
            Issue.record("an index was read to which the search does not lead")
            return .failure(.empty)
        }
    }

    // Goal: exactly one image is chosen by name and digest, or it is said which there are (IA-11).
    // Method: a layout of two names.
    @Test func names() {
        let both = [Self.entry("a", named: "one"), Self.entry("b", named: "two")]
        #expect(search(.named("two"), both) == .success(Self.digest("b")))
        #expect(search(.named("tow"), both) == .failure(.unknownName("tow", there: ["one", "two"])))
        #expect(search(.only, both) == .failure(.severalNames(["one", "two"])))
        #expect(search(.only, [both[0]]) == .success(Self.digest("a")))
        #expect(search(.only, [both[0], Self.entry("a", named: "x")]) == .success(Self.digest("a")))
        #expect(search(.digest(Self.digest("b")), both) == .success(Self.digest("b")))
        #expect(
            search(.digest(Self.digest("c")), both)
                == .failure(.unknownDigest(Self.digest("c"), there: [Self.digest("a"), Self.digest("b")])))
        #expect(search(.only, []) == .failure(.empty))
        #expect(search(.only, [Self.entry("a", type: "text/plain")]) == .failure(.empty))
        let long = Self.entry("c", named: "1", annotation: Entry(key: ContentDescriptor.longName, value: "host/c:1"))
        #expect(search(.named("host/c:1"), both + [long]) == .success(Self.digest("c")))
        #expect(search(.named("1"), both + [long]) == .success(Self.digest("c")))
    }

    // Goal: of several images the one for the platform is chosen, never the first of two (IA-12). Method: a table.
    @Test func platforms() {
        let all = [
            Self.entry("a", "linux/amd64"), Self.entry("b", "linux/arm64/v8"), Self.entry("c", "linux/arm/v6"),
            Self.entry("d", "linux/arm/v7"), Self.entry("e", "unknown/unknown"),
        ]
        #expect(search(.only, all) == .success(Self.digest("a")))
        #expect(search(.only, "linux/arm64", all) == .success(Self.digest("b")))
        #expect(search(.only, "linux/arm64/v8", all) == .success(Self.digest("b")))
        #expect(search(.only, "linux/arm/v6", all) == .success(Self.digest("c")))
        let arm = Platform(os: "linux", architecture: "arm")
        #expect(
            search(.only, "linux/arm", all) == .failure(.severalImages(arm, [Self.digest("c"), Self.digest("d")])))
        #expect(
            search(.only, "linux/riscv64", all)
                == .failure(
                    .noPlatform(
                        Platform(os: "linux", architecture: "riscv64"), there: all.dropLast().compactMap(\.platform))))
        // One image is taken as it is, but not for another platform than the one that was said.
        #expect(search(.only, [all[1]]) == .success(Self.digest("b")))
        #expect(
            search(.only, "linux/amd64", [all[1]])
                == .failure(.noPlatform(Self.amd64, there: all[1...1].compactMap(\.platform))))
        let twice = [Self.entry("a", "linux/amd64"), Self.entry("f", "linux/amd64")]
        #expect(
            search(.only, twice) == .failure(.severalImages(Self.amd64, [Self.digest("a"), Self.digest("f")])))
    }

    // Goal: an index in an index is read, but only on the way to what was asked for (IA-13). Method: a layout with two,
    // of which one is there; then one that lists itself.
    @Test func nested() {
        let one = Self.entry("1", named: "one", type: MediaType.index)
        let two = Self.entry("2", named: "two", type: MediaType.dockerIndex)
        let inner = [
            Self.entry("a", "linux/amd64"), Self.entry("b", "linux/arm64"),
            Self.entry("c", annotation: Entry(key: "vnd.docker.reference.type", value: "attestation-manifest")),
        ]
        #expect(search(.named("one"), [one, two], nested: [one.digest: inner]) == .success(Self.digest("a")))
        #expect(
            search(.named("one"), "linux/arm64", [one, two], nested: [one.digest: inner])
                == .success(Self.digest("b")))
        #expect(search(.digest(one.digest), [one, two], nested: [one.digest: inner]) == .success(Self.digest("a")))
        #expect(search(.digest(Self.digest("b")), [one], nested: [one.digest: inner]) == .success(Self.digest("b")))
        #expect(search(.named("one"), [one], nested: [one.digest: [one]]) == .failure(.endless))
        let many = [ContentDescriptor](repeating: one, count: 100)
        #expect(search(.named("one"), [one], nested: [one.digest: many]) == .failure(.endless))
    }
}
