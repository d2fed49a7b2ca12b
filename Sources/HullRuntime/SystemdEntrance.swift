// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

/// The way into a unit of the user's systemd from a cgroup that is not below it, that of a login for instance. There
/// the kernel lets the user move nobody: who moves must be allowed to write to the common ancestor, cgroups(7). systemd
/// can: what it may not do itself, it asks the systemd of the machine for.
struct UnitEntrance {
    let unit: Bytes
    /// The path from the unit's cgroup to the one below it that is wanted; empty for the unit's own.
    let below: Bytes

    /// nil where the kernel lets the caller in without help.
    init?(to record: ContainerRecord, _ below: Bytes = "", mountPoint: Bytes) throws(SystemError) {
        guard record.unitIsOfUser, let own = try Procfs.cgroup(of: "self") else { return nil }
        let there = record.cgroup.dropFirst(mountPoint.count).split(0x2f)
        let common = zip(own.split(0x2f), there).prefix { $0 == $1 }.map { "/" + $0.0 }.joined("")
        guard !HostFiles.mayWrite("\(mountPoint)\(common)/cgroup.procs") else { return nil }
        unit = record.unit
        self.below = below
    }

    /// What to do where it does not.
    static let hint: Bytes =
        "hull's own cgroup is not below the user's systemd, which then needs the machine's one, by the system bus, to "
        + "let a process in; or begin below it: systemd-run --user --scope hull ..."

    /// Has systemd move the process in.
    func admit(_ pid: Int32) throws(SystemError) {
        var manager = try ServiceManager(ofUser: true)
        try manager.attach(pid, to: unit, below)
    }
}
