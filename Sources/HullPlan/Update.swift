// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// What `update` will do: decided from what the container was given before and what is said now.
package struct UpdatePlan: Equatable, Sendable {
    /// The writes, in order.
    package var files: [CgroupFile] = []
    /// The controllers that they need.
    package var controllers: [ResourcesPlan.Controller] = []
    /// The device filter that takes the place of the container's; nil where that stays.
    package var deviceFilter: [EBPFInstruction]?
    /// What the container has afterwards; the next update begins there.
    package var resources: Config.Linux.Resources
    /// A limit of memory that must not be below what is used now, `checkBeforeUpdate`.
    package var leastMemory: (limit: Int64, origin: JSONPointer)?
    /// What is ignored, and why.
    package var warnings: [ConfigError] = []

    package static func == (a: UpdatePlan, b: UpdatePlan) -> Bool {
        a.files == b.files && a.controllers == b.controllers && a.deviceFilter == b.deviceFilter
            && a.resources == b.resources
    }
}

/// Decides on an update. Fields that the document does not have keep their value; where two fields make one file (a
/// quota and its period, memory and swap), the one that is not said is the former one. Pure.
package func resolveUpdate(
    _ said: Config.Linux.Resources, before: Config.Linux.Resources, _ host: Host, strict: Bool = false
) throws(ConfigErrors) -> UpdatePlan {
    var findings = Findings()
    var plan = UpdatePlan(resources: before.updated(by: said))
    if let devices = said.devices, devices != before.devices {
        plan.deviceFilter = changedFilter(from: before.devices, to: devices, &findings)
    }
    let resolved = resolveResources(said.completed(by: before), at: .root, &findings)
    plan.controllers = resolved.controllers.filter {
        findings.require($0, host, host.cgroupMount ?? "/sys/fs/cgroup", strict: strict)
    }
    let absent = resolved.controllers.map(\.name).filter { name in !plan.controllers.contains { $0.name == name } }
    plan.files = resolved.files.filter { !absent.contains($0.controller) }
    if plan.resources.memory?.checkBeforeUpdate == true, let limit = said.memory?.limit, limit > 0 {
        plan.leastMemory = (limit, "/memory/limit")
    }
    plan.warnings = findings.warnings
    try findings.throwIfAny()
    return plan
}

/// The filter of a list that decides otherwise than the former one; nil where it is the same program.
private func changedFilter(
    from before: [Config.Linux.Resources.DeviceRule]?, to said: [Config.Linux.Resources.DeviceRule],
    _ findings: inout Findings
) -> [EBPFInstruction]? {
    let program = resolveDeviceRules(said, at: "/devices", &findings)
    // What was wrong with the former list was said when the container was made.
    var past = Findings()
    return program == resolveDeviceRules(before, at: "/devices", &past) ? nil : program
}

extension Config.Linux.Resources {
    /// This, with the former values without which its own could not be turned into the kernel's.
    fileprivate func completed(by before: Config.Linux.Resources) -> Config.Linux.Resources {
        var whole = self
        whole.devices = nil
        if let swap = memory?.swap, swap > 0, (memory?.limit ?? 0) == 0 { whole.memory?.limit = before.memory?.limit }
        // cpu.max holds quota and period, and a quota without a period keeps the period that the kernel has. A burst is
        // measured by the quota.
        if (cpu?.period ?? 0) != 0 || cpu?.burst != nil, (cpu?.quota ?? 0) == 0 { whole.cpu?.quota = before.cpu?.quota }
        return whole
    }

    /// These resources after an update: what is said counts, what is not stays.
    package func updated(by said: Config.Linux.Resources) -> Config.Linux.Resources {
        var now = self
        now.devices = said.devices ?? devices
        now.memory = Memory.merged(memory, said.memory)
        now.cpu = CPU.merged(cpu, said.cpu)
        now.pids = said.pids?.limit == nil ? pids : said.pids
        now.blockIO = BlockIO.merged(blockIO, said.blockIO)
        now.hugepageLimits = merged(hugepageLimits, said.hugepageLimits) { $0.pageSize == $1.pageSize }
        now.network = said.network ?? network
        now.rdma = merged(rdma, said.rdma) { $0.key == $1.key }
        now.unified = merged(unified, said.unified) { $0.key == $1.key }
        return now
    }
}

/// 0 means "not said" in these fields: engines in Go write it so.
private func said<Number: BinaryInteger>(_ now: Number?, else before: Number?) -> Number? {
    now.flatMap { $0 == 0 ? nil : $0 } ?? before
}

/// The elements of both; of two for the same thing the later one.
private func merged<Element>(
    _ before: [Element]?, _ now: [Element]?, _ same: (Element, Element) -> Bool
) -> [Element]? {
    guard let now else { return before }
    return (before ?? []).filter { old in !now.contains { same(old, $0) } } + now
}

extension Config.Linux.Resources.Memory {
    fileprivate static func merged(_ before: Self?, _ now: Self?) -> Self? {
        guard let now else { return before }
        guard var all = before else { return now }
        // The kernel counts swap alone, so swap stays as it is when only the limit of memory changes; counted together
        // with memory it moves along.
        if let limit = now.limit, limit > 0, (now.swap ?? 0) == 0, let swap = all.swap, swap > 0, let old = all.limit {
            all.swap = limit + (swap - old)
        }
        all.limit = said(now.limit, else: all.limit)
        all.reservation = said(now.reservation, else: all.reservation)
        all.swap = said(now.swap, else: all.swap)
        all.checkBeforeUpdate = now.checkBeforeUpdate ?? all.checkBeforeUpdate
        return all
    }
}

extension Config.Linux.Resources.CPU {
    fileprivate static func merged(_ before: Self?, _ now: Self?) -> Self? {
        guard let now else { return before }
        guard var all = before else { return now }
        all.shares = said(now.shares, else: all.shares)
        all.quota = said(now.quota, else: all.quota)
        all.period = said(now.period, else: all.period)
        all.burst = now.burst ?? all.burst
        all.cpus = now.cpus ?? all.cpus
        all.mems = now.mems ?? all.mems
        all.idle = now.idle ?? all.idle
        return all
    }
}

extension Config.Linux.Resources.BlockIO {
    fileprivate static func merged(_ before: Self?, _ now: Self?) -> Self? {
        guard let now else { return before }
        guard var all = before else { return now }
        func same(_ a: ThrottleDevice, _ b: ThrottleDevice) -> Bool { a.major == b.major && a.minor == b.minor }
        all.weight = said(now.weight, else: all.weight)
        all.weightDevice = HullPlan.merged(all.weightDevice, now.weightDevice) {
            $0.major == $1.major && $0.minor == $1.minor
        }
        all.throttleReadBpsDevice = HullPlan.merged(all.throttleReadBpsDevice, now.throttleReadBpsDevice, same)
        all.throttleWriteBpsDevice = HullPlan.merged(all.throttleWriteBpsDevice, now.throttleWriteBpsDevice, same)
        all.throttleReadIOPSDevice = HullPlan.merged(all.throttleReadIOPSDevice, now.throttleReadIOPSDevice, same)
        all.throttleWriteIOPSDevice = HullPlan.merged(all.throttleWriteIOPSDevice, now.throttleWriteIOPSDevice, same)
        return all
    }
}
