// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// One write to a file of the container's cgroup.
package struct CgroupFile: Equatable, Sendable {
    /// What to do where the kernel does not have the file although it has the controller.
    package enum Absence: Equatable, Sendable {
        /// The limit that was asked for cannot be kept: an error.
        case fails
        /// Nothing is lost without it.
        case skip
        /// Another file does the same by other numbers.
        case write(name: Bytes, value: Bytes)
    }

    /// The name of the file: one path component.
    package var name: Bytes
    /// What is written, in one write(2), as cgroup files want it.
    package var value: Bytes
    /// The field that said it.
    package var origin: JSONPointer
    /// What to do where the file is not there.
    package var absence: Absence = .fails
    /// The controller that has it: what stands before the first dot.
    package var controller: Bytes { name.prefix(name.firstIndex(of: 0x2e) ?? name.count) }
    /// Whether the container's process must be in the cgroup, and its set-up done, before the write.
    package var afterSetUp = false
}

/// What `linux.resources` asks of the container's cgroup, apart from devices.
package struct ResourcesPlan: Equatable, Sendable {
    /// A controller of cgroup v2 that must be there.
    package struct Controller: Equatable, Sendable {
        /// `memory`, `cpu`, `cpuset`, `io`, `pids`, `hugetlb`, `rdma`, `misc`, or one of a later kernel.
        package var name: Bytes
        /// The first field that needs it.
        package var origin: JSONPointer
    }

    /// The files in the order in which they are written.
    package private(set) var files: [CgroupFile] = []
    /// The controllers without which a file cannot be written, each once.
    package private(set) var controllers: [Controller] = []

    /// No limit.
    package init() {}

    /// Adds a file. A file that says "no limit" says what a new cgroup has anyway, so it needs no controller.
    mutating func add(_ file: CgroupFile) {
        files.append(file)
        let name = file.controller
        guard file.absence != .skip, name != "cgroup", !controllers.contains(where: { $0.name == name }) else { return }
        controllers.append(Controller(name: name, origin: file.origin))
    }

    mutating func add(_ name: Bytes, _ value: Bytes, _ origin: JSONPointer) {
        add(CgroupFile(name: name, value: value, origin: origin, absence: value == "max" ? .skip : .fails))
    }
}

/// The cgroup v2 files that `linux.resources` asks for; `pointer` is `/linux/resources`.
///
/// A value of 0 means "not said" wherever the kernel knows no 0 there: engines written in Go leave it so. What only
/// cgroup v1 can do is an error where the container would run without a limit that was asked for.
package func resolveResources(
    _ said: Config.Linux.Resources?, at pointer: JSONPointer, _ findings: inout Findings
) -> ResourcesPlan {
    var plan = ResourcesPlan()
    guard let said else { return plan }
    if let cpu = said.cpu { plan.add(cpu, at: pointer.appending("cpu"), &findings) }
    if let memory = said.memory { plan.add(memory, at: pointer.appending("memory"), &findings) }
    if let pids = said.pids { plan.add(pids, at: pointer.appending("pids"), &findings) }
    if let blockIO = said.blockIO { plan.add(blockIO, at: pointer.appending("blockIO"), &findings) }
    plan.add(said.hugepageLimits ?? [], at: pointer.appending("hugepageLimits"), &findings)
    plan.add(said.rdma ?? [], at: pointer.appending("rdma"), &findings)
    if let network = said.network { refuse(network, at: pointer.appending("network"), &findings) }
    // Last, because it is the more exact word where both speak of the same file.
    plan.add(unified: said.unified ?? [], at: pointer.appending("unified"), &findings)
    return plan
}

extension ResourcesPlan {
    fileprivate mutating func add(
        _ pids: Config.Linux.Resources.Pids, at pointer: JSONPointer, _ findings: inout Findings
    ) {
        guard let limit = pids.limit else { return }
        let origin = pointer.appending("limit")
        switch limit {
        case ..<(-1): findings.error(origin, "the limit of tasks is negative: \(limit)", hint: "-1 is no limit")
        case -1: add("pids.max", "max", origin)
        case (mostTasks + 1)...:
            findings.error(
                origin, "\(limit) tasks are more than the kernel counts, \(mostTasks)", hint: "-1 is no limit")
        default:
            // With a limit of no task clone(2) into the cgroup is refused; a task that is already there may stay. And
            // in the set-up the process may have a child for a moment, a hook for instance.
            add(CgroupFile(name: "pids.max", value: "\(limit)", origin: origin, afterSetUp: limit < 2))
        }
    }

    fileprivate mutating func add(
        _ limits: [Config.Linux.Resources.HugepageLimit], at pointer: JSONPointer, _ findings: inout Findings
    ) {
        for (index, limit) in limits.enumerated() {
            let origin = pointer.appending(index)
            // The size becomes a part of a file name.
            guard isPageSize(limit.pageSize) else {
                findings.error(
                    origin.appending("pageSize"), "invalid huge page size \"\(limit.pageSize)\"",
                    hint: "a number and KB, MB or GB: \"2MB\"")
                continue
            }
            let stem = "hugetlb.\(limit.pageSize)" as Bytes
            add(CgroupFile(name: stem + ".max", value: "\(limit.limit)", origin: origin.appending("limit")))
            // Reservations are counted apart since kernel 5.7, where they are configured.
            add(
                CgroupFile(
                    name: stem + ".rsvd.max", value: "\(limit.limit)", origin: origin.appending("limit"),
                    absence: .skip))
        }
    }

    fileprivate mutating func add(
        _ devices: [Entry<Config.Linux.Resources.RDMA>], at pointer: JSONPointer, _ findings: inout Findings
    ) {
        for entry in devices {
            let origin = pointer.appending(entry.key)
            // The name stands in a line of words; a space or newline in it would begin another one.
            guard !entry.key.isEmpty, !entry.key.array.contains(where: { $0 <= 0x20 || $0 == 0x2f || $0 == 0x7f })
            else {
                findings.error(origin, "invalid name of an RDMA device")
                continue
            }
            for (said, key) in [
                (entry.value.hcaHandles, "hcaHandles" as Bytes), (entry.value.hcaObjects, "hcaObjects"),
            ] {
                // The kernel reads an int.
                guard let said, said > UInt32(Int32.max) else { continue }
                findings.error(origin.appending(key), "\(said) is more than the kernel counts, \(Int32.max)")
            }
            var line = entry.key
            if let handles = entry.value.hcaHandles { line = "\(line) hca_handle=\(handles)" }
            if let objects = entry.value.hcaObjects { line = "\(line) hca_object=\(objects)" }
            guard line != entry.key else {
                findings.error(origin, "neither \"hcaHandles\" nor \"hcaObjects\" is given")
                continue
            }
            add("rdma.max", line, origin)
        }
    }

    fileprivate mutating func add(
        unified entries: [Entry<Bytes>], at pointer: JSONPointer, _ findings: inout Findings
    ) {
        for entry in entries {
            let origin = pointer.appending(entry.key)
            if let problem = unifiedProblem(entry) {
                findings.error(origin, problem)
                continue
            }
            // Files that are lists (io.max) take one line per write.
            for line in entry.value.split(0x0a).map(\.trimmed) where !line.isEmpty {
                add(CgroupFile(name: entry.key, value: line, origin: origin))
            }
        }
    }
}

/// PID_MAX_LIMIT of the kernel's linux/threads.h, which it gives to no program.
private let mostTasks: Int64 = 4 * 1024 * 1024

private func unifiedProblem(_ entry: Entry<Bytes>) -> Bytes? {
    let key = entry.key
    if key.contains(0x2f) { return "\"\(key)\" is not the name of a file: it contains a slash" }
    guard let dot = key.firstIndex(of: 0x2e), dot > 0, dot + 1 < key.count, !key.contains(0) else {
        return "\"\(key)\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"
    }
    if key == "cgroup.procs" || key == "cgroup.threads" || key == "cgroup.kill" {
        return "\"\(key)\" moves or kills processes: it is no limit"
    }
    return nil
}

private func refuse(
    _ network: Config.Linux.Resources.Network, at pointer: JSONPointer, _ findings: inout Findings
) {
    if let id = network.classID, id != 0 {
        findings.error(pointer.appending("classID"), "cgroup v2 has no network classes")
    }
    if network.priorities?.isEmpty == false {
        findings.error(pointer.appending("priorities"), "cgroup v2 has no network priorities")
    }
}

/// `<size><unit-prefix>B`, as the kernel names its files: hugetlb.2MB.max.
private func isPageSize(_ size: Bytes) -> Bool {
    guard size.hasSuffix("KB") || size.hasSuffix("MB") || size.hasSuffix("GB") else { return false }
    let number = size.prefix(size.count - 2)
    return number.decimal != nil && !number.hasPrefix("0")
}
