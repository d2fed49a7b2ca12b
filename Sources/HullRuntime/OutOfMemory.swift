// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// What memory.events of a cgroup counts.
struct OutOfMemory {
    /// Processes killed in the cgroup and below.
    var kills: UInt64 = 0
    /// How often the limit of the cgroup itself was hit and nothing could be taken back, memory.events.local.
    var ownLimit: UInt64 = 0
}

extension CgroupDirectory {
    func outOfMemory() -> OutOfMemory {
        OutOfMemory(
            kills: count("oom_kill", in: "memory.events") ?? 0, ownLimit: count("oom", in: "memory.events.local") ?? 0)
    }

    /// The cgroup and those above it, without the root, which has no limit.
    var levels: [CgroupDirectory] {
        let mounts = (try? MountInfo.all())?.filter { $0.type == "cgroup2" && path.hasPrefix($0.mountPoint) } ?? []
        let mountPoint = mounts.map(\.mountPoint).max { $0.count < $1.count } ?? "/sys/fs/cgroup"
        var levels = [self]
        var above = path.parentPath
        while above.count > mountPoint.count, above.hasPrefix(mountPoint) {
            levels.append(CgroupDirectory(path: above))
            above = above.parentPath
        }
        return levels
    }

    /// Why a process of the cgroup did not come to its program, where the kernel has killed for memory there: which
    /// limit it was, how much was used, and what would do. `said` is a limit that was to follow the set-up.
    func memoryFailure(said: UInt64? = nil) -> Failure? {
        guard let hit = memoryLimitHit(said) else { return nil }
        // Engines look for these words.
        let words = "container init was OOM-killed (memory limit too low?): \(hit.facts)" as Bytes
        guard hit.isOwn else { return Failure(words, code: .memory) }
        // A peak that the limit itself has cut off says little.
        let needed = hit.peak.flatMap { $0 > hit.limit ? $0 : nil } ?? CgroupDirectory.usualSetUp
        let enough = ((needed >> 20) + 1) << 20
        let hint: Bytes =
            enough > hit.limit ? "\(enough) bytes would do for the set-up" : "the set-up itself needs more than that"
        return Failure(words, pointer: "/linux/resources/memory/limit", hint: hint, code: .memory)
    }

    /// The same of an execve that was refused: the kernel says E2BIG where there is no page left for the arguments,
    /// also of few.
    func memoryFailure(ofExecve error: SystemError) -> Failure? {
        guard error.errno == .e2big || error.errno == .enomem, let limit = number("memory.max"),
            let used = number("memory.current"), used + CgroupDirectory.usualSetUp > limit
        else { return nil }
        return memoryFailure()
    }

    /// The limit for which processes of the cgroup were killed: its own, or one above; nil where none were.
    private func memoryLimitHit(_ said: UInt64?) -> (facts: Bytes, limit: UInt64, peak: UInt64?, isOwn: Bool)? {
        guard wasOutOfMemory else { return nil }
        let kills = outOfMemory().kills
        guard let level = levels.first(where: { $0.outOfMemory().ownLimit > 0 }) else {
            return ("the machine is out of memory", 0, nil, false)
        }
        let limit = said ?? level.number("memory.max") ?? 0
        let peak = level.number("memory.peak")
        var facts = "limit \(limit) bytes" as Bytes
        if let peak { facts = "\(facts), peak \(peak)" }
        if let swap = level.number("memory.swap.max"), swap < .max { facts = "\(facts), limit of swap \(swap)" }
        guard level.path == path else { return ("\(facts), of the cgroup \(level.path)", limit, peak, false) }
        return ("\(facts), \(kills) killed", limit, peak, true)
    }

    /// Whether a limit was reached and nothing could be taken back, or somebody killed for one.
    private var wasOutOfMemory: Bool {
        table("memory.events").contains { ($0.key == "oom" || $0.key == "oom_kill") && $0.value > 0 }
    }

    /// What is counted for a set-up of the usual kind, where the kernel has not told what this one took.
    private static let usualSetUp: UInt64 = 1 << 20

    /// The same for a process whose end of the socket is closed: by execve, or by its death. A process that was killed
    /// later than that is the container's own affair.
    func checkExecuted(_ pid: Int32) throws(Failure) {
        guard wasOutOfMemory, Procfs.hasNotExecuted(pid) else { return }
        if let failure = memoryFailure() { throw failure }
    }

    /// What a caller who waits is told besides the status of a program that SIGKILL has ended; nil where it was not
    /// for memory.
    func memoryWarning() -> Failure? {
        memoryLimitHit(nil).map { Failure("killed for memory: \($0.facts)", code: .memory) }
    }

    /// Why no task could be added, where a limit of tasks is reached, here or above.
    func tasksHint() -> (pointer: JSONPointer?, hint: Bytes)? {
        for level in levels {
            guard let limit = level.number("pids.max"), let tasks = level.number("pids.current"), tasks >= limit
            else { continue }
            let words = "the limit of \(limit) tasks is reached: \(tasks) are there, \(tasks + 1) would do" as Bytes
            if level.path == path { return ("/linux/resources/pids/limit", words) }
            return (nil, "\(words), in the cgroup \(level.path)")
        }
        return nil
    }
}

extension Creation {
    /// Lowers the limit now that the set-up is done. What can be taken back is taken back; if that is not enough, the
    /// kernel kills before the write returns.
    func lowerMemory(_ file: CgroupFile, _ origin: JSONPointer) throws(Failure) {
        try attempt(origin) { () throws(SystemError) in try cgroup.write(file) }
        guard let failure = cgroup.memoryFailure() else { return }
        throw failure
    }
}

extension Failure {
    /// A task that could not be added, where a limit of tasks is reached.
    mutating func blameTasks(_ cgroup: CgroupDirectory) {
        guard let (pointer, hint) = cgroup.tasksHint() else { return }
        code = .tasks
        self.pointer = pointer ?? self.pointer
        self.hint = hint
    }
}
