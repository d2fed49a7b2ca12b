// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI
package import HullPlan

/// What a record says of a failure besides the message, for programs: members that are stable, where sentences are not.
package struct LogFields: Equatable, Sendable {
    /// What kind of failure it is.
    package var code: FailureCode
    /// Where in the work it happened.
    package var phase: FailurePhase
    /// The field of the config.
    package var pointer: JSONPointer?
    /// The file that it is about.
    package var path: Bytes?
    /// The symbol of the kernel's answer: `ENOENT`.
    package var errno: Bytes?
    /// What to do about it.
    package var hint: Bytes?

    /// A failure of which no more is known.
    package init(_ code: FailureCode, _ phase: FailurePhase) {
        self.code = code
        self.phase = phase
    }

    /// A command line that is not understood.
    package init(_ error: UsageError) {
        self.init(.usage, .usage)
        hint = error.hint
    }

    /// A finding in a config.
    package init(_ error: ConfigError) {
        self.init(.config, .config)
        pointer = error.pointer
        hint = error.hint
    }

    func write(_ writer: inout JSONWriter) {
        writer.member("code", code.name)
        writer.member("phase", phase.name)
        if let pointer, pointer != .root { writer.member("pointer", pointer.text) }
        if let path { writer.member("path", path) }
        if let errno { writer.member("errno", errno) }
        if let hint { writer.member("hint", hint) }
    }
}
