// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// The runtime under test, as a black box: its program, and one state root and one cgroup per scenario.
public struct Runtime: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case hull, crun, runc }

    /// The program named by HULL_RUNTIME, else the release build of this package.
    public static let program: String = {
        let said = ProcessInfo.processInfo.environment["HULL_RUNTIME"] ?? ".build/release/hull"
        guard let found = Files.program(said) else { return said }
        return found.hasPrefix("/") ? found : FileManager.default.currentDirectoryPath + "/" + found
    }()

    /// The first line of `--version`; empty when the program does not run.
    public static let version: String = {
        let call = try? Launch(program, ["--version"], in: "/").start(outputs: Machine.base + "/version")
        return call?.outcome().lines.first ?? ""
    }()

    /// Which runtime it is, by the first word of its version.
    public static let kind: Kind? = version.split(separator: " ").first.flatMap { Kind(rawValue: String($0)) }

    /// The scenario's own directory.
    public let directory: String
    /// The directory given to `--root`.
    public var root: String
    /// The cgroup in which every call starts.
    public let cage: String?
    /// Arguments before the verb, after `--root`.
    public var globals: [String] = []

    public static var environment: [String] {
        let outer = ProcessInfo.processInfo.environment
        // The loader's preload list is how the machine's wrapper script makes crun run without CAP_SYS_RESOURCE.
        let preload = outer["LD_PRELOAD"].map { ["LD_PRELOAD=" + $0] } ?? []
        return ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] + preload
    }

    /// How a call with these arguments would be started; a test may change it first.
    public func launch(_ arguments: [String]) -> Launch {
        var launch = Launch(Self.program, ["--root", root] + globals + arguments, in: directory)
        launch.environment = Self.environment
        launch.cgroup = cage
        return launch
    }

    public func start(_ launch: Launch) throws -> Call {
        try launch.start(outputs: directory + "/call.\(Self.next())")
    }

    public func start(_ arguments: [String]) throws -> Call { try start(launch(arguments)) }

    /// One call from start to end.
    public func callAsFunction(_ arguments: [String], stdin: String? = nil, within seconds: Double = 30) throws
        -> Outcome
    {
        var launch = launch(arguments)
        launch.stdin = stdin
        return try start(launch).outcome(within: seconds)
    }

    public func callAsFunction(_ arguments: String...) throws -> Outcome { try self(arguments) }

    private static let counter = Counter()
    static func next() -> Int { counter.next() }
}

/// A number that is never given twice in this process.
public final class Counter: @unchecked Sendable {
    private var value = 0
    private let lock = NSLock()
    public init() {}
    public func next() -> Int {
        lock.withLock {
            value += 1
            return value
        }
    }
}
