// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux

/// Whoever started hull: the command line, the standard streams, files that it names.
package enum Caller {
    /// argv as bytes; the first is the program's name.
    package static var arguments: [Bytes] { CurrentProcess.arguments }
    /// The user.
    package static var user: UInt32 { Credentials.effectiveUser }
    /// The group.
    package static var group: UInt32 { Credentials.effectiveGroup }

    /// Now.
    package static var time: Timestamp {
        let now = Clock.realtime
        return Timestamp(seconds: now.seconds, nanoseconds: UInt32(now.nanoseconds))
    }

    /// Takes what the caller left. Other descriptors than the standard streams, and as many more as are to be passed to
    /// the container, go nowhere (CVE-2024-21626); those must be open. A standard stream that is closed is the null
    /// device, else the next file opened would be taken for it. Children are waited for, also where the caller ignores
    /// SIGCHLD.
    package static func settle(preserving count: UInt32) throws(Failure) {
        for number in 0..<Int32(clamping: count) where !Descriptor.isOpen(3 + number) {
            throw Failure("descriptor \(3 + number) is to be passed to the container, but is not open")
        }
        try attempt { () throws(SystemError) in
            for stream in Int32(0)...2 where !Descriptor.isOpen(stream) {
                // The lowest number that is free, which is this one.
                let null = try Descriptor(opening: "/dev/null", [.readWrite]).give()
                try CurrentProcess.keepAcrossExec(null)
            }
            try closeOnExec(from: 3 + Int32(clamping: count))
            CurrentProcess.resetIgnored(Signal.chld.rawValue)
        }
    }

    /// How many descriptors a service manager passes, in LISTEN_FDS of sd_listen_fds(3); 0 for none.
    package static var listenDescriptors: UInt32 {
        UInt32(clamping: CurrentProcess.variable("LISTEN_FDS")?.decimal ?? 0)
    }

    /// The names of those descriptors, LISTEN_FDNAMES; empty where the manager says none.
    package static var listenNames: Bytes { CurrentProcess.variable("LISTEN_FDNAMES") ?? "" }

    /// The agent for system calls that the environment names, as crun has it.
    package static var seccompReceiver: Bytes? { CurrentProcess.variable("RUN_OCI_SECCOMP_RECEIVER") }

    /// Writes to standard output (1) or standard error (2). Nobody may be listening: not our failure.
    package static func write(_ text: Bytes, to stream: Int32) { try? hullWriteAll(stream, text, "") }

    /// Appends one record to a log file in one write, for others append to it too.
    package static func append(_ text: Bytes, to path: Bytes) throws(Failure) {
        try attempt { () throws(SystemError) in
            try Descriptor(opening: path, [.write, .create, .append], mode: 0o644).writeAll(text, path)
        }
    }

    /// The path made absolute from the caller's working directory.
    package static func absolute(_ path: Bytes) throws(Failure) -> Bytes {
        if path.isAbsolutePath { return path }
        return path.below(try attempt { () throws(SystemError) in try HostFiles.workingDirectory() })
    }

    /// All bytes of a file.
    package static func read(_ path: Bytes) throws(Failure) -> [UInt8] {
        do { return try HostFiles.read(path) } catch { throw Failure(error.explained(at: try absolute(path))) }
    }

    /// Whether the path is that of a directory.
    package static func isDirectory(_ path: Bytes) throws(Failure) -> Bool {
        try attempt { () throws(SystemError) in try HostFiles.status(path)?.isDirectory == true }
    }

    /// All bytes of standard input.
    package static func standardInput() throws(Failure) -> [UInt8] {
        try attempt { () throws(SystemError) in try hullReadAll(0, limit: 1 << 24, "standard input") }
    }

    /// Whether standard output is a terminal.
    package static var hasTerminal: Bool { Terminal.isTerminal(1) }

    /// Nanoseconds of a clock that never goes back.
    package static var monotonic: Int64 { Clock.monotonic }

    /// Does nothing for a time.
    package static func sleep(milliseconds: Int64) throws(Failure) {
        _ = try attempt { () throws(SystemError) in
            try Poll.ready([], timeoutMilliseconds: Int32(clamping: milliseconds))
        }
    }

    /// Enters a directory.
    package static func changeDirectory(_ path: Bytes) throws(Failure) {
        do { try HostFiles.changeDirectory(path) } catch { throw Failure(error.explained(at: path)) }
    }

    /// Makes a new file; one that exists is an error.
    package static func makeFile(_ path: Bytes, _ text: Bytes) throws(Failure) {
        do throws(SystemError) {
            try Descriptor(opening: path, [.write, .create, .exclusive], mode: 0o644).writeAll(text, path)
        } catch {
            if error.errno == .eexist { throw Failure("file \(path) exists: remove it first") }
            throw Failure(error)
        }
    }

    /// Writes a file, whether it is there or not.
    package static func writeFile(_ path: Bytes, _ text: Bytes) throws(Failure) {
        try attempt { () throws(SystemError) in
            try Descriptor(opening: path, [.write, .create, .truncate], mode: 0o644).writeAll(text, path)
        }
    }

    /// What a program of the host, found in PATH, prints.
    package static func output(of words: [Bytes]) throws(Failure) -> Bytes {
        try attempt { () throws(SystemError) in try Subprocess.output(of: words) }
    }

    /// Ends hull.
    package static func exit(_ code: Int32) -> Never { CurrentProcess.exit(code) }
}
