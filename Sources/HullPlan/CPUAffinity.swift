// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// The CPUs of a process that is put into a running container.
package struct CPUAffinityPlan: Equatable, Sendable {
    /// Those of the runtime from before the process is made; nil where they stay.
    package var initial: NumberSet?
    /// Those of the process once it is in the container's cgroup; nil where the kernel decides.
    package var final: NumberSet?
}

/// What `process.execCPUAffinity` asks for; `pointer` is `/process/execCPUAffinity`.
package func resolveCPUAffinity(
    _ said: Config.Process.ExecCPUAffinity?, at pointer: JSONPointer, _ findings: inout Findings
) -> CPUAffinityPlan {
    var plan = CPUAffinityPlan()
    guard let said else { return plan }
    func cpus(_ list: Bytes?, _ key: Bytes) -> NumberSet? {
        guard let list, !list.isEmpty else { return nil }
        let set = NumberSet(list: list)
        if set == nil { findings.error(pointer.appending(key), "\"\(list)\" is no list of CPUs such as 0-3,7") }
        return set
    }
    plan.initial = cpus(said.initial, "initial")
    plan.final = cpus(said.final, "final")
    return plan
}
