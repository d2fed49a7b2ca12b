// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A message of the D-Bus specification, "Message format".
package struct DBusMessage: Equatable, Sendable {
    /// The kinds; a reader passes over others.
    package enum Kind: UInt8, Sendable {
        case call = 1
        case answer = 2
        case error = 3
        case signal = 4
    }

    /// The most bytes that are taken. The specification allows 128 MiB; no answer of a service manager to what is asked
    /// here comes near this.
    package static let limit = 1 << 20
    /// The first bytes, which tell how long a message is.
    package static let prefix = 16

    /// nil for a kind of a later version.
    package var kind: Kind?
    package var path: Bytes = ""
    package var interface: Bytes = ""
    package var member: Bytes = ""
    package var errorName: Bytes = ""
    package var destination: Bytes = ""
    /// The connection that it comes from, which the bus says and nobody else can.
    package var sender: Bytes = ""
    /// Which call it answers; 0 for none.
    package var replySerial: UInt32 = 0
    package var arguments: [DBusValue] = []

    /// A call.
    package init(calling member: Bytes, of interface: Bytes, _ path: Bytes, at destination: Bytes) {
        kind = .call
        self.member = member
        self.interface = interface
        self.path = path
        self.destination = destination
    }

    /// The bytes to send. The serial is the sender's number for it, not 0.
    package func bytes(serial: UInt32) -> [UInt8] {
        var body = DBusWriter()
        for argument in arguments { body.value(argument) }
        var writer = DBusWriter()
        for byte in [UInt8(ascii: "l"), kind?.rawValue ?? 0, 0, 1] { writer.value(.byte(byte)) }
        writer.number(UInt32(body.bytes.count))
        writer.number(serial)
        writer.value(.array(of: "(yv)", fields))
        writer.align(8)
        return writer.bytes + body.bytes
    }

    private var fields: [DBusValue] {
        var fields: [DBusValue] = []
        func add(_ field: Field, _ value: DBusValue) {
            fields.append(.structure([.byte(field.rawValue), .variant(value)]))
        }
        if !path.isEmpty { add(.path, .objectPath(path)) }
        if !interface.isEmpty { add(.interface, .string(interface)) }
        if !member.isEmpty { add(.member, .string(member)) }
        if !errorName.isEmpty { add(.errorName, .string(errorName)) }
        if replySerial != 0 { add(.replySerial, .uint32(replySerial)) }
        if !destination.isEmpty { add(.destination, .string(destination)) }
        if !sender.isEmpty { add(.sender, .string(sender)) }
        let signature = arguments.map(\.signature).joined("")
        if !signature.isEmpty { add(.signature, .signature(signature)) }
        return fields
    }

    /// The header fields that mean something here: "Header Fields".
    private enum Field: UInt8 {
        case path = 1
        case interface = 2
        case member = 3
        case errorName = 4
        case replySerial = 5
        case destination = 6
        case sender = 7
        case signature = 8
    }
}

extension DBusMessage {
    /// How long the message is that begins with these bytes, of which there must be `prefix` at least.
    package static func length(beginning bytes: [UInt8]) throws(DBusProblem) -> Int {
        guard bytes.count >= prefix else { throw DBusProblem("it ends too early", at: bytes.count) }
        let isBigEndian = try isBigEndian(bytes)
        guard bytes[3] == 1 else { throw DBusProblem("it is of protocol version \(bytes[3])", at: 3) }
        var reader = DBusReader(bytes, from: 4, isBigEndian: isBigEndian)
        let body = Int(try reader.number(UInt32.self))
        _ = try reader.number(UInt32.self)
        let fields = Int(try reader.number(UInt32.self))
        // Both are below 2^32, so no sum overflows.
        let length = (prefix + fields + 7) / 8 * 8 + body
        guard length <= limit else { throw DBusProblem("it has \(length) bytes, \(limit) are taken", at: 4) }
        return length
    }

    /// Reads a message that is exactly these bytes.
    package init(_ bytes: [UInt8]) throws(DBusProblem) {
        guard try DBusMessage.length(beginning: bytes) == bytes.count else {
            throw DBusProblem("its length is not the one it tells", at: bytes.count)
        }
        kind = Kind(rawValue: bytes[1])
        let isBigEndian = try DBusMessage.isBigEndian(bytes)
        var head = DBusReader(bytes, from: 4, isBigEndian: isBigEndian)
        let bodyLength = Int(try head.number(UInt32.self))
        guard try head.number(UInt32.self) != 0 else { throw DBusProblem("its serial is 0", at: 8) }
        let bodyStart = bytes.count - bodyLength
        var fields = DBusReader(bytes, from: 12, to: bodyStart, isBigEndian: isBigEndian)
        var signature: Bytes = ""
        for case .array(_, let list) in try fields.values(of: "a(yv)") {
            for case .structure(let field) in list { try take(field, &signature) }
        }
        try fields.align(8)
        guard fields.offset == bodyStart else { throw DBusProblem("its header ends elsewhere", at: fields.offset) }
        // Alignment counts from the beginning of the message, and a body begins at a multiple of 8.
        var body = DBusReader(bytes, from: bodyStart, isBigEndian: isBigEndian)
        arguments = try body.values(of: signature)
        guard body.isAtEnd else { throw DBusProblem("its body goes on after its values", at: body.offset) }
    }

    /// A field that is not known is passed over; one of another type than its own is a problem.
    private mutating func take(_ field: [DBusValue], _ signature: inout Bytes) throws(DBusProblem) {
        guard case .byte(let code)? = field.first, let name = Field(rawValue: code),
            case .variant(let value)? = field.last
        else { return }
        switch (name, value) {
        case (.path, .objectPath(let text)): path = text
        case (.interface, .string(let text)): interface = text
        case (.member, .string(let text)): member = text
        case (.errorName, .string(let text)): errorName = text
        case (.destination, .string(let text)): destination = text
        case (.sender, .string(let text)): sender = text
        case (.replySerial, .uint32(let number)): replySerial = number
        case (.signature, .signature(let text)): signature = text
        default: throw DBusProblem("header field \(code) is of type \(value.signature)", at: 12)
        }
    }

    private static func isBigEndian(_ bytes: [UInt8]) throws(DBusProblem) -> Bool {
        switch bytes.first {
        case UInt8(ascii: "l"): return false
        case UInt8(ascii: "B"): return true
        default: throw DBusProblem("it does not begin with its byte order", at: 0)
        }
    }
}
