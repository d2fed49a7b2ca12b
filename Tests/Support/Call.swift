// SPDX-License-Identifier: Apache-2.0
import CSupport
import Foundation
import Glibc

/// How a process ended.
public enum Ending: Equatable, Sendable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)
    /// It was still alive after its time, and was killed.
    case timeout

    init(status: Int32) {
        self = status & 0x7f == 0 ? .exit((status >> 8) & 0xff) : .signal(status & 0x7f)
    }

    public var description: String {
        switch self {
        case .exit(let code): "exit \(code)"
        case .signal(let number): "signal \(number)"
        case .timeout: "timeout"
        }
    }
}

/// What a call of the runtime gave.
public struct Outcome: Sendable, CustomStringConvertible {
    public let arguments: [String]
    public let ending: Ending
    public let stdout: String
    public let stderr: String

    public var ok: Bool { ending == .exit(0) }
    public var failed: Bool { !ok && ending != .timeout }
    public var lines: [String] {
        stdout.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }
    public var json: JSON? { try? JSON(parsing: stdout) }
    public var description: String {
        "\(arguments.joined(separator: " ").prefix(300))\n  => \(ending)\n  stdout: \(stdout.prefix(2000))\n"
            + "  stderr: \(stderr.prefix(2000))"
    }
}

/// A process in the background; its output goes to files, so that a container that lives on blocks nobody.
public final class Call: Sendable {
    public let pid: pid_t
    public let arguments: [String]
    public let outputs: (stdout: String, stderr: String)

    init(pid: pid_t, arguments: [String], outputs: (stdout: String, stderr: String)) {
        (self.pid, self.arguments, self.outputs) = (pid, arguments, outputs)
    }

    /// The end of the call, or a timeout, after which the process is killed.
    public func outcome(within seconds: Double = 30) -> Outcome {
        var status: Int32 = 0
        var ending = Ending.timeout
        if support_await(pid, Int32(seconds * patience * 1000), &status) == 1 {
            ending = Ending(status: status)
        } else {
            kill(pid, SIGKILL)
            _ = support_await(pid, 2000, &status)
        }
        return Outcome(
            arguments: arguments, ending: ending, stdout: Files.read(outputs.stdout) ?? "",
            stderr: Files.read(outputs.stderr) ?? "")
    }

    public func send(_ signal: Int32) { kill(pid, signal) }
    public var stdout: String { Files.read(outputs.stdout) ?? "" }
}

/// How a container's first process, an orphan that fell to us, ended; nil while it lives.
public func ending(of pid: Int, within seconds: Double = 10) -> Ending? {
    var status: Int32 = 0
    return support_await(pid_t(pid), Int32(seconds * patience * 1000), &status) == 1 ? Ending(status: status) : nil
}

/// Ends a container's process from the host's side, as the kernel's out-of-memory killer would.
public func kill(pid: Int) { kill(pid_t(pid), SIGKILL) }

/// Everything that decides how a process is started.
public struct Launch: Sendable {
    public var program: String
    public var arguments: [String] = []
    public var environment: [String] = []
    public var directory: String
    /// The content of standard input; nil is /dev/null.
    public var stdin: String?
    /// What the child sees as descriptors 3, 4, …
    public var descriptors: [Int32] = []
    /// Standard output in place of a file.
    public var stdout: Int32?
    /// Used for all three standard descriptors instead of files.
    public var terminal: Int32?
    public var cgroup: String?

    public init(_ program: String, _ arguments: [String] = [], in directory: String) {
        (self.program, self.arguments, self.directory) = (program, arguments, directory)
    }

    /// Starts it with output files of the given name in the given directory.
    public func start(outputs base: String) throws -> Call {
        _ = support_begin()
        let outputs = (stdout: base + ".out", stderr: base + ".err")
        let opened = try streams(outputs, base + ".in")
        let cage = cgroup.map { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } ?? -1
        defer { (opened + [cage]).filter { $0 >= 0 }.forEach { close($0) } }
        let stdio = terminal.map { [$0, $0, $0] } ?? [opened[0], stdout ?? opened[1], opened[2]]
        let pid = withStrings([program] + arguments) { argv in
            withStrings(environment) { envp in
                (stdio + descriptors).withUnsafeBufferPointer { fds in
                    program.withCString { path in
                        directory.withCString { cwd in
                            var what = support_spawn(
                                path: path, argv: argv, envp: envp, cwd: cwd, descriptors: fds.baseAddress,
                                descriptor_count: Int32(fds.count), cgroup: cage)
                            return support_start(&what)
                        }
                    }
                }
            }
        }
        if pid < 0 { throw Problem("starting \(program): \(String(cString: strerror(-pid)))") }
        return Call(pid: pid, arguments: [program] + arguments, outputs: outputs)
    }

    private func streams(_ outputs: (stdout: String, stderr: String), _ input: String) throws -> [Int32] {
        if let stdin { try Files.write(stdin, to: input) }
        return [
            open(stdin == nil ? "/dev/null" : input, O_RDONLY | O_CLOEXEC),
            open(outputs.stdout, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666),
            open(outputs.stderr, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666),
        ]
    }
}

/// A NULL-terminated array of C strings for the time of the call.
func withStrings<Result>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result
{
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with a NULL has a base") }
        return body(base)
    }
}
