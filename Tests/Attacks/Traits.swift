// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// The trait of every suite here: the table of what is known to bite, applied to each test by the id at the front of
/// its display name.
struct Known: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Some runtimes give the machine's null device away, which stands for standard input here.
        defer { if Runtime.kind != .hull { chown("/dev/null", 0, 0) } }
        let id = String((test.displayName ?? test.name).prefix { $0 != " " })
        let isOfWeak = (test.displayName ?? "").hasSuffix(" weak runtime")
        guard !isOfWeak, let bite = Bite.of(id) else { return try await function() }
        await withKnownIssue("\(bite.reason)", isIntermittent: bite.sometimes) { try await function() }
    }
}

extension Trait where Self == Known {
    static var attacks: Self { Known() }
}

extension Trait where Self == ConditionTrait {
    /// What every suite needs.
    static var runnable: Self {
        var missing: String? = [Machine.Need.root, .cgroup2].first { !$0.isMet }.map { "needs \($0)" }
        for program in [Programs.step, Programs.weak, Programs.attacker] {
            if case .failure(let problem) = program { missing = missing ?? problem.description }
        }
        if Runtime.kind == nil { missing = missing ?? "no runtime: HULL_RUNTIME=\(Runtime.program)" }
        let reason = missing
        return .enabled("\(reason ?? "")") { reason == nil }
    }

    static func needs(_ needs: Machine.Need...) -> Self {
        let missing = needs.first { !$0.isMet }
        return .enabled("needs \(missing.map(String.init(describing:)) ?? "nothing")") { missing == nil }
    }

    /// Where another runtime is under test: what is asked is a promise of hull alone, or has been asked already.
    static var onlyHull: Self { .enabled("only for hull") { Runtime.kind == .hull } }
}

/// How many stops lie between two at which a sweep acts. 1: every one.
let stride: Int =
    ProcessInfo.processInfo.environment["HULL_ATTACKS_EVERY"].flatMap(Int.init).map { max(1, $0) } ?? 0
