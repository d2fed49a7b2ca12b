// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

// Places are worked out when there is something to say about them: a document without errors pays nothing.
extension JSONDocument {
    /// The line and the byte in it, both from 1.
    func position(ofOffset offset: Int) -> (line: Int, column: Int) {
        var cursor = LineCursor()
        return cursor.position(ofOffset: offset, in: bytes)
    }

    /// The pointer of a node; that of a key is the one of its member.
    func pointer(to target: Int) -> JSONPointer {
        var pointer = JSONPointer.root
        var node = 0
        while node < target, let (step, child) = self.child(of: node, holding: target) {
            pointer = pointer.appending(step)
            node = child
        }
        return pointer
    }

    /// The pointer of what was being read when the text turned out to be wrong.
    func pointerToOpenNode() -> JSONPointer {
        var pointer = JSONPointer.root
        var node = 0
        while node < nodes.count, nodes[node].next == 0, let (step, child) = child(of: node, holding: nodes.count) {
            pointer = pointer.appending(step)
            node = child
        }
        return pointer
    }

    /// The element or member of this node that holds the target, or that is open.
    private func child(of node: Int, holding target: Int) -> (step: Bytes, child: Int)? {
        let isObject = nodes[node].kind == .object
        guard isObject || nodes[node].kind == .array else { return nil }
        var (child, index) = (node + 1, 0)
        while child < nodes.count {
            // A key that is not read to its end has no text yet.
            if isObject, nodes[child].next == 0 { return nil }
            let value = isObject ? child + 1 : child
            let end = value < nodes.count ? next(after: value) : 0
            if end == 0 || target < end {
                return (isObject ? text(of: child) : Bytes(decimal: index), value)
            }
            (child, index) = (end, index + 1)
        }
        return nil
    }

    /// The node at the pointer, or the nearest one around it.
    func node(at pointer: JSONPointer) -> Int {
        var node = 0
        for step in pointer.text.split(UInt8(ascii: "/"), omittingEmpty: false).dropFirst() {
            guard let child = child(of: node, named: JSONPointer.unescaped(step)) else { return node }
            node = child
        }
        return node
    }

    private func child(of node: Int, named step: Bytes) -> Int? {
        var child = node + 1
        let end = next(after: node)
        switch nodes[node].kind {
        case .object:
            while child < end {
                if text(of: child) == step { return child + 1 }
                child = next(after: child + 1)
            }
        case .array:
            guard let number = step.decimal, number < nodes[node].size else { return nil }
            for _ in 0..<number { child = next(after: child) }
            return child
        default: break
        }
        return nil
    }
}

/// Lines and columns of offsets that only grow, in one pass over the text.
struct LineCursor {
    private var offset = 0
    private var line = 1
    private var lineStart = 0

    mutating func position(ofOffset target: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        while offset < target, offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "\n") { (line, lineStart) = (line + 1, offset + 1) }
            offset += 1
        }
        return (line, target - lineStart + 1)
    }
}

extension JSONPointer {
    /// The line and the byte in it, both from 1, of the value that the pointer names, or of the nearest one around it;
    /// nil if the text is no JSON.
    package func position(in bytes: [UInt8]) -> (line: Int, column: Int)? {
        guard let document = try? JSONDocument(bytes) else { return nil }
        let node = document.node(at: self)
        return document.position(ofOffset: Int(document.nodes[node].start))
    }

    /// Whether the document has a value there.
    package func isThere(in bytes: [UInt8]) -> Bool {
        guard let document = try? JSONDocument(bytes) else { return false }
        return document.pointer(to: document.node(at: self)) == self
    }

    /// A step of a pointer with "~1" and "~0" resolved.
    static func unescaped(_ step: Bytes) -> Bytes {
        guard step.contains(UInt8(ascii: "~")) else { return step }
        var array: [UInt8] = []
        var tilde = false
        for byte in step.array {
            if tilde {
                array.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
                tilde = false
            } else if byte == UInt8(ascii: "~") {
                tilde = true
            } else {
                array.append(byte)
            }
        }
        return Bytes(array)
    }
}

extension ConfigErrors {
    /// The same errors, each with the line and column that its pointer has in the document, in the document's order.
    package func located(in bytes: [UInt8]) -> ConfigErrors {
        guard let document = try? JSONDocument(bytes) else { return self }
        var found = list
        for index in found.indices where found[index].line == nil {
            let node = document.node(at: found[index].pointer)
            let (line, column) = document.position(ofOffset: Int(document.nodes[node].start))
            found[index].line = line
            found[index].column = column
        }
        found.sort { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
        return ConfigErrors(found)
    }
}
