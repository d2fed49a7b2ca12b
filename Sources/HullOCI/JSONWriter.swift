// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A value that can be written as JSON.
package protocol JSONWritable {
    /// Writes the value.
    func write(_ writer: inout JSONWriter)
}

/// Writes a JSON text piece by piece. Slashes are not escaped: programs that read a container's state with `grep` and
/// `cut` are many, hooks above all.
package struct JSONWriter {
    /// How the text is laid out.
    package enum Layout: Sendable {
        /// All in one line, without blanks.
        case compact
        /// A line per value, with so many blanks per level.
        case blanks(Int)
        /// A line per value, with a tab per level.
        case tab
    }

    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private let layout: Layout
    private var depth = 0
    private var isFirst = true
    private var isAfterKey = false

    /// An empty text.
    package init(_ layout: Layout = .compact) { self.layout = layout }

    /// The whole text of a value.
    package static func text(of value: some JSONWritable, _ layout: Layout = .compact) -> [UInt8] {
        var writer = JSONWriter(layout)
        value.write(&writer)
        return writer.bytes
    }

    // MARK: Values

    /// A value of its own kind: an element, the value after a key, or the whole text.
    package mutating func value(_ value: some JSONWritable) { value.write(&self) }

    /// An object, its members written by the body.
    package mutating func object(_ members: (inout JSONWriter) -> Void) { enclosed("{", "}", members) }

    /// An array, its elements written by the body.
    package mutating func array(_ elements: (inout JSONWriter) -> Void) { enclosed("[", "]", elements) }

    /// The key of a member; its value comes next.
    package mutating func key(_ key: Bytes) {
        separate()
        quote(key)
        bytes.append(":")
        if case .compact = layout {} else { bytes.append(" ") }
        isAfterKey = true
    }

    /// A member; none if there is no value.
    package mutating func member(_ name: StaticString, _ value: (some JSONWritable)?) {
        guard let value else { return }
        key(Bytes(stringLiteral: name))
        value.write(&self)
    }

    // The same for what a record of a container is made of: these are not generic, which a caller in another module
    // would pay for at run time.

    /// A member that is a string.
    package mutating func member(_ name: StaticString, _ value: Bytes) {
        key(Bytes(stringLiteral: name))
        string(value)
    }
    /// A member that is a number.
    package mutating func member(_ name: StaticString, _ value: Int64) {
        key(Bytes(stringLiteral: name))
        value.write(&self)
    }
    /// A member that is a number.
    package mutating func member(_ name: StaticString, _ value: UInt64) {
        key(Bytes(stringLiteral: name))
        value.write(&self)
    }
    /// A member that is true or false.
    package mutating func member(_ name: StaticString, _ value: Bool) {
        key(Bytes(stringLiteral: name))
        value.write(&self)
    }

    /// A member that is a map.
    package mutating func member(_ name: StaticString, map: [Entry<some JSONWritable>]?) {
        guard let map else { return }
        key(Bytes(stringLiteral: name))
        object { writer in
            for entry in map {
                writer.key(entry.key)
                entry.value.write(&writer)
            }
        }
    }

    /// A string.
    package mutating func string(_ text: Bytes) {
        separate()
        quote(text)
    }

    /// Text that is JSON already: a number, `true`, `false` or `null`.
    mutating func plain(_ text: Bytes) {
        separate()
        bytes += text.array
    }

    // MARK: Layout

    private mutating func enclosed(
        _ opening: StaticString, _ closing: StaticString, _ body: (inout JSONWriter) -> Void
    ) {
        separate()
        bytes.append(opening)
        depth += 1
        isFirst = true
        body(&self)
        depth -= 1
        if !isFirst { breakLine() }
        bytes.append(closing)
        isFirst = false
    }

    /// What stands between this value or key and what was before.
    private mutating func separate() {
        if isAfterKey {
            isAfterKey = false
            return
        }
        if depth > 0 {
            if !isFirst { bytes.append(",") }
            breakLine()
        }
        isFirst = false
    }

    private mutating func breakLine() {
        switch layout {
        case .compact: return
        case .blanks(let count):
            bytes.append("\n")
            bytes += repeatElement(UInt8(ascii: " "), count: count * depth)
        case .tab:
            bytes.append("\n")
            bytes += repeatElement(UInt8(ascii: "\t"), count: depth)
        }
    }

    // MARK: Strings

    /// A string in quotes. JSON is UTF-8: in bytes of another kind, what is not UTF-8 becomes U+FFFD.
    private mutating func quote(_ text: Bytes) {
        bytes.append("\"")
        let isASCII = text.array.allSatisfy { $0 < 0x80 }
        let characters = isASCII ? text.array : [UInt8](String(decoding: text.array, as: UTF8.self).utf8)
        for byte in characters { escape(byte) }
        bytes.append("\"")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append("\\\"")
        case UInt8(ascii: "\\"): bytes.append("\\\\")
        case 0x08: bytes.append("\\b")
        case 0x09: bytes.append("\\t")
        case 0x0a: bytes.append("\\n")
        case 0x0c: bytes.append("\\f")
        case 0x0d: bytes.append("\\r")
        case 0..<0x20:
            bytes.append(byte < 0x10 ? "\\u000" : "\\u001")
            bytes += [UInt8](String(byte & 0x0f, radix: 16).utf8)
        default: bytes.append(byte)
        }
    }
}

extension Bytes: JSONWritable {
    package func write(_ writer: inout JSONWriter) { writer.string(self) }
}

extension Bool: JSONWritable {
    package func write(_ writer: inout JSONWriter) { writer.plain(self ? "true" : "false") }
}

extension FixedWidthInteger where Self: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.plain(Int(exactly: self).map { Bytes(decimal: $0) } ?? Bytes(decimal: self))
    }
}

extension Int: JSONWritable {}
extension Int32: JSONWritable {}
extension Int64: JSONWritable {}
extension UInt16: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}

extension Array: JSONWritable where Element: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.array { writer in
            for element in self { element.write(&writer) }
        }
    }
}

extension JSONDocument: JSONWritable {
    /// Writes the document again; numbers as they were.
    package func write(_ writer: inout JSONWriter) { write(0, &writer) }

    func write(_ node: Int, _ writer: inout JSONWriter) {
        switch nodes[node].kind {
        case .object:
            writer.object { writer in
                var key = node + 1
                while key < next(after: node) {
                    writer.key(text(of: key))
                    write(key + 1, &writer)
                    key = next(after: key + 1)
                }
            }
        case .array:
            writer.array { writer in
                var element = node + 1
                while element < next(after: node) {
                    write(element, &writer)
                    element = next(after: element)
                }
            }
        case .string: writer.string(text(of: node))
        case .number: writer.plain(Bytes(source(ofNumber: node)))
        case .true: writer.plain("true")
        case .false: writer.plain("false")
        case .null: writer.plain("null")
        }
    }
}

/// A number of thousandths, written with three places after the point.
package struct Thousandths: JSONWritable {
    /// How many there are.
    package let count: Int64

    /// That many.
    package init(_ count: Int64) { self.count = count }

    /// How it is written.
    package var text: Bytes {
        let places = Bytes(decimal: Int((count % 1000).magnitude) + 1000).dropFirst(1)
        return "\(count < 0 ? "-" : "" as Bytes)\((count / 1000).magnitude).\(places)"
    }

    package func write(_ writer: inout JSONWriter) { writer.plain(text) }
}
