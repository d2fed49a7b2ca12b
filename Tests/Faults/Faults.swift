// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Whatever cuts a call off or refuses it, `delete --force` finds all that it left and removes it; what cannot go on
/// fails and tells it: Specs/Faults.md.
@Suite(.runnable)
struct Faults {
    static let ofHull = Variant.allCases.flatMap { variant in variant.acts.map { Pair(act: $0, variant: variant) } }
    static let ofProcess = Variant.allCases.flatMap { variant in
        [Act.create, .runDetached, .start, .exec].filter { variant.acts.contains($0) && $0 != .start }.map {
            Pair(act: $0, variant: variant)
        }
    }

    struct Pair: CustomTestStringConvertible, Sendable {
        let act: Act
        let variant: Variant
        var testDescription: String { "\(act.rawValue), \(variant.rawValue)" }
    }

    // FA-01 FA-02 FA-03 FA-04. Goal: the record says enough at every moment, and a refusal is a failure that undoes
    // what was done. Method: SIGKILL at the entry of each system call of hull; each refused once with each errno that
    // is likely.
    @Test("any system call of hull struck", .timeLimit(.minutes(60)), arguments: ofHull)
    func hull(_ pair: Pair) throws {
        let problems = try Sweep(act: pair.act, variant: pair.variant).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    // FA-05. Goal: no wait without an end, no success without the work. Method: the same at the calls of the
    // container's first process, or of exec's, before its program.
    @Test("any system call of the container's process struck", .timeLimit(.minutes(60)), arguments: ofProcess)
    func process(_ pair: Pair) throws {
        let problems = try Sweep(act: pair.act, variant: pair.variant, who: 1).play()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }
}
