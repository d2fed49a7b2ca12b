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
            host.lastCapability = Credentials.lastCapability
            host.capabilities = try Credentials.capabilities().permitted
            host.isOrdinaryUser = host.effectiveUser != 0 || !host.capabilities.has(.sysAdmin)
            host.isUnprivileged = host.isOrdinaryUser
            if !host.isOrdinaryUser {
                host.isUnprivileged = try HostFiles.status("/proc/self/ns/user")?.inode != initialUserNamespace
            }
            host.cgroupMount = try findCgroupMount()
            if host.cgroupMount != nil { host.ownCgroup = try Procfs.cgroup(of: "self") ?? "/" }
            if systemd { host.serviceManager = try ServiceManagerFacts.probe(ownCgroup: host.ownCgroup) }
            if let mount = host.cgroupMount { try host.readControllers(mount) }
            if host.isUnprivileged { try host.readOwnLimits() }
            host.hasKcore = try HostFiles.status("/proc/kcore") != nil
            return host
        }
    }

    /// What a container's cgroup can be given: all that the machine has or, for a user without privileges, what is
    /// delegated to the cgroup beside whose children it is made, or to the user's systemd.
    private mutating func readControllers(_ mount: Bytes) throws(SystemError) {
        func read(_ file: Bytes) throws(SystemError) -> [Bytes] {
            Bytes(try HostFiles.read(file)).trimmed.split(0x20)
        }
        controllers = try read(mount + "/cgroup.controllers")
        let manager = serviceManager?.isOfUser == true ? serviceManager?.cgroup : nil
        guard isUnprivileged, ownCgroup != "/" || manager != nil else { return }
        let file = ("\(mount)\(manager ?? ownCgroup.parentPath)/cgroup.controllers" as Bytes).cleanedPath
        // Where the user has no systemd the call to it fails, which says more.
        if manager != nil, try HostFiles.status(file) == nil { return }
        controllers = try read(file)
        controllersFile = file
    }

    /// What the caller cannot do, for want of the machine's root.
    private mutating func readOwnLimits() throws(SystemError) {
        effectiveGroup = Credentials.effectiveGroup
        func text(_ name: Bytes) throws(SystemError) -> Bytes {
            Bytes(try HostFiles.read("/proc/self/\(name)")).trimmed
        }
        let score = try text("oom_score_adj")
        let isNegative = score.hasPrefix("-")
        let size = Int64(clamping: (isNegative ? score.dropFirst(1) : score).decimal ?? 0)
        oomScore = isNegative ? -size : size
        deniesSetgroups = try text("setgroups") == "deny"
        ids = (IDMapping.all(inMap: try text("uid_map")), IDMapping.all(inMap: try text("gid_map")))
        guard let mount = cgroupMount else { return }
        // From the place where a container's cgroup is made by default upwards.
        var place = ownCgroup.parentPath
        while HostFiles.mayWrite("\(mount)\(place)"), HostFiles.mayWrite("\(mount)\(place)/cgroup.procs") {
            delegatedCgroup = place
            if place == "/" { break }
            place = place.parentPath
        }
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

    /// A clear sentence for a machine on which no container can be made; with a cgroup of its own where that is wanted.
    package func requireUsable(cgroup: Bool) throws(Failure) {
        if !hasKernel(5, 14) {
            throw Failure("this kernel is \(kernel.major).\(kernel.minor), hull needs 5.14 or later", code: .host)
        }
        if cgroup, cgroupMount == nil, !isUnprivileged {
            throw Failure(
                "no cgroup2 filesystem is mounted, and hull needs cgroup v2",
                hint: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, boot with systemd.unified_cgroup_hierarchy=1, or do "
                    + "without limits: --cgroup-manager disabled", code: .host)
        }
    }
}

/// PROC_USER_INIT_INO of the kernel's linux/proc_ns.h.
let initialUserNamespace: UInt64 = 0xefff_fffd
