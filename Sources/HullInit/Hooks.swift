// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullKernel
internal import HullLinux
package import HullPlan

/// The state that hooks read on their standard input: made outside, but for what only the moment knows.
package struct HookState: Sendable {
    /// The JSON text around the status and the pid.
    package var beforeStatus: Bytes
    package var beforePid: Bytes
    package var afterPid: Bytes

    /// Takes the three parts of the text.
    package init(beforeStatus: Bytes, beforePid: Bytes, afterPid: Bytes) {
        self.beforeStatus = beforeStatus
        self.beforePid = beforePid
        self.afterPid = afterPid
    }

    /// The whole text; the pid as the hook's pid namespace sees it.
    package func json(status: Bytes, pid: Int32) -> Bytes { "\(beforeStatus)\(status)\(beforePid)\(pid)\(afterPid)" }
}

extension HookPlan {
    /// Runs the hook to its end. A failure names the kind, how it ended, and the end of what it wrote to standard
    /// error.
    package func run(_ kind: HookKind, state: Bytes, inheriting environment: [Bytes]) throws(SystemError) {
        let outcome = try Subprocess(
            path: path, arguments: arguments, environment: self.environment ?? environment, input: state,
            timeoutMilliseconds: timeoutMilliseconds
        ).run()
        let what = "\(kind.name) hook" as Bytes
        if let failure = outcome.failure {
            throw SystemError("\(what): \(failure.call)", failure.object, failure.errno, detail: failure.detail)
        }
        if outcome.status == .exited(0) { return }
        let how: Bytes
        switch outcome.status {
        case .exited(let code)?: how = "exit status \(code)"
        case .signaled(let signal)?: how = "killed by signal \(signal)"
        case nil: how = "timed out after \((timeoutMilliseconds ?? 0) / 1000) s"
        }
        let said = outcome.errorOutput.trimmed
        throw SystemError(
            what, arguments.joined(" "), .eio, detail: said.isEmpty ? "" : "stderr: \(said)", words: how)
    }
}
