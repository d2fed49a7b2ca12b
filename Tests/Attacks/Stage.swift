// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// One attack: it is repelled by the runtime under test, and bites on the one that makes every mistake.
struct Attack: Sendable, CustomTestStringConvertible {
    let id: String
    let play: @Sendable (Arena) throws -> Void

    init(_ id: String, _ play: @escaping @Sendable (Arena) throws -> Void) { (self.id, self.play) = (id, play) }

    var testDescription: String { id }

    /// No harm is done, the canaries live, and nothing is left.
    func isRepelled(at location: SourceLocation = #_sourceLocation) throws {
        let arena = try Arena(.runtime)
        defer {
            let left = arena.scenario.finish { _ in Runtime.kind != .hull }
            #expect(left.isEmpty, "left behind: \(left.joined(separator: "; "))", sourceLocation: location)
        }
        try play(arena)
        let harms = arena.allHarms()
        #expect(harms.isEmpty, "\(id): \(harms.prefix(12).joined(separator: "\n"))", sourceLocation: location)
    }

    /// The attack works: what repels it is the runtime's doing.
    func bites(at location: SourceLocation = #_sourceLocation) throws {
        let arena = try Arena(.weak)
        defer { _ = arena.scenario.finish { _ in true } }
        try play(arena)
        let words = "\(id) does no harm to the weak runtime: \(arena.last)"
        #expect(!arena.allHarms().isEmpty, "\(words)", sourceLocation: location)
    }
}

/// Where an attack takes place: a scenario, whom it is aimed at, the canaries on the host, and the harm done so far.
final class Arena {
    enum Victim { case runtime, weak }

    let scenario: Scenario
    let victim: Victim
    let canary: Canary
    private(set) var harms: [String] = []
    /// What the last call gave, for messages.
    private(set) var last = ""
    /// What the stepper wrote last.
    private(set) var log = StepLog("")

    init(_ victim: Victim) throws {
        self.victim = victim
        scenario = try Scenario()
        canary = try Canary(at: scenario.directory + "/canary")
    }

    /// Notes a harm where the condition does not hold.
    func expect(_ condition: Bool, _ harm: @autoclosure () -> String) {
        if !condition { harms.append(harm()) }
    }

    func allHarms() -> [String] { harms + canary.changes() }

    /// A bundle with a host directory `data` that holds the file `name`.
    func bundle(_ script: String, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> TestBundle {
        let bundle = try scenario.bundle(script: script, edit)
        try Files.makeDirectory(bundle.directory + "/data")
        try Files.write("data\n", to: bundle.directory + "/data/name")
        return bundle
    }

    /// How a call of the victim would be started.
    func launch(_ arguments: [String]) throws -> Launch {
        var launch = scenario.runtime.launch(arguments)
        if victim == .weak { launch.program = try Programs.weak.get() }
        return launch
    }

    /// Runs a bundle in the foreground.
    @discardableResult
    func run(_ bundle: TestBundle, _ step: Step? = nil, _ change: (inout Launch) throws -> Void = { _ in }) throws
        -> Outcome
    {
        try call(["run", "--bundle", bundle.directory, scenario.id()], bundle, step, change)
    }

    /// A container that lives on; its pid on the host.
    func start(_ bundle: TestBundle, id: String, _ options: [String] = []) throws -> Int {
        let file = bundle.directory + "/pid"
        let words = ["run", "--detach", "--pid-file", file, "--bundle", bundle.directory]
        let outcome = try call(words + options + [id], bundle)
        guard outcome.ok, let pid = Files.read(file).flatMap({ Int($0) }) else { throw Problem("\(outcome)") }
        return pid
    }

    @discardableResult
    func call(
        _ words: [String], _ bundle: TestBundle, _ step: Step? = nil,
        _ change: (inout Launch) throws -> Void = { _ in }
    ) throws -> Outcome {
        if victim == .weak { try Files.write(WeakPlan(bundle).text, to: bundle.directory + "/weak.plan") }
        var launch = try launch(words)
        try change(&launch)
        let path = scenario.directory + "/step.log"
        if let step {
            let programs = ["busybox", "probe", "attacker"].map { bundle.rootfs + "/bin/" + $0 }.filter(Files.exists)
            launch.arguments = step.words(log: path, programs) + [launch.program] + launch.arguments
            launch.program = try Programs.step.get()
        }
        let outcome = try scenario.runtime.start(launch).outcome(within: 20)
        last = outcome.description
        if step != nil { log = StepLog(Files.read(path) ?? "") }
        expect(victim == .weak || outcome.ending != .timeout, "it hangs: \(outcome)")
        return outcome
    }

    /// Runs the bundle again and again, and each time acts at another stop of the processes inside. `reset` puts
    /// everything right, `check` looks for harm. Ends at the first harm.
    func sweep(
        _ bundle: TestBundle, _ step: Step, _ change: (inout Launch) throws -> Void = { _ in },
        reset: () throws -> Void, check: (Outcome) throws -> Void
    ) throws {
        var step = step
        step.at = 0
        try reset()
        try run(bundle, step, change)
        let stops = log.stops
        expect(stops > 0, "the stepper saw no call: \(log.text)")
        // At most some eighty runs: a runtime in Go makes hundreds of calls in there.
        let every = stride > 0 ? stride : max(1, stops / 80)
        for at in Swift.stride(from: 1, through: stops, by: every) where allHarms().isEmpty {
            step.at = at
            try reset()
            let outcome = try run(bundle, step, change)
            try check(outcome)
            expect(harms.isEmpty, "at stop \(at): \(log.line(at))")
        }
    }
}

/// What the stepper does: see step.c.
struct Step {
    var calls: [String] = Step.paths
    /// The stop at which it acts; nil for each.
    var at: Int?
    var exchanges: (String, String)?
    /// Exchanges back when the call has returned.
    var back = false
    var command: String?
    var watched: String?
    var table: String?
    var insideOnly = true

    /// Calls that resolve a path, or attach what was resolved.
    static let paths = [
        "open", "openat", "openat2", "mknod", "mknodat", "mkdir", "mkdirat", "symlink", "symlinkat", "mount",
        "move_mount", "open_tree", "mount_setattr", "chown", "lchown", "fchownat", "chmod", "fchmodat", "unlink",
        "unlinkat", "stat", "lstat", "newfstatat", "statx", "readlink", "readlinkat", "chdir",
    ]
    /// The calls by which names and mounts come to be.
    static let makers = [
        "open", "openat", "openat2", "mknod", "mknodat", "mkdir", "mkdirat", "symlink", "symlinkat", "mount",
        "move_mount", "open_tree",
    ]

    func words(log: String, _ programs: [String]) -> [String] {
        var words = ["-o", log, "-c", calls.joined(separator: ",")]
        for program in programs { words += ["-e", program] }
        if insideOnly { words.append("-i") }
        if let at { words += ["-n", "\(at)"] }
        if back { words.append("-b") }
        if let exchanges { words += ["-x", exchanges.0, exchanges.1] }
        if let command { words += ["-r", command] }
        if let watched { words += ["-w", watched] }
        if let table { words += ["-m", table] }
        return words
    }
}

/// What the stepper wrote.
struct StepLog {
    struct Call {
        let process: Int
        let isInside: Bool
        let name: String
        let arguments: [UInt64]
        let paths: [String]
    }

    let text: String
    private let lines: [[String]]

    init(_ text: String) {
        self.text = text
        lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    var stops: Int { lines.last { $0.first == "end" }.flatMap { Int($0[1]) } ?? 0 }
    /// Mounts that were seen where none may be.
    var seen: [String] { lines.filter { $0.first == "seen" }.map { $0.dropFirst().joined(separator: " ") } }
    var calls: [Call] {
        lines.filter { $0.count >= 9 }.map { fields in
            Call(
                process: Int(fields[1]) ?? -1, isInside: fields[2] == "inside", name: fields[3],
                arguments: fields[4..<9].map { UInt64($0, radix: 16) ?? 0 }, paths: Array(fields[9...]))
        }
    }
    func line(_ stop: Int) -> String {
        lines.first { $0.first == "\(stop)" && $0.count >= 9 }.map { ($0[1...3] + $0[9...]).joined(separator: " ") }
            ?? "none"
    }
}
