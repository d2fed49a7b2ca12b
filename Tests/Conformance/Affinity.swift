// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Affinity {
    /// A call of the runtime that is bound to the first processor.
    static func bound(_ s: Scenario, _ arguments: [String]) throws -> Outcome {
        var launch = s.runtime.launch(arguments)
        launch.arguments = ["-c", "0", launch.program] + launch.arguments
        launch.program = Files.program("taskset") ?? "/usr/bin/taskset"
        return try s.runtime.start(launch).outcome()
    }

    static let processors = Status(of: "self")["Cpus_allowed_list"]

    // Goal: the caller's binding is none of the container's. Method: a bound caller; ask inside.
    @Test("AF-01 a caller bound to a processor does not bind the container")
    func run() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "grep Cpus_allowed_list /proc/self/status")
            let outcome = try Self.bound(s, ["run", "--bundle", bundle.directory, s.id()])
            #expect(Status(text: outcome.lines)["Cpus_allowed_list"] == Self.processors, "\(outcome)")
        }
    }

    // Goal: nor of a further process. Method: the same with exec.
    @Test("AF-02 a caller bound to a processor does not bind the process of exec")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let outcome = try Self.bound(s, ["exec", container.id, "grep", "Cpus_allowed_list", "/proc/self/status"])
            #expect(Status(text: outcome.lines)["Cpus_allowed_list"] == Self.processors, "\(outcome)")
        }
    }
}
