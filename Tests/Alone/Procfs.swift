// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

enum ProcfsTests {
    private static func stat(_ name: String, state: String = "S", start: String = "987654") -> Bytes {
        let middle = (4...21).map { _ in "0" }.joined(separator: " ")
        return Bytes("42 (\(name)) \(state) \(middle) \(start) 1 2 3\n")
    }

    // Goal: a process may call itself anything. Method: names with every byte that separates fields. (KERNEL-07)
    static func statNames() throws {
        for name in ["sleep", "a b", "a) S 1", ") R 7 (", "((", "))))", "", "a\nb", "\u{e9}"] {
            let parsed = try require(Procfs.parseStat(stat(name)))
            expect(parsed.state == UInt8(ascii: "S") && parsed.startTime == 987654, name)
        }
    }

    // Goal: states are told as they are. Method: each letter.
    static func states() throws {
        for letter in ["R", "S", "D", "T", "Z", "X"] {
            expect(Procfs.parseStat(stat("x", state: letter))?.state == letter.utf8.first, letter)
        }
    }

    // Goal: what is no such line is nothing. Method: cut after every byte, and fields that are no number.
    static func statGarbage() throws {
        let whole = stat("x")
        let startEnds = whole.array.count - 7
        for count in 0..<startEnds {
            let parsed = Procfs.parseStat(whole.prefix(count))
            expect(parsed == nil || parsed?.startTime != 987654, "\(count) bytes")
        }
        expect(Procfs.parseStat(stat("x", start: "-1")) == nil)
        expect(Procfs.parseStat(stat("x", start: "99999999999999999999")) == nil)
        expect(Procfs.parseStat("") == nil && Procfs.parseStat("1 2 3") == nil && Procfs.parseStat(")") == nil)
    }

    // Goal: the kernel's own lines. Method: this process, one that is gone, a zombie.
    static func startTimes() throws {
        try expect(Procfs.startTime(of: getpid()) != nil)
        try expect(Procfs.startTime(of: Int32.max) == nil && Procfs.startTime(of: -1) == nil)
        guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else { CurrentProcess.exit(0) }
        let process = cloned.pid
        let pidfd = cloned.pidfd.number
        try expect(Poll.ready([pidfd], timeoutMilliseconds: 10_000) == 1)
        try expect(Procfs.startTime(of: process) == nil)
        expect(Files.read("/proc/\(process)/stat") != nil)
    }

    // Goal: a mount point's name comes back as it was. Method: the four bytes that the kernel escapes, and what only
    // looks like an escape. (KERNEL-07)
    static func mountPoints() throws {
        let table = [
            ("/mnt", "/mnt"), ("/a\\040b", "/a b"), ("/a\\011b\\012c", "/a\tb\nc"), ("/a\\134b", "/a\\b"),
            ("/a\\134040b", "/a\\040b"), ("/a\\04", "/a\\04"), ("/a\\", "/a\\"), ("/a\\089", "/a\\089"), ("/-", "/-"),
        ]
        for (written, meant) in table {
            let line = Bytes(
                "36 35 98:0 /root\\040x \(written) rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue")
            let info = try require(MountInfo(line: line))
            expect(info.mountPoint == Bytes(meant) && info.root == "/root x", written)
            expect(info.type == "ext3" && info.options == "rw,noatime", written)
        }
    }

    // Goal: lines without optional fields, and those that are no lines. Method: a table.
    static func mountLines() throws {
        let plain = MountInfo(line: "1 0 0:2 / / rw - rootfs none rw")
        expect(plain?.type == "rootfs" && plain?.mountPoint == "/")
        expect(MountInfo(line: "1 0 0:2 / /x rw - 9p  rw")?.type == "9p")
        for line in ["", "1 2 3", "1 0 0:2 / / rw shared:1 rootfs none rw", "1 0 0:2 / / rw shared:1 -"] as [Bytes] {
            expect(MountInfo(line: line) == nil, "\(line.text)")
        }
    }

    // Goal: the mounts of this process. Method: / and /proc are among them.
    static func mounts() throws {
        let all = try MountInfo.all()
        expect(all.contains { $0.mountPoint == "/" })
        expect(all.contains { $0.mountPoint == "/proc" && $0.type == "proc" })
    }

    // Goal: the cgroup v2 path among those of version 1. Method: this process's, beside the file itself. (KERNEL-07)
    static func cgroup() throws {
        let lines = (Files.read("/proc/self/cgroup") ?? "").split(separator: "\n")
        let expected = lines.first { $0.hasPrefix("0::") }.map { Bytes(String($0.dropFirst(3))) }
        try expect(Procfs.cgroup(of: "self") == expected)
        let error = refusal { try Procfs.cgroup(of: "2147483647") }
        expect(error?.errno == .enoent)
    }

    // Goal: sysctls go to a procfs of our own and to nothing else. Method: a file, a link, a way out, a missing one.
    // (SEC-05)
    static func privateProcfs() throws {
        try CurrentProcess.unshare(NamespaceKind.uts.cloneFlag | NamespaceKind.mount.cloneFlag)
        let procfs = try PrivateProcfs()
        try procfs.write("sys/kernel/domainname", "private")
        expect(Files.read("/proc/sys/kernel/domainname") == "private\n")
        let refused: [(path: Bytes, errno: Errno)] = [
            ("self/oom_score_adj", .eloop), ("sys/../../etc/passwd", .exdev), ("/sys/kernel/domainname", .exdev),
            ("sys/missing", .enoent),
        ]
        for (path, errno) in refused {
            let error = refusal { try procfs.write(path, "0") }
            expect(error?.errno == errno, "\(path.text)")
        }
    }
}
