// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// A message of rtnetlink(7): the header of netlink(7), a fixed part that depends on the type, attributes.
package struct RouteMessage: Equatable, Sendable {
    /// RTM_* of linux/rtnetlink.h, or NLMSG_* of linux/netlink.h.
    package let type: UInt16
    /// NLM_F_*.
    package let flags: UInt16
    /// Which request it answers.
    package let sequence: UInt32
    /// What follows the header.
    package private(set) var body: [UInt8]

    /// A message with its fixed part, and no attribute yet.
    package init(_ type: Int, flags: Int32 = 0, sequence: UInt32 = 0, body: [UInt8]) {
        self.type = UInt16(type)
        self.flags = UInt16(flags)
        self.sequence = sequence
        self.body = body
    }

    /// The bytes for the kernel, as the request of the number.
    package func bytes(sequence: UInt32) -> Bytes {
        Bytes(
            native(UInt32(16 + body.count)) + native(type) + native(flags | UInt16(NLM_F_REQUEST)) + native(sequence)
                + native(UInt32(0)) + body)
    }

    /// Adds an attribute: length, type and value, filled up to four bytes.
    package mutating func add(_ attribute: Int, _ value: [UInt8]) {
        body += native(UInt16(4 + value.count)) + native(UInt16(attribute)) + value
        body += [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    /// All messages that came in one piece; what is cut off is none.
    package static func all(in bytes: [UInt8]) -> [RouteMessage] {
        var messages: [RouteMessage] = []
        var rest = bytes[...]
        while rest.count >= 16 {
            let length = Int(decode(rest, at: 0, as: UInt32.self))
            guard length >= 16, length <= rest.count else { break }
            messages.append(
                RouteMessage(
                    Int(decode(rest, at: 4, as: UInt16.self)), flags: Int32(decode(rest, at: 6, as: UInt16.self)),
                    sequence: decode(rest, at: 8, as: UInt32.self),
                    body: [UInt8](rest[(rest.startIndex + 16)..<(rest.startIndex + length)])))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }

    /// The attributes after a fixed part of so many bytes.
    package func attributes(after fixed: Int) -> [RouteAttribute] {
        var attributes: [RouteAttribute] = []
        var rest = body.dropFirst(fixed)
        while rest.count >= 4 {
            let length = Int(decode(rest, at: 0, as: UInt16.self))
            guard length >= 4, length <= rest.count else { break }
            // The two highest bits say what is in the value.
            let type = Int(decode(rest, at: 2, as: UInt16.self) & 0x3fff)
            attributes.append(RouteAttribute(type: type, value: [UInt8](rest.dropFirst(4).prefix(length - 4))))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return attributes
    }

    /// A number of the body; 0 where it ends before.
    package func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        decode(body[...], at: offset, as: type)
    }
}

/// An attribute of a message of rtnetlink(7).
package struct RouteAttribute: Equatable, Sendable {
    /// IFLA_*, IFA_* or NLMSGERR_ATTR_*.
    package let type: Int
    package let value: [UInt8]

    /// Takes the parts as they are.
    package init(type: Int, value: [UInt8]) {
        self.type = type
        self.value = value
    }

    /// The value as text, without the NUL at its end.
    package var text: Bytes { Bytes(value.prefix { $0 != 0 }) }
}

/// The bytes of a number in the machine's order.
func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    let bytes = (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    return Architecture.native.isLittleEndian ? bytes : bytes.reversed()
}

private func decode<Number: FixedWidthInteger>(
    _ bytes: ArraySlice<UInt8>, at offset: Int, as type: Number.Type
) -> Number {
    let size = Number.bitWidth / 8
    guard offset + size <= bytes.count else { return 0 }
    let part = bytes.dropFirst(offset).prefix(size)
    let ordered = Architecture.native.isLittleEndian ? [UInt8](part.reversed()) : [UInt8](part)
    return ordered.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
}
