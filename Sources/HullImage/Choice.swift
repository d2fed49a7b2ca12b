// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Why no image, or not exactly one, fits what was asked for. What there is comes with it: whoever asks can then ask
/// better.
package enum ChoiceProblem: Error, Equatable, Sendable {
    /// The layout has no image at all.
    case empty
    /// No image has the name; these names there are.
    case unknownName(Bytes, there: [Bytes])
    /// No image has the digest; these there are.
    case unknownDigest(Digest, there: [Digest])
    /// No name was said, and there are several.
    case severalNames([Bytes])
    /// No image is for the platform; these there are.
    case noPlatform(Platform, there: [Platform])
    /// Several images are for the platform; their digests.
    case severalImages(Platform, [Digest])
    /// Indexes lie in each other too deeply, or list too much.
    case endless
}

/// The way from the index of a layout to the manifest of one image, through indexes of indexes. Exactly one must be
/// left at its end: which of two images runs is never left to their order.
package struct ImageSearch: Sendable {
    /// What was asked for.
    package let wanted: ImageReference.Choice
    /// The machine: said, or the one at hand, which only counts where there are several images.
    package let platform: Platform
    /// Whether the machine was said.
    package let isPlatformSaid: Bool

    /// How deep indexes may lie in each other, and how many documents are looked at.
    private static let deepest = 8
    private static let most = 4096

    /// A search for an image, for the platform said or, where several are left, for the one at hand.
    package init(_ wanted: ImageReference.Choice, platform: Platform?, host: Platform) {
        self.wanted = wanted
        self.platform = platform ?? host
        self.isPlatformSaid = platform != nil
    }

    /// The descriptor of the manifest. Further indexes are read only where the search leads into them: a layout need
    /// not have the others.
    package func manifest<Failure: Error>(
        in index: ImageIndex, reading read: (ContentDescriptor) throws(Failure) -> ImageIndex
    ) throws(Failure) -> Result<ContentDescriptor, ChoiceProblem> {
        let images = index.manifests.filter(\.isImage)
        if images.isEmpty { return .failure(.empty) }
        var walk = Walk()
        let starts: [ContentDescriptor]
        switch wanted {
        case .only:
            let names = images.compactMap(\.name)
            if Set(names).count > 1, Set(images.map(\.digest)).count > 1 { return .failure(.severalNames(names)) }
            starts = images
        case .named(let name):
            starts = named(name, in: images)
            if starts.isEmpty { return .failure(.unknownName(name, there: images.compactMap(\.name))) }
        case .digest(let digest):
            starts = try walk.descriptors(with: digest, in: images, 0, read)
            if walk.isEndless { return .failure(.endless) }
            if starts.isEmpty { return .failure(.unknownDigest(digest, there: images.map(\.digest))) }
        }
        let manifests = try walk.manifests(of: starts, 0, read)
        return walk.isEndless ? .failure(.endless) : choose(among: manifests)
    }

    /// By the name that the layout gives, else by the longer one that containerd and docker write beside it.
    private func named(_ name: Bytes, in images: [ContentDescriptor]) -> [ContentDescriptor] {
        let exact = images.filter { $0.reference == name }
        return exact.isEmpty ? images.filter { $0.annotation(ContentDescriptor.longName) == name } : exact
    }

    /// One descriptor out of those that the name or the digest leads to.
    private func choose(among all: [ContentDescriptor]) -> Result<ContentDescriptor, ChoiceProblem> {
        var manifests: [ContentDescriptor] = []
        for manifest in all where !manifests.contains(where: { $0.digest == manifest.digest }) {
            manifests.append(manifest)
        }
        guard let first = manifests.first else { return .failure(.empty) }
        if manifests.count == 1, !isPlatformSaid { return .success(first) }
        // A descriptor need not say its platform; the configuration does, and is asked when it is read.
        let fitting = manifests.filter { $0.platform.map { platform.includes($0) } ?? true }
        let exact = fitting.filter { $0.platform.map { $0.variant == platform.variant } ?? false }
        let chosen = exact.isEmpty ? fitting : exact
        guard let one = chosen.first else {
            return .failure(.noPlatform(platform, there: manifests.compactMap(\.platform)))
        }
        return chosen.count == 1 ? .success(one) : .failure(.severalImages(platform, chosen.map(\.digest)))
    }

    /// How far the search has gone.
    private struct Walk {
        private var left = ImageSearch.most
        private(set) var isEndless = false

        /// What an index lists.
        private mutating func enter<Failure: Error>(
            _ index: ContentDescriptor, _ depth: Int,
            _ read: (ContentDescriptor) throws(Failure) -> ImageIndex
        ) throws(Failure) -> [ContentDescriptor] {
            left -= 1
            guard depth < ImageSearch.deepest, left > 0 else {
                isEndless = true
                return []
            }
            return try read(index).manifests.filter(\.isImage)
        }

        /// The descriptors with the digest, wherever they are.
        mutating func descriptors<Failure: Error>(
            with digest: Digest, in list: [ContentDescriptor], _ depth: Int,
            _ read: (ContentDescriptor) throws(Failure) -> ImageIndex
        ) throws(Failure) -> [ContentDescriptor] {
            var found = list.filter { $0.digest == digest }
            for descriptor in list where found.isEmpty && MediaType.isIndex(descriptor.mediaType) {
                let inner = try enter(descriptor, depth, read)
                found = try descriptors(with: digest, in: inner, depth + 1, read)
            }
            return found
        }

        /// The manifests that these descriptors are, or lead to.
        mutating func manifests<Failure: Error>(
            of list: [ContentDescriptor], _ depth: Int,
            _ read: (ContentDescriptor) throws(Failure) -> ImageIndex
        ) throws(Failure) -> [ContentDescriptor] {
            var all: [ContentDescriptor] = []
            for descriptor in list {
                if MediaType.isIndex(descriptor.mediaType) {
                    let inner = try enter(descriptor, depth, read)
                    all += try manifests(of: inner, depth + 1, read)
                } else {
                    all.append(descriptor)
                }
            }
            return all
        }
    }
}

extension ContentDescriptor {
    /// The annotation with the whole name, host and all.
    package static let longName: Bytes = "io.containerd.image.name"

    /// How the image can be asked for by name.
    package var name: Bytes? { reference ?? annotation(ContentDescriptor.longName) }

    /// Whether it leads to an image. Types that nobody knows are passed over, as the specification demands, and so is
    /// what builders put beside their images, with a platform that no machine has.
    fileprivate var isImage: Bool {
        guard MediaType.isIndex(mediaType) || MediaType.isManifest(mediaType) else { return false }
        return platform?.os != "unknown" && annotation("vnd.docker.reference.type") == nil
    }
}

extension Platform {
    /// Whether an image for the other platform is one for this: where this leaves something open, any will do.
    package func includes(_ other: Platform) -> Bool {
        guard os == other.os, architecture == other.architecture else { return false }
        guard let variant, let theirs = other.variant ?? standardVariant else { return true }
        return variant == theirs
    }

    /// What an image is for that does not say it.
    private var standardVariant: Bytes? {
        switch architecture {
        case "arm64": "v8"
        case "arm": "v7"
        default: nil
        }
    }
}
