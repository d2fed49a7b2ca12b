// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The name of a blob: which function was applied to its bytes, and what came out.
///
/// The specification's grammar allows any algorithm; only the registered ones can be checked, so only they are taken.
/// Digits are lowercase: with both cases one blob would have many names.
package struct Digest: Hashable, Comparable, Sendable {
    /// The registered algorithms.
    package enum Algorithm: Sendable, CaseIterable {
        case sha256
        case sha512

        /// As it is written before the colon, and as a directory of a layout.
        package var name: Bytes {
            switch self {
            case .sha256: "sha256"
            case .sha512: "sha512"
            }
        }
        /// How many digits follow the colon.
        package var digits: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    /// Before the colon.
    package let algorithm: Algorithm
    /// After the colon: lowercase, of the right length, so it is safe as a name of a file.
    package let hex: Bytes

    /// `sha256:…` or `sha512:…` with exactly as many lowercase digits as it must have; nil for anything else.
    package init?(_ text: Bytes) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text.prefix(colon)
        guard let algorithm = Algorithm.allCases.first(where: { $0.name == name }) else { return nil }
        self.init(algorithm, hex: text.dropFirst(colon + 1))
    }

    /// The digits of a checksum; nil where they are not as they must be.
    package init?(_ algorithm: Algorithm, hex: Bytes) {
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard hex.count == algorithm.digits, hex.array.allSatisfy(isDigit) else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    /// `sha256:…`.
    package var text: Bytes { "\(algorithm.name):\(hex)" }
    /// Where a layout has the blob: `blobs/sha256/…`.
    package var blobPath: Bytes { "blobs/\(algorithm.name)/\(hex)" }

    package static func < (a: Digest, b: Digest) -> Bool { a.text < b.text }
}
