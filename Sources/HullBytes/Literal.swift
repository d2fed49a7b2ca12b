// SPDX-License-Identifier: Apache-2.0

extension StaticString {
    /// Whether these are the bytes from `start` on. Comparing in place spares a `Bytes` per name that is looked up.
    package func matches(_ bytes: [UInt8], at start: Int) -> Bool {
        withUTF8Buffer { name in
            guard start >= 0, start <= bytes.count - name.count else { return false }
            for index in 0..<name.count where unsafe name[index] != bytes[start + index] { return false }
            return true
        }
    }
}

extension [UInt8] {
    /// Adds the bytes of a text of our own.
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}
