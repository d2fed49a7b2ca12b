// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// A program to run to its end, such as a hook.
package struct Subprocess: Sendable {
    /// The absolute path; no search in PATH.
    package var path: Bytes
    /// argv, the name first.
    package var arguments: [Bytes]
    /// envp.
    package var environment: [Bytes]
    /// What the program reads on its standard input.
    package var input: Bytes
    /// The time it may take; nil for any.
    package var timeoutMilliseconds: Int32?

    /// How it went.
    package struct Outcome: Sendable {
        /// How the program ended; nil when the time was up and it was killed.
        package let status: ExitStatus?
        /// Why it could not be executed.
        package let failure: SystemError?
        /// The last 4 KiB of its standard error.
        package let errorOutput: Bytes
    }

    /// Takes the parts as they are.
    package init(
        path: Bytes, arguments: [Bytes], environment: [Bytes], input: Bytes, timeoutMilliseconds: Int32?
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Runs the program. Its standard output is the caller's. Its input is a file: nothing to wait for, whether the
    /// program reads all of it, byte by byte, by the name /dev/stdin, or not at all.
    package func run() throws(SystemError) -> Outcome {
        let input = try Descriptor(holding: self.input, name: "stdin")
        let errors = try Pipe()
        let refusal = try Pipe()
        guard let process = try CurrentProcess.clone(0, cgroup: nil) else {
            execute(input.number, errors.writing.number, refusal.writing.number)
        }
        return try finish(process, errors, refusal)
    }

    /// What a program of the host prints, found in the PATH of the environment. A failing program is an error.
    package static func output(of words: [Bytes]) throws(SystemError) -> Bytes {
        let name = words.first ?? ""
        let environment = CurrentProcess.environment
        let path = environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/bin:/bin"
        var found: Bytes?
        for candidate in path.split(0x3a).map({ name.below($0) }) where found == nil {
            if try HostFiles.status(candidate)?.isRegular == true { found = candidate }
        }
        guard let found else { throw SystemError("execve", name, .enoent) }
        let output = try Pipe()
        let program = Subprocess(
            path: found, arguments: words, environment: environment, input: "", timeoutMilliseconds: nil)
        let cloned = try CurrentProcess.clone(0, cgroup: nil)
        if cloned == nil {
            _ = chull_dup3(output.writing.number, 1, 0)
            program.execute(0, 2, 2)
        }
        guard let process = cloned else { throw SystemError("clone3", name, .echild) }
        _ = consume output.writing
        let text = try output.reading.readAll()
        guard try process.wait() == .exited(0) else { throw SystemError(name, "", .eio, detail: Bytes(text).trimmed) }
        return Bytes(text)
    }

    private func execute(_ input: Int32, _ errors: Int32, _ refusal: Int32) -> Never {
        let argv = CStringArray(arguments)
        let envp = CStringArray(environment)
        _ = chull_sigmask(0)
        CurrentProcess.resetIgnoredSignals()
        _ = chull_dup3(input, 0, 0)
        _ = chull_dup3(errors, 2, 0)
        // What is passed to the container is no business of a hook.
        try? closeOnExec(from: 3)
        let result = unsafe path.withCString { unsafe chull_execve($0, argv.pointer, envp.pointer) }
        _ = try? hullWriteAll(refusal, "\(-result)", "")
        chull_exit(127)
    }

    private func finish(
        _ process: borrowing ProcessHandle, _ errors: consuming Pipe, _ refusal: consuming Pipe
    ) throws(SystemError) -> Outcome {
        _ = consume errors.writing
        _ = consume refusal.writing
        var tail: [UInt8] = []
        let ended = try drain(process, errors.reading.number, &tail)
        if !ended { try process.signal(9) }
        let status = try process.wait()
        let refused = Bytes(try refusal.reading.readAll())
        let failure = refused.decimal.map { SystemError("execve", path, Errno(rawValue: Int32($0))) }
        return Outcome(status: ended ? status : nil, failure: failure, errorOutput: Bytes(tail))
    }

    /// Collects the end of the program's standard error until the program has ended; false when the time is up. Others
    /// may keep the pipe open for longer: they are not waited for.
    private func drain(
        _ process: borrowing ProcessHandle, _ errors: Int32, _ tail: inout [UInt8]
    ) throws(SystemError) -> Bool {
        let deadline = timeoutMilliseconds.map { Clock.monotonic + Int64($0) * 1_000_000 }
        var open = true
        while true {
            let left = deadline.map { max(0, Int32(($0 - Clock.monotonic + 999_999) / 1_000_000)) } ?? -1
            let waited = open ? [process.pidfd.number, errors] : [process.pidfd.number]
            let ready = try Poll.ready(waited, timeoutMilliseconds: left)
            if ready == 0 { return false }
            let ended = ready & 1 != 0
            // A pipe holds 64 KiB: so much the program may have left in it, and others may go on writing.
            var reads = ended ? 16 : 1
            while open, reads > 0, try Poll.ready([errors], timeoutMilliseconds: 0) != 0 {
                let chunk = (try? hullReadAvailable(errors)) ?? []
                open = !chunk.isEmpty
                tail = Array((tail + chunk).suffix(4096))
                reads -= 1
            }
            if ended { return true }
        }
    }
}
