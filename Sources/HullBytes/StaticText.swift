// SPDX-License-Identifier: Apache-2.0

extension Bytes {
    /// A `case` of a `switch` that is a literal: compared in place.
    package static func ~= (text: StaticString, bytes: Bytes) -> Bool { bytes.matches(text) }

    /// Whether these are the bytes of a text in the program. Tables of names are searched with this, not with `==`:
    /// making byte strings of a whole table for each look-up would cost an allocation per row.
    package func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { unsafe $0.elementsEqual(array) }
    }
}
