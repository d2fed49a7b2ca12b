// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Runs what Tests/Alone has, a process for each.
@Suite(.enabled(if: Machine.Need.root.isMet, "needs root"))
struct AloneTests {
    /// Where SwiftPM puts the program: beside the tests.
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("alone").path

    private static let scratch = Scratch()

    private static func run(_ arguments: [String]) throws -> Outcome {
        var launch = Launch(program, arguments, in: "/")
        launch.environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        return try launch.start(outputs: scratch.path + "/" + (arguments.first ?? "names")).outcome(within: 60)
    }

    private static let names = (try? run([]).lines) ?? []

    // Goal: every expectation of a test alone in its process is met. Method: its exit status and what it prints.
    @Test(arguments: names) func alone(_ name: String) throws {
        let outcome = try Self.run([name])
        #expect(outcome.ok, "\(outcome)")
    }

    // Goal: none is lost. Method: there are as many as functions in Tests/Alone, seventy at least.
    @Test func count() { #expect(Self.names.count >= 70) }
}
