// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

extension Trait where Self == ConditionTrait {
    /// What every suite here needs.
    static var runnable: Self {
        let missing: String? =
            if !Machine.Need.root.isMet {
                "needs root"
            } else if !Machine.Need.cgroup2.isMet {
                "needs \(Machine.Need.cgroup2)"
            } else if Runtime.kind != .hull {
                "for hull, and HULL_RUNTIME is \(Runtime.program)"
            } else {
                nil
            }
        return .enabled("\(missing ?? "")") { missing == nil }
    }

    /// A Debian root with Python; made once, then kept in HULL_CACHE.
    static var python: Self {
        let missing: String? = if case .failure(let problem) = PythonRoot.path { problem.description } else { nil }
        return .enabled("\(missing ?? "")") { missing == nil }
    }

    static func program(_ name: String) -> Self {
        let isThere = Files.program(name) != nil
        return .enabled("needs the program \(name)") { isThere }
    }
}

/// Runs a test in a scenario of its own and then asserts that nothing was left behind.
func scenario(at location: SourceLocation = #_sourceLocation, _ body: (Scenario) throws -> Void) throws {
    let scenario = try Scenario()
    defer {
        let left = scenario.finish()
        #expect(left.isEmpty, "left behind: \(left.joined(separator: "; "))", sourceLocation: location)
    }
    try body(scenario)
}

/// A Debian with Python, one copy for all tests of this process.
enum PythonRoot {
    static let path: Result<String, Problem> = {
        let path = Machine.base + "/python"
        guard Machine.Need.root.isMet else { return .failure(Problem("needs root")) }
        // This is asked also where the suites are filtered out, and copying takes minutes there.
        guard !Files.exists("/run/vm") else { return .failure(Problem("too slow in the emulated machine")) }
        do {
            let made = try host([RootFilesystem.repository + "/scripts/rootfs", path, "python"], within: 300)
            // Where the tests put their app: made once, so that no container changes what they share.
            try Files.makeDirectory(path + "/srv/app")
            return made.ok ? .success(path) : .failure(Problem("making the root with Python: \(made)"))
        } catch {
            return .failure(Problem("making the root with Python: \(error)"))
        }
    }()
}

/// Runs a program of the host to its end.
@discardableResult
func host(_ words: [String], within seconds: Double = 60) throws -> Outcome {
    guard let program = words.first.flatMap({ Files.program($0) }) else { throw Problem("no program \(words)") }
    var launch = Launch(program, Array(words.dropFirst()), in: "/")
    launch.environment = Runtime.environment + ["HULL_CACHE=" + (environment("HULL_CACHE") ?? "/var/cache/hull")]
    return try launch.start(outputs: Machine.base + "/host.\(calls.next())").outcome(within: seconds)
}

private let calls = Counter()

func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

/// What a real client gets: Debian's Python, not this process, for it may have to be in another network namespace.
func ask(_ port: Int, through prefix: [String] = []) throws -> JSON {
    let program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=20).read().decode())"
    let outcome = try host(prefix + ["/usr/bin/python3", "-c", program, "http://127.0.0.1:\(port)/"])
    return try #require(outcome.json, "\(outcome)")
}
