// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// What makes a text no JSON, and where.
struct JSONSyntaxError: Error {
    var offset: Int
    var problem: Bytes
    var hint: Bytes?
}

/// One pass over the text, from bytes to nodes.
struct JSONScanner {
    let bytes: [UInt8]
    let limits: JSONLimits
    var nodes: [JSONNode] = []
    var duplicates: [Int] = []
    var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        // A configuration has one node in 13 to 20 bytes.
        nodes.reserveCapacity(min(bytes.count / 12 + 8, limits.nodes))
    }

    /// The whole text: one value and white space.
    mutating func document() throws(JSONSyntaxError) {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
            throw fail("the document starts with a byte order mark", hint: "save it as UTF-8 without one")
        }
        skipBlanks()
        try value()
        skipBlanks()
        if offset < bytes.count { throw fail("expected the end of the document, found \(found())") }
    }

    private mutating func value() throws(JSONSyntaxError) {
        let node = try open()
        switch byte {
        case UInt8(ascii: "{"): try object(node)
        case UInt8(ascii: "["): try array(node)
        case UInt8(ascii: "\""): try string(node)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(node)
        case UInt8(ascii: "t"): try literal("true", .true, node)
        case UInt8(ascii: "f"): try literal("false", .false, node)
        case UInt8(ascii: "n"): try literal("null", .null, node)
        default: throw unexpected("a value")
        }
        nodes[node].next = UInt32(truncatingIfNeeded: nodes.count)
    }

    private mutating func object(_ node: Int) throws(JSONSyntaxError) {
        nodes[node].kind = .object
        try enter()
        var members: UInt32 = 0
        var comma: Int?
        while byte != UInt8(ascii: "}") {
            guard byte == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
            let key = try open()
            try string(key)
            nodes[key].next = UInt32(truncatingIfNeeded: nodes.count)
            skipBlanks()
            guard byte == UInt8(ascii: ":") else { throw unexpected("':'") }
            step()
            try value()
            members += 1
            comma = try separator(UInt8(ascii: "}"))
        }
        if let comma { throw fail("comma before '}'", at: comma) }
        leave()
        nodes[node].size = members
        if members > 1 { findDuplicates(node) }
    }

    private mutating func array(_ node: Int) throws(JSONSyntaxError) {
        nodes[node].kind = .array
        try enter()
        var elements: UInt32 = 0
        var comma: Int?
        while byte != UInt8(ascii: "]") {
            try value()
            elements += 1
            comma = try separator(UInt8(ascii: "]"))
        }
        if let comma { throw fail("comma before ']'", at: comma) }
        leave()
        nodes[node].size = elements
    }

    /// Goes past the comma after an element, and says where it was; nil before the closing bracket.
    private mutating func separator(_ bracket: UInt8) throws(JSONSyntaxError) -> Int? {
        skipBlanks()
        guard byte == UInt8(ascii: ",") else {
            guard byte == bracket else { throw unexpected("',' or '\(Bytes([bracket]))'") }
            return nil
        }
        let comma = offset
        step()
        return comma
    }

    private mutating func literal(
        _ name: StaticString, _ kind: JSONNode.Kind, _ node: Int
    ) throws(JSONSyntaxError) {
        guard name.matches(bytes, at: offset) else { throw unexpected("a value") }
        nodes[node].kind = kind
        offset += name.utf8CodeUnitCount
    }

    // MARK: Steps

    /// The byte at hand; 0, which is in no valid text, at the end.
    var byte: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// A new node here.
    private mutating func open() throws(JSONSyntaxError) -> Int {
        guard nodes.count < limits.nodes else {
            throw fail("the document has more than \(limits.nodes) values and keys")
        }
        nodes.append(JSONNode(start: offset))
        return nodes.count - 1
    }

    /// Goes past an opening bracket.
    private mutating func enter() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= limits.depth else {
            throw fail("arrays and objects lie more than \(limits.depth) deep in each other")
        }
        step()
    }

    /// Goes past a closing bracket.
    private mutating func leave() {
        depth -= 1
        offset += 1
    }

    /// Goes past a byte and the white space after it.
    private mutating func step() {
        offset += 1
        skipBlanks()
    }

    private mutating func skipBlanks() {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): offset += 1
            default: return
            }
        }
    }

    // MARK: Errors

    func fail(_ problem: Bytes, at place: Int? = nil, hint: Bytes? = nil) -> JSONSyntaxError {
        JSONSyntaxError(offset: place ?? offset, problem: problem, hint: hint)
    }

    /// The error for a byte that cannot stand here, with a word on the mistakes that people make.
    private func unexpected(_ expected: Bytes) -> JSONSyntaxError {
        let hint: Bytes? =
            switch byte {
            case _ where offset >= bytes.count: nil
            case UInt8(ascii: "/"), UInt8(ascii: "#"): "JSON has no comments"
            case UInt8(ascii: "'"): "strings are written in double quotes"
            default: nil
            }
        return fail("expected \(expected), found \(found())", hint: hint)
    }

    /// What stands here, for a message.
    func found() -> Bytes {
        guard offset < bytes.count else { return "the end of the document" }
        let word = bytes[offset...].prefix(16).prefix {
            $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")
        }
        if !word.isEmpty { return "'\(Bytes(word))'" }
        let byte = bytes[offset]
        return byte > 0x20 && byte < 0x7f ? "'\(Bytes([byte]))'" : "byte 0x\(String(byte, radix: 16))"
    }
}
