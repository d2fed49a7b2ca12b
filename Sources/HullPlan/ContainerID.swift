// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The name of a container that is safe as the name of a directory, of a cgroup and of a unit.
package struct ContainerID: Hashable, Comparable, Sendable {
    /// The name.
    package let bytes: Bytes

    /// Why a text is no name of a container, in the words that engines look for.
    package struct Invalid: Error, Equatable {
        /// What is wrong.
        package let problem: Bytes
    }

    /// Takes 1 to 1024 of the characters `A-Z a-z 0-9 _ + - .`, but not `.` and `..`, which would be another directory.
    package init(_ bytes: Bytes) throws(Invalid) {
        if bytes.isEmpty { throw Invalid(problem: "container id cannot be empty") }
        guard bytes.count <= 1024 else {
            throw Invalid(problem: "invalid container ID format: \(bytes.count) bytes, 1024 at most")
        }
        if let byte = bytes.array.first(where: { !ContainerID.allows($0) }) {
            throw Invalid(
                problem: "invalid container ID format: \(ContainerID.shown(byte)) is none of A-Z a-z 0-9 _ + - .")
        }
        if bytes == "." || bytes == ".." { throw Invalid(problem: "invalid container ID format: \"\(bytes)\"") }
        self.bytes = bytes
    }

    package static func < (a: ContainerID, b: ContainerID) -> Bool { a.bytes < b.bytes }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5a, 0x61...0x7a, 0x30...0x39, 0x5f, 0x2b, 0x2d, 0x2e: true
        default: false
        }
    }

    /// A character of ASCII as it is, another byte by its number: the text may end up in a terminal.
    private static func shown(_ byte: UInt8) -> Bytes {
        byte > 0x20 && byte < 0x7f ? "\"" + Bytes([byte]) + "\"" : "byte \(byte)"
    }
}
