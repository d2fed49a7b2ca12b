// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A change to a document of which not everything is known: the rest stays as it was.
package struct JSONAmendment {
    /// The keys that lead to the place, through objects; those that are missing are made.
    package let path: [Bytes]
    /// The value, as JSON.
    package let text: Bytes
    /// Whether the value is one more element of the array there, not the value itself.
    package let isElement: Bool

    /// Puts a value at a place.
    package static func set(_ path: [Bytes], to value: some JSONWritable) -> JSONAmendment {
        JSONAmendment(path: path, text: Bytes(JSONWriter.text(of: value)), isElement: false)
    }

    /// Adds an element to the array at a place.
    package static func append(_ path: [Bytes], _ value: some JSONWritable) -> JSONAmendment {
        JSONAmendment(path: path, text: Bytes(JSONWriter.text(of: value)), isElement: true)
    }

    /// The same, seen from the member with the first key of the path.
    fileprivate var inner: JSONAmendment {
        JSONAmendment(path: Array(path.dropFirst()), text: text, isElement: isElement)
    }
}

extension JSONDocument {
    /// The document again, with the changes.
    package func text(amended amendments: [JSONAmendment]) -> [UInt8] {
        var writer = JSONWriter()
        write(0, amendments, &writer)
        return writer.bytes
    }

    private func write(_ node: Int?, _ amendments: [JSONAmendment], _ writer: inout JSONWriter) {
        if let value = amendments.last(where: { $0.path.isEmpty && !$0.isElement }) { return writer.plain(value.text) }
        let elements = amendments.filter { $0.path.isEmpty }
        if !elements.isEmpty { return writeArray(node, elements, &writer) }
        if amendments.isEmpty, let node { return write(node, &writer) }
        let object = node.flatMap { nodes[$0].kind == .object ? $0 : nil }
        writer.object { writer in
            var rest = amendments
            var key = object.map { $0 + 1 } ?? 0
            let end = object.map { next(after: $0) } ?? 0
            while key < end {
                let name = text(of: key)
                writer.key(name)
                write(key + 1, rest.filter { $0.path[0] == name }.map(\.inner), &writer)
                rest.removeAll { $0.path[0] == name }
                key = next(after: key + 1)
            }
            while let name = rest.first?.path[0] {
                writer.key(name)
                write(nil, rest.filter { $0.path[0] == name }.map(\.inner), &writer)
                rest.removeAll { $0.path[0] == name }
            }
        }
    }

    private func writeArray(_ node: Int?, _ elements: [JSONAmendment], _ writer: inout JSONWriter) {
        writer.array { writer in
            if let node, nodes[node].kind == .array {
                var element = node + 1
                while element < next(after: node) {
                    write(element, &writer)
                    element = next(after: element)
                }
            }
            for element in elements { writer.plain(element.text) }
        }
    }
}
