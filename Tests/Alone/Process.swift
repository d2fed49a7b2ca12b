// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

enum ProcessTests {
    // Goal: how a child ended is what it did. Method: codes and signals.
    static func exitStatus() throws {
        for code in [0, 1, 127, 255] as [Int32] {
            guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else { CurrentProcess.exit(code) }
            try expect(cloned.wait() == .exited(code))
        }
        for signal in [SIGKILL, SIGTERM, SIGUSR1] {
            guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else {
                // The thread of a test may block signals.
                try CurrentProcess.setSignalMask(0)
                while true { pause() }
            }
            let early = cloned.hasEnded
            expect(early == false)
            try cloned.signal(signal)
            try expect(cloned.wait() == .signaled(signal))
            let late = cloned.hasEnded
            expect(late == true)
            let error = refusal { try cloned.signal(0) }
            expect(error?.errno == .esrch && error?.call == "pidfd_send_signal")
        }
        expect(ExitStatus.exited(3).code == 3 && ExitStatus.signaled(9).code == 137)
    }

    // Goal: the child of a raw clone is a whole process. Method: it allocates, throws, and knows its own number.
    static func childOfClone() throws {
        for _ in 0..<50 {
            guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else {
                let many = (0..<2000).map { Bytes("entry \($0)") }
                let missing = try? HostFiles.read("/missing")
                let isOwn = Files.linkTarget("/proc/thread-self") == "\(CurrentProcess.pid)/task/\(getpid())"
                CurrentProcess.exit(many.count == 2000 && missing == nil && isOwn ? 0 : 1)
            }
            try expect(cloned.wait() == .exited(0))
        }
    }

    // Goal: a sibling is a child of the parent, with its own status. Method: a child makes one and ends; its pidfd
    // comes by a socket. (PROC-07)
    static func sibling() throws {
        let pair = try Sockets.pair()
        guard let middle = try CurrentProcess.clone(0, cgroup: nil) else {
            guard let sibling = try CurrentProcess.cloneSibling(0, cgroup: nil) else { CurrentProcess.exit(7) }
            try Sockets.send("x", descriptors: [sibling.pidfd.number], to: pair.second.number)
            CurrentProcess.exit(0)
        }
        let pidfd = try Sockets.receive(from: pair.first.number).takeDescriptor()?.give() ?? -1
        let sibling = try ProcessHandle(pidfd: Descriptor(owning: pidfd))
        let (pid, other) = (sibling.pid, middle.pid)
        expect(pid > 1 && pid != other)
        try expect(middle.wait() == .exited(0))
        try expect(sibling.wait() == .exited(7))
    }

    // Goal: a pidfd's pid is that of the asker's namespace. Method: a process in a pid namespace of its own; one that
    // is gone. (PROC-07)
    static func pidOfPidfd() throws {
        guard let cloned = try CurrentProcess.clone(NamespaceKind.pid.cloneFlag, cgroup: nil) else {
            while true { pause() }
        }
        let copy = try cloned.pidfd.duplicate().give()
        let other = try ProcessHandle(pidfd: Descriptor(owning: copy))
        let (pid, expected) = (other.pid, cloned.pid)
        expect(pid == expected)
        try cloned.signal(SIGKILL)
        _ = try cloned.wait()
        let error = refusal { try ProcessHandle(pidfd: other.pidfd.duplicate()).pid }
        expect(error?.errno == .esrch)
    }

    // Goal: no process, no handle. Method: numbers that cannot be.
    static func noProcess() {
        for pid in [Int32.max, 0, -1] {
            let error = refusal { try ProcessHandle(opening: pid).pid }
            expect(error?.call == "pidfd_open", "\(pid)")
        }
    }

    // Goal: a wait ends at its time, and not before. Method: nothing to wait for, and something. (PROC-11)
    static func pollDeadline() throws {
        let pipe = try HullKernel.Pipe()
        let before = Clock.monotonic
        try expect(Poll.ready([pipe.reading.number], timeoutMilliseconds: 60) == 0)
        expect(Clock.monotonic - before >= 60_000_000)
        try expect(Poll.ready([], timeoutMilliseconds: 1) == 0)
        try pipe.writing.writeAll("x")
        try expect(Poll.ready([-1, pipe.reading.number], timeoutMilliseconds: -1) == 2)
        let error = refusal {
            try Poll.ready([Int32](repeating: 0, count: 9), timeoutMilliseconds: 0)
        }
        expect(error?.errno == .einval)
    }

    // Goal: signals neither end a wait early nor make it longer. Method: a timer that fires every five milliseconds.
    // (PROC-11)
    static func pollAndSignals() throws {
        // In a process of one thread, which is the one that gets them.
        guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else {
            try CurrentProcess.setSignalMask(0)
            signal(SIGALRM) { _ in }
            ualarm(5000, 5000)
            let before = Clock.monotonic
            let ready = try Poll.ready([], timeoutMilliseconds: 100)
            let passed = Clock.monotonic - before
            CurrentProcess.exit(ready == 0 && passed >= 100_000_000 && passed < 60_000_000_000 ? 0 : 1)
        }
        try expect(cloned.wait() == .exited(0))
    }

    // Goal: an ignored signal is not passed on, a blocked one neither. Method: what a program sees in
    // /proc/self/status. (PROC-10)
    static func signalsOfPrograms() throws {
        signal(SIGTERM, SIG_IGN)
        signal(SIGCHLD, SIG_IGN)
        CurrentProcess.resetIgnored(SIGCHLD)
        let signals = try SignalDescriptor()
        expect(signals.descriptor.number > 2)
        let status = try Subprocess.output(of: ["grep", "-E", "^(SigBlk|SigIgn)", "/proc/self/status"])
        expect(status == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
    }

    // Goal: every signal that is sent is read once. Method: several to the process itself.
    static func signalDescriptor() throws {
        let signals = try SignalDescriptor()
        try expect(signals.next() == nil)
        for signal in [SIGTERM, SIGUSR1, SIGWINCH] { raise(signal) }
        try expect(Poll.ready([signals.descriptor.number], timeoutMilliseconds: 10_000) == 1)
        var seen: Set<Int32> = []
        while let signal = try signals.next() { seen.insert(signal) }
        expect(seen == [SIGTERM, SIGUSR1, SIGWINCH])
    }

    // Goal: masks and the working directory. Method: set, look, set back. (PROC-01)
    static func attributes() throws {
        CurrentProcess.setUmask(0o027)
        expect(CurrentProcess.setUmask(0o022) == 0o027)
        let directory = try Descriptor(opening: "/proc", [.path, .directory])
        try CurrentProcess.changeDirectory(directory.number)
        try expect(HostFiles.workingDirectory() == "/proc")
        let isSingle = try CurrentProcess.isSingleThreaded
        expect(isSingle == (Files.list("/proc/self/task").count == 1))
    }

    // Goal: a directory that is not below the root is told by its path. Method: chroot away from it. (SEC-08)
    static func unreachableDirectory() throws {
        try HostFiles.changeDirectory("/usr")
        let usr = try Descriptor(opening: "/usr", [.path, .directory])
        let proc = try Descriptor(opening: "/proc", [.path, .directory])
        try MountNamespace.changeRoot(to: proc.number)
        try expect(HostFiles.workingDirectory() == "/")
        try CurrentProcess.changeDirectory(usr.number)
        try expect(!HostFiles.workingDirectory().isAbsolutePath)
    }
}
