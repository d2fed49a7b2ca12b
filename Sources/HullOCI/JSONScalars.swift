// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Bytes: JSONRequired {
    package static var blank: Bytes { Bytes([UInt8]()) }

    /// A string. All strings of these documents become C strings, paths and file contents: a NUL would cut them short,
    /// and what was checked would not be what the kernel sees.
    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Bytes? {
        guard reader.expect(.string, node) else { return nil }
        guard reader.isText(node) else {
            reader.note(node, "the string has a NUL character", hint: "the kernel would take it for the string's end")
            return nil
        }
        return reader.document.text(of: node.index)
    }
}

extension Bool: JSONRequired {
    package static var blank: Bool { false }

    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Bool? {
        switch reader.document.nodes[node.index].kind {
        case .true: return true
        case .false: return false
        default:
            reader.mismatch("boolean", node)
            return nil
        }
    }
}

extension Array: JSONReadable where Element: JSONReadable {
    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> [Element]? {
        guard reader.expect(.array, node) else { return nil }
        var array: [Element] = []
        array.reserveCapacity(Int(reader.document.nodes[node.index].size))
        var element = node.index + 1
        while element < reader.document.next(after: node.index) {
            if let value = Element.read(JSONReader.Node(index: element), &reader) { array.append(value) }
            element = reader.document.next(after: element)
        }
        return array
    }
}

extension Array: JSONRequired where Element: JSONReadable {
    package static var blank: [Element] { [] }
}

/// The integers: decimal digits and a sign. A fraction or an exponent is an error even where the value is whole:
/// whoever writes one counts in something else than we do, and other readers refuse it as well.
extension FixedWidthInteger where Self: JSONRequired {
    package static var blank: Self { 0 }

    package static func read(_ node: JSONReader.Node, _ reader: inout JSONReader) -> Self? {
        guard reader.document.nodes[node.index].kind == .number else {
            reader.mismatch("integer", node)
            return nil
        }
        let source = reader.document.source(ofNumber: node.index)
        guard source.allSatisfy({ JSONEscapes.isDecimal($0) || $0 == UInt8(ascii: "-") }) else {
            reader.note(node, "expected integer, found \(shown(source))", hint: "write it out in digits")
            return nil
        }
        guard let value = value(source) else {
            reader.note(node, "\(shown(source)) is out of range, allowed is \(Self.min) to \(Self.max)")
            return nil
        }
        return value
    }

    /// The value of the digits; nil if it does not fit.
    private static func value(_ source: ArraySlice<UInt8>) -> Self? {
        let negative = source.first == UInt8(ascii: "-")
        var value: Self = 0
        for digit in negative ? source.dropFirst() : source {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let unit = Self(truncatingIfNeeded: digit - UInt8(ascii: "0"))
            let (sum, carry) =
                negative ? tens.subtractingReportingOverflow(unit) : tens.addingReportingOverflow(unit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// A number for a message, which need not have all of a million digits.
    private static func shown(_ source: ArraySlice<UInt8>) -> Bytes {
        source.count <= 40 ? Bytes(source) : Bytes(source.prefix(40)) + "…"
    }
}

extension Int: JSONRequired {}
extension Int32: JSONRequired {}
extension Int64: JSONRequired {}
extension UInt16: JSONRequired {}
extension UInt32: JSONRequired {}
extension UInt64: JSONRequired {}
