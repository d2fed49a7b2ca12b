// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A closed set of numbers of the kernel, each with the name of its constant.
package struct NamedNumbers: Sendable {
    private let rows: [(name: StaticString, number: UInt32)]

    init(_ rows: [(name: StaticString, number: UInt32)]) { self.rows = rows }

    /// The number of a name, exactly so written.
    package func number(_ name: Bytes) -> UInt32? { rows.first { name.matches($0.name) }?.number }

    /// The name of a number; the number itself where it has none.
    package func name(_ number: UInt32) -> Bytes {
        rows.first { $0.number == number }.map { Bytes(stringLiteral: $0.name) } ?? "\(number)"
    }

    /// The names of the bits that are set.
    package func names(ofBits bits: UInt32) -> [Bytes] {
        rows.filter { bits & $0.number != 0 }.map { Bytes(stringLiteral: $0.name) }
    }

    /// Every name, in the order of the table.
    package var names: [Bytes] { rows.map { Bytes(stringLiteral: $0.name) } }
}
