// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// Everything that will be done for a container, decided: two lists of steps that the executors run from the first to
/// the last, and the values that they refer to. No optional means "default", no string still needs parsing.
package struct ContainerPlan: Sendable {
    /// The container.
    package var id: Bytes
    /// The absolute path of its bundle.
    package var bundle: Bytes
    /// The absolute path of its root filesystem's directory on the host, for `state`.
    package var rootfs: Bytes
    /// What the runtime does, in its own namespaces.
    package var outside: [OutsideStep] = []
    /// What the container's first process does, between clone and execve.
    package var inside: [InsideStep] = []
    /// How the first process comes to be.
    package var spawn = SpawnPlan()
    /// Where it is counted and limited.
    package var cgroup = CgroupPlan()
    /// Its class of service; nil for that of the runtime.
    package var intelRdt: IntelRdtPlan?
    /// What it becomes.
    package var process = ProcessPlan()
    /// Programs to run at points of the container's life.
    package var hooks = HooksPlan()
    /// Passed through to `state` and hooks.
    package var annotations: [Entry<Bytes>] = []
    /// What the specification wants logged.
    package var warnings: [ConfigError] = []
}

/// One thing that the runtime does outside, with the field that asked for it.
package struct OutsideStep: Sendable {
    package var action: OutsideAction
    package var origin: JSONPointer
}

/// What the runtime does outside the container.
package enum OutsideAction: Sendable {
    /// Writes the record, before anything that would have to be undone.
    case record
    /// Makes the cgroup and the directories on the way to it.
    case makeCgroup
    /// A property of the unit that is about to be started.
    case unitProperty(UnitProperty)
    /// Has systemd start a unit, and with it make the cgroup.
    case startUnit(UnitName)
    /// Enables a controller for the cgroup, in all directories above it.
    case enableController(Bytes)
    /// Writes a file of the cgroup.
    case writeCgroupFile(CgroupFile)
    /// Lowers the limit of memory from what the set-up may take to what the program may. It may kill.
    case lowerMemory(CgroupFile)
    /// Makes or finds the directory of the class of service in resctrl.
    case makeIntelRdt
    /// Puts the process into that class.
    case joinIntelRdt
    /// Opens a host path as a detached mount tree, to be attached inside.
    case openTree(TreePlan)
    /// Makes a filesystem and keeps a detached mount of it, to be attached inside: one with an id map, which only its
    /// maker may have.
    case makeFilesystem(FilesystemPlan, MountIDMapPlan, slot: Int)
    /// Makes the directories `upper` and `work` in this one where they are missing, with mode and owner of another
    /// directory: the union's root shows them.
    case makeUpperLayer(Bytes, like: Bytes)
    /// A user namespace that nobody lives in: it holds the id maps of mounts.
    case makeUserNamespace(uids: [IDMapping], gids: [IDMapping], slot: Int)
    /// Opens the file of a namespace to join.
    case openNamespace(NamespaceKind, path: Bytes, slot: Int)
    /// Makes sure that the namespace to join is not the runtime's own: what is asked for would change the host.
    case requireForeign(NamespaceKind, slot: Int)
    /// Opens a file to which what hooks inside the container write is added.
    case openHookOutput(Bytes, slot: Int)
    /// Connects to the engine's console socket.
    case connectConsole(Bytes)
    /// Opens the socket that `start` will connect to.
    case listenForStart
    /// Moves a network device into the container's network namespace: that of a slot, or of the first process.
    case moveNetDevice(NetDevicePlan, namespace: Int?)
    /// clone3: from here on both lists go on side by side.
    case clone
    /// Makes the network namespace with its loopback device up, hands it to the process and goes back: it takes the
    /// kernel longer than all other namespaces together, and meanwhile the process mounts.
    case makeNetwork
    /// Loads and attaches the filter that decides on device access.
    case attachDeviceFilter
    /// Writes uid_map, or gid_map, of the new user namespace.
    case writeIDMap(group: Bool, [IDMapping])
    /// Has newuidmap(1), or newgidmap(1), write it: more than the own id is for who has the right to it.
    case mapByTool(group: Bool, [IDMapping])
    /// Compares uid_map, or gid_map, of the user namespace that was joined with what the config says.
    case compareIDMap(group: Bool, [IDMapping])
    /// Forbids setgroups(2) in the new user namespace.
    case denySetgroups
    /// Sets the badness of the first process.
    case oomScore(Int64)
    /// Gives the cgroup to the root of the container's user namespace.
    case delegateCgroup(uid: UInt32, gid: UInt32)
    /// Lets the first process go on, now that its user namespace is ready.
    case releaseMappings
    /// Opens the file that takes the clock offsets for the first process, which may not write there itself.
    case passTimeOffsets
    /// Waits until the namespaces and mounts exist, runs hooks in the runtime's namespaces, lets the process go on.
    case hooks(HookKind)
    /// Waits until the first process is ready to become the container's program.
    case awaitReady
    /// Sets a limit of the first process.
    case limit(ResourceLimit, soft: UInt64, hard: UInt64)
    /// Makes sure that SELinux is there.
    case requireSELinux
    /// Makes the directory of the notification socket.
    case makeNotifyDirectory(Bytes)
    /// Opens the notification socket in its directory.
    case listenForNotifications(Bytes)
    /// Connects to a socket of the caller and sends the process's pidfd there; the payload says which process it is.
    case sendPidfd(Bytes, payload: Bytes)
    /// Confines the runtime itself to CPUs: a process that it then makes begins there.
    case ownAffinity(NumberSet)
    /// Confines the process to CPUs.
    case affinity(NumberSet)
    /// Sets the scheduling of the process.
    case scheduler(SchedulerAttributes)
    /// Sets the I/O priority of the process's group.
    case ioPriority(IOPriority)
    /// Writes the pid file.
    case pidFile(Bytes)
}

/// One thing that the container's first process does, with the field that asked for it.
package struct InsideStep: Sendable {
    package var action: InsideAction
    package var origin: JSONPointer
}

/// What the container's first process does.
package enum InsideAction: Sendable {
    /// Opens a host directory, layer of an overlay, before the root changes.
    case openLayer(path: Bytes, slot: Int)
    /// Opens a host path as a detached mount tree, for a caller who may do so in the new user namespace alone.
    case openTree(TreePlan)
    /// Waits until the id maps of the new user namespace are written.
    case awaitMappings
    /// Becomes a user of the user namespace, mostly its root, without supplementary groups.
    case becomeNamespaceUser(uid: UInt32, gid: UInt32)
    /// setns(2), of a namespace's file or of a pidfd.
    case join([NamespaceKind], slot: Int)
    /// A new time namespace with offsets, entered. In another user namespace the runtime opens the file for them.
    case timeOffsets([TimeOffset], opensOutside: Bool)
    /// Holds the host's /proc for later, whatever the container will have there.
    case openProc
    /// A session keyring of the container's own, with the SELinux label where there is one.
    case sessionKeyring(Bytes, label: Bytes?)
    /// Joins the network namespace that the runtime makes beside.
    case joinNetwork
    /// Sets an interface up.
    case interfaceUp(Bytes)
    case hostname(Bytes)
    case domainname(Bytes)
    /// Sets the propagation of all mounts of the new mount namespace.
    case propagation(MountPropagation)
    /// Takes the root of the mount namespace just joined for the container's.
    case openRoot
    /// Enters the root of another process by chroot(2): that of its mount namespace is another.
    case enterRoot(slot: Int)
    /// Attaches the root.
    case root(RootPlan)
    case mount(MountPlan)
    /// Takes a mount of a container that runs away again.
    case unmount(LiveMount)
    /// A copy of the mount namespace for this process alone: unshare(2).
    case ownMounts
    /// Shows tools of the host in a directory.
    case tools(ToolsPlan)
    case device(DevicePlan)
    /// A link that every /dev has.
    case link(path: Bytes, target: Bytes)
    /// A pseudo-terminal of the container's own /dev/pts.
    case console(ConsolePlan)
    /// Waits while hooks run in the runtime's namespaces.
    case runtimeHooks
    /// Runs a createContainer hook.
    case hook(HookKind, HookPlan)
    /// Writes a file below /proc/sys, through a procfs of our own.
    case sysctl(path: Bytes, value: Bytes)
    /// Makes a mount of the container read-only that had to be written until now.
    case makeReadOnly(Bytes)
    case readonlyPath(Bytes)
    case maskedPath(Bytes, label: MountOptions.Parameter?)
    case readonlyRoot
    case pivotRoot
    /// Enters the root by chroot(2), over the old one; the full procfs and sysfs of the old one are taken away before.
    case moveRoot
    /// Takes a copy of the finished root along into a mount namespace that others use, and enters it by chroot(2):
    /// nothing is mounted there.
    case changeRoot(mountNamespace: Int)
    /// Sets the propagation of the container's root.
    case rootPropagation(MountPropagation, recursive: Bool)
    /// Makes the working directory where it is missing, while the root can still be written.
    case makeWorkingDirectory(Bytes)
    case workingDirectory(Bytes)
    /// Gives the standard streams to the container's user.
    case ownStandardStreams(uid: UInt32)
    /// Sets HOME by the container's /etc/passwd, where the environment has none.
    case home(uid: UInt32)
    case findExecutable
    /// Sets the execution domain, and so what uname(2) says of the machine.
    case personality(UInt32)
    /// Decides on which memory nodes the program's memory lies.
    case memoryPolicy(MemoryPolicy)
    /// Tells the runtime that all is ready; waits for `start`.
    case ready
    /// Confines the program, from its execve on.
    case confine(SecurityLabel)
    /// Tries whether the program can be confined so.
    case tryToConfine(SecurityLabel)
}

/// A host path to open as a detached mount tree.
package struct TreePlan: Sendable {
    package var path: Bytes
    /// With everything mounted below it.
    package var recursive: Bool
    /// Anything but a directory is an error.
    package var mustBeDirectory = false
    /// Anything but the root of a procfs is an error: whatever else were at /proc, labels and sysctls would be written
    /// into it (CVE-2019-16884).
    package var mustBeProcfs = false
    /// A symbolic link at the end of the path is itself what is opened.
    package var noFollow = false
    package var idMap: MountIDMapPlan?
    /// Where the attributes are said.
    package var attributesOrigin: JSONPointer = .root
    package var attributes = MountAttributeChange()
    /// Of the whole tree.
    package var recursiveAttributes = MountAttributeChange()
    package var propagation: [MountOptions.Propagation] = []
    /// Where the inside finds the descriptor.
    package var slot: Int
}

/// How the first process comes to be.
package struct SpawnPlan: Sendable {
    /// CLONE_NEW* flags of clone3.
    package var flags: UInt64 = 0
    /// A namespace that the parent joins for its children before the clone, and leaves after it: only pid.
    package var parentJoins: Int?
    /// Namespaces that a short-lived joiner enters before it clones the process as its sibling, which has them from
    /// birth: those that must be joined from outside a user namespace, and that one itself.
    package var joins: [JoinPlan] = []
    /// Whether a new user namespace is made.
    package var newUser = false
    /// Whether the process can be looked into until it executes: else its files below /proc, the id maps among them,
    /// would be root's. Only in a new user namespace, in which nobody else is.
    package var staysVisible = false
    /// The highest slot plus one.
    package var slots = 0
}

/// A namespace to join: its kind, and where its descriptor is.
package struct JoinPlan: Sendable {
    package var kind: NamespaceKind
    package var slot: Int
}

/// The container's cgroup.
package struct CgroupPlan: Sendable {
    /// The mount point of cgroup2 on the host.
    package var mountPoint: Bytes = ""
    /// The path below it, beginning with a slash.
    package var path: Bytes = ""
    /// Whether it is the caller's, which is left as it is.
    package var isCallers = false
    /// Whether systemd makes it, as the cgroup of a unit.
    package var isOfSystemd = false
    /// Whether the kernel counts memory in this tree.
    package var countsMemory = false
    /// The program that decides on device access.
    package var deviceFilter: [EBPFInstruction] = []
    /// The directory on the host.
    package var directory: Bytes { mountPoint + path }
}

/// An offset of a clock in a time namespace.
package struct TimeOffset: Sendable {
    /// `monotonic` or `boottime`.
    package var clock: Bytes
    package var seconds: Int64
    package var nanoseconds: UInt32
}

/// What the first process becomes.
package struct ProcessPlan: Sendable {
    package var arguments: [Bytes] = []
    package var environment: [Bytes] = []
    package var cwd: Bytes = "/"
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    /// nil where setgroups(2) is denied, or the caller's are kept.
    package var groups: [UInt32]? = []
    package var umask: UInt32 = 0o022
    package var capabilities = CapabilitySets()
    package var lastCapability: UInt32 = 40
    package var noNewPrivileges = false
    package var filter: [BPFInstruction] = []
    package var filterFlags: UInt32 = 0
    /// Who decides on the calls that the filter asks about.
    package var listener: SeccompListener?
    /// By what the runtime itself decides on them, and reports them; nil where it does not.
    package var report: SeccompReportPlan?
    package var terminal = false
    /// How many descriptors from 3 on it gets.
    package var preservedDescriptors: UInt32 = 0
    /// Whether the caller's choice of CPUs is left behind, for all those of the cgroup.
    package var usesAllCPUs = false

    /// A process of which nothing is said.
    package init() {}

    /// Takes over the filter, if there is one.
    mutating func filter(by plan: SeccompPlan?) {
        guard let plan else { return }
        filter = plan.program
        filterFlags = plan.flags
        listener = plan.listener
    }

    /// Whether the environment names a home directory; an empty one is none.
    package var hasHome: Bool { environment.contains { $0.hasPrefix("HOME=") && $0.count > 5 } }
}

/// A pseudo-terminal.
package struct ConsolePlan: Sendable {
    package var uid: UInt32
    /// Rows and columns.
    package var size: (rows: UInt16, columns: UInt16)?
    /// Whether it is also to be found at /dev/console.
    package var atDevConsole: Bool
}
