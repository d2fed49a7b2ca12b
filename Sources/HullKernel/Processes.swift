// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// How a process ended: the code of _exit(2), or the signal that killed it.
package enum ExitStatus: Equatable, Sendable {
    case exited(Int32)
    case signaled(Int32)

    /// The shell's view: the code, or 128 and the signal's number.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// A child made by clone3(2), or a process opened by pidfd_open(2), that cannot be mistaken for another one.
@frozen package struct ProcessHandle: ~Copyable {
    /// The pid in the caller's pid namespace.
    package let pid: Int32
    /// Becomes readable when the process has ended.
    package let pidfd: Descriptor

    /// Takes over a pidfd.
    package init(pid: Int32, pidfd: consuming Descriptor) {
        self.pid = pid
        self.pidfd = pidfd
    }

    /// Opens a running process: pidfd_open(2); ESRCH where there is none.
    package init(opening pid: Int32) throws(SystemError) {
        self.init(pid: pid, pidfd: Descriptor(owning: try check(chull_pidfd_open(pid), "pidfd_open", "\(pid)")))
    }

    /// Takes over a pidfd that another process has opened. That one may live in another pid namespace, so the pid in
    /// the caller's is asked of the kernel: proc_pid_fdinfo(5). ESRCH when the process has been reaped.
    package init(pidfd: consuming Descriptor) throws(SystemError) {
        let pid = try Procfs.pid(ofPidfd: pidfd.number)
        self.init(pid: pid, pidfd: pidfd)
    }

    /// Gives the pidfd away.
    package consuming func intoDescriptor() -> Descriptor { pidfd }

    /// Sends a signal: pidfd_send_signal(2), which never reaches a later process of the same number.
    package func signal(_ signal: Int32) throws(SystemError) {
        try check(chull_pidfd_send_signal(pidfd.number, signal), "pidfd_send_signal", "\(pid)")
    }

    /// The same for a pidfd that somebody else owns.
    package static func signal(pidfd: Int32, _ signal: Int32) throws(SystemError) {
        try check(chull_pidfd_send_signal(pidfd, signal), "pidfd_send_signal", "")
    }

    /// Waits for a child's end and reaps it: waitid(2) on the pidfd.
    package func wait() throws(SystemError) -> ExitStatus {
        var code: Int32 = 0
        var status: Int32 = 0
        try check(unsafe chull_waitid(1, pidfd.number, 0, &code, &status), "waitid", "\(pid)")
        // CLD_EXITED of siginfo.h is 1; killed and dumped are 2 and 3.
        return code == 1 ? .exited(status) : .signaled(status)
    }

    /// Whether the process has ended, reaped or not: a pidfd is readable then.
    package var hasEnded: Bool { (try? Poll.ready([pidfd.number], timeoutMilliseconds: 0)) != 0 }
}

/// Waiting: always bounded by a time or by the other side's pidfd.
package enum Poll {
    /// A bit mask of the descriptors (8 at most) that can be read or are at their end; 0 when the time is up. Those of
    /// the bits of `changes` are files of cgroupfs or procfs that can always be read: they are ready when what they say
    /// has changed since they were read last, cgroups(7).
    package static func ready(
        _ descriptors: [Int32], timeoutMilliseconds: Int32, changes: Int32 = 0
    ) throws(SystemError) -> Int32 {
        let deadline = timeoutMilliseconds < 0 ? Int64.max : Clock.monotonic + Int64(timeoutMilliseconds) * 1_000_000
        while true {
            let left = deadline == .max ? -1 : max(0, (deadline - Clock.monotonic + 999_999) / 1_000_000)
            let result = unsafe descriptors.withUnsafeBufferPointer { buffer in
                unsafe chull_poll(buffer.baseAddress, buffer.count, Int32(left), changes)
            }
            if result == -Errno.eintr.rawValue { continue }
            return try check(result, "poll")
        }
    }
}

/// The clocks.
package enum Clock {
    /// Nanoseconds since an arbitrary point: CLOCK_MONOTONIC.
    package static var monotonic: Int64 { chull_clock_monotonic_ns() }
    /// Seconds and nanoseconds since 1970: CLOCK_REALTIME.
    package static var realtime: (seconds: Int64, nanoseconds: Int64) {
        var nanoseconds: Int64 = 0
        let seconds = unsafe chull_clock_realtime(&nanoseconds)
        return (seconds, nanoseconds)
    }
}

/// The calling process.
package enum CurrentProcess {
    /// Its pid in its own pid namespace.
    package static var pid: Int32 { chull_getpid() }

    /// Ends the process at once: _exit(2), without handlers or buffers.
    package static func exit(_ code: Int32) -> Never { chull_exit(code) }

    /// Whether it has a single thread, without which cloning and joining namespaces is not safe.
    package static var isSingleThreaded: Bool {
        get throws(SystemError) { try hullStatus(AT_FDCWD, "/proc/self/task", 0).links == 3 }
    }

    /// clone3(2) like fork(2), with a pidfd. nil in the child, which must then never return from where it was cloned.
    package static func clone(_ flags: UInt64, cgroup: Int32?) throws(SystemError) -> ProcessHandle? {
        var pidfd: Int32 = -1
        let pid = unsafe chull_clone(flags, &pidfd, cgroup ?? -1)
        if pid == 0 { return nil }
        try check(pid, "clone3")
        return ProcessHandle(pid: pid, pidfd: Descriptor(owning: pidfd))
    }

    /// clone3(2) that makes a sibling: the new process is a child of the caller's parent (CLONE_PARENT). nil in the new
    /// process, which must then never return from where it was cloned.
    package static func cloneSibling(_ flags: UInt64, cgroup: Int32?) throws(SystemError) -> ProcessHandle? {
        try clone(flags | UInt64(CLONE_PARENT), cgroup: cgroup)
    }

    /// Joins the namespace of an open file, or several namespaces of the process of a pidfd: setns(2).
    package static func join(_ kinds: [NamespaceKind], _ namespace: Int32) throws(SystemError) {
        let flags = kinds.reduce(0) { $0 | $1.cloneFlag }
        try check(chull_setns(namespace, Int32(flags)), "setns", kinds.map(\.name).joined(" "))
    }

    /// Makes new namespaces for the process: unshare(2).
    package static func unshare(_ flags: UInt64) throws(SystemError) {
        try check(chull_unshare(Int32(truncatingIfNeeded: flags)), "unshare")
    }

    /// A session of its own: setsid(2). Being a leader already is no error.
    package static func newSession() { _ = chull_setsid() }

    /// Nobody without CAP_SYS_PTRACE may look into the process or its descriptors: prctl(PR_SET_DUMPABLE, 0). Ends at
    /// execve(2) (CVE-2016-9962).
    package static func hide() throws(SystemError) { try check(chull_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl") }

    /// Orphans of its descendants become its children: prctl(PR_SET_CHILD_SUBREAPER).
    package static func becomeSubreaper() throws(SystemError) {
        try check(chull_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
    }

    /// Sets the file mode creation mask; gives the former one.
    @discardableResult
    package static func setUmask(_ mask: UInt32) -> UInt32 { chull_umask(mask) }

    /// The command line as bytes, the program's name first.
    package static var arguments: [Bytes] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { unsafe bytes(fromCString: $0) }
        }
    }

    /// All of environ(7).
    package static var environment: [Bytes] {
        var all: [Bytes] = []
        guard var next = unsafe chull_environ() else { return [] }
        while let entry = unsafe next.pointee {
            all.append(unsafe bytes(fromCString: entry))
            unsafe next += 1
        }
        return all
    }

    /// The value of a variable of environ(7); nil where it is not set.
    package static func variable(_ name: Bytes) -> Bytes? {
        unsafe name.withCString { unsafe chull_getenv($0) }.map { unsafe bytes(fromCString: $0) }
    }

    /// Sets the signal mask: bit N-1 blocks signal N.
    package static func setSignalMask(_ mask: UInt64) throws(SystemError) {
        try check(chull_sigmask(mask), "rt_sigprocmask")
    }

    /// Gives every ignored signal its default action again: execve(2) would pass ignoring on.
    package static func resetIgnoredSignals() { for signal in Int32(1)...64 { resetIgnored(signal) } }

    /// Gives one signal its default action again if it is ignored.
    package static func resetIgnored(_ signal: Int32) { _ = chull_signal_default(signal) }

    /// Takes close-on-exec off: fcntl(2) F_SETFD.
    package static func keepAcrossExec(_ descriptor: Int32) throws(SystemError) {
        try check(chull_fcntl(descriptor, Int32(F_SETFD), 0), "fcntl", "F_SETFD \(descriptor)")
    }

    /// Duplicates a descriptor onto a standard one (0, 1, 2), without close-on-exec: dup3(2).
    package static func useAsStandard(_ descriptor: Int32, _ standard: Int32) throws(SystemError) {
        try check(chull_dup3(descriptor, standard, 0), "dup3", "\(standard)")
    }

    /// Enters an open directory: fchdir(2).
    package static func changeDirectory(_ descriptor: Int32) throws(SystemError) {
        try check(chull_fchdir(descriptor), "fchdir")
    }

    /// Sends a signal to a pid: kill(2). Only for what has no pidfd, such as signal 0 as a question.
    package static func signal(_ pid: Int32, _ signal: Int32) throws(SystemError) {
        try check(chull_kill(pid, signal), "kill", "\(pid)")
    }

    /// Whether there is a process, or a zombie, of that pid now: kill(2) with signal 0. It may be another than meant.
    package static func exists(_ pid: Int32) -> Bool { pid > 0 && chull_kill(pid, 0) != -ESRCH }

    /// Sends a signal to one thread: tgkill(2). It is the one that handles it, before it does anything else.
    package static func signal(_ pid: Int32, thread: Int32, _ signal: Int32) throws(SystemError) {
        try check(chull_tgkill(pid, thread, signal), "tgkill", "\(thread)")
    }
}
