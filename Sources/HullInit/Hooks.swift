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

/// Where the streams of hooks go; nil keeps their end for the error.
package struct HookStreams: Sendable {
    package var output: Int32?
    package var errors: Int32?

    /// Takes descriptors that the caller keeps open.
    package init(output: Int32? = nil, errors: Int32? = nil) {
        self.output = output
        self.errors = errors
    }
}

extension HookPlan {
    /// Runs the hook to its end. A failure names the kind, the program with its arguments, how it ended, and the end of
    /// what it wrote.
    package func run(
        _ kind: HookKind, state: Bytes, inheriting environment: [Bytes], _ streams: HookStreams
    ) throws(SystemError) {
        var program = Subprocess(
            path: path, arguments: arguments, environment: self.environment ?? environment, input: state,
            timeoutMilliseconds: timeoutMilliseconds)
        program.output = streams.output
        program.errors = streams.errors
        let outcome = try program.run()
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
        let said = [("stderr", outcome.errorOutput.trimmed), ("stdout", outcome.output.trimmed)] as [(Bytes, Bytes)]
        let detail = said.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1)" as Bytes }.joined("; ")
        throw SystemError(what, ([path] + arguments.dropFirst()).joined(" "), .eio, detail: detail, words: how)
    }
}
