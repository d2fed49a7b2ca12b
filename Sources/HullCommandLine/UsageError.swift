// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// A command line that hull does not understand. The exit status is 1 for every verb.
package struct UsageError: Error, Equatable {
    /// What is wrong.
    package let problem: Bytes
    /// What was probably meant.
    package let hint: Bytes?
    /// For which verb, where that is known.
    package let verb: Verb?
    /// The global options as far as they were understood: the error belongs into their log.
    package let global: GlobalOptions

    /// The error in one line, without a newline.
    package var line: Bytes {
        let name: Bytes = verb.map { "hull " + $0.name } ?? "hull"
        return printable("\(name): \(problem) (\(hint ?? "see \(name) --help"))")
    }
}
