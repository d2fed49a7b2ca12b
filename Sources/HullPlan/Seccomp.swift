// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// A system call filter, ready to be loaded.
package struct SeccompPlan: Sendable {
    /// The program.
    package var program: [BPFInstruction]
    /// The flags of seccomp(2), as the kernel reads them.
    package var flags: UInt32
    /// Who is asked about calls with the action `SCMP_ACT_NOTIFY`; nil where none has it.
    package var listener: SeccompListener?
}

/// The agent that gets the descriptor of a filter's notifications.
package struct SeccompListener: Equatable, Sendable {
    /// The path of its socket.
    package var path: Bytes
    /// What it is told besides.
    package var metadata: Bytes?
    /// Who named it: a property or an annotation of the config, or nobody there.
    package var origin: JSONPointer

    /// An agent.
    package init(path: Bytes, metadata: Bytes? = nil, origin: JSONPointer) {
        self.path = path
        self.metadata = metadata
        self.origin = origin
    }
}

/// What is said of system calls besides `linux.seccomp`.
package struct SeccompSurroundings: Sendable {
    /// The annotations of the config.
    package var annotations: [Entry<Bytes>]?
    /// The agent that the caller's environment names.
    package var receiver: Bytes?
    /// The directory in which the path of an agent begins.
    package var bundle: Bytes = "/"

    /// Nothing is said.
    package init() {}
}

/// The filter that `linux.seccomp` asks for; nil where it asks for none. `native` is the architecture that the
/// container runs on, which always is in the filter: libseccomp puts it there.
package func resolveSeccomp(
    _ said: Config.Linux.Seccomp?, _ surroundings: SeccompSurroundings = SeccompSurroundings(),
    native: Architecture = .native, at pointer: JSONPointer, _ findings: inout Findings
) -> SeccompPlan? {
    if let program = KnownAnnotation.seccompProgram.value(in: surroundings.annotations) {
        return resolveSeccompProgram(program, native, at: KnownAnnotation.seccompProgram.pointer, &findings)
    }
    guard let said else { return nil }
    var resolution = SeccompResolution(pointer: pointer, surroundings: surroundings, findings: findings)
    let plan = resolution.run(said, native)
    findings = resolution.findings
    return plan
}

/// The work of `resolveSeccomp`.
private struct SeccompResolution {
    let pointer: JSONPointer
    let surroundings: SeccompSurroundings
    var findings: Findings
    /// The first rule that asks the listener.
    var notifying: JSONPointer?

    mutating func run(_ said: Config.Linux.Seccomp, _ native: Architecture) -> SeccompPlan? {
        let answer = resolveDefault(said)
        let architectures = resolveArchitectures(said.architectures ?? [], native)
        var flags = resolveFlags(said.flags)
        guard let answer else {
            // The rules are still read for what is wrong in them; nothing is made of them.
            let unused = SeccompPolicy(defaultAnswer: .killThread, architectures: architectures)
            _ = resolveRules(said.syscalls ?? [], unused)
            return nil
        }
        var policy = SeccompPolicy(defaultAnswer: answer, architectures: architectures)
        policy.newerAnswer = answer.forNewerCalls
        policy = resolveRules(said.syscalls ?? [], policy)
        let listener = resolveListener(said)
        if listener != nil {
            flags.insert(.newListener)
            // The process has one thread, but for the one that carries the listener away and must stay free: courier.c.
            flags.remove(.synchronizeThreads)
        } else {
            // The kernel takes it only together with a listener.
            flags.remove(.waitKillable)
        }
        return SeccompPlan(program: compile(policy), flags: flags.rawValue, listener: listener)
    }

    private mutating func compile(_ policy: SeccompPolicy) -> [BPFInstruction] {
        let program = policy.compile()
        var reported: [Int] = []
        for (earlier, later) in program.contradictions where !reported.contains(later) {
            reported.append(later)
            findings.error(
                syscall(later), "gives another action to calls that \(syscall(earlier).text) decides already",
                hint: "rules for the same system call must differ in a condition, or agree on the action")
        }
        if program.instructions.count > BPFInstruction.limit {
            findings.error(
                pointer.appending("syscalls"),
                "makes \(program.instructions.count) instructions, the kernel takes \(BPFInstruction.limit)",
                hint: "use fewer rules with args")
        }
        return program.instructions
    }

    private func syscall(_ index: Int) -> JSONPointer { pointer.appending("syscalls").appending(index) }
}

extension SeccompAnswer {
    /// What a call gets that whoever wrote the profile cannot have known: ENOSYS in place of a refusal, so that a
    /// program falls back on what an older kernel has, as C libraries do. nil where the default lets it pass, leaves it
    /// to a tracer, or says so already.
    fileprivate var forNewerCalls: SeccompAnswer? {
        let enosys = SeccompAnswer.errno(38)
        // SECCOMP_RET_ACTION_FULL of linux/seccomp.h without the data.
        switch value & 0xffff_0000 {
        case SeccompAnswer.allow.value, SeccompAnswer.log.value, SeccompAnswer.trace(0).value: return nil
        default: return self == enosys ? nil : enosys
        }
    }
}

// MARK: - Everything but the rules

extension SeccompResolution {
    private mutating func resolveDefault(_ said: Config.Linux.Seccomp) -> SeccompAnswer? {
        let answer = resolveAction(
            said.defaultAction, at: pointer.appending("defaultAction"), errno: said.defaultErrnoRet,
            at: pointer.appending("defaultErrnoRet"))
        if answer == .notify {
            findings.error(
                pointer.appending("defaultAction"),
                "cannot be SCMP_ACT_NOTIFY: the container would wait for its agent before it could reach it")
        }
        return answer
    }

    private mutating func resolveArchitectures(_ said: [Bytes], _ native: Architecture) -> [Architecture] {
        var result = [native]
        for (index, name) in said.enumerated() {
            let place = pointer.appending("architectures").appending(index)
            guard let architecture = Architecture(name: name) else {
                findings.error(
                    place, "\"\(name)\" is no architecture of the runtime specification",
                    hint: namesHint(for: name, among: Architecture.all.map(\.name), prefix: "SCMP_ARCH_"))
                continue
            }
            if result.contains(architecture) { continue }
            if architecture.isLittleEndian != native.isLittleEndian {
                findings.error(place, "\(name) has another byte order than \(native.name), one filter cannot hold both")
            } else if !architecture.hasSyscallTable {
                findings.error(place, "\(name) has no table of system calls in the libseccomp that hull was built with")
            } else {
                result.append(architecture)
            }
        }
        return result
    }

    private mutating func resolveFlags(_ said: [Bytes]?) -> SeccompFlags {
        // Without the field runc and crun choose speed, as the kernel does itself since 5.16; an empty list is
        // respected.
        guard let said else { return .speculationAllowed }
        var flags: SeccompFlags = []
        for (index, name) in said.enumerated() {
            guard let known = SeccompNames.flags.first(where: { name.matches($0.text) }) else {
                findings.error(
                    pointer.appending("flags").appending(index), "\"\(name)\" is no flag of the runtime specification",
                    hint: namesHint(for: name, among: SeccompNames.flagNames, prefix: "SECCOMP_FILTER_FLAG_"))
                continue
            }
            flags.insert(known.flag)
        }
        return flags
    }

    private mutating func resolveListener(_ said: Config.Linux.Seccomp) -> SeccompListener? {
        let path = said.listenerPath.flatMap { $0.isEmpty ? nil : $0 }
        let metadata = said.listenerMetadata.flatMap { $0.isEmpty ? nil : $0 }
        if metadata != nil, path == nil {
            findings.error(pointer.appending("listenerMetadata"), "must not be set without \"listenerPath\"")
        }
        guard let notifying else { return nil }
        let place = pointer.appending("listenerPath")
        if let path { return SeccompListener(path: absolute(path), metadata: metadata, origin: place) }
        if let path = KnownAnnotation.seccompReceiver.value(in: surroundings.annotations), !path.isEmpty {
            return SeccompListener(
                path: absolute(path), metadata: metadata, origin: KnownAnnotation.seccompReceiver.pointer)
        }
        if let path = surroundings.receiver, !path.isEmpty {
            return SeccompListener(path: absolute(path), metadata: metadata, origin: .root)
        }
        findings.error(
            notifying, "is SCMP_ACT_NOTIFY, and \"listenerPath\" does not say who is to be asked",
            hint: "set \(place.text)")
        return nil
    }

    private func absolute(_ path: Bytes) -> Bytes { path.isAbsolutePath ? path : path.below(surroundings.bundle) }
}

// MARK: - Rules

extension SeccompResolution {
    private mutating func resolveRules(_ said: [Config.Linux.Seccomp.Syscall], _ start: SeccompPolicy) -> SeccompPolicy
    {
        var policy = start
        for (index, rule) in said.enumerated() {
            let place = syscall(index)
            if rule.names.isEmpty { findings.error(place.appending("names"), "must name at least one system call") }
            let answer = resolveAction(
                rule.action, at: place.appending("action"), errno: rule.errnoRet, at: place.appending("errnoRet"))
            let conditions = resolveConditions(rule.args ?? [], at: place.appending("args"))
            guard let answer else { continue }
            if answer == .notify { noteNotify(rule, at: place) }
            add(rule.names, answer, conditions, index, to: &policy)
        }
        return policy
    }

    private mutating func add(
        _ names: [Bytes], _ answer: SeccompAnswer, _ conditions: [SeccompCondition], _ origin: Int,
        to policy: inout SeccompPolicy
    ) {
        // A rule that says what is done anyway says nothing: it is no exception from the rules before it either. But
        // who wrote it knew the call.
        let isRedundant = answer == policy.defaultAnswer
        // Two conditions on one argument are alternatives, against the letter of the specification: libseccomp takes
        // one condition for each argument, and runc and crun make a rule of each where there are more.
        let arguments = conditions.reduce(0 as UInt8) { $0 | 1 << $1.argument }
        let alternatives = arguments.nonzeroBitCount < conditions.count ? conditions.map { [$0] } : [conditions]
        for (index, text) in names.enumerated() {
            let name = SyscallName(text)
            var known = false
            if isRedundant {
                known = policy.note(name)
            } else {
                for conditions in alternatives { known = policy.add(name, answer, conditions, origin: origin) }
            }
            if !known { noteUnknown(text, at: syscall(origin).appending("names").appending(index)) }
        }
    }

    /// Profiles name calls of newer kernels and of other architectures, so an unknown name is no error by itself.
    private mutating func noteUnknown(_ name: Bytes, at place: JSONPointer) {
        let strict = KnownAnnotation.seccompFailUnknown.value(in: surroundings.annotations).map { $0 != "0" } ?? false
        if strict {
            findings.error(
                place, "no system call \"\(name)\" is known here",
                hint: "\(KnownAnnotation.seccompFailUnknown.name) makes it an error")
        } else {
            findings.warn(place, "no system call \"\(name)\" is known here, the rule has no effect on it")
        }
    }

    /// A filter that asks about write(2) stops the runtime itself, before the agent has the descriptor.
    private mutating func noteNotify(_ rule: Config.Linux.Seccomp.Syscall, at place: JSONPointer) {
        if notifying == nil { notifying = place.appending("action") }
        for (index, name) in rule.names.enumerated() where name == "write" {
            findings.error(place.appending("names").appending(index), "write cannot have the action SCMP_ACT_NOTIFY")
        }
    }

    private mutating func resolveConditions(_ said: [Config.Linux.Seccomp.Arg], at pointer: JSONPointer)
        -> [SeccompCondition]
    {
        var result: [SeccompCondition] = []
        for (index, arg) in said.enumerated() {
            let place = pointer.appending(index)
            if arg.index > 5 {
                findings.error(place.appending("index"), "is \(arg.index): a system call has six arguments, 0 to 5")
                continue
            }
            guard let comparison = SeccompNames.operators.first(where: { arg.op.matches($0.text) })?.comparison else {
                findings.error(
                    place.appending("op"), "\"\(arg.op)\" is no operator of the runtime specification",
                    hint: namesHint(for: arg.op, among: SeccompNames.operatorNames, prefix: "SCMP_CMP_"))
                continue
            }
            let masked = comparison == .maskedEqual
            result.append(
                SeccompCondition(
                    UInt8(arg.index), comparison, masked ? arg.valueTwo ?? 0 : arg.value,
                    mask: masked ? arg.value : .max))
        }
        return result
    }

    /// The answer of an action, with its errno: EPERM where none is said.
    private mutating func resolveAction(
        _ name: Bytes, at place: JSONPointer, errno: UInt32?, at errnoPlace: JSONPointer
    ) -> SeccompAnswer? {
        guard let action = SeccompNames.actions.first(where: { name.matches($0.text) })?.action else {
            findings.error(
                place, "\"\(name)\" is no action of the runtime specification",
                hint: namesHint(for: name, among: SeccompNames.actionNames, prefix: "SCMP_ACT_"))
            return nil
        }
        let number = errno ?? 1
        switch action {
        case .plain(let answer):
            if errno != nil { findings.error(errnoPlace, "\(name) has no errno", hint: "remove it") }
            return answer
        case .errno:
            // The kernel cuts at MAX_ERRNO.
            if number > 4095 { findings.error(errnoPlace, "is \(number), an errno is 4095 at most") }
            return .errno(UInt16(truncatingIfNeeded: number))
        case .trace:
            if number > 65535 { findings.error(errnoPlace, "is \(number), a tracer's message is 65535 at most") }
            return .trace(UInt16(truncatingIfNeeded: number))
        }
    }
}
