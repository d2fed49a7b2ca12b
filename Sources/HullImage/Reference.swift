// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Which image of which layout: `LAYOUT`, `LAYOUT:REF` or `LAYOUT@DIGEST`.
package struct ImageReference: Equatable, Sendable {
    /// The layout's directory or archive.
    package var layout: Bytes
    /// The image in it.
    package var image: Choice

    /// How an image is chosen out of a layout.
    package enum Choice: Equatable, Sendable {
        /// The only one there is.
        case only
        /// The one with this name.
        case named(Bytes)
        /// The one whose manifest, or list of manifests, has this digest.
        case digest(Digest)
    }

    /// What is wrong with the words.
    package struct Problem: Error, Equatable {
        /// A sentence without its full stop.
        package let text: Bytes
        /// What is allowed.
        package var hint: Bytes { "LAYOUT, LAYOUT:REF or LAYOUT@sha256:DIGEST" }
    }

    /// Reads the words. The first colon ends the path: a name may have more of them, `localhost:5000/app:1`.
    package init(_ text: Bytes) throws(Problem) {
        if text.isEmpty { throw Problem(text: "the name of the image is empty") }
        if text.contains(0) { throw Problem(text: "the name of the image has a NUL byte") }
        if let (path, digest) = ImageReference.splitDigest(text) {
            guard let digest = Digest(digest) else {
                throw Problem(text: "\"\(digest)\" is not a digest that can be verified")
            }
            guard !path.contains(0x3a) else {
                throw Problem(text: "\"\(text)\" has a name and a digest: one of the two is enough")
            }
            guard !path.isEmpty else { throw Problem(text: "\"\(text)\" does not say in which layout") }
            self.layout = path
            self.image = .digest(digest)
            return
        }
        let colon = text.firstIndex(of: 0x3a) ?? text.count
        self.layout = text.prefix(colon)
        guard !layout.isEmpty else { throw Problem(text: "\"\(text)\" does not say in which layout") }
        let name = text.dropFirst(colon + 1)
        guard colon == text.count || !name.isEmpty else {
            throw Problem(text: "\"\(text)\" has nothing after the colon")
        }
        self.image = name.isEmpty ? .only : .named(name)
    }

    /// At the last `@sha256:` or `@sha512:`, where there is one.
    private static func splitDigest(_ text: Bytes) -> (path: Bytes, digest: Bytes)? {
        guard let at = text.array.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        let digest = text.dropFirst(at + 1)
        guard Digest.Algorithm.allCases.contains(where: { digest.hasPrefix($0.name + ":") }) else { return nil }
        return (text.prefix(at), digest)
    }
}
