// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// The trait of every suite here: what the whole needs, and the table of known deviations applied to each test by the
/// clause ids at the front of its display name.
struct Conformance: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        Tally.shared.ran()
        let clauses = clauseIDs(in: test.displayName ?? test.name)
        try await Clause.$current.withValue(clauses.first ?? "") {
            guard let deviation = clauses.compactMap({ Deviation.of($0) }).first else { return try await function() }
            Tally.shared.deviates()
            await withKnownIssue("\(deviation.reason)", isIntermittent: deviation.sometimes) { try await function() }
        }
    }
}

/// The clause that the running test proves.
enum Clause {
    @TaskLocal static var current = ""
}

extension Trait where Self == Conformance {
    static var conformance: Self { Conformance() }
}

/// The clause ids with which a display name begins: "NS-03 NS-04 text".
func clauseIDs(in name: String) -> [String] {
    name.split(separator: " ").map(String.init).prefix { word in
        word.wholeMatch(of: /[A-Z]{2,4}-[0-9]{2}/) != nil
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed and counted, where the machine lacks something.
    static func needs(_ needs: Machine.Need...) -> Self {
        let missing = needs.first { !$0.isMet }
        return .enabled("needs \(missing.map(String.init(describing:)) ?? "nothing")") {
            if let missing { Tally.shared.skips("needs \(missing)") }
            return missing == nil
        }
    }

    /// Skips where a runtime of another kind is under test: its interface is not in question.
    static func only(_ kinds: Runtime.Kind...) -> Self {
        let names = kinds.map(\.rawValue).joined(separator: ", ")
        return .enabled("only for \(names)") {
            let is_ = Runtime.kind.map(kinds.contains) ?? false
            if !is_ { Tally.shared.skips("only for \(names)") }
            return is_
        }
    }

    /// What every suite needs.
    static var runnable: Self {
        let problem: String? =
            if !Machine.Need.root.isMet {
                "needs root"
            } else if !Machine.Need.cgroup2.isMet {
                "needs \(Machine.Need.cgroup2)"
            } else if Runtime.kind == nil {
                "no runtime: HULL_RUNTIME=\(Runtime.program) does not answer --version as hull, crun or runc"
            } else {
                nil
            }
        return .enabled("\(problem ?? "")") {
            if let problem { Tally.shared.skips(problem) }
            return problem == nil
        }
    }
}

/// Counts for the line that is printed when the process ends.
final class Tally: @unchecked Sendable {
    static let shared: Tally = {
        atexit { Tally.shared.report() }
        return Tally()
    }()
    private let lock = NSLock()
    private var run = 0
    private var deviations = 0
    private var skipped: [String: Int] = [:]

    func ran() { lock.withLock { run += 1 } }
    func deviates() { lock.withLock { deviations += 1 } }
    func skips(_ reason: String) { lock.withLock { skipped[reason, default: 0] += 1 } }

    func report() {
        lock.withLock {
            print(
                "conformance: \(Runtime.version.isEmpty ? Runtime.program : Runtime.version): \(run) tests ran,",
                "\(deviations) known deviations, \(skipped.values.reduce(0, +)) skipped")
            for (reason, count) in skipped.sorted(by: { $0.key < $1.key }) {
                print("conformance: skipped \(count): \(reason)")
            }
        }
    }
}
