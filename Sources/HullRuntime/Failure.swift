// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

/// Why a verb failed: what was done, on what, the kernel's or our reason, and the config's field that asked for it.
package struct Failure: Error {
    /// What was being done: the kernel's call, or a part of the work.
    package var operation: Bytes?
    /// What it was done to.
    package var object: Bytes?
    /// The reason in words that engines know.
    package var cause: Bytes
    /// What kind of failure it is.
    package var code: FailureCode
    /// Where in the work it happened.
    package var phase = FailurePhase.verb
    /// The kernel's answer, where that is the reason.
    var errno: Errno?
    /// Its symbol: `ENOENT`.
    package var errnoName: Bytes? { errno?.name }
    /// The field of config.json.
    package var pointer: JSONPointer?
    /// What to do about it.
    package var hint: Bytes?
    /// What the cause has in brackets: which component, which interpreter, which mode.
    package var detail: Bytes?
    /// What could not be cleaned up besides.
    package var leftovers: [Bytes] = []
    /// Whether the container is to be destroyed: runtime.md, "Lifecycle", steps 7 and 9.
    var endsContainer = false
    /// All errors of a config; the other fields tell the first.
    package var config: ConfigErrors?
    /// The document that they are in.
    package var document: Bytes = "config.json"

    /// A reason of our own.
    package init(
        _ cause: Bytes, pointer: JSONPointer? = nil, hint: Bytes? = nil, code: FailureCode = .refused
    ) {
        self.cause = cause
        self.code = code
        self.pointer = pointer
        self.hint = hint
    }

    /// A call that the kernel refused.
    init(_ error: SystemError, pointer: JSONPointer? = nil, hint: Bytes? = nil) {
        operation = error.call
        object = error.object.isEmpty ? nil : error.object
        errno = error.errno
        code = error.code
        let words = error.words ?? error.errno.message
        detail = error.detail.isEmpty ? nil : error.detail
        cause = error.detail.isEmpty ? words : "\(words) (\(error.detail))"
        self.pointer = pointer.flatMap { $0 == .root ? nil : $0 }
        self.hint = hint
    }

    /// A config that cannot be carried out.
    package init(_ errors: ConfigErrors) {
        cause = errors.list.first?.problem ?? "invalid"
        pointer = errors.list.first?.pointer
        hint = errors.list.first?.hint
        code = .config
        phase = .config
        config = errors
    }
}

/// Runs calls of the kernel; what they throw becomes a failure.
func attempt<Result: ~Copyable>(
    _ pointer: JSONPointer? = nil, _ body: () throws(SystemError) -> Result
) throws(Failure) -> Result {
    do { return try body() } catch { throw Failure(error, pointer: pointer) }
}

extension SystemError {
    /// Programs that cannot be executed are told apart from what else the kernel refuses.
    var code: FailureCode {
        guard call == "execve" || call.hasPrefix("exec: ") else { return .kernel }
        switch errno {
        case .enoent, .enotdir: return .execNotFound
        case .eacces, .eperm: return .execPermission
        case .enoexec: return .execFormat
        default: return .exec
        }
    }
}
