// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// A failure in the words that a person and an engine read: always one line.
package struct ErrorLine: Equatable, Sendable {
    /// The verb that failed.
    package var verb: Bytes
    /// The container, where one was named.
    package var id: Bytes?
    /// What was being done: "mount", "write".
    package var operation: Bytes?
    /// To what it was done: "/sys/fs/cgroup".
    package var object: Bytes?
    /// The system call that failed.
    package var call: Bytes?
    /// What went wrong, in words: those of errno, or a sentence. Engines look for words in here.
    package var cause: Bytes
    /// The field of the config that asked for it.
    package var pointer: JSONPointer?
    /// What to do about it.
    package var hint: Bytes?
    /// What could not be undone.
    package var leftovers: [Bytes] = []

    /// A failure of which only the words are known; the rest is set as far as it is known.
    package init(verb: Bytes, id: Bytes? = nil, cause: Bytes) {
        self.verb = verb
        self.id = id
        self.cause = cause
    }

    /// `hull VERB ID: OPERATION OBJECT: CALL: CAUSE at POINTER (HINT); not undone: THIS, THAT`, without a newline.
    package var line: Bytes {
        let subject = ["hull", verb, id].compactMap(\.self).joined(" ")
        let doing = [operation, object].compactMap(\.self).joined(" ")
        var line = [subject, doing, call ?? "", cause].filter { !$0.isEmpty }.joined(": ")
        if let pointer, pointer != .root { line = line + " at " + pointer.text }
        if let hint { line = "\(line) (\(hint))" }
        if !leftovers.isEmpty { line = line + "; not undone: " + leftovers.joined(", ") }
        return printable(line)
    }
}
