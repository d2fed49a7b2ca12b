// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// One call of prlimit64(2).
package struct RlimitPlan: Equatable, Sendable {
    /// What is limited.
    package var resource: ResourceLimit
    /// rlim_cur.
    package var soft: UInt64
    /// rlim_max.
    package var hard: UInt64
    /// The entry that said it.
    package var origin: JSONPointer
}

/// The limits that `process.rlimits` asks for, in its order; `pointer` is `/process/rlimits`.
package func resolveRlimits(
    _ said: [Config.Process.Rlimit]?, at pointer: JSONPointer, _ findings: inout Findings
) -> [RlimitPlan] {
    var plan: [RlimitPlan] = []
    for (index, limit) in (said ?? []).enumerated() {
        let origin = pointer.appending(index)
        guard let resource = ResourceLimit(name: limit.type) else {
            findings.error(
                origin.appending("type"), "unknown resource limit \"\(limit.type)\"",
                // Shells and engines write `nofile`.
                hint: namesHint(for: limit.type, among: ResourceLimit.names, prefix: "RLIMIT_"))
            continue
        }
        if plan.contains(where: { $0.resource == resource }) {
            findings.error(origin.appending("type"), "\(limit.type) is already limited above")
            continue
        }
        if limit.soft > limit.hard {
            findings.error(
                origin.appending("soft"), "the soft limit \(limit.soft) is above the hard limit \(limit.hard)")
        }
        plan.append(RlimitPlan(resource: resource, soft: limit.soft, hard: limit.hard, origin: origin))
    }
    return plan
}
