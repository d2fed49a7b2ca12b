// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// The name of a content by the hash of its bytes: "sha256:…". Only the two hashes that can be verified are taken; a
/// digest of another kind would be a name that proves nothing.
package struct Digest: Hashable, Sendable {
    /// The hash function.
    package enum Algorithm: CaseIterable, Sendable {
        case sha256, sha512

        /// How it is written before the colon.
        package var name: Bytes {
            switch self {
            case .sha256: "sha256"
            case .sha512: "sha512"
            }
        }

        /// How many hexadecimal digits the hash has.
        package var digits: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    /// The hash function.
    package let algorithm: Algorithm
    /// The hash in lowercase hexadecimal. It becomes the name of a file: nothing but these digits gets here.
    package let hex: Bytes

    /// `ALGORITHM:HEX`; nil for anything else, also for uppercase digits (descriptor.md#digests).
    package init?(_ text: Bytes) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text.prefix(colon)
        guard let algorithm = Algorithm.allCases.first(where: { $0.name == name }) else { return nil }
        self.init(algorithm, hex: text.dropFirst(colon + 1))
    }

    /// A hash that was computed, or that is the name of a file.
    package init?(_ algorithm: Algorithm, hex: Bytes) {
        guard hex.count == algorithm.digits, hex.array.allSatisfy(Digest.isDigit) else { return nil }
        self.algorithm = algorithm
        self.hex = hex
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// `ALGORITHM:HEX`.
    package var text: Bytes { algorithm.name + ":" + hex }
    /// The first twelve digits, for a person.
    package var short: Bytes { hex.prefix(12) }
    /// Where an image layout has the content: `blobs/ALGORITHM/HEX`.
    package var blobPath: Bytes { "blobs/\(algorithm.name)/\(hex)" }
}

extension Digest: JSONRequired {
    package static var blank: Digest {
        // Never seen outside: a reader that used it throws.
        Digest(.sha256, blankHex: Bytes([UInt8](repeating: 0x30, count: 64)))
    }

    private init(_ algorithm: Algorithm, blankHex: Bytes) {
        self.algorithm = algorithm
        self.hex = blankHex
    }

    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Digest? {
        guard let text = Bytes.read(node, &reader) else { return nil }
        guard let digest = Digest(text) else {
            reader.note(
                node, "\"\(text.prefix(150))\" is not a digest that can be verified",
                hint: "sha256: and 64 lowercase hexadecimal digits, or sha512: and 128")
            return nil
        }
        return digest
    }
}

extension Digest: JSONWritable {
    package func write(_ writer: inout JSONWriter) { writer.string(text) }
}
