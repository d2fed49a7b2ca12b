// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

extension ContainerStore {
    /// Changes the limits of a container, its device filter, and the lines of its class of service; all of them or, if
    /// one fails, none. Gives warnings: the verb `update`.
    package func update(
        _ id: Bytes, _ said: Config.Linux.Resources, _ schemata: Config.Linux.IntelRdt, _ host: Host, strict: Bool
    ) throws(Failure) -> [ConfigError] {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        let isRunning = try attempt { () throws(SystemError) in try isAlive(record) }
        guard isRunning else { throw Failure("container not running", code: .state) }
        if said != Config.Linux.Resources() { try record.requireCgroup() }
        let plan: UpdatePlan
        let lines: [IntelRdtPlan.Line]
        var unit: UnitChange?
        do throws(ConfigErrors) {
            let before = try directory.resources()
            plan = try resolveUpdate(said, before: before, host, strict: strict)
            lines = try resolveIntelRdtUpdate(schemata)
            unit = UnitChange(plan, before: before, record)
        } catch { throw Failure(error) }
        let lowersMemory = plan.files.contains { $0.name == "memory.max" }
        let killed = lowersMemory ? CgroupDirectory(path: record.cgroup).outOfMemory().kills : 0
        var change = try ResourcesChange(plan, lines, record)
        for controller in plan.controllers {
            let mountPoint = host.cgroupMount ?? "/sys/fs/cgroup"
            do throws(SystemError) { try change.cgroup.enable(controller.name, mountPoint: mountPoint) } catch {
                let obstacle = change.cgroup.obstacle(to: error, mountPoint: mountPoint)
                throw Failure(error, pointer: controller.origin, hint: obstacle)
            }
        }
        do throws(Failure) {
            try unit?.apply()
            try change.apply(plan.files)
            try attempt { () throws(SystemError) in try directory.write(plan.resources) }
        } catch {
            var failure = change.undo(after: error)
            do throws(SystemError) { try unit?.undo() } catch { failure.leftovers.append(error.line) }
            throw failure
        }
        guard lowersMemory else { return plan.warnings }
        return plan.warnings + change.cgroup.killsWarning(since: killed)
    }
}

/// An update on its way: what it takes, and what takes it back.
private struct ResourcesChange: ~Copyable {
    let cgroup: CgroupDirectory
    private var filter: DeviceFilterChange?
    private let classOfService: IntelRdtChange?
    /// The writes that take back what was written, the last first.
    private var former: [CgroupFile] = []

    /// Refuses what can be refused before anything is changed.
    init(_ plan: UpdatePlan, _ lines: [IntelRdtPlan.Line], _ record: ContainerRecord) throws(Failure) {
        let cgroup = CgroupDirectory(path: record.cgroup)
        try cgroup.checkLeastMemory(plan)
        let classOfService = try IntelRdtChange(lines, of: record.intelRdt)
        let filter = try attempt("/devices") { () throws(SystemError) -> DeviceFilterChange? in
            if let program = plan.deviceFilter { try DeviceFilterChange(program, in: cgroup) } else { nil }
        }
        self.cgroup = cgroup
        self.classOfService = classOfService
        self.filter = filter
    }

    mutating func apply(_ files: [CgroupFile]) throws(Failure) {
        try classOfService?.apply()
        for file in cgroup.inWritableOrder(files) {
            let before = cgroup.former(of: file)
            do throws(SystemError) { try cgroup.write(file) } catch { throw Failure(error, pointer: file.origin) }
            former.insert(before, at: 0)
        }
        // Last: a device that an update which fails would allow must not be open meanwhile.
        do throws(SystemError) { try filter?.apply() } catch { throw Failure(error, pointer: "/devices") }
    }

    /// Takes all of it back. What cannot be taken back is said beside the failure.
    mutating func undo(after failure: Failure) -> Failure {
        var failure = failure
        do throws(SystemError) { try filter?.undo() } catch { failure.leftovers.append(error.line) }
        for file in former {
            do throws(SystemError) { try cgroup.write(file) } catch {
                failure.leftovers.append("\(cgroup.path)/\(file.name): \(error.errno.message)")
            }
        }
        do throws(SystemError) { try classOfService?.undo() } catch { failure.leftovers.append(error.line) }
        return failure
    }
}

extension ContainerDirectory {
    private var resourcesPath: Bytes { path + "/resources.json" }

    /// What the container was given: by the last update, or by its config.
    func resources() throws(ConfigErrors) -> Config.Linux.Resources {
        if let bytes = try? HostFiles.read(resourcesPath) { return try Config.Linux.Resources.read(bytes) }
        let config = try? readConfig()
        return config?.linux?.resources ?? Config.Linux.Resources()
    }

    fileprivate func write(_ resources: Config.Linux.Resources) throws(SystemError) {
        try HostFiles.replace(resourcesPath, with: Bytes(JSONWriter.text(of: resources)), mode: 0o600)
    }
}

extension CgroupDirectory {
    /// config-linux.md, "checkBeforeUpdate": else the kernel would kill to reach the new limit.
    fileprivate func checkLeastMemory(_ plan: UpdatePlan) throws(Failure) {
        guard let (limit, origin) = plan.leastMemory else { return }
        let text = try attempt { () throws(SystemError) in try HostFiles.read(path + "/memory.current") }
        guard let used = Bytes(text).trimmed.decimal, used > UInt64(limit) else { return }
        throw Failure(
            "the limit \(limit) is below the \(used) bytes that are in use", pointer: origin,
            hint: "checkBeforeUpdate asks to refuse this")
    }

    /// The kernel keeps a new limit of memory whatever it costs.
    fileprivate func killsWarning(since before: UInt64) -> [ConfigError] {
        let kills = outOfMemory().kills
        guard kills > before else { return [] }
        let processes: Bytes = kills - before == 1 ? "process" : "processes"
        return [
            ConfigError("/memory/limit", "the kernel has killed \(kills - before) \(processes) to reach it")
        ]
    }

    /// A burst must not be above the quota at any time: it goes first when it becomes smaller.
    fileprivate func inWritableOrder(_ files: [CgroupFile]) -> [CgroupFile] {
        guard let index = files.firstIndex(where: { $0.name == "cpu.max.burst" }),
            let burst = files[index].value.decimal, let text = try? HostFiles.read(path + "/cpu.max.burst"),
            let former = Bytes(text).trimmed.decimal, burst < former
        else { return files }
        var files = files
        let file = files.remove(at: index)
        return [file] + files
    }

    /// The write that takes another one back: what the file says before it.
    fileprivate func former(of file: CgroupFile) -> CgroupFile {
        var former = file
        former.absence = .skip
        let text = Bytes((try? HostFiles.read("\(path)/\(file.name)")) ?? [])
        former.value = formerValue(text, of: file)
        return former
    }

    /// Files of lists have a line for each device, and no line for a device without a limit.
    private func formerValue(_ text: Bytes, of file: CgroupFile) -> Bytes {
        let lines = text.split(0x0a)
        guard let key = file.value.split(0x20).first, file.value.contains(0x20), file.name != "cpu.max" else {
            let one = lines.first ?? ""
            // Of the weights only the common one is meant.
            return one.hasPrefix("default ") ? one.dropFirst(8) : one
        }
        if let line = lines.first(where: { $0.hasPrefix(key + " ") }) { return line }
        switch file.name {
        case "io.max": return "\(key) rbps=max wbps=max riops=max wiops=max"
        case "io.weight", "io.bfq.weight": return "\(key) default"
        default: return "\(key) max"
        }
    }
}
