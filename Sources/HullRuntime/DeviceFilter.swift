// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension Creation {
    /// Loading overlaps with what the process does meanwhile; it becomes the container's program only after `ready`.
    mutating func attachDeviceFilter() throws(SystemError) {
        guard let cgroup = cgroupDescriptor?.number else { return }
        try DeviceFilter(loading: plan.cgroup.deviceFilter).attach(to: cgroup)
    }
}

/// A container's device filter and the one that takes its place. At any time the container has the one or the other,
/// never none, and never both, which would refuse more than either.
struct DeviceFilterChange: ~Copyable {
    private let cgroup: Descriptor
    private let former: DeviceFilter
    private let new: DeviceFilter
    private var isDone = false

    /// Loads the new one, and finds hull's own among the programs of the cgroup; those of others stay.
    init(_ program: [EBPFInstruction], in directory: CgroupDirectory) throws(SystemError) {
        let cgroup = try Descriptor(opening: directory.path, [.path, .directory])
        guard let own = try DeviceFilter.own(on: cgroup.number) else {
            let others = try DeviceFilter.all(on: cgroup.number).names
            throw SystemError(
                "bpf", directory.path, .enoent, detail: others.isEmpty ? "" : "there are \(others.joined(", "))",
                words: "the container's device filter is not attached any more")
        }
        let new = try DeviceFilter(loading: program)
        self.cgroup = cgroup
        former = own
        self.new = new
    }

    mutating func apply() throws(SystemError) {
        try new.replace(former, on: cgroup.number)
        isDone = true
    }

    /// Puts the former one back, if it was replaced.
    mutating func undo() throws(SystemError) {
        guard isDone else { return }
        try former.replace(new, on: cgroup.number)
        isDone = false
    }
}

extension CgroupDirectory {
    /// Why a device filter cannot be loaded or attached, where the kernel says no more than EPERM.
    func hintOfDeviceFilter(_ error: SystemError, mountPoint: Bytes) -> Bytes? {
        guard error.errno == .eperm else { return nil }
        if error.object == "BPF_PROG_LOAD" {
            return "it needs CAP_BPF and CAP_NET_ADMIN in the host's user namespace"
        }
        // The kernel asks the nearest cgroup upwards that has a program.
        var directory = path
        while directory.count >= mountPoint.count {
            guard let opened = try? Descriptor(opening: directory, [.path, .directory]),
                let found = try? DeviceFilter.all(on: opened.number)
            else { return nil }
            if !found.admitOthers {
                return "\(directory) has a program that admits no other (it was attached without "
                    + "BPF_F_ALLOW_MULTI): \(found.names.joined(", "))"
            }
            if !found.names.isEmpty { return nil }
            directory = directory.parentPath
        }
        return nil
    }
}
