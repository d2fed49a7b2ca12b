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
    /// Where its standard output goes; nil keeps its end.
    package var output: Int32?
    /// Where its standard error goes; nil keeps its end.
    package var errors: Int32?

    /// How it went.
    package struct Outcome: Sendable {
        /// How the program ended; nil when the time was up and it was killed.
        package let status: ExitStatus?
        /// Why it could not be executed.
        package let failure: SystemError?
        /// The last 4 KiB of its standard output.
        package let output: Bytes
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

    /// Runs the program. Its input is a file: nothing to wait for, whether the program reads all of it, byte by byte,
    /// by the name /dev/stdin, or not at all. It leads a process group, so that what it has started ends with it when
    /// its time is up.
    package func run() throws(SystemError) -> Outcome {
        let input = try Descriptor(holding: self.input, name: "stdin")
        var output = try Tail(self.output)
        var errors = try Tail(self.errors)
        let refusal = try Pipe()
        guard let process = try CurrentProcess.clone(0, cgroup: nil) else {
            lead(input, output, errors, refusal)
            chull_exit(127)
        }
        _ = consume refusal.writing
        output.closeTarget()
        errors.closeTarget()
        let ended = try attend(process, &output, &errors)
        if !ended { try CurrentProcess.signal(-process.pid, 9) }
        let status = try process.wait()
        let refused = Bytes(try refusal.reading.readAll())
        let failure = refused.decimal.map { SystemError("execve", path, Errno(rawValue: Int32($0))) }
        return Outcome(
            status: ended ? status : nil, failure: failure, output: Bytes(output.bytes),
            errorOutput: Bytes(errors.bytes))
    }

    /// In the child; does not return, without saying so: before a call that says so, what is not used any more is
    /// ended, and the pipes would be closed. What is borrowed stays open.
    private func lead(
        _ input: borrowing Descriptor, _ output: borrowing Tail, _ errors: borrowing Tail, _ refusal: borrowing Pipe
    ) {
        _ = chull_setpgid()
        execute(input.number, output.target, errors.target, refusal.writing.number)
    }

    /// The path of a program of the host, by the PATH of the environment.
    package static func find(_ name: Bytes) -> Bytes? {
        let path = CurrentProcess.variable("PATH") ?? "/usr/bin:/bin"
        return path.split(0x3a).map { name.below($0) }.first { (try? HostFiles.status($0))??.isRegular == true }
    }

    /// What a program of the host prints, found in the PATH of the environment. A failing program is an error.
    package static func output(of words: [Bytes]) throws(SystemError) -> Bytes {
        let name = words.first ?? ""
        guard let found = find(name) else { throw SystemError("execve", name, .enoent) }
        let output = try Pipe()
        let program = Subprocess(
            path: found, arguments: words, environment: CurrentProcess.environment, input: "", timeoutMilliseconds: nil)
        let cloned = try CurrentProcess.clone(0, cgroup: nil)
        if cloned == nil {
            _ = chull_dup3(output.writing.number, 1, 0)
            program.execute(0, 1, 2, 2)
        }
        guard let process = cloned else { throw SystemError("clone3", name, .echild) }
        _ = consume output.writing
        let text = try output.reading.readAll()
        guard try process.wait() == .exited(0) else { throw SystemError(name, "", .eio, detail: Bytes(text).trimmed) }
        return Bytes(text)
    }

    private func execute(_ input: Int32, _ output: Int32, _ errors: Int32, _ refusal: Int32) -> Never {
        let argv = CStringArray(arguments)
        let envp = CStringArray(environment)
        _ = chull_sigmask(0)
        CurrentProcess.resetIgnoredSignals()
        for (from, to) in [(input, 0), (output, 1), (errors, 2)] as [(Int32, Int32)] { _ = chull_dup3(from, to, 0) }
        // What is passed to the container is no business of a hook.
        try? closeOnExec(from: 3)
        let result = unsafe path.withCString { unsafe chull_execve($0, argv.pointer, envp.pointer) }
        _ = try? hullWriteAll(refusal, "\(-result)", "")
        chull_exit(127)
    }

    /// Collects the ends of the program's streams until it has ended; false when the time is up. Others may keep the
    /// pipes open for longer: they are not waited for.
    private func attend(
        _ process: borrowing ProcessHandle, _ output: inout Tail, _ errors: inout Tail
    ) throws(SystemError) -> Bool {
        let deadline = timeoutMilliseconds.map { Clock.monotonic + Int64($0) * 1_000_000 }
        while true {
            let left = deadline.map { max(0, Int32(($0 - Clock.monotonic + 999_999) / 1_000_000)) } ?? -1
            let ready = try Poll.ready(
                [process.pidfd.number, output.source, errors.source], timeoutMilliseconds: left)
            if ready == 0 { return false }
            let ended = ready & 1 != 0
            // A pipe holds 64 KiB: so much the program may have left in it, and others may go on writing.
            try output.read(chunks: ended ? 16 : 1)
            try errors.read(chunks: ended ? 16 : 1)
            if ended { return true }
        }
    }
}

extension CurrentProcess {
    /// Becomes another program: execve(2).
    package static func execute(
        _ path: Bytes, _ arguments: [Bytes], _ environment: [Bytes]
    ) throws(SystemError) {
        let argv = CStringArray(arguments)
        let envp = CStringArray(environment)
        try check(unsafe path.withCString { unsafe chull_execve($0, argv.pointer, envp.pointer) }, "execve", path)
    }
}

/// Where a stream of a program goes: a descriptor of somebody's, or a pipe of which the last 4 KiB are kept.
private struct Tail: ~Copyable {
    private var reading = Descriptor(owning: -1)
    private var writing = Descriptor(owning: -1)
    private let given: Int32?
    private(set) var bytes: [UInt8] = []

    init(_ given: Int32?) throws(SystemError) {
        self.given = given
        guard given == nil else { return }
        let pipe = try Pipe()
        reading = pipe.reading
        writing = pipe.writing
    }

    /// What the program writes to.
    var target: Int32 { given ?? writing.number }
    /// What there is to wait for; -1, which poll(2) passes over, for nothing.
    var source: Int32 { reading.number }

    mutating func closeTarget() { writing = Descriptor(owning: -1) }

    /// Reads what is there, 4 KiB at a time.
    mutating func read(chunks: Int) throws(SystemError) {
        var left = chunks
        while left > 0, source >= 0, try Poll.ready([source], timeoutMilliseconds: 0) != 0 {
            let chunk = (try? hullReadAvailable(source)) ?? []
            if chunk.isEmpty { reading = Descriptor(owning: -1) }
            bytes = Array((bytes + chunk).suffix(4096))
            left -= 1
        }
    }
}
