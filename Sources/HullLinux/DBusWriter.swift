// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// Bytes of a message as they grow: D-Bus specification, "Marshaling". Little endian, which a sender may choose
/// whatever its machine is.
struct DBusWriter {
    private(set) var bytes: [UInt8] = []

    /// Fills up to a multiple.
    mutating func align(_ boundary: Int) {
        let rest = bytes.count % boundary
        if rest > 0 { bytes += [UInt8](repeating: 0, count: boundary - rest) }
    }

    mutating func number<Number: FixedWidthInteger>(_ number: Number) {
        align(Number.bitWidth / 8)
        for index in 0..<Number.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: number >> Number(index * 8))) }
    }

    mutating func value(_ value: DBusValue) {
        switch value {
        case .byte(let number): bytes.append(number)
        case .boolean(let truth): number(UInt32(truth ? 1 : 0))
        case .int16(let number): self.number(number)
        case .uint16(let number): self.number(number)
        case .int32(let number): self.number(number)
        case .uint32(let number), .descriptor(let number): self.number(number)
        case .int64(let number): self.number(number)
        case .uint64(let number): self.number(number)
        case .double(let number): self.number(number.bitPattern)
        case .string(let text), .objectPath(let text):
            number(UInt32(text.count))
            bytes += text.array + [0]
        case .signature(let text): signature(text)
        case .array(let element, let elements): array(element, elements)
        case .structure(let fields):
            align(8)
            for field in fields { self.value(field) }
        case .entry(let key, let value):
            align(8)
            self.value(key)
            self.value(value)
        case .variant(let inner):
            signature(inner.signature)
            self.value(inner)
        }
    }

    private mutating func signature(_ text: Bytes) {
        bytes.append(UInt8(truncatingIfNeeded: text.count))
        bytes += text.array + [0]
    }

    /// The length counts from the first element on, so without what is filled up before it.
    private mutating func array(_ element: Bytes, _ elements: [DBusValue]) {
        number(UInt32(0))
        let place = bytes.count - 4
        align(DBusSignature.alignment(of: element.array.first ?? 0))
        let start = bytes.count
        for element in elements { value(element) }
        let length = UInt32(bytes.count - start)
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
    }
}
