// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// A version as SemVer 2.0.0 writes it: `1.2.0-rc.1+dev`.
struct SemanticVersion {
    /// Whether the first number is 1: what has another one is not compatible.
    let isVersion1: Bool

    /// Takes the grammar of SemVer exactly; nil for anything else.
    init?(_ text: Bytes) {
        var rest = text.array[...]
        guard let major = Self.number(&rest), Self.take(".", &rest), Self.number(&rest) != nil, Self.take(".", &rest),
            Self.number(&rest) != nil
        else { return nil }
        if Self.take("-", &rest), !Self.identifiers(&rest, strict: true) { return nil }
        if Self.take("+", &rest), !Self.identifiers(&rest, strict: false) { return nil }
        guard rest.isEmpty else { return nil }
        isVersion1 = major.elementsEqual([UInt8(ascii: "1")])
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let digits = rest.prefix(while: JSONEscapes.isDecimal)
        rest = rest.dropFirst(digits.count)
        return isNumber(digits) ? digits : nil
    }

    /// Identifiers between dots; of a release (`strict`) a number has no leading zero.
    private static func identifiers(_ rest: inout ArraySlice<UInt8>, strict: Bool) -> Bool {
        repeat {
            let word = rest.prefix(while: isLetter)
            rest = rest.dropFirst(word.count)
            if word.isEmpty || strict && word.allSatisfy(JSONEscapes.isDecimal) && !isNumber(word) { return false }
        } while take(".", &rest)
        return true
    }

    private static func isNumber(_ digits: ArraySlice<UInt8>) -> Bool {
        !digits.isEmpty && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
