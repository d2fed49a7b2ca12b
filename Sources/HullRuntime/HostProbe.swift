// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
package import HullPlan

extension Host {
    /// Asks the machine what a plan needs to know of it; of systemd only where that is to make the cgroup.
    package static func probe(systemd: Bool = false) throws(Failure) -> Host {
        try attempt { () throws(SystemError) in
            var host = Host()
            host.effectiveUser = Credentials.effectiveUser
            host.kernel = try Kernel.version()
            let last = Bytes(try HostFiles.read("/proc/sys/kernel/cap_last_cap")).trimmed
            host.lastCapability = UInt32(clamping: last.decimal ?? 40)
            host.capabilities = try Credentials.capabilities().permitted
            host.cgroupMount = try findCgroupMount()
            if let mount = host.cgroupMount {
                host.ownCgroup = try Procfs.cgroup(of: "self") ?? "/"
                try host.readControllers(mount)
            }
            if systemd { host.serviceManager = try ServiceManagerFacts.probe(ownCgroup: host.ownCgroup) }
            host.hasKcore = try HostFiles.status("/proc/kcore") != nil
            return host
        }
    }

    /// What a container's cgroup can be given: all that the machine has or, for a user without privileges, what is
    /// delegated to the cgroup beside whose children it is made.
    private mutating func readControllers(_ mount: Bytes) throws(SystemError) {
        func read(_ file: Bytes) throws(SystemError) -> [Bytes] {
            Bytes(try HostFiles.read(file)).trimmed.split(0x20)
        }
        controllers = try read(mount + "/cgroup.controllers")
        isUnprivileged = effectiveUser != 0
        // The root of a user namespace is asked for only where something is missing: whoever has all needs no remedy.
        if !isUnprivileged, !usualControllers.allSatisfy(controllers.contains) {
            isUnprivileged = try HostFiles.status("/proc/self/ns/user")?.inode != initialUserNamespace
        }
        guard isUnprivileged, ownCgroup != "/" else { return }
        let file = ("\(mount)\(ownCgroup.parentPath)/cgroup.controllers" as Bytes).cleanedPath
        controllers = try read(file)
        controllersFile = file
    }

    /// Where cgroup2 is mounted: mostly at /sys/fs/cgroup, on a hybrid host wherever mountinfo says.
    private static func findCgroupMount() throws(SystemError) -> Bytes? {
        let usual = "/sys/fs/cgroup" as Bytes
        if let directory = try? Descriptor(opening: usual, [.path, .directory]),
            try directory.filesystemType() == Filesystem.cgroup2
        {
            return usual
        }
        return try MountInfo.all().first { $0.type == "cgroup2" && $0.root == "/" }?.mountPoint
    }

    /// A clear sentence for a machine on which no container can be made.
    package func requireUsable() throws(Failure) {
        if !hasKernel(5, 14) {
            throw Failure("this kernel is \(kernel.major).\(kernel.minor), hull needs 5.14 or later", code: .host)
        }
        if effectiveUser != 0 {
            throw Failure(
                "not supported yet: running as a user other than root (euid \(effectiveUser))",
                hint: "run hull as root, for instance by sudo", code: .host)
        }
        if cgroupMount == nil {
            throw Failure(
                "no cgroup2 filesystem is mounted, and hull needs cgroup v2",
                hint: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1",
                code: .host)
        }
    }
}

/// What limits are mostly made of.
private let usualControllers: [Bytes] = ["cpu", "cpuset", "io", "memory", "pids"]

/// PROC_USER_INIT_INO of the kernel's linux/proc_ns.h.
private let initialUserNamespace: UInt64 = 0xefff_fffd
