// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

/// One invocation of hull, from the verb to the exit code.
struct Program {
    let invocation: Invocation
    let log: Log

    init(_ invocation: Invocation) {
        self.invocation = invocation
        log = Log(invocation.global)
    }

    /// Runs the verb. Gives the exit code: the container's for `run` and `exec`, 255 for an `exec` that failed here, 1
    /// for every other failure.
    func run() -> Int32 {
        let (verb, id) = subject
        do throws(Failure) {
            try Caller.settle(preserving: preservedDescriptors)
            return try dispatch()
        } catch {
            report(error, verb, id)
            return verb == "exec" ? 255 : 1
        }
    }

    private func dispatch() throws(Failure) -> Int32 {
        switch invocation.command {
        case .run(let options): return try run(options)
        case .create(let options): return try create(options)
        case .start(let options): try start(options)
        case .exec(let options): return try exec(options)
        case .kill(let options): try kill(options)
        case .delete(let options): try delete(options)
        case .pause(let options): try store().pause(options.id)
        case .resume(let options): try store().resume(options.id)
        case .checkpoint(let options): try checkpoint(options)
        case .restore(let options): return try restore(options)
        case .update(let options): try update(options)
        case .mounts(let options): try mounts(options)
        case .state(let options): Caller.write(stateText(try store().state(of: options.id)), to: 1)
        case .list(let options):
            var list = ContainerList(options)
            try store().list { list.add($0) }
            Caller.write(list.text, to: 1)
        case .ps(let options): try ps(options)
        case .events(let options): try events(options)
        case .stats(let options): try stats(options)
        case .image(let words): try image(words)
        case .spec(let options): try spec(options)
        case .plan(let options): return try plan(options)
        case .check(let options): return try check(options)
        case .doctor(let options): return try doctor(options)
        case .verify(let options): return try verify(options)
        case .features: features()
        case .completion(let options): Caller.write(completionScript(options.shell), to: 1)
        case .manual(let verb): Caller.write(manualPage(verb), to: 1)
        case .version: Caller.write(versionText(commit: commit, libseccomp: libseccompVersion), to: 1)
        case .help(let verb): Caller.write(helpText(verb), to: 1)
        }
        return 0
    }

    /// Descriptors after the standard streams that the container gets.
    var preservedDescriptors: UInt32 {
        switch invocation.command {
        case .run(let options): options.create.preserveFDs + Caller.listenDescriptors
        case .create(let options): options.preserveFDs + Caller.listenDescriptors
        case .exec(let options): options.preserveFDs
        default: 0
        }
    }

    func store() throws(Failure) -> ContainerStore { try ContainerStore(root: invocation.global.root) }

    /// The verb and the container, for messages.
    private var subject: (verb: Bytes, id: Bytes?) {
        switch invocation.command {
        case .run(let options): ("run", options.create.id)
        case .create(let options): ("create", options.id)
        case .start(let options): ("start", options.id)
        case .exec(let options): ("exec", options.id)
        case .kill(let options): ("kill", options.id)
        case .delete(let options): ("delete", options.id)
        case .pause(let options): ("pause", options.id)
        case .resume(let options): ("resume", options.id)
        case .checkpoint(let options): ("checkpoint", options.id)
        case .restore(let options): ("restore", options.id)
        case .update(let options): ("update", options.id)
        case .mounts(let options): ("mounts", options.id)
        case .state(let options): ("state", options.id)
        case .ps(let options): ("ps", options.id)
        case .events(let options): ("events", options.id)
        case .stats: ("stats", nil)
        case .list: ("list", nil)
        case .image: ("image", nil)
        case .spec: ("spec", nil)
        case .plan: ("plan", nil)
        case .check: ("check", nil)
        case .doctor: ("doctor", nil)
        case .verify(let options): ("verify", options.id)
        case .features: ("features", nil)
        case .completion: ("completion", nil)
        case .manual: ("manual", nil)
        case .version: ("version", nil)
        case .help: ("help", nil)
        }
    }

    private func report(_ failure: Failure, _ verb: Bytes, _ id: Bytes?) {
        log.error(line(failure, verb, id), fields(failure))
    }

    func warn(_ failures: [Failure], _ verb: Bytes, _ id: Bytes?) {
        for failure in failures { log.warning(line(failure, verb, id), fields(failure)) }
    }

    private func fields(_ failure: Failure) -> LogFields {
        var fields = LogFields(failure.code, failure.phase)
        fields.pointer = failure.pointer
        fields.hint = failure.hint ?? failure.detail
        fields.errno = failure.errnoName
        // What is no path is a name or a number, which the message has.
        fields.path = failure.object.flatMap { $0.hasPrefix("/") ? $0 : nil }
        return fields
    }

    private func line(_ failure: Failure, _ verb: Bytes, _ id: Bytes?) -> Bytes {
        var line = ErrorLine(verb: verb, id: id, cause: failure.cause)
        if let errors = failure.config {
            line.cause = errors.line(in: failure.document)
            return line.line
        }
        line.operation = failure.operation
        line.object = failure.object
        line.pointer = failure.pointer
        line.hint = failure.hint
        line.leftovers = failure.leftovers
        return line.line
    }
}
