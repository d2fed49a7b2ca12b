// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// One line of /proc/PID/uid_map or gid_map: a range of ids inside a user namespace and where it lies outside.
package struct IDMapping: Hashable, Sendable {
    /// The first id inside.
    package let containerID: UInt32
    /// The first id outside.
    package let hostID: UInt32
    /// How many ids follow one another, the first one included.
    package let size: UInt32

    /// Takes the range as it is.
    package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
        self.containerID = containerID
        self.hostID = hostID
        self.size = size
    }

    /// The id outside of an id inside; nil where the range does not reach.
    package func hostID(of id: UInt32) -> UInt32? { IDMapping.move(id, from: containerID, to: hostID, size: size) }
    /// The id inside of an id outside; nil where the range does not reach.
    package func containerID(of id: UInt32) -> UInt32? { IDMapping.move(id, from: hostID, to: containerID, size: size) }

    /// The line as the kernel reads it, with its newline.
    package var line: Bytes { "\(containerID) \(hostID) \(size)\n" }

    /// The ranges in the text of a map, in the order of the ids inside: the kernel may give them in another order than
    /// they were written in.
    package static func all(inMap text: Bytes) -> [IDMapping] {
        let ranges = text.split(0x0a).compactMap { line -> IDMapping? in
            let numbers = line.split(0x20).compactMap(\.decimal).compactMap { UInt32(exactly: $0) }
            guard numbers.count == 3 else { return nil }
            return IDMapping(containerID: numbers[0], hostID: numbers[1], size: numbers[2])
        }
        return ranges.inOrder
    }

    private static func move(_ id: UInt32, from: UInt32, to: UInt32, size: UInt32) -> UInt32? {
        guard id >= from, id - from < size else { return nil }
        let (moved, overflow) = to.addingReportingOverflow(id - from)
        return overflow ? nil : moved
    }
}

extension Sequence<IDMapping> {
    /// In the order of the ids inside.
    package var inOrder: [IDMapping] { sorted { $0.containerID < $1.containerID } }
    /// The id outside of an id inside; nil where no range reaches.
    package func hostID(of id: UInt32) -> UInt32? { lazy.compactMap { $0.hostID(of: id) }.first }
    /// The id inside of an id outside; nil where no range reaches.
    package func containerID(of id: UInt32) -> UInt32? { lazy.compactMap { $0.containerID(of: id) }.first }
}
