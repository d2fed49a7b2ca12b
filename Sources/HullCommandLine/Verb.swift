// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What hull can be asked to do. The order is that of the help.
package enum Verb: CaseIterable, Sendable {
    case run, create, start, exec, kill, delete, pause, resume, checkpoint, restore, update, mounts, state, list, ps
    case events, stats
    case image, spec, plan, check, verify, doctor, features, completion, manual, version, help

    /// How the verb is written.
    package var name: Bytes {
        switch self {
        case .run: "run"
        case .create: "create"
        case .start: "start"
        case .exec: "exec"
        case .kill: "kill"
        case .delete: "delete"
        case .pause: "pause"
        case .resume: "resume"
        case .checkpoint: "checkpoint"
        case .restore: "restore"
        case .update: "update"
        case .mounts: "mounts"
        case .state: "state"
        case .list: "list"
        case .ps: "ps"
        case .events: "events"
        case .stats: "stats"
        case .image: "image"
        case .spec: "spec"
        case .plan: "plan"
        case .check: "check"
        case .doctor: "doctor"
        case .verify: "verify"
        case .features: "features"
        case .completion: "completion"
        case .manual: "manual"
        case .version: "version"
        case .help: "help"
        }
    }

    /// The verb that is written so.
    package static func named(_ name: Bytes) -> Verb? { allCases.first { $0.name == name } }

    /// What the help says about the verb.
    package var page: VerbPage { options.page }

    /// The rows of the verb's option table, as help and completions need them.
    package var entries: [OptionEntry] { options.entries }

    /// The type that the verb's words are read into.
    var options: any VerbOptions.Type {
        switch self {
        case .run: RunOptions.self
        case .create: CreateOptions.self
        case .start: StartOptions.self
        case .exec: ExecOptions.self
        case .kill: KillOptions.self
        case .delete: DeleteOptions.self
        case .pause: PauseOptions.self
        case .resume: ResumeOptions.self
        case .checkpoint: CheckpointOptions.self
        case .restore: RestoreOptions.self
        case .update: UpdateOptions.self
        case .mounts: MountsOptions.self
        case .state: StateOptions.self
        case .list: ListOptions.self
        case .ps: PsOptions.self
        case .events: EventsOptions.self
        case .stats: StatsOptions.self
        case .image: ImageOptions.self
        case .spec: SpecOptions.self
        case .plan: PlanOptions.self
        case .check: CheckOptions.self
        case .doctor: DoctorOptions.self
        case .verify: VerifyOptions.self
        case .features: FeaturesOptions.self
        case .completion: CompletionOptions.self
        case .manual: ManualOptions.self
        case .version: VersionOptions.self
        case .help: HelpOptions.self
        }
    }
}

/// What the help says about a verb, apart from its options.
package struct VerbPage: Sendable {
    /// One sentence without a full stop; it also stands in the list of verbs.
    package let summary: Bytes
    /// What follows the options, such as `ID [SIGNAL]`; empty where nothing may.
    package let operands: Bytes
    /// A paragraph where the summary leaves something open.
    package var more: Bytes?
    /// A command line without its leading `hull`.
    package let example: Bytes
}

/// The words after a verb, read: its options and operands.
package protocol VerbOptions: Equatable, Sendable {
    /// The defaults.
    init()
    /// What the help says.
    static var page: VerbPage { get }
    /// What options there are.
    static var table: [Option<Self>] { get }
    /// Whether the first operand ends the options, because the words after it are for another program.
    static var stopsAtOperand: Bool { get }
    /// Takes what is no option.
    mutating func take(_ operands: [Bytes]) throws(OperandProblem)
}

/// What is wrong with the words that are no options.
package enum OperandProblem: Error, Equatable {
    /// A word that must be there is not; it is called so.
    case missing(Bytes)
    /// There is a word too many.
    case unexpected(Bytes)
    /// The same thing was said in two places.
    case twice(Bytes)
}

extension VerbOptions {
    package static var stopsAtOperand: Bool { false }
    package static var table: [Option<Self>] { [] }
    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        if let first = operands.first { throw .unexpected(first) }
    }
    static var entries: [OptionEntry] { table.map(\.entry) }
}

/// The one operand of most verbs.
func onlyID(_ operands: [Bytes]) throws(OperandProblem) -> Bytes {
    guard let id = operands.first else { throw .missing("ID") }
    if operands.count > 1 { throw .unexpected(operands[1]) }
    return id
}
