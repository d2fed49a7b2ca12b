// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// How much a document may ask of the reader. A container's configuration is written by an engine, but annotations
/// and environment come from users: neither may take the host's memory or overflow the stack.
package struct JSONLimits: Sendable {
    /// The length of the text.
    package var bytes: Int
    /// How deep arrays and objects may lie in each other.
    package var depth: Int
    /// How many values and keys there may be.
    package var nodes: Int

    /// Limits; the defaults are for a configuration.
    package init(bytes: Int = 16 << 20, depth: Int = 128, nodes: Int = 1 << 20) {
        // Offsets are kept in 32 bits.
        self.bytes = min(bytes, Int(UInt32.max) - 1)
        self.depth = depth
        self.nodes = min(nodes, Int(UInt32.max) - 1)
    }
}

/// A value or a key in the text, with its place. Nodes lie in one flat array in the order of the text: an array is
/// followed by its elements, an object by key, value, key, value.
struct JSONNode {
    enum Kind: UInt8 { case object, array, string, number, `true`, `false`, null }

    struct Marks: OptionSet {
        var rawValue: UInt8
        /// The string has an escape: its text is not the source's.
        static let escaped = Marks(rawValue: 1)
        /// The string has the character NUL.
        static let hasNUL = Marks(rawValue: 2)
        /// The key was looked up.
        static let known = Marks(rawValue: 4)
        /// What lies inside is not looked at.
        static let opaque = Marks(rawValue: 8)
    }

    /// Where the text of the value starts.
    var start: UInt32
    /// The bytes of a number, the bytes between the quotes of a string, the elements of an array or the members of an
    /// object.
    var size: UInt32 = 0
    /// The index after this node and everything inside; 0 while it is not read to its end.
    var next: UInt32 = 0
    var kind: Kind = .null
    var marks: Marks = []

    init(start: Int) { self.start = UInt32(truncatingIfNeeded: start) }
}

/// A JSON text (RFC 8259) that is known to be well-formed, as a tree with places.
package struct JSONDocument {
    let bytes: [UInt8]
    var nodes: [JSONNode]
    /// The keys that an object has for the second time.
    let duplicates: [Int]

    /// Reads the text; errors of syntax end it at the first.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(ConfigErrors) {
        guard bytes.count <= limits.bytes else {
            throw ConfigErrors([
                ConfigError(
                    .root, "the document has \(bytes.count) bytes, at most \(limits.bytes) are read")
            ])
        }
        var scanner = JSONScanner(bytes, limits)
        do throws(JSONSyntaxError) {
            try scanner.document()
        } catch {
            let partial = JSONDocument(bytes, scanner.nodes)
            let (line, column) = partial.position(ofOffset: error.offset)
            let pointer = partial.pointerToOpenNode()
            throw ConfigErrors([
                ConfigError(pointer, line: line, column: column, error.problem, hint: error.hint)
            ])
        }
        self.bytes = bytes
        self.nodes = scanner.nodes
        self.duplicates = scanner.duplicates
    }

    private init(_ bytes: [UInt8], _ nodes: [JSONNode]) {
        self.bytes = bytes
        self.nodes = nodes
        self.duplicates = []
    }

    /// The text of a string, its escapes resolved.
    func text(of node: Int) -> Bytes {
        let (start, size) = (Int(nodes[node].start) + 1, Int(nodes[node].size))
        guard nodes[node].marks.contains(.escaped) else { return Bytes(bytes[start..<start + size]) }
        return Bytes(JSONEscapes.resolve(bytes[start..<start + size]))
    }

    /// Whether the string is this text.
    func text(of node: Int, is name: StaticString) -> Bool {
        let string = nodes[node]
        if string.marks.contains(.escaped) {
            let text = text(of: node).array
            return text.count == name.utf8CodeUnitCount && name.matches(text, at: 0)
        }
        return Int(string.size) == name.utf8CodeUnitCount && name.matches(bytes, at: Int(string.start) + 1)
    }

    /// The source of a number.
    func source(ofNumber node: Int) -> ArraySlice<UInt8> {
        let start = Int(nodes[node].start)
        return bytes[start..<start + Int(nodes[node].size)]
    }

    /// The index after the node and everything inside.
    func next(after node: Int) -> Int { Int(nodes[node].next) }
}
