// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullPlan

/// The command line, read once.
package struct Invocation: Equatable, Sendable {
    /// The options before the verb.
    package let global: GlobalOptions
    /// The verb with its own options.
    package let command: Command

    /// Reads the words after the program's name.
    package init(_ words: [Bytes]) throws(UsageError) {
        var globals = GlobalOptions()
        var verb: Verb?
        do throws(UsageProblem) {
            command = try Invocation.read(words[...], &globals, &verb)
            global = globals
        } catch {
            throw UsageError(problem: error.problem, hint: error.hint, verb: verb, global: globals)
        }
    }

    private static func read(
        _ words: ArraySlice<Bytes>, _ globals: inout GlobalOptions, _ verb: inout Verb?
    ) throws(UsageProblem) -> Command {
        var parser = Parser(words, by: GlobalOptions.table, stopsAtOperand: true)
        try parser.read(into: &globals)
        if globals.version { return .version(VersionOptions()) }
        guard !parser.wantsHelp, let name = parser.operands.first else { return .help(nil) }
        let found = try knownVerb(name)
        verb = found
        return try readVerb(found, parser.operands.dropFirst())
    }

    private static func readVerb(_ verb: Verb, _ words: ArraySlice<Bytes>) throws(UsageProblem) -> Command {
        func read<Options: VerbOptions>(_ make: (Options) -> Command) throws(UsageProblem) -> Command {
            try readOptions(words, as: Options.self).map(make) ?? .help(verb)
        }
        switch verb {
        case .run: return try read(Command.run)
        case .create: return try read(Command.create)
        case .start: return try read(Command.start)
        case .exec: return try read(Command.exec)
        case .kill: return try read(Command.kill)
        case .delete: return try read(Command.delete)
        case .pause: return try read(Command.pause)
        case .resume: return try read(Command.resume)
        case .checkpoint: return try read(Command.checkpoint)
        case .restore: return try read(Command.restore)
        case .update: return try read(Command.update)
        case .mounts: return try read(Command.mounts)
        case .state: return try read(Command.state)
        case .list: return try read(Command.list)
        case .ps: return try read(Command.ps)
        case .events: return try read(Command.events)
        case .stats: return try read(Command.stats)
        case .image:
            // The words are hull-image's: it has its own options.
            return ["--help", "-h"].contains(words.first) ? .help(.image) : .image(Array(words))
        case .spec: return try read(Command.spec)
        case .plan: return try read(Command.plan)
        case .check: return try read(Command.check)
        case .doctor: return try read(Command.doctor)
        case .verify: return try read(Command.verify)
        case .features: return try read(Command.features)
        case .completion: return try read(Command.completion)
        case .manual:
            guard let options = try readOptions(words, as: ManualOptions.self) else { return .help(.manual) }
            return .manual(try options.verb.map(knownVerb))
        case .version: return try read(Command.version)
        case .help:
            guard let options = try readOptions(words, as: HelpOptions.self) else { return .help(.help) }
            guard let name = options.verb else { return .help(nil) }
            return .help(try knownVerb(name))
        }
    }

    /// The verb's options; nil where help was asked for instead.
    private static func readOptions<Options: VerbOptions>(
        _ words: ArraySlice<Bytes>, as type: Options.Type
    ) throws(UsageProblem) -> Options? {
        var options = Options()
        var parser = Parser(
            words, by: Options.table, stopsAtOperand: Options.stopsAtOperand, globals: GlobalOptions.table.map(\.entry))
        try parser.read(into: &options)
        if parser.wantsHelp { return nil }
        do throws(OperandProblem) { try options.take(parser.operands) } catch { throw error.problem }
        return options
    }

    private static func knownVerb(_ name: Bytes) throws(UsageProblem) -> Verb {
        if let verb = Verb.named(name) { return verb }
        throw UsageProblem(
            problem: "unknown command \"\(name)\"", hint: nearestHint(to: name, among: Verb.allCases.map(\.name)))
    }
}

/// A verb with what it was told.
package enum Command: Equatable, Sendable {
    case run(RunOptions)
    case create(CreateOptions)
    case start(StartOptions)
    case exec(ExecOptions)
    case kill(KillOptions)
    case delete(DeleteOptions)
    case pause(PauseOptions)
    case resume(ResumeOptions)
    case checkpoint(CheckpointOptions)
    case restore(RestoreOptions)
    case update(UpdateOptions)
    case mounts(MountsOptions)
    case state(StateOptions)
    case list(ListOptions)
    case ps(PsOptions)
    case events(EventsOptions)
    case stats(StatsOptions)
    /// The words for hull-image.
    case image([Bytes])
    case spec(SpecOptions)
    case plan(PlanOptions)
    case check(CheckOptions)
    case doctor(DoctorOptions)
    case verify(VerifyOptions)
    case features(FeaturesOptions)
    case completion(CompletionOptions)
    /// The page of one verb, or of hull.
    case manual(Verb?)
    case version(VersionOptions)
    /// Help about one verb, or about hull.
    case help(Verb?)
}

extension OperandProblem {
    var problem: UsageProblem {
        switch self {
        case .missing(let name): UsageProblem(problem: "\(name) is missing")
        case .unexpected(let word): UsageProblem(problem: "unexpected argument \"\(word)\"")
        case .twice(let thing): UsageProblem(problem: "\(thing) is given twice")
        }
    }
}
