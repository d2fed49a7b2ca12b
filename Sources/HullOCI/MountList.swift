// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A document of mounts for a container that runs: an array of objects as in `mounts` of a config, or one such object.
package struct MountList: Equatable, Sendable {
    /// The mounts in their order.
    package var mounts: [Config.Mount]
    /// Whether the document is one object.
    package var isSingle = false

    /// A list of these.
    package init(_ mounts: [Config.Mount]) { self.mounts = mounts }

    /// Reads a document and gathers the properties that no mount has.
    package static func read(
        _ bytes: [UInt8], unknown: inout [ConfigError],
        advice: (_ unknown: Bytes, _ known: [Bytes]) -> Bytes? = { _, _ in nil }
    ) throws(ConfigErrors) -> MountList {
        try JSONReader.read(bytes, unknown: &unknown, advice: advice)
    }

    /// Where a field of the config's `mounts` stands in this document.
    package func place(of pointer: JSONPointer) -> JSONPointer {
        let prefix: Bytes = isSingle ? "/mounts/0" : "/mounts"
        guard pointer.text == prefix || pointer.text.hasPrefix(prefix + "/") else { return pointer }
        return JSONPointer(text: pointer.text.dropFirst(prefix.count))
    }

    /// Errors of the config's `mounts` as errors of this document.
    package func place(of errors: [ConfigError]) -> [ConfigError] {
        errors.map { error in
            var placed = error
            placed.pointer = place(of: error.pointer)
            return placed
        }
    }
}

extension MountList: JSONReadable {
    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> MountList? {
        if reader.document.nodes[node.index].kind == .object {
            var list = MountList([Config.Mount(node, &reader)])
            list.isSingle = true
            return list
        }
        return [Config.Mount].read(node, &reader).map(MountList.init)
    }
}
