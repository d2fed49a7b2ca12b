// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// An act, played once for each system call that is struck.
struct Sweep {
    let act: Act
    let wealth: Wealth
    var who = 0
    let blow: Blow

    /// Strikes at one call after the other until the process ends before it comes to the call. Gives all that was
    /// wrong.
    func play() throws -> [String] {
        let scenario = try Scenario()
        var problems: [String] = []
        do {
            let stage = try Stage(scenario, wealth)
            // Acts begin at different calls, so that together they meet different ones.
            var call = 1 + (act.rawValue.count + (wealth == .rich ? stride / 2 : 0)) % stride
            while problems.count < 10 {
                let (isReached, found) = try round(stage, call)
                problems += found.map { "\(act.rawValue), \(wealth), process \(who) \(blow) at \($0)" }
                if !found.isEmpty { stage.reset() }
                guard isReached else { break }
                call += stride
            }
        } catch {
            problems.append("\(act.rawValue), \(wealth): \(error)")
        }
        return problems + scenario.finish()
    }

    /// One round: prepare, strike, look, delete, look again.
    private func round(_ stage: Stage, _ call: Int) throws -> (isReached: Bool, problems: [String]) {
        let runtime = stage.scenario.runtime
        for earlier in act.before {
            let outcome = try runtime(earlier.words(stage))
            if !outcome.ok { return (false, ["call \(call): before it: \(outcome)"]) }
        }
        let struck = try stage.scenario.strike(act.words(stage), who: who, at: call, blow)
        var problems: [String] = []
        if struck.outcome.ending == .timeout { problems.append("it hangs") }
        if act.makes, case .exit(let code) = struck.outcome.ending, (1...127).contains(code) {
            // It lived to tell its failure: then it has cleaned up by itself.
            problems += stage.leftovers().map { "after its failure: \($0): \(struck.outcome.stderr)" }
        }
        if let lie = try stage.lies() { problems.append(lie) }
        if act == .exec { problems += stage.strays() }
        let list = try runtime("list", "--format", "json")
        if !list.ok || list.json == nil { problems.append("list: \(list)") }
        for _ in 0..<2 {
            let delete = try runtime("delete", "--force", stage.id)
            if !delete.ok { problems.append("delete --force: \(delete)") }
        }
        // The caller's, of a container that was created.
        Files.remove(stage.pidFile)
        problems += stage.leftovers()
        return (struck.isReached, problems.map { "\(struck.place): \($0)" })
    }
}
