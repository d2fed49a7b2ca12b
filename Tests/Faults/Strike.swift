// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

extension Trait where Self == ConditionTrait {
    /// What every test here needs.
    static var runnable: Self {
        let missing: String? =
            if !Machine.Need.root.isMet {
                "needs root"
            } else if !Machine.Need.cgroup2.isMet {
                "needs \(Machine.Need.cgroup2)"
            } else if Runtime.kind != .hull {
                "for hull, and HULL_RUNTIME is \(Runtime.program)"
            } else if case .failure(let problem) = Striker.program {
                problem.description
            } else {
                nil
            }
        return .enabled("\(missing ?? "")") { missing == nil }
    }
}

/// How many system calls lie between two that are struck. 1 strikes all of them: scripts/faults.
let stride: Int = max(1, ProcessInfo.processInfo.environment["HULL_FAULTS_EVERY"].flatMap(Int.init) ?? 31)

/// What happens to the process at a call.
enum Blow: Sendable, CustomStringConvertible {
    case kill
    case fail(errno: Int32)

    var word: String {
        switch self {
        case .kill: "kill"
        case .fail(let errno): "\(errno)"
        }
    }
    var description: String {
        switch self {
        case .kill: "killed"
        case .fail(let errno): "refused with errno \(errno)"
        }
    }
}

/// What a struck call of the runtime gave.
struct Struck {
    let outcome: Outcome
    /// Whether the process came as far as the call.
    let isReached: Bool
    /// The number of the call on the architecture; -1 if it was not reached.
    let number: Int
    /// For messages: which call of which number.
    let place: String
    /// Those of all calls, where none was to be struck.
    let numbers: [Int]
}

/// The program that follows another by ptrace(2) and strikes it: strike.c, built once per run.
enum Striker {
    static let program: Result<String, Problem> = {
        let program = Machine.base + "/strike"
        guard let compiler = Files.program("gcc") else { return .failure(Problem("needs gcc")) }
        let source = RootFilesystem.repository + "/Tests/Faults/strike.c"
        do {
            var launch = Launch(
                compiler, ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source], in: "/")
            launch.environment = Runtime.environment
            let outcome = try launch.start(outputs: Machine.base + "/strike-build").outcome(within: 120)
            return outcome.ok ? .success(program) : .failure(Problem("building strike: \(outcome)"))
        } catch {
            return .failure(Problem("building strike: \(error)"))
        }
    }()
}

extension Scenario {
    /// Calls the runtime; the `call`-th system call of its process number `who` (0: itself) is struck.
    func strike(_ words: [String], who: Int, at call: Int, _ blow: Blow) throws -> Struck {
        let report = directory + "/report"
        Files.remove(report)
        var launch = runtime.launch(words)
        launch.arguments = [report, "\(who)", "\(call)", blow.word, launch.program] + launch.arguments
        launch.program = try Striker.program.get()
        let outcome = try runtime.start(launch).outcome(within: 60)
        let lines = (Files.read(report) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let fields = lines.first?.split(separator: " ") ?? []
        guard fields.count == 3, let number = Int(fields[1]) else {
            throw Problem("strike says nothing: \(outcome)")
        }
        return Struck(
            outcome: outcome, isReached: number >= 0, number: number,
            place: "call \(call) of \(fields[0]) (number \(number))",
            numbers: lines.dropFirst().first?.split(separator: " ").compactMap { Int($0) } ?? [])
    }
}
