// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

extension Digest: JSONRequired {
    /// Never seen outside: a reader that used it throws.
    package static var blank: Digest { Digest(zeros: .sha256) }

    private init(zeros algorithm: Algorithm) {
        self.algorithm = algorithm
        self.hex = Bytes([UInt8](repeating: 0x30, count: algorithm.digits))
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

    /// The first twelve digits, for a person.
    package var short: Bytes { hex.prefix(12) }
}

extension Digest: JSONWritable {
    package func write(_ writer: inout JSONWriter) { writer.string(text) }
}
