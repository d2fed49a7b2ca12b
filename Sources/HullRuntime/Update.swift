// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
package import HullOCI
package import HullPlan

extension ContainerStore {
    /// Changes the limits of a container; all of them or, if one fails, none. Gives warnings: the verb `update`.
    package func update(
        _ id: Bytes, _ said: Config.Linux.Resources, _ host: Host
    ) throws(Failure) -> [ConfigError] {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        guard isAlive(record) else { throw Failure("container not running") }
        let plan: UpdatePlan
        do throws(ConfigErrors) {
            plan = try resolveUpdate(said, before: try directory.resources(), host)
        } catch { throw Failure(error) }
        let cgroup = CgroupDirectory(path: record.cgroup)
        try cgroup.checkLeastMemory(plan)
        let lowersMemory = plan.files.contains { $0.name == "memory.max" }
        let killed = lowersMemory ? cgroup.outOfMemory().kills : 0
        var undo: [CgroupFile] = []
        for controller in plan.controllers {
            try attempt(controller.origin) { () throws(SystemError) in
                try cgroup.enable(controller.name, mountPoint: host.cgroupMount ?? "/sys/fs/cgroup")
            }
        }
        do throws(Failure) {
            for file in cgroup.inWritableOrder(plan.files) {
                let former = cgroup.former(of: file)
                try attempt(file.origin) { () throws(SystemError) in try cgroup.write(file) }
                undo.insert(former, at: 0)
            }
            try attempt { () throws(SystemError) in try directory.write(plan.resources) }
        } catch {
            throw cgroup.undo(undo, after: error)
        }
        guard lowersMemory else { return plan.warnings }
        return plan.warnings + cgroup.killsWarning(since: killed)
    }
}

extension ContainerDirectory {
    private var resourcesPath: Bytes { path + "/resources.json" }

    /// What the container was given: by the last update, or by its config.
    fileprivate func resources() throws(ConfigErrors) -> Config.Linux.Resources {
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

    /// Takes writes back, the last first. What cannot be taken back is said beside the failure.
    fileprivate func undo(_ files: [CgroupFile], after failure: Failure) -> Failure {
        var failure = failure
        for file in files {
            do { try write(file) } catch {
                failure.leftovers.append("\(path)/\(file.name): \(error.errno.message)")
            }
        }
        return failure
    }
}
