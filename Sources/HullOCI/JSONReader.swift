// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A value that can be read from a node of a document.
package protocol JSONReadable {
    /// The value at the node; nil if it is of another type, which the reader has noted then.
    static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Self?
}

/// A value of a required property. Reading goes on after an error, to find the others: a value that is missing is
/// blank until the errors are thrown.
package protocol JSONRequired: JSONReadable {
    /// The stand-in.
    static var blank: Self { get }

    /// The value at the node, or the stand-in: each type has its own, so that who is generic need not ask the runtime
    /// for the type of an optional, once for each property.
    static func readOrBlank(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Self
}

extension JSONRequired {
    package static func readOrBlank(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Self {
        read(node, &reader) ?? blank
    }
}

/// A JSON object with known properties.
package protocol JSONObjectReadable: JSONReadable {
    /// Reads the properties of the object.
    init(_ object: JSONReader.Node, _ reader: inout JSONReader)
}

extension JSONObjectReadable {
    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Self? {
        reader.isObject(node) ? Self(node, &reader) : nil
    }
}

/// From the tree of a document to typed values, noting everything that is wrong on the way.
package struct JSONReader {
    /// A value of the document.
    package struct Node: Equatable, Sendable {
        let index: Int
    }

    private(set) var document: JSONDocument
    private var notes: [Note] = []
    /// The object that was looked into last, and its first key after the one that was found there.
    private var last = (object: -1, next: 0)
    /// The keys that were looked up, by object; nil where nobody will want to know.
    private var asked: [(object: Int, key: StaticString)]?
    /// Beyond this many errors the document is noise, and finding the places would take long.
    private static let mostNotes = 256

    /// Something to say about a place in the text.
    struct Note {
        var node: Int
        /// The required member that is missing in the node.
        var member: StaticString?
        var problem: Bytes
        var hint: Bytes?
    }

    /// Starts at a document; keys that an object has twice are the first errors.
    package init(_ document: JSONDocument) {
        self.document = document
        for key in document.duplicates {
            note(Note(node: key, problem: "duplicate key: the object has it already", hint: "keep one of the two"))
        }
    }

    /// Reads a whole document.
    package static func read<V: JSONReadable>(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(ConfigErrors) -> V {
        var reader = JSONReader(try JSONDocument(bytes, limits: limits))
        return try reader.root()
    }

    /// What to say about an unknown name beside known ones, if anything.
    package typealias Advice = (_ unknown: Bytes, _ known: [Bytes]) -> Bytes?

    /// Reads a whole document and gathers the properties that nobody asked for, also when it throws.
    package static func read<V: JSONReadable>(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), unknown: inout [ConfigError],
        advice: Advice = { _, _ in nil }
    ) throws(ConfigErrors) -> V {
        var reader = JSONReader(try JSONDocument(bytes, limits: limits))
        reader.asked = []
        defer { unknown = reader.unknown(advice) }
        return try reader.root()
    }

    /// Reads as much of a whole document as can be read, with all that is wrong in it: nil where it is of another type.
    /// Throws only where the text is no JSON.
    package static func survey<V: JSONReadable>(
        _ bytes: [UInt8], unknown: inout [ConfigError], advice: Advice
    ) throws(ConfigErrors) -> (value: V?, errors: [ConfigError]) {
        var reader = JSONReader(try JSONDocument(bytes, limits: JSONLimits()))
        reader.asked = []
        let value = V.read(Node(index: 0), &reader)
        unknown = reader.unknown(advice)
        return (value, reader.errors(reader.notes))
    }

    private mutating func root<V: JSONReadable>() throws(ConfigErrors) -> V {
        let value = V.read(Node(index: 0), &self)
        guard let value, notes.isEmpty else { throw ConfigErrors(errors(notes)) }
        return value
    }

    // MARK: Objects

    /// The value of the member with the key, whatever it is.
    package mutating func member(_ key: StaticString, _ object: Node) -> Node? {
        asked?.append((object.index, key))
        // Most documents have their keys in the order in which they are asked for.
        let first = object.index + 1
        let middle = last.object == object.index ? last.next : first
        var found = take(key, middle, document.next(after: object.index))
        if found == nil, middle > first { found = take(key, first, middle) }
        guard let node = found else { return nil }
        last = (object.index, document.next(after: node + 1))
        return Node(index: node + 1)
    }

    /// The key among those from one place to another, known from now on. What is not `mutating` here, or in the closure
    /// that a `??` is, copies the reader each time.
    private mutating func take(_ key: StaticString, _ start: Int, _ end: Int) -> Int? {
        var node = start
        while node < end {
            if document.text(of: node, is: key) {
                document.nodes[node].marks.insert(.known)
                return node
            }
            node = document.next(after: node + 1)
        }
        return nil
    }

    /// A property that need not be there. `null` says no more than its absence: that is how the tools that write
    /// these documents put a list that they do not have.
    @specialized(where V == Bool)
    package mutating func optional<V: JSONReadable>(_ key: StaticString, _ object: Node) -> V? {
        guard let node = member(key, object), document.nodes[node.index].kind != .null else { return nil }
        return V.read(node, &self)
    }

    /// The same of text, which most properties are: the generic one asks the runtime for the type of each.
    package mutating func optional(_ key: StaticString, _ object: Node) -> Bytes? {
        guard let node = member(key, object), document.nodes[node.index].kind != .null else { return nil }
        return Bytes.read(node, &self)
    }

    /// A property that must be there.
    package mutating func required<V: JSONRequired>(_ key: StaticString, _ object: Node) -> V {
        guard let node = requiredMember(key, object) else { return V.blank }
        return V.readOrBlank(node, &self)
    }

    /// The same of text.
    package mutating func required(_ key: StaticString, _ object: Node) -> Bytes {
        guard let node = requiredMember(key, object) else { return Bytes.blank }
        return Bytes.read(node, &self) ?? Bytes.blank
    }

    private mutating func requiredMember(_ key: StaticString, _ object: Node) -> Node? {
        let node = member(key, object)
        if node == nil { note(Note(node: object.index, member: key, problem: "required property is missing")) }
        return node
    }

    /// A property that is a map.
    package mutating func map<V: JSONReadable>(_ key: StaticString, _ object: Node) -> [Entry<V>]? {
        guard let map = member(key, object), document.nodes[map.index].kind != .null, isObject(map) else { return nil }
        var entries: [Entry<V>] = []
        entries.reserveCapacity(Int(document.nodes[map.index].size))
        var node = map.index + 1
        while node < document.next(after: map.index) {
            document.nodes[node].marks.insert(.known)
            let key = Bytes.read(Node(index: node), &self)
            if key?.isEmpty == true { note(Node(index: node), "the key is empty") }
            let value = V.read(Node(index: node + 1), &self)
            if let key, let value { entries.append(Entry(key: key, value: value)) }
            node = document.next(after: node + 1)
        }
        return entries
    }

    /// A property that others know: neither read nor reported as unknown.
    package mutating func skip(_ key: StaticString, _ object: Node) {
        guard let node = member(key, object) else { return }
        document.nodes[node.index].marks.insert(.opaque)
    }

    /// Whether the node is `null`.
    package func isNull(_ node: Node) -> Bool { document.nodes[node.index].kind == .null }

    /// Whether the node is an object; if not, that is noted.
    package mutating func isObject(_ node: Node) -> Bool { expect(.object, node) }

    /// Whether the node is a string that `Bytes` can be read from.
    func isText(_ node: Node) -> Bool {
        let node = document.nodes[node.index]
        return node.kind == .string && !node.marks.contains(.hasNUL)
    }

    // MARK: Notes

    /// Whether the node is of the kind; if not, that is noted.
    mutating func expect(_ kind: JSONNode.Kind, _ node: Node) -> Bool {
        guard document.nodes[node.index].kind != kind else { return true }
        mismatch(kind.name, node)
        return false
    }

    /// Notes that the value is of another type.
    mutating func mismatch(_ expected: Bytes, _ node: Node) {
        document.nodes[node.index].marks.insert(.opaque)
        note(node, "expected \(expected), found \(document.nodes[node.index].kind.name)")
    }

    /// Notes that the value is wrong.
    package mutating func note(_ node: Node, _ problem: Bytes, hint: Bytes? = nil) {
        note(Note(node: node.index, problem: problem, hint: hint))
    }

    private mutating func note(_ note: Note) {
        guard notes.count <= Self.mostNotes else { return }
        let isLast = notes.count == Self.mostNotes
        notes.append(isLast ? Note(node: 0, problem: "there are more errors than these") : note)
    }

    /// The notes with their places, in the order of the text.
    private func errors(_ notes: [Note]) -> [ConfigError] {
        var cursor = LineCursor()
        let sorted = notes.enumerated().sorted { ($0.element.node, $0.offset) < ($1.element.node, $1.offset) }
        return sorted.map { _, note in
            var pointer = document.pointer(to: note.node)
            if let member = note.member { pointer = pointer.appending(Bytes(stringLiteral: member)) }
            let start = Int(document.nodes[note.node].start)
            let (line, column) = cursor.position(ofOffset: start, in: document.bytes)
            return ConfigError(pointer, line: line, column: column, note.problem, hint: note.hint)
        }
    }

    /// The members that nobody asked for.
    private func unknown(_ advice: Advice) -> [ConfigError] {
        var notes: [Note] = []
        gatherUnknown(0, advice, &notes)
        return errors(notes)
    }

    private func gatherUnknown(_ node: Int, _ advice: Advice, _ notes: inout [Note]) {
        guard !document.nodes[node].marks.contains(.opaque), notes.count < Self.mostNotes else { return }
        let isObject = document.nodes[node].kind == .object
        guard isObject || document.nodes[node].kind == .array else { return }
        var child = node + 1
        while child < document.next(after: node) {
            let value = isObject ? child + 1 : child
            if isObject, !document.nodes[child].marks.contains(.known) {
                let known = asked?.lazy.filter { $0.object == node }.map { Bytes(stringLiteral: $0.key) } ?? []
                let hint = advice(document.text(of: child), known)
                notes.append(Note(node: child, problem: "unknown property", hint: hint))
            } else {
                gatherUnknown(value, advice, &notes)
            }
            child = document.next(after: value)
        }
    }
}

extension JSONNode.Kind {
    /// The name in messages.
    var name: Bytes {
        switch self {
        case .object: "object"
        case .array: "array"
        case .string: "string"
        case .number: "number"
        case .true, .false: "boolean"
        case .null: "null"
        }
    }
}
