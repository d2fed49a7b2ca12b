// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// An act, played once for each fault at each system call of one of its processes.
struct Sweep {
    let act: Act
    let variant: Variant
    /// 0 is hull, 1 the process that it makes, up to the execution of its program.
    var who = 0

    /// What was done and found.
    struct Count {
        var calls = 0
        var killed = 0
        var refused = 0
        /// Refusals after which the call succeeded all the same.
        var succeeded = 0
        /// Refusals of memory after which the process was gone, as if it had been killed.
        var died = 0
    }

    private final class Progress {
        var count = Count()
        var problems: [String] = []
        /// Of an undisturbed act.
        var fingerprint: [String] = []
    }

    /// Strikes at one call after the other, by each fault. Gives all that was wrong.
    func play() throws -> [String] {
        let scenario = try Scenario()
        let progress = Progress()
        do {
            let stage = try Stage(scenario, variant)
            let numbers = try undisturbed(stage, progress)
            progress.count.calls = numbers.count
            // Acts begin at different calls, so that together they meet different ones.
            let first = (act.rawValue.count + variant.rawValue.count) % stride
            var turn = first
            // The first call is the execution of hull itself, which is its caller's.
            for call in Swift.stride(from: first, to: numbers.count, by: stride) where call > 0 || who > 0 {
                for blow in blows(at: call, of: numbers, &turn) where progress.problems.count < 10 {
                    try round(stage, call + 1, numbers[call], blow, progress)
                }
            }
            progress.problems += stage.descriptors() + stage.keyrings()
        } catch {
            progress.problems.append("\(name): \(error)")
        }
        tell(progress.count)
        return progress.problems + scenario.finish()
    }

    private var name: String { "\(act.rawValue), \(variant.rawValue), process \(who)" }

    /// Of a sample each call gets one fault, in turns.
    private func blows(at call: Int, of numbers: [Int], _ turn: inout Int) -> [Blow] {
        let errnos = Errnos.likely(numbers[call])
        // libc and the Swift runtime begin in the same way in every verb; what follows begins by marking
        // descriptors (close_range).
        let isBeginning = who == 0 && !numbers[..<(call + 1)].contains(436)
        if isBeginning, act != .create || variant != .plain { return [] }
        let all = [Blow.kill] + errnos.map { Blow.fail(errno: $0) }
        guard stride == 1 else {
            turn += 1
            return [all[turn % all.count]]
        }
        // In other variants than the plain one the likeliest is enough where the plain one met the call.
        return variant == .plain || Self.ofVariants.contains(numbers[call]) ? all : Array(all.prefix(2))
    }

    /// Calls that mostly variants make: mounts, ids, processes, terminals.
    private static let ofVariants: Set<Int> = [
        16, 22, 56, 57, 58, 61, 105, 106, 114, 116, 117, 119, 247, 293, 308, 430, 431, 432,
    ]

    /// The numbers of the calls; the fingerprint of what is made.
    private func undisturbed(_ stage: Stage, _ progress: Progress) throws -> [Int] {
        try prepare(stage)
        let struck = try stage.scenario.strike(act.words(stage), who: who, at: 0, .kill)
        guard struck.outcome.ok else { throw Problem("without a fault: \(struck.outcome)") }
        if act.status != "stopped" { progress.fingerprint = try stage.fingerprint() }
        _ = try stage.scenario.runtime("delete", "--force", stage.id)
        stage.console?.drain()
        Files.remove(stage.pidFile)
        return struck.numbers
    }

    private func prepare(_ stage: Stage) throws {
        for earlier in act.before {
            let outcome = try stage.scenario.runtime(earlier.words(stage))
            if !outcome.ok { throw Problem("before it: \(outcome)") }
        }
    }

    /// One round: prepare, strike, look, delete, look again.
    private func round(_ stage: Stage, _ call: Int, _ number: Int, _ blow: Blow, _ progress: Progress) throws {
        let runtime = stage.scenario.runtime
        try prepare(stage)
        let struck = try stage.scenario.strike(act.words(stage), who: who, at: call, blow)
        var problems: [String] = []
        if struck.outcome.ending == .timeout { problems.append("it hangs") }
        let (said, lie) = try stage.status()
        if let lie { problems.append(lie) }
        switch blow {
        case .kill: progress.count.killed += 1
        case .fail(let errno):
            progress.count.refused += 1
            problems += try judge(stage, struck, errno, said, progress)
        }
        if act == .exec { problems += stage.strays() }
        let list = try runtime("list", "--format", "json")
        if !list.ok || list.json == nil { problems.append("list: \(list)") }
        for _ in 0..<2 {
            let delete = try runtime("delete", "--force", stage.id)
            if !delete.ok { problems.append("delete --force: \(delete)") }
        }
        stage.console?.drain()
        // The caller's, of a container that was created.
        Files.remove(stage.pidFile)
        problems += stage.leftovers()
        if !problems.isEmpty { stage.reset() }
        progress.problems += problems.map { "\(name) \(blow) at \(struck.place): \($0)" }
    }

    /// After a refusal: a failure that tells it and has cleaned up, or a success that is complete.
    private func judge(
        _ stage: Stage, _ struck: Struck, _ errno: Int32, _ status: String?, _ progress: Progress
    ) throws -> [String] {
        switch struck.outcome.ending {
        case .exit(0):
            progress.count.succeeded += 1
            guard struck.isReached else { return [] }
            if let wanted = act.status, status != wanted {
                return ["it succeeds, and state says \(status ?? "nothing")"]
            }
            // A foreground run gives the program's exit status, and tells on the side what it could not remove.
            if struck.outcome.stderr.lowercased().contains(reason(errno)) { return [] }
            if act.status == nil, status != nil { return ["it succeeds, and the container is there"] }
            guard act.status != nil, act != .kill else { return [] }
            // Whose passwd cannot be entered has no home: that is the image's business.
            let changed = Set(try stage.fingerprint()).symmetricDifference(progress.fingerprint)
                .filter { errno != EACCES || !$0.hasPrefix("environ") }
                // A sysfs that a user namespace may not make is bound from the host, with what is mounted below it.
                .filter { errno != EPERM || !$0.hasPrefix("mount / /sys") }
            return changed.isEmpty ? [] : ["it succeeds, and the process differs: \(changed.sorted())"]
        case .exit(let code) where code < 128 || code == 255:
            let text = struck.outcome.stderr
            var problems = Words.areMissing(in: text, errno, call: struck.number, verb: act.words(stage)[0])
            // It lived to tell its failure: then it has cleaned up by itself.
            if act.makes { problems += stage.leftovers().map { "after its failure: \($0): \(text)" } }
            return problems
        case .exit, .signal:
            progress.count.died += 1
            return Errnos.isOfMemory(struck.number) ? [] : ["it dies: \(struck.outcome)"]
        case .timeout: return []
        }
    }

    /// A row for the table, where one is wanted.
    private func tell(_ count: Count) {
        guard let table = ProcessInfo.processInfo.environment["HULL_FAULTS_TABLE"] else { return }
        let row =
            "\(act.rawValue)|\(variant.rawValue)|\(who)|\(count.calls)|\(count.killed)|\(count.refused)|"
            + "\(count.succeeded)|\(count.died)\n"
        guard let file = FileHandle(forWritingAtPath: table) else { return }
        file.seekToEndOfFile()
        file.write(Data(row.utf8))
        try? file.close()
    }
}

private func reason(_ errno: Int32) -> String { String(cString: strerror(errno)).lowercased() }

/// What a failure must tell: what was done, to what, and why.
enum Words {
    /// Words for a reason that engines look for, in place of the errno's own.
    private static let ofEngines = [
        "does not exist", "already exists", "not running", "cannot start an already running container",
        "cannot start a container that has stopped", "that is not stopped: running",
        "the container's process died while it was being set up",
    ]

    static func areMissing(in text: String, _ errno: Int32, call: Int, verb: String) -> [String] {
        let line = text.split(separator: "\n").last.map(String.init) ?? ""
        if ofEngines.contains(where: { text.contains($0) }) { return [] }
        let seal = "hull: cannot protect the runtime's own executable ("
        if text.hasPrefix(seal),
            text.contains(": errno \(String(repeating: "0", count: 3 - "\(errno)".count))\(errno))")
        {
            return []
        }
        let reason = reason(errno)
        // libc's own words, before the program's first.
        if text.hasPrefix(": error while loading shared libraries: "), text.lowercased().contains(reason) { return [] }
        let hasReason = text.lowercased().contains(reason)
        // hull VERB ID: OBJECT: REASON
        let parts = line.components(separatedBy: ": ")
        if hasReason, parts.count >= 3, parts[0].hasPrefix("hull \(verb)") { return [] }
        return ["it does not tell \(reason): \(text.isEmpty ? "nothing" : text)"]
    }
}
