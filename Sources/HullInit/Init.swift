// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullKernel
internal import HullLinux
package import HullPlan

// What may run between clone and execve:
// 1. The process has one thread; it was cloned without CLONE_VM, so it may allocate.
// 2. It never returns into its parent's frames: it ends by execve or _exit.
// 3. It decides nothing and parses nothing: it runs the plan's list from the first step to the last.
// 4. From the first privilege drop on only C runs, over memory prepared before: lastmile.c.
// 5. Every failure is reported as {step, call, object, errno}; the parent knows the step's config field.

/// The container's first process, and one of `exec`, from clone to execve.
package struct InitProgram: ~Copyable {
    let steps: [InsideStep]
    var process: ProcessPlan
    let hooks: [HookPlan]
    /// Slots of files to which what hooks write is added.
    let hookOutputs: (output: Int?, errors: Int?)
    var hookState: HookState
    /// The descriptors that the runtime opened, by slot.
    var held: DescriptorList
    /// The socket to the runtime.
    let socket: Int32
    /// Where `start` connects; nil where the runtime itself says when to start.
    let listener: Int32?
    /// Where the terminal's master is sent.
    let consoleSocket: Int32?

    // What earlier steps leave for later ones.
    var callerUmask: UInt32 = 0o022
    var root = RootDirectory()
    var emptyTree: MountTree?
    var nullDevice: Descriptor?
    var procfs: PrivateProcfs?
    /// The host's /proc.
    var proc: Descriptor?
    /// Where the last device or link was made, in a row of such steps.
    var parentDirectory = Descriptor(owning: -1)
    var parentPath: Bytes = ""
    var executable: Bytes = ""
    /// What the executable begins with, where it could be read.
    var programStart: Bytes?
    var lateDirectory: Bytes?
    /// Whether the runtime wants to know of each mount that is attached.
    var reportsMounts = false

    /// Where the runtime reads when what was done: the beginning, each step's, and the end of the list; nil where
    /// nobody wants to know.
    package var times: SharedTimes?

    /// Takes over what the runtime prepared.
    package init(
        _ plan: ContainerPlan, held: consuming DescriptorList, hookState: HookState, socket: Int32, listener: Int32?,
        consoleSocket: Int32?
    ) {
        steps = plan.inside
        process = plan.process
        hooks = plan.hooks[.startContainer]
        hookOutputs = (plan.hooks.output?.slot, plan.hooks.errors?.slot)
        self.held = held
        self.hookState = hookState
        self.socket = socket
        self.listener = listener
        self.consoleSocket = consoleSocket
    }

    /// Runs the list and becomes the container's program.
    package consuming func run() -> Never {
        times?.note(0)
        CurrentProcess.newSession()
        var report = socket
        var index = 0
        do throws(SystemError) {
            try closeDescriptors(except: needed)
            callerUmask = CurrentProcess.setUmask(0)
            // The caller may be bound to a few CPUs, by a service manager for instance: no business of the container,
            // whose cgroup decides. Where it cannot be changed it is used as it is.
            if process.usesAllCPUs { try? Scheduling.setAffinity(.all, pid: 0) }
            while index < steps.count {
                times?.note(index + 1)
                let action = steps[index].action
                if case .ready = action { report = try becomeReady() } else { try apply(action) }
                index += 1
            }
            times?.note(index + 1)
            // The kernel resolves the program's path while these are open, and it could lead through any directory:
            // through the host's /proc for instance, which was needed for a label (CVE-2024-21626).
            try closeDescriptors(except: promised + [report])
        } catch {
            InitMessage.failure(step: index, explained(error)).sendLast(to: report)
            CurrentProcess.exit(1)
        }
        goLastMile(report)
    }

    /// All descriptors that the steps use; every other one is the runtime's own.
    var needed: [Int32] {
        var numbers = held.open
        numbers.append(socket)
        if let listener { numbers.append(listener) }
        if let consoleSocket { numbers.append(consoleSocket) }
        return numbers + promised
    }

    /// Those of the caller that are for the container's program.
    private var promised: [Int32] { Array(3..<3 + Int32(clamping: process.preservedDescriptors)) }

    /// The steps. No default: a new kind of step does not compile until it is carried out here.
    mutating func apply(_ action: InsideAction) throws(SystemError) {
        if !action.makesEntry { parentPath = "" }
        switch action {
        case .openLayer(let path, let slot): held.set(slot, try Descriptor(opening: path, [.path, .directory]))
        case .awaitMappings: _ = try hear(.mappingsWritten)
        case .openTree(let tree): held.set(tree.slot, try MountTree(opening: tree).intoDescriptor())
        case .becomeNamespaceUser(let uid, let gid):
            try Credentials.becomeUser(uid, gid, dropsGroups: process.groups != nil)
        case .join(let kinds, let slot): try CurrentProcess.join(kinds, try descriptor(slot))
        case .timeOffsets(let offsets, let opensOutside): try enterTimeNamespace(offsets, opensOutside: opensOutside)
        case .openProc: proc = try Descriptor(openingProc: "/proc")
        case .sessionKeyring(let name, let label): try joinSessionKeyring(name, label: label)
        case .joinNetwork: try joinNetwork()
        case .interfaceUp(let name): try Kernel.setInterfaceUp(name)
        case .hostname(let name): try Kernel.setHostname(name)
        case .domainname(let name): try Kernel.setDomainname(name)
        case .propagation(let propagation): try setNamespacePropagation(propagation)
        case .root(let plan): try attachRoot(plan)
        case .enterRoot(let slot): try enterRoot(slot)
        case .openRoot: root = RootDirectory(try Descriptor(opening: "/", [.path, .directory]))
        case .mount(let mount): try attachMount(mount)
        case .unmount(let mount): try unmount(mount)
        case .ownMounts: try CurrentProcess.unshare(NamespaceKind.mount.cloneFlag)
        case .tools(let tools): try attachTools(tools)
        case .device(let device): try makeDevice(device)
        case .link(let path, let target): try makeLink(path, target)
        case .console(let console): try openConsole(console)
        case .runtimeHooks:
            try InitMessage.hooksPoint.send(to: socket)
            _ = try hear(.goOn)
        case .hook(let kind, let hook): try run(hook, kind)
        case .sysctl(let path, let value): try writeSysctl(path, value)
        case .makeReadOnly(let path): try makeReadOnly(path)
        case .readonlyPath(let path): try makePathReadOnly(path)
        case .maskedPath(let path, let label): try maskPath(path, label: label)
        case .readonlyRoot: try makeRootReadOnly()
        case .pivotRoot: try MountNamespace.pivotRoot(to: root.number)
        case .moveRoot: try moveRoot()
        case .changeRoot(let slot): try changeRoot(try descriptor(slot))
        case .rootPropagation(let propagation, let recursive):
            try MountNamespace.setPropagation(propagation, recursive: recursive)
        case .makeWorkingDirectory(let path): try makeWorkingDirectory(path)
        case .workingDirectory(let path): try enterWorkingDirectory(path)
        case .ownStandardStreams(let uid): ownStandardStreams(uid)
        case .home(let uid): try setHome(uid)
        case .findExecutable: executable = try findExecutable()
        case .confine(let label): try confine(label)
        case .tryToConfine(let label): try tryToConfine(label)
        case .personality(let domain): try Scheduling.setPersonality(domain)
        case .memoryPolicy(let policy): try Scheduling.set(policy)
        case .ready: break
        }
    }

    func descriptor(_ slot: Int) throws(SystemError) -> Int32 {
        guard let number = held[slot] else { throw SystemError("descriptor", "\(slot)", .ebadf) }
        return number
    }

    /// Waits for a word of the runtime, and what comes beside it. If the runtime has died there is nobody to create a
    /// container for.
    func hear(_ word: RuntimeWord) throws(SystemError) -> Descriptor? {
        let received = try Sockets.receive(from: socket)
        guard received.message == word.bytes else { CurrentProcess.exit(1) }
        return received.takeDescriptor()
    }

    /// The error with the place in the container's root that it is about.
    private func explained(_ error: SystemError) -> SystemError {
        root.number < 0 ? error : error.explained(at: error.object, below: root.number)
    }

    /// Reports readiness, waits for `start`, runs startContainer hooks. Gives the descriptor for further reports.
    private mutating func becomeReady() throws(SystemError) -> Int32 {
        try InitMessage.ready(hint: executableHint()).send(to: socket)
        // While the runtime is at work.
        CurrentProcess.resetIgnoredSignals()
        guard let listener else {
            _ = try hear(.start)
            runStartHooks(socket)
            return socket
        }
        _ = try hear(.goodbye)
        let connection = try Sockets.accept(listener).give()
        runStartHooks(connection)
        return connection
    }

    private mutating func runStartHooks(_ report: Int32) {
        for (index, hook) in hooks.enumerated() {
            do { try run(hook, .startContainer) } catch {
                InitMessage.hookFailure(index: index, error).sendLast(to: report)
                CurrentProcess.exit(1)
            }
        }
    }

    private func goLastMile(_ report: Int32) -> Never {
        var mile = LastMile()
        mile.bounding = process.capabilities.bounding
        mile.permitted = process.capabilities.permitted
        mile.effective = process.capabilities.effective
        mile.inheritable = process.capabilities.inheritable
        mile.ambient = process.capabilities.ambient
        mile.setCapabilities = true
        mile.lastCapability = process.lastCapability
        mile.uid = process.uid
        mile.gid = process.gid
        mile.groups = process.groups
        mile.noNewPrivileges = process.noNewPrivileges
        mile.filter = process.filter
        mile.filterFlags = process.filterFlags
        mile.notifies = process.listener != nil || process.report != nil
        mile.path = executable
        mile.arguments = process.arguments
        mile.environment = process.environment
        mile.lateDirectory = lateDirectory
        CurrentProcess.setUmask(process.umask)
        try? CurrentProcess.setSignalMask(0)
        mile.run(report: report)
    }
}
