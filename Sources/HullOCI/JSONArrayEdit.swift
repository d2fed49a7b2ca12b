// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A change of one array of a document, everything else left as it is: also what nobody here knows.
package struct JSONArrayEdit {
    /// The way to the array, through objects. The last one is made if it is not there, or null.
    package var keys: [Bytes]
    /// Elements that go, by their index.
    package var removed: Set<Int>
    /// Elements that come at the end.
    package var added: [any JSONWritable]

    /// A change.
    package init(_ keys: [Bytes], removing removed: Set<Int> = [], adding added: [any JSONWritable]) {
        self.keys = keys
        self.removed = removed
        self.added = added
    }
}

extension JSONDocument {
    /// The document with changes, in one line.
    package func text(with edits: [JSONArrayEdit]) -> [UInt8] {
        var writer = JSONWriter()
        write(0, edits, &writer)
        return writer.bytes
    }

    private func write(_ node: Int, _ edits: [JSONArrayEdit], _ writer: inout JSONWriter) {
        if edits.isEmpty { return write(node, &writer) }
        if let edit = edits.first(where: { $0.keys.isEmpty }) { return write(array: node, edit, &writer) }
        guard nodes[node].kind == .object else { return write(node, &writer) }
        writer.object { writer in
            var missing = edits.filter { $0.keys.count == 1 }
            var key = node + 1
            while key < next(after: node) {
                let name = text(of: key)
                missing.removeAll { $0.keys[0] == name }
                writer.key(name)
                let inner = edits.filter { $0.keys[0] == name }
                write(key + 1, inner.map { inside($0) }, &writer)
                key = next(after: key + 1)
            }
            for edit in missing {
                writer.key(edit.keys[0])
                write(added: edit, &writer)
            }
        }
    }

    private func inside(_ edit: JSONArrayEdit) -> JSONArrayEdit {
        JSONArrayEdit(Array(edit.keys.dropFirst()), removing: edit.removed, adding: edit.added)
    }

    private func write(added edit: JSONArrayEdit, _ writer: inout JSONWriter) {
        writer.array { writer in
            for value in edit.added { value.write(&writer) }
        }
    }

    private func write(array node: Int, _ edit: JSONArrayEdit, _ writer: inout JSONWriter) {
        guard nodes[node].kind == .array else {
            return nodes[node].kind == .null ? write(added: edit, &writer) : write(node, &writer)
        }
        writer.array { writer in
            var element = node + 1
            var index = 0
            while element < next(after: node) {
                if !edit.removed.contains(index) { write(element, &writer) }
                element = next(after: element)
                index += 1
            }
            for value in edit.added { value.write(&writer) }
        }
    }
}
