// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

extension MachineFacts {
    /// Looks at the machine for `doctor`; nothing is made or changed.
    package static func probe(_ host: Host) -> MachineFacts {
        func lines(_ path: Bytes) -> [Bytes] { Bytes((try? HostFiles.read(path)) ?? []).split(0x0a) }
        var facts = MachineFacts()
        facts.userNamespaces = lines("/proc/sys/user/max_user_namespaces").first?.decimal
        facts.seccompActions = lines("/proc/sys/kernel/seccomp/actions_avail").first?.split(0x20)
        facts.securityModules = lines("/sys/kernel/security/lsm").first?.split(0x2c) ?? MachineFacts.labelling
        facts.filesystems = lines("/proc/filesystems").compactMap { $0.split(0x09).last }
        facts.hasSystemd = isThere("/run/systemd/system")
        let search = (CurrentProcess.variable("PATH") ?? "").split(0x3a)
        facts.programs = (["hull-image", "criu", "newuidmap", "newgidmap", "ps"] as [Bytes]).map { name in
            (name, search.map { name.below($0) }.first(where: isThere))
        }
        let user = userName(host.effectiveUser)
        func ranges(_ file: Bytes) -> [Bytes] {
            lines(file).filter { $0.hasPrefix(user + ":") || $0.hasPrefix("\(host.effectiveUser):") }
        }
        facts.subordinateIDs = (ranges("/etc/subuid"), ranges("/etc/subgid"))
        if host.effectiveUser != 0, let mount = host.cgroupMount {
            let parent = ("\(mount)\(host.ownCgroup.parentPath)" as Bytes).cleanedPath
            facts.isCgroupDelegated = (try? HostFiles.status(parent))?.uid == host.effectiveUser
        }
        return facts
    }

    /// Where securityfs is not mounted.
    private static var labelling: [Bytes] {
        let isAppArmor = Bytes((try? HostFiles.read("/sys/module/apparmor/parameters/enabled")) ?? []).trimmed == "Y"
        return (isAppArmor ? ["apparmor"] : []) + (isThere("/sys/fs/selinux/enforce") ? ["selinux"] : [])
    }
}

private func isThere(_ path: Bytes) -> Bool { (try? HostFiles.status(path)) != nil }

extension ContainerStore {
    /// What is stuck or was left: containers whose creation was cut off or that nobody starts, processes and units of
    /// containers that are gone, mounts.
    package func remains(_ host: Host) throws(Failure) -> [Diagnosis] {
        var found: [Diagnosis] = []
        var units: [Bytes] = []
        var cgroups: [Bytes] = []
        let all = try ids()
        for id in all {
            guard let directory = try? open(id) else { continue }
            let record = try? directory.readRecord()
            if let unit = record?.unit, !unit.isEmpty { units.append(unit) }
            if let record { cgroups.append(record.cgroup) }
            found += directory.remains(record)
        }
        let root = self.root
        for mount in (try? MountInfo.all()) ?? [] where mount.mountPoint.hasPrefix(root + "/") {
            found.append(
                Diagnosis(
                    .problem, "mount \(mount.mountPoint)", mount.type, meaning: "hull mounts nothing there",
                    remedy: "umount \(mount.mountPoint)"))
        }
        // Other stores have units too, of which this one knows nothing; theirs have processes.
        for path in scopes(host) where !units.contains(path.lastComponent) && !isPopulated(path) {
            found.append(
                Diagnosis(
                    .problem, "cgroup \(path)", "no process, and no container in \(root)",
                    meaning: "a container's unit was left", remedy: "systemctl stop \(path.lastComponent)"))
        }
        if found.isEmpty { found = [Diagnosis(.good, "containers", "\(all.count) in \(root), nothing stuck or left")] }
        return found + strayCgroups(host, known: cgroups)
    }

    /// The cgroups of units that are named as hull names them.
    private func scopes(_ host: Host) -> [Bytes] {
        guard let mount = host.cgroupMount else { return [] }
        return (["system.slice", "machine.slice", "user.slice"] as [Bytes]).flatMap { slice -> [Bytes] in
            let path = "\(mount)/\(slice)" as Bytes
            let names = (try? Descriptor(opening: path, [.directory]).entries()) ?? []
            return names.filter { $0.hasPrefix("hull-") && $0.hasSuffix(".scope") }.map { $0.below(path) }
        }
    }
}

/// Whether a process lives in the cgroup or below it.
func isPopulated(_ cgroup: Bytes) -> Bool {
    Bytes((try? HostFiles.read(cgroup + "/cgroup.events")) ?? []).split(0x0a).contains("populated 1")
}

/// How long a container may wait for its start before somebody should look at it.
private let longestWait: UInt64 = 600

extension ContainerDirectory {
    fileprivate borrowing func remains(_ record: ContainerRecord?) -> [Diagnosis] {
        let subject = "container \(id)" as Bytes
        let delete = "hull delete --force \(id)" as Bytes
        // Another hull is at work on it: all may be as it should be in a moment.
        guard (try? descriptor.tryLock()) == true else { return [] }
        try? descriptor.unlock()
        guard let record, record.version == ContainerRecord.currentVersion else {
            return [
                Diagnosis(
                    .problem, subject, record == nil ? "has no record" : "is of another version of hull",
                    meaning: "its creation was cut off, or another hull made it", remedy: delete)
            ]
        }
        guard let status = try? status(record) else { return [] }
        let age = ageInSeconds(record)
        switch status {
        case .creating:
            return [
                Diagnosis(
                    .problem, subject, "was left while it was made", meaning: "its creation was cut off", remedy: delete
                )
            ]
        case .created where age ?? 0 >= longestWait:
            return [
                Diagnosis(
                    .problem, subject, "has waited \(age ?? 0) s for start: process \(Procfs.activity(of: record.pid))",
                    meaning: "whoever created it may be gone", remedy: "hull start \(id), or \(delete)")
            ]
        case .stopped where isPopulated(record.cgroup):
            return [
                Diagnosis(
                    .problem, subject, "has stopped, and processes are left in \(record.cgroup)",
                    meaning: "they keep memory and files", remedy: delete)
            ]
        case .stopped:
            return [
                Diagnosis(
                    .note, subject, "has stopped", meaning: "its id is taken until it is deleted",
                    remedy: "hull delete \(id)")
            ]
        default: return []
        }
    }

    /// By the start time of its process; USER_HZ is 100 on every architecture that hull is built for.
    private borrowing func ageInSeconds(_ record: ContainerRecord) -> UInt64? {
        let uptime = Bytes((try? HostFiles.read("/proc/uptime")) ?? []).split(0x2e).first?.decimal
        return uptime.map { $0 > record.startTime / 100 ? $0 - record.startTime / 100 : 0 }
    }
}
