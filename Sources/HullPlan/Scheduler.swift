// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// What `process.scheduler` asks for; `pointer` is `/process/scheduler`. What sched(7) says of each policy is checked
/// here, because the kernel has one EINVAL for all of it.
package func resolveScheduler(
    _ said: Config.Process.Scheduler?, at pointer: JSONPointer, _ findings: inout Findings
) -> SchedulerAttributes? {
    guard let said else { return nil }
    guard let policy = SchedulerAttributes.policies.number(said.policy) else {
        findings.unknown(
            pointer.appending("policy"), "scheduling policy", said.policy, among: SchedulerAttributes.policies.names,
            prefix: "SCHED_")
        return nil
    }
    var attributes = SchedulerAttributes(policy: policy)
    attributes.flags = resolveBits(
        said.flags, SchedulerAttributes.flags, "scheduler flag", prefix: "SCHED_FLAG_", at: pointer.appending("flags"),
        &findings)
    attributes.nice = said.nice ?? 0
    if !(-20...19).contains(attributes.nice) {
        findings.error(pointer.appending("nice"), "\(attributes.nice) is outside -20 to 19")
    }
    resolvePriority(said, &attributes, at: pointer.appending("priority"), &findings)
    resolveDeadline(said, &attributes, at: pointer, &findings)
    return attributes
}

/// The steps outside that decide when a process runs. From outside, for they need capabilities of the host's user
/// namespace; after the process has a group of its own.
func resolveScheduling(
    _ said: Config.Process?, at pointer: JSONPointer, _ findings: inout Findings
) -> [OutsideStep] {
    var steps: [OutsideStep] = []
    let scheduler = pointer.appending("scheduler")
    if let attributes = resolveScheduler(said?.scheduler, at: scheduler, &findings) {
        steps.append(OutsideStep(action: .scheduler(attributes), origin: scheduler))
    }
    let place = pointer.appending("ioPriority")
    if let priority = resolveIOPriority(said?.ioPriority, at: place, &findings) {
        steps.append(OutsideStep(action: .ioPriority(priority), origin: place))
    }
    return steps
}

private func resolvePriority(
    _ said: Config.Process.Scheduler, _ attributes: inout SchedulerAttributes, at pointer: JSONPointer,
    _ findings: inout Findings
) {
    let priority = said.priority ?? 0
    if attributes.hasPriorities, !(1...99).contains(priority) {
        findings.error(pointer, "\(priority) is outside 1 to 99, which \(said.policy) takes")
    } else if !attributes.hasPriorities, priority != 0 {
        findings.error(pointer, "is for SCHED_FIFO and SCHED_RR; \(said.policy) has no priorities")
    }
    attributes.priority = UInt32(clamping: priority)
}

private func resolveDeadline(
    _ said: Config.Process.Scheduler, _ attributes: inout SchedulerAttributes, at pointer: JSONPointer,
    _ findings: inout Findings
) {
    attributes.runtime = said.runtime ?? 0
    attributes.deadline = said.deadline ?? 0
    attributes.period = said.period ?? 0
    guard attributes.isDeadline else {
        for (key, value) in [
            ("runtime", attributes.runtime), ("deadline", attributes.deadline), ("period", attributes.period),
        ] as [(Bytes, UInt64)] where value != 0 {
            findings.error(pointer.appending(key), "is for SCHED_DEADLINE, not for \(said.policy)")
        }
        return
    }
    // Below 2^10 the kernel's arithmetic would be too coarse; the highest bit must be clear: sched_setattr(2).
    let most = UInt64(Int64.max)
    if attributes.runtime < 1024 {
        findings.error(pointer.appending("runtime"), "\(attributes.runtime) is less than 1024 nanoseconds")
    } else if attributes.runtime > attributes.deadline {
        findings.error(pointer.appending("runtime"), "\(attributes.runtime) is more than the deadline")
    }
    if attributes.deadline > most { findings.error(pointer.appending("deadline"), "is above \(most)") }
    // A period of 0 is the deadline.
    if attributes.period != 0, attributes.period < attributes.deadline {
        findings.error(pointer.appending("period"), "\(attributes.period) is less than the deadline")
    }
    if attributes.period > most { findings.error(pointer.appending("period"), "is above \(most)") }
}

/// The bits that a list of names stands for.
func resolveBits(
    _ said: [Bytes]?, _ known: NamedNumbers, _ what: Bytes, prefix: Bytes, at pointer: JSONPointer,
    _ findings: inout Findings
) -> UInt32 {
    var bits: UInt32 = 0
    for (index, name) in (said ?? []).enumerated() {
        guard let bit = known.number(name) else {
            findings.unknown(pointer.appending(index), what, name, among: known.names, prefix: prefix)
            continue
        }
        bits |= bit
    }
    return bits
}

extension Findings {
    /// A name outside a closed set: the nearest one that was probably meant, else all of them.
    mutating func unknown(
        _ pointer: JSONPointer, _ what: Bytes, _ found: Bytes, among known: [Bytes], prefix: Bytes = ""
    ) {
        error(
            pointer, "unknown \(what) \"\(found)\"",
            hint: namesHint(for: found, among: known, prefix: prefix))
    }
}
