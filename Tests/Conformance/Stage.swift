// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Runs a test in a scenario of its own and then asserts that nothing was left behind. `strict` counts also what the
/// runtime is known to leave after every refused create (knownLeftovers); one test per runtime is enough for that.
/// `case` tells the arguments of a test apart where a runtime deviates for some of them only.
func scenario(
    case name: String? = nil, strict: Bool = false, at location: SourceLocation = #_sourceLocation,
    _ body: (Scenario) throws -> Void
) throws {
    guard let name, let deviation = Deviation.of(Clause.current + " " + name) else {
        return try perform(strict, location, body)
    }
    Tally.shared.deviates()
    withKnownIssue("\(deviation.reason)", isIntermittent: deviation.sometimes) { try perform(strict, location, body) }
}

private func perform(_ strict: Bool, _ location: SourceLocation, _ body: (Scenario) throws -> Void) throws {
    let scenario = try Scenario()
    defer {
        let left = scenario.finish { line in !strict && isKnownLeftover(line) }
        #expect(left.isEmpty, "left behind: \(left.joined(separator: "; "))", sourceLocation: location)
    }
    try body(scenario)
}

extension Scenario {
    /// Runs a shell script in a container in the foreground.
    func run(_ script: String, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> Outcome {
        let bundle = try bundle(script: script, edit)
        return try run(bundle)
    }

    func run(_ bundle: TestBundle, id: String? = nil) throws -> Outcome {
        try runtime("run", "--bundle", bundle.directory, id ?? self.id())
    }

    /// Runs a script in a container that must succeed; the lines it printed.
    func inside(
        _ script: String, at location: SourceLocation = #_sourceLocation, _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> [String] {
        let outcome = try run(script, edit)
        #expect(outcome.ok, "\(outcome)", sourceLocation: location)
        return outcome.lines
    }

    /// Expects that a container with this config is refused at create: exit 1 and one of the phrases in the error, and
    /// for hull the pointer of the field at fault; no container and nothing else is left.
    @discardableResult
    func refuses(
        _ pointer: String?, _ phrases: String..., at location: SourceLocation = #_sourceLocation,
        edit: (inout JSON) throws -> Void
    ) throws -> Outcome {
        let bundle = try bundle(script: "exit 0", edit)
        return try refuses(bundle, pointer, phrases, at: location)
    }

    @discardableResult
    func refuses(
        _ bundle: TestBundle, _ pointer: String?, _ phrases: [String], at location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let id = id()
        let outcome = try runtime("create", "--bundle", bundle.directory, id)
        #expect(outcome.ending == .exit(1), "\(outcome)", sourceLocation: location)
        expect(outcome, says: phrases, at: location)
        if Runtime.kind == .hull, let pointer {
            #expect(outcome.stderr.contains(" \(pointer)"), "\(outcome)", sourceLocation: location)
        }
        let state = try runtime("state", id)
        #expect(state.ending == .exit(1), "a refused container exists: \(state)", sourceLocation: location)
        return outcome
    }

    /// A container made and not started.
    func create(
        _ bundle: TestBundle, id: String? = nil, _ options: [String] = [],
        at location: SourceLocation = #_sourceLocation
    ) throws -> Container {
        let id = id ?? self.id()
        let call = try runtime.start(["create", "--bundle", bundle.directory] + options + [id])
        let outcome = call.outcome()
        try #require(outcome.ok, "\(outcome)", sourceLocation: location)
        return Container(scenario: self, id: id, bundle: bundle, call: call)
    }

    /// A container whose script was started; it ends with the scenario.
    func start(
        _ script: String, _ options: [String] = [], at location: SourceLocation = #_sourceLocation,
        _ edit: (inout JSON) throws -> Void = { _ in }
    ) throws -> Container {
        let container = try create(try bundle(script: script, edit), options, at: location)
        let outcome = try runtime("start", container.id)
        try #require(outcome.ok, "\(outcome)", sourceLocation: location)
        return container
    }
}

/// One of the phrases must be in the error text.
func expect(_ outcome: Outcome, says phrases: [String], at location: SourceLocation = #_sourceLocation) {
    guard !phrases.isEmpty else { return }
    let said = phrases.contains { outcome.stderr.contains($0) }
    #expect(said, "none of \(phrases) in \(outcome)", sourceLocation: location)
}

/// A container by its id, with the output of the call that created it.
struct Container {
    let scenario: Scenario
    let id: String
    let bundle: TestBundle
    let call: Call

    /// The container's own output so far.
    var output: String { call.stdout }
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// A verb on this container; words with a dash go before the id, others (a signal) after it.
    func callAsFunction(_ verb: String, _ more: String...) throws -> Outcome {
        let options = more.filter { $0.hasPrefix("-") }
        return try scenario.runtime([verb] + options + [id] + more.filter { !$0.hasPrefix("-") })
    }

    func exec(_ words: String..., options: [String] = []) throws -> Outcome {
        try scenario.runtime(["exec"] + options + [id] + words)
    }

    func state() throws -> JSON {
        let outcome = try scenario.runtime("state", id)
        return try #require(outcome.json, "\(outcome)")
    }

    func status() throws -> String? { try state()["/status"]?.string }
    func pid() throws -> Int { try #require(try state()["/pid"]?.int) }

    /// Waits until the runtime says that the container has this status.
    func comes(to status: String, at location: SourceLocation = #_sourceLocation) throws {
        var last: String?
        try eventually {
            last = try self.status()
            return last == status
        }
        #expect(last == status, sourceLocation: location)
    }

    /// Waits until the output holds a text.
    func says(_ text: String, at location: SourceLocation = #_sourceLocation) {
        #expect(eventually { output.contains(text) }, "no \(text) in \(output)", sourceLocation: location)
    }

    /// Asks for the script's end and gives how it ended.
    func ends() throws -> Ending? { Support.ending(of: try pid()) }
}

extension Terminal {
    /// Waits until the terminal has shown a text.
    func says(_ words: String, at location: SourceLocation = #_sourceLocation) {
        let heard = hears(words)
        #expect(heard, "no \(words) in \(text)", sourceLocation: location)
    }
}
