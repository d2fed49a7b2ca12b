// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux

/// The words of a step outside. No default: a new kind of step does not compile until it is explained.
func words(for action: OutsideAction, _ plan: ContainerPlan) -> StepWords {
    switch action {
    case .record: StepWords("record", plan.id)
    case .makeCgroup: StepWords("mkdir", plan.cgroup.directory)
    case .unitProperty(let property): StepWords("unit", "\(property.name) = \(property.value.text)")
    case .startUnit(let unit): StepWords("unit", "start \(unit.name) in \(unit.slice)")
    case .enableController(let name): StepWords("write", "cgroup.subtree_control = +\(name)")
    case .writeCgroupFile(let file), .lowerMemory(let file): StepWords("write", words(for: file))
    case .makeIntelRdt: StepWords("mkdir", "resctrl \(plan.intelRdt?.words ?? "")")
    case .joinIntelRdt: StepWords("write", "resctrl \(plan.intelRdt?.words ?? "")/tasks")
    case .openTree(let tree): StepWords("open_tree", words(for: tree))
    case .makeFilesystem(let filesystem, let map, let slot):
        StepWords("fsmount", "\(filesystem.type) \(words(for: map)) -> \(slot)")
    case .makeUserNamespace(let uids, let gids, let slot):
        StepWords("clone3", "CLONE_NEWUSER uids \(words(for: uids)) gids \(words(for: gids)) -> \(slot)")
    case .openNamespace(let kind, let path, let slot): StepWords("open", "\(path) (\(kind.name)) -> \(slot)")
    case .requireForeign(let kind, let slot): StepWords("statx", "\(slot) is not /proc/self/ns/\(kind.fileName)")
    case .openHookOutput(let path, let slot): StepWords("open", "\(path) -> \(slot)")
    case .connectConsole(let path): StepWords("connect", path)
    case .listenForStart: StepWords("listen", "for start")
    case .makeUpperLayer(let directory, let path): StepWords("mkdir", "\(directory)/work, upper (like \(path))")
    case .moveNetDevice(let device, let slot):
        StepWords("RTM_SETLINK", words(for: device, slot))
    case .clone: StepWords("clone3", words(for: plan.spawn))
    case .makeNetwork: StepWords("unshare", "CLONE_NEWNET beside the process, lo up")
    case .attachDeviceFilter: StepWords("bpf", "device filter, \(plan.cgroup.deviceFilter.count) instructions")
    case .mapByTool(let group, let maps):
        StepWords("execve", "\(group ? "newgidmap" : "newuidmap") \(words(for: maps))")
    case .writeIDMap(let group, let maps): StepWords("write", "\(group ? "gid_map" : "uid_map") = \(words(for: maps))")
    case .compareIDMap(let group, let maps):
        StepWords("read", "\(group ? "gid_map" : "uid_map") is \(words(for: maps))")
    case .denySetgroups: StepWords("write", "setgroups = deny")
    case .oomScore(let score): StepWords("write", "oom_score_adj = \(score)")
    case .delegateCgroup(let uid, let gid): StepWords("fchownat", "\(plan.cgroup.directory) \(uid):\(gid)")
    case .releaseMappings: StepWords("send", "id maps are written")
    case .passTimeOffsets: StepWords("open", "timens_offsets")
    case .hooks(let kind): StepWords("execve", "\(kind.name) hooks: \(plan.hooks[kind].count)")
    case .awaitReady: StepWords("poll", "ready")
    case .limit(let resource, let soft, let hard):
        StepWords("prlimit64", "\(resource.name) \(words(forLimit: soft)) \(words(forLimit: hard))")
    case .requireSELinux: StepWords("statfs", "/sys/fs/selinux")
    case .makeNotifyDirectory(let path): StepWords("mkdir", path)
    case .listenForNotifications(let path): StepWords("bind", "\(path)/notify.sock")
    case .sendPidfd(let path, let payload): StepWords("sendmsg", "\(payload) and the pidfd to \(path)")
    case .ownAffinity(let cpus): StepWords("sched_setaffinity", "runtime \(cpus.list)")
    case .affinity(let cpus): StepWords("sched_setaffinity", cpus.list)
    case .scheduler(let attributes): StepWords("sched_setattr", words(for: attributes))
    case .ioPriority(let priority):
        StepWords("ioprio_set", "\(IOPriority.classes.name(priority.class)) \(priority.level)")
    case .pidFile(let path): StepWords("rename", path)
    }
}

/// The words of a step inside. No default: a new kind of step does not compile until it is explained.
func words(for action: InsideAction, _ plan: ContainerPlan) -> StepWords {
    switch action {
    case .openLayer(let path, let slot): StepWords("open", "\(path) -> \(slot)")
    case .awaitMappings: StepWords("poll", "id maps are written")
    case .openTree(let tree): StepWords("open_tree", words(for: tree))
    case .becomeNamespaceUser(let uid, let gid):
        StepWords("setresuid", "\(uid), setresgid \(gid)\(plan.process.groups == nil ? "" : ", setgroups none")")
    case .join(let kinds, let slot): StepWords("setns", "\(slot) \(flags(of: kinds))")
    case .timeOffsets(let offsets, _): StepWords("unshare", "CLONE_NEWTIME, \(words(for: offsets))")
    case .openProc: StepWords("open", "/proc")
    case .sessionKeyring(let name, let label):
        StepWords("keyctl", "KEYCTL_JOIN_SESSION_KEYRING \(name)" + (label.map { " labelled \($0)" } ?? ""))
    case .joinNetwork: StepWords("setns", "CLONE_NEWNET")
    case .interfaceUp(let name): StepWords("ioctl", "SIOCSIFFLAGS \(name) up")
    case .hostname(let name): StepWords("sethostname", name)
    case .domainname(let name): StepWords("setdomainname", name)
    case .propagation(let type): StepWords("mount_setattr", "/ \(word(for: type, recursive: type != .shared))")
    case .openRoot: StepWords("open", "/")
    case .enterRoot(let slot): StepWords("chroot", "\(slot)")
    case .root(let root): StepWords("move_mount", "\(words(for: root)) -> /")
    case .mount(let mount): words(for: mount)
    case .unmount(let mount): StepWords("umount2", mount.place)
    case .ownMounts: StepWords("unshare", "CLONE_NEWNS")
    case .tools(let tools): StepWords("move_mount", "\(tools.slot) -> \(tools.places.joined(" or "))")
    case .device(let device): words(for: device)
    case .link(let path, let target): StepWords("symlinkat", "\(path) -> \(target)")
    case .console(let console): StepWords("open", words(for: console))
    case .runtimeHooks: StepWords("poll", "hooks of the runtime")
    case .hook(let kind, let hook): StepWords("execve", "\(kind.name) hook \(hook.path)")
    case .home(let uid): StepWords("openat2", "/etc/passwd: HOME of \(uid)")
    case .confine(let label): StepWords("write", words(for: label))
    case .tryToConfine(let label): StepWords("write", "\(words(for: label)), in a child")
    case .sysctl(let path, let value): StepWords("write", "/proc/sys/\(path) = \(value)")
    case .makeReadOnly(let path): StepWords("mount_setattr", "\(path) ro")
    case .readonlyPath(let path): StepWords("mount_setattr", "\(path) rro")
    case .maskedPath(let path, _): StepWords("move_mount", "nothing -> \(path)")
    case .readonlyRoot: StepWords("mount_setattr", "/ ro")
    case .pivotRoot: StepWords("pivot_root", "/")
    case .moveRoot: StepWords("chroot", "/, over the old one")
    case .changeRoot(let slot): StepWords("chroot", "/, after setns \(slot) CLONE_NEWNS")
    case .rootPropagation(let type, let recursive):
        StepWords("mount_setattr", "/ \(word(for: type, recursive: recursive))")
    case .makeWorkingDirectory(let path): StepWords("mkdir", path)
    case .workingDirectory(let path): StepWords("chdir", path)
    case .ownStandardStreams(let uid): StepWords("fchown", "0 1 2 to \(uid)")
    case .findExecutable: StepWords("access", plan.process.arguments.first ?? "")
    case .personality(let domain): StepWords("personality", Personality.domains.name(domain))
    case .memoryPolicy(let policy): StepWords("set_mempolicy", words(for: policy))
    case .ready: StepWords("accept", "start")
    }
}

private func words(for label: SecurityLabel) -> Bytes {
    switch label {
    case .appArmor(let profile): "attr/apparmor/exec = exec \(profile)"
    case .selinux(let label): "attr/exec = \(label)"
    }
}

private func words(for attributes: SchedulerAttributes) -> Bytes {
    var words = [SchedulerAttributes.policies.name(attributes.policy)]
    if attributes.nice != 0 { words.append("nice \(attributes.nice)") }
    if attributes.hasPriorities { words.append("priority \(attributes.priority)") }
    if attributes.isDeadline {
        words.append("\(attributes.runtime) of \(attributes.deadline) ns, period \(attributes.period) ns")
    }
    return (words + SchedulerAttributes.flags.names(ofBits: attributes.flags)).joined(" ")
}

private func words(for policy: MemoryPolicy) -> Bytes {
    var words = [MemoryPolicy.modes.name(policy.mode)]
    if let nodes = policy.nodes { words.append(nodes.list) }
    return (words + MemoryPolicy.flags.names(ofBits: policy.flags)).joined(" ")
}

private func words(for file: CgroupFile) -> Bytes {
    switch file.absence {
    case .fails: "\(file.name) = \(file.value)"
    case .skip: "\(file.name) = \(file.value) (if there)"
    case .write(let name, let value): "\(file.name) = \(file.value) (or \(name) = \(value))"
    }
}

private func words(for device: NetDevicePlan, _ slot: Int?) -> Bytes {
    let namespace: Bytes = slot.map { "network namespace \($0)" } ?? "the container's network namespace"
    return "\(device.name) -> \(namespace)" + (device.newName.map { " as \($0)" } ?? "") + " up"
}

private func words(for tree: TreePlan) -> Bytes {
    var words: [Bytes] = tree.noFollow ? ["AT_SYMLINK_NOFOLLOW"] : []
    if tree.recursive { words.append("AT_RECURSIVE") }
    words += attributeWords(of: tree) + tree.propagation.map(word)
    if let map = tree.idMap { words.append(HullPlan.words(for: map)) }
    if tree.mustBeProcfs { words.append("(procfs)") }
    return ([tree.path] + words).joined(" ") + " -> \(tree.slot)"
}

private func words(for spawn: SpawnPlan) -> Bytes {
    var words = NamespaceKind.allCases.filter { spawn.flags & $0.cloneFlag != 0 }.map(flag)
    if let slot = spawn.parentJoins { words.append("in pid namespace \(slot)") }
    words += spawn.joins.map { "in \($0.kind.name) namespace \($0.slot)" }
    return words.joined(" ")
}

/// The word of a mount option for an id map, and the slot of the namespace that holds it.
func words(for map: MountIDMapPlan) -> Bytes { "\(map.recursive ? "ridmap" : "idmap" as Bytes) of \(map.namespace)" }

private func words(for maps: [IDMapping]) -> Bytes {
    maps.map { "\($0.containerID) \($0.hostID) \($0.size)" }.joined(", ")
}

private func words(forLimit limit: UInt64) -> Bytes {
    limit == ResourceLimit.infinity ? "infinity" : Bytes(decimal: limit)
}

private func words(for offsets: [TimeOffset]) -> Bytes {
    offsets.map { "\($0.clock) \($0.seconds) \($0.nanoseconds)" }.joined(", ")
}

private func words(for device: DevicePlan) -> StepWords {
    if let slot = device.slot { return StepWords("move_mount", "\(slot) -> \(device.path)") }
    let letter: Bytes
    switch device.kind {
    case .characterDevice: letter = "c"
    case .blockDevice: letter = "b"
    case .fifo: letter = "p"
    }
    let number: Bytes = device.kind == .fifo ? "" : " \(device.number.major):\(device.number.minor)"
    return StepWords(
        "mknod", "\(device.path) \(letter)\(number) \(octal(device.mode)) \(device.uid):\(device.gid)")
}

private func words(for console: ConsolePlan) -> Bytes {
    var words = "/dev/pts/ptmx, owner \(console.uid)" as Bytes
    if let size = console.size { words = "\(words), \(size.rows) rows \(size.columns) columns" }
    return console.atDevConsole ? words + ", at /dev/console" : words
}

private func flag(_ kind: NamespaceKind) -> Bytes {
    switch kind {
    case .pid: "CLONE_NEWPID"
    case .network: "CLONE_NEWNET"
    case .mount: "CLONE_NEWNS"
    case .ipc: "CLONE_NEWIPC"
    case .uts: "CLONE_NEWUTS"
    case .user: "CLONE_NEWUSER"
    case .cgroup: "CLONE_NEWCGROUP"
    case .time: "CLONE_NEWTIME"
    }
}

private func flags(of kinds: [NamespaceKind]) -> Bytes { kinds.map(flag).joined(" ") }

/// A file mode, as ls(1) and chmod(1) write numbers.
func octal(_ mode: UInt32) -> Bytes {
    let digits = Bytes(String(mode, radix: 8))
    return Bytes([UInt8](repeating: 0x30, count: max(0, 4 - digits.count))) + digits
}
