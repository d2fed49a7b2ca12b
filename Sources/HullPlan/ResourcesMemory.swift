// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

extension ResourcesPlan {
    mutating func add(
        _ memory: Config.Linux.Resources.Memory, at pointer: JSONPointer, _ findings: inout Findings
    ) {
        func value(_ number: Int64?, _ key: Bytes) -> Int64? {
            guard let number, number != 0 else { return nil }
            guard number >= -1 else {
                findings.error(pointer.appending(key), "the limit is negative: \(number)", hint: "-1 is no limit")
                return nil
            }
            return number
        }
        let limit = value(memory.limit, "limit")
        let reservation = value(memory.reservation, "reservation")
        let swap = value(memory.swap, "swap")
        addSwap(swap, limit, at: pointer, &findings)
        if let limit { add("memory.max", text(limit), pointer.appending("limit")) }
        if let reservation { add("memory.low", text(reservation), pointer.appending("reservation")) }
        refuseOldMemory(memory, at: pointer, &findings)
    }

    /// The config counts memory and swap together, cgroup v2 counts swap alone.
    private mutating func addSwap(
        _ swap: Int64?, _ limit: Int64?, at pointer: JSONPointer, _ findings: inout Findings
    ) {
        let origin = pointer.appending("swap")
        switch (swap, limit) {
        case (nil, -1):
            // Together they were unlimited in cgroup v1, where the one could not be raised without the other.
            add("memory.swap.max", "max", pointer.appending("limit"))
        case (nil, _): break
        case (-1, _): add("memory.swap.max", "max", origin)
        case (.some, nil), (.some, -1):
            findings.error(origin, "a limit of memory and swap together needs a limit of memory")
        case (let swap?, let limit?):
            guard swap >= limit else {
                findings.error(
                    origin, "\(swap) is below the limit of memory, \(limit): memory and swap are counted together")
                return
            }
            // The file is missing where the kernel has no swap, and then none is used.
            let absence: CgroupFile.Absence = swap == limit ? .skip : .fails
            add(CgroupFile(name: "memory.swap.max", value: "\(swap - limit)", origin: origin, absence: absence))
        }
    }
}

private func text(_ limit: Int64) -> Bytes { limit == -1 ? "max" : "\(limit)" }

private func refuseOldMemory(
    _ memory: Config.Linux.Resources.Memory, at pointer: JSONPointer, _ findings: inout Findings
) {
    for (key, number) in [("kernel" as Bytes, memory.kernel), ("kernelTCP", memory.kernelTCP)] {
        guard let number, number != 0 else { continue }
        findings.warn(pointer.appending(key), "ignored: cgroup v2 counts the kernel's memory within \"limit\"")
    }
    if memory.swappiness != nil {
        findings.error(pointer.appending("swappiness"), "cgroup v2 has no swappiness of a cgroup")
    }
    if memory.disableOOMKiller == true {
        findings.error(pointer.appending("disableOOMKiller"), "cgroup v2 cannot disable the OOM killer")
    }
    if memory.useHierarchy == false {
        findings.warn(pointer.appending("useHierarchy"), "ignored: cgroup v2 always counts child cgroups")
    }
}
