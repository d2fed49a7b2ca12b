// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support

/// The static programs beside this file, each built once per run.
enum Programs {
    /// Stops a runtime and its processes at chosen system calls.
    static let step = build("step")
    /// A runtime that makes every mistake of the list.
    static let weak = build("weak")
    /// What attackers do, from a container or beside one.
    static let attacker = build("attacker")

    private static func build(_ name: String) -> Result<String, Problem> {
        let program = Machine.base + "/" + name
        guard let compiler = Files.program("gcc") else { return .failure(Problem("needs gcc")) }
        let source = RootFilesystem.repository + "/Tests/Attacks/\(name).c"
        do {
            var launch = Launch(
                compiler, ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, source],
                in: "/")
            launch.environment = Runtime.environment
            let outcome = try launch.start(outputs: Machine.base + "/\(name)-build").outcome(within: 120)
            return outcome.ok ? .success(program) : .failure(Problem("building \(name): \(outcome)"))
        } catch {
            return .failure(Problem("building \(name): \(error)"))
        }
    }
}

/// The program of a runtime itself where HULL_RUNTIME names a script that only sets LD_PRELOAD before it.
struct Executable {
    let program: String
    let environment: [String]

    static let underTest: Executable = {
        let text = Files.read(Runtime.program) ?? ""
        guard text.hasPrefix("#!"), let found = text.firstMatch(of: #/LD_PRELOAD=(\S+) exec (\S+)/#) else {
            return Executable(program: Runtime.program, environment: Runtime.environment)
        }
        return Executable(
            program: String(found.2), environment: Runtime.environment + ["LD_PRELOAD=" + String(found.1)])
    }()
}
