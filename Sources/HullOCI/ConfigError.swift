// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// One thing that is wrong in a document, and where.
package struct ConfigError: Equatable, Sendable {
    /// The value that is wrong, or the place where one is missing.
    package var pointer: JSONPointer
    /// The line of that value, from 1; nil where only the pointer is known.
    package var line: Int?
    /// The byte in that line, from 1; nil where only the pointer is known.
    package var column: Int?
    /// What is wrong, in words.
    package var problem: Bytes
    /// What to do about it, where that is not plain from the problem.
    package var hint: Bytes?

    /// An error at a pointer, with the position if it is known.
    package init(_ pointer: JSONPointer, line: Int? = nil, column: Int? = nil, _ problem: Bytes, hint: Bytes? = nil) {
        self.pointer = pointer
        self.line = line
        self.column = column
        self.problem = problem
        self.hint = hint
    }
}

/// Everything that is wrong in a document, so that it can be put right in one go.
package struct ConfigErrors: Error, Equatable, Sendable {
    /// The errors, never empty when thrown; a reader gives them in the order of the document.
    package var list: [ConfigError]

    /// Takes the errors as they are.
    package init(_ list: [ConfigError]) { self.list = list }
}
