// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// What a container has in the resctrl filesystem: kept in its record, for `exec` and `delete`.
struct IntelRdtRecord: Equatable {
    /// The directory of its class of service; empty for none.
    var group: Bytes = ""
    /// Whether hull has made it.
    var isMade = false
    /// Whether it stays when the container is deleted: config-linux.md keeps what `closID` names.
    var isKept = false
    /// The directory of its own monitoring group; empty for none.
    var monitor: Bytes = ""

    /// Where a process of the container is put: a monitoring group takes only what is in its class.
    var directories: [Bytes] { [group, monitor].filter { !$0.isEmpty } }
}

/// A mounted resctrl filesystem, Documentation/arch/x86/resctrl.rst.
struct Resctrl {
    /// Where it is mounted.
    let root: Bytes

    /// The one that is mounted for the runtime.
    static func mounted() throws(SystemError) -> Resctrl {
        guard let mount = try MountInfo.all().first(where: { $0.type == "resctrl" && $0.root == "/" }) else {
            throw SystemError("resctrl", "", .enodev, words: "no resctrl filesystem is mounted")
        }
        return Resctrl(root: mount.mountPoint)
    }

    func directory(of plan: IntelRdtPlan) -> Bytes { plan.name.isEmpty ? root : "\(root)/\(plan.name)" }

    /// What is going to be made, or used, for a container; nothing is touched. A class that should be there, and is
    /// not, is an error; so is one of the container's own name that somebody else has made.
    func prepare(_ plan: IntelRdtPlan) throws(SystemError) -> IntelRdtRecord {
        var record = IntelRdtRecord()
        record.group = directory(of: plan)
        let exists = try HostFiles.status(record.group)?.isDirectory == true
        switch plan.ownership {
        case .container:
            if exists {
                throw SystemError(
                    "mkdir", record.group, .eexist, words: "another container or program has this class of service")
            }
        case .shared: break
        case .configured:
            if !exists {
                throw SystemError("resctrl", record.group, .enoent, words: "there is no such class of service")
            }
        }
        record.isMade = !exists
        record.isKept = plan.ownership != .container
        if let monitor = plan.monitor { record.monitor = "\(record.group)/mon_groups/\(monitor)" }
        return record
    }

    /// Makes what the record says; what could not be made is not in it any more. Two containers may make a class that
    /// they share at the same time.
    func make(_ record: inout IntelRdtRecord) throws(SystemError) {
        if record.isMade {
            do { try mkdir(record.group) } catch {
                record.isMade = false
                guard record.isKept, error.errno == .eexist else {
                    record = IntelRdtRecord()
                    throw error
                }
            }
        }
        guard !record.monitor.isEmpty else { return }
        do { try mkdir(record.monitor) } catch {
            record.monitor = ""
            throw error
        }
    }

    /// What the class has.
    func schemata(of plan: IntelRdtPlan) throws(SystemError) -> Bytes {
        Bytes(try HostFiles.read(directory(of: plan) + "/schemata"))
    }

    /// Writes a line, in a write of its own: config-linux.md gives their order.
    func write(_ line: IntelRdtPlan.Line, of plan: IntelRdtPlan) throws(SystemError) {
        try write(line.text + "\n", to: directory(of: plan))
    }

    /// Writes to the schemata of a class. The kernel's words about what it does not take are in info/last_cmd_status.
    func write(_ text: Bytes, to group: Bytes) throws(SystemError) {
        do { try HostFiles.write(group + "/schemata", text) } catch { throw explained(error) }
    }

    /// Puts a process into the class, and into the monitoring group.
    func add(_ pid: Int32, _ record: IntelRdtRecord) throws(SystemError) {
        for directory in record.directories {
            do { try HostFiles.write(directory + "/tasks", "\(pid)") } catch { throw explained(error) }
        }
    }

    private func mkdir(_ path: Bytes) throws(SystemError) {
        do { try HostFiles.makeDirectory(path, mode: 0o755) } catch { throw explained(error) }
    }

    private func explained(_ error: SystemError) -> SystemError {
        let status = Bytes((try? HostFiles.read(root + "/info/last_cmd_status")) ?? []).trimmed
        if status.isEmpty || status == "ok" { return error }
        return SystemError(error.call, error.object, error.errno, detail: status)
    }
}

/// Lines of a `schemata` file as numbers: `L3:0=7ff;1=7ff`. The kernel pads names with spaces and numbers with zeros.
struct Schemata: Equatable {
    struct Entry: Equatable {
        var resource: Bytes
        var domain: Bytes
        var value: Bytes
    }

    private(set) var entries: [Entry] = []

    init(_ text: Bytes) {
        for line in text.split(0x0a) {
            guard let colon = line.firstIndex(of: 0x3a) else { continue }
            let resource = line.prefix(colon).trimmed
            for part in line.dropFirst(colon + 1).split(0x3b) {
                guard let equals = part.firstIndex(of: 0x3d) else { continue }
                let value = part.dropFirst(equals + 1).trimmed
                entries.append(
                    Entry(
                        resource: resource, domain: Schemata.plain(part.prefix(equals).trimmed),
                        value: Schemata.plain(value)))
            }
        }
    }

    /// Whether the other says the same of everything that this one speaks of.
    func isWithin(_ other: Schemata) -> Bool { !entries.isEmpty && entries.allSatisfy(other.entries.contains) }

    /// A number without zeros in front, in small letters.
    private static func plain(_ number: Bytes) -> Bytes {
        let digits = number.array.drop { $0 == UInt8(ascii: "0") }
        return digits.isEmpty ? number.prefix(1) : Bytes(digits.map { (65...70).contains($0) ? $0 + 32 : $0 })
    }
}

extension Creation {
    /// Makes or finds the class of service; what is going to be made is in the record before.
    mutating func makeIntelRdt() throws(Failure) {
        guard let said = plan.intelRdt else { return }
        let pointer = "/linux/intelRdt" as JSONPointer
        let resctrl: Resctrl
        do { resctrl = try Resctrl.mounted() } catch {
            throw Failure(
                error, pointer: pointer,
                hint: "mount -t resctrl resctrl /sys/fs/resctrl, on a processor that has it: rdt_a in /proc/cpuinfo")
        }
        let place = said.ownership == .container ? pointer : pointer.appending("closID")
        do throws(SystemError) {
            record.intelRdt = try resctrl.prepare(said)
            try directory.write(record)
            try resctrl.make(&record.intelRdt)
        } catch {
            let limits = "num_closids and num_rmids below \(resctrl.root)/info say how many there can be" as Bytes
            throw Failure(error, pointer: place, hint: error.errno == .enospc ? limits : nil)
        }
        if !record.intelRdt.isMade { try compare(said, in: resctrl, at: place) }
        for line in said.schemata {
            try attempt(line.origin) { () throws(SystemError) in try resctrl.write(line, of: said) }
        }
    }

    private func compare(_ said: IntelRdtPlan, in resctrl: Resctrl, at place: JSONPointer) throws(Failure) {
        guard said.schemata.contains(where: \.isCompared) else { return }
        let found = try attempt(place) { () throws(SystemError) in try resctrl.schemata(of: said) }
        guard let line = said.contradiction(to: found) else { return }
        throw Failure(
            "\"\(line.text)\" is not what the class has: \(found.trimmed)", pointer: line.origin,
            hint: "use another closID, or leave the line out")
    }
}

extension IntelRdtPlan {
    /// The first line that must agree with a class which was there before, and does not.
    func contradiction(to schemata: Bytes) -> Line? {
        let found = Schemata(schemata)
        return self.schemata.first { $0.isCompared && !Schemata($0.text).isWithin(found) }
    }
}

extension IntelRdtRecord {
    /// Puts a process of the container where its first one is.
    func add(_ pid: Int32) throws(SystemError) {
        guard !group.isEmpty else { return }
        try Resctrl.mounted().add(pid, self)
    }

    /// Removes what was made for the container and does not stay; what is gone already is no error. A class that
    /// `closID` names goes only with a creation that fails.
    func remove(isCreated: Bool) throws(SystemError) {
        if !monitor.isEmpty { try removeIfThere(monitor) }
        if isMade, !(isKept && isCreated) { try removeIfThere(group) }
    }

    private func removeIfThere(_ path: Bytes) throws(SystemError) {
        do { try HostFiles.removeDirectory(path) } catch { if error.errno != .enoent { throw error } }
    }
}
