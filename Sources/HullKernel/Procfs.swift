// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// A procfs of our own, attached nowhere: never the container's /proc, where another mount or a link may lead a write
/// astray (CVE-2019-16884, CVE-2025-52881).
package struct PrivateProcfs: ~Copyable {
    private let tree: MountTree

    /// Makes one for the pid namespace of the process: fsopen("proc"). In a user namespace whose /proc is partly masked
    /// the kernel refuses that with EPERM.
    package init() throws(SystemError) {
        tree = try FilesystemContext("proc").mount([.noSuid, .noDev, .noExec])
    }

    /// Writes a file below it, in one write(2). Links and mounts on the way are refused.
    package func write(_ path: Bytes, _ text: Bytes) throws(SystemError) {
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS)
        let file = try Descriptor(opening: path, [.write], below: tree.descriptor.number, resolve: resolve)
        guard try file.filesystemType() == Int64(PROC_SUPER_MAGIC) else { throw SystemError("fstatfs", path, .exdev) }
        try file.writeAll(text, path)
    }
}

extension Descriptor {
    /// A place that must be a procfs, to be used when the path leads somewhere else.
    package init(openingProc path: Bytes) throws(SystemError) {
        let place = try Descriptor(opening: path, [.path, .directory])
        guard try place.filesystemType() == Int64(PROC_SUPER_MAGIC) else {
            throw SystemError("fstatfs", path, .exdev, detail: "it is not a procfs")
        }
        self = place
    }
}

extension Descriptor {
    /// A directory below another one, on the same filesystem, reached without links: a cgroup below a cgroup.
    package init(openingBelow directory: borrowing Descriptor, _ path: Bytes) throws(SystemError) {
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)
        try self.init(opening: path, [.path, .directory], below: directory.number, resolve: resolve)
    }
}

extension HostFiles {
    /// Writes a file below an open procfs, in one write(2). Nothing that is mounted there is entered.
    package static func write(_ path: Bytes, _ text: Bytes, inProc proc: Int32) throws(SystemError) {
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
        try Descriptor(opening: path, [.write], below: proc, resolve: resolve).writeAll(text, path)
    }
}

/// What the host's /proc says of processes and mounts. Pure parsers are apart, for tests.
package enum Procfs {
    /// The start time of a process in clock ticks since boot: with the pid it names a process for good. nil for a
    /// process that is gone or is a zombie: it has ended for everybody but its parent. One of which nothing can be read
    /// for another reason, such as too many open files, is not taken for gone.
    package static func startTime(of pid: Int32) throws(SystemError) -> UInt64? {
        let text: [UInt8]
        do throws(SystemError) { text = try HostFiles.read("/proc/\(pid)/stat", small: true) } catch {
            guard error.errno == .enoent || error.errno == .esrch else { throw error }
            return nil
        }
        guard let (state, start) = parseStat(Bytes(text)) else { return nil }
        return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") ? nil : start
    }

    /// Whether a process, which may be a zombie, was cloned and has executed no program since: PF_FORKNOEXEC of the
    /// kernel's linux/sched.h, in field 9 of proc(5). execve(2) clears it before it closes what it is to close.
    package static func hasNotExecuted(_ pid: Int32) -> Bool {
        guard let text = try? HostFiles.read("/proc/\(pid)/stat", limit: 1 << 16),
            let bracket = text.lastIndex(of: UInt8(ascii: ")"))
        else { return false }
        let fields = Bytes(text[(bracket + 1)...]).split(0x20)
        return fields.count > 6 && (fields[6].decimal ?? 0) & 0x40 != 0
    }

    /// The state letter and the start time in a line of /proc/PID/stat. The second field, the name, may hold spaces and
    /// brackets, so fields are counted from the last closing bracket.
    package static func parseStat(_ text: Bytes) -> (state: UInt8, startTime: UInt64)? {
        guard let bracket = text.array.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        // proc(5): state is field 3, starttime field 22; the rest begins with the blank before field 3.
        var rest = text.array[(bracket + 1)...]
        guard let state = rest.dropFirst().first else { return nil }
        for _ in 3...22 {
            guard let blank = rest.firstIndex(of: 0x20) else { return nil }
            rest = rest[(blank + 1)...]
        }
        guard let start = Bytes(rest.prefix { $0 != 0x20 }).trimmed.decimal else { return nil }
        return (state, start)
    }

    /// What a process is doing, for whoever waits for its end: `71 (cat), state D in request_wait_answer`. The kernel
    /// function is only there for who may trace the process.
    package static func activity(of pid: Int32) -> Bytes {
        let directory = "/proc/\(pid)" as Bytes
        func text(_ name: Bytes) -> Bytes { Bytes((try? HostFiles.read("\(directory)/\(name)")) ?? []).trimmed }
        let name = text("comm")
        guard let state = parseStat(text("stat"))?.state else { return "\(pid)" }
        let place = text("wchan")
        let words = "\(pid) (\(name)), state \(Bytes([state]))" as Bytes
        return place.isEmpty || place == "0" ? words : "\(words) in \(place)"
    }

    /// The pid, in the caller's pid namespace, of the process that a pidfd of the caller's names.
    static func pid(ofPidfd number: Int32) throws(SystemError) -> Int32 {
        let path = "/proc/self/fdinfo/\(number)" as Bytes
        for line in Bytes(try HostFiles.read(path)).split(0x0a) where line.hasPrefix("Pid:") {
            // -1 for a process that is gone; 0 for one that the caller's namespace cannot see.
            if let pid = line.dropFirst(4).trimmed.decimal, pid > 0 { return Int32(clamping: pid) }
        }
        throw SystemError("pidfd", path, .esrch)
    }

    /// The cgroup v2 path of a process: the line `0::/path` of /proc/PID/cgroup.
    package static func cgroup(of pid: Bytes) throws(SystemError) -> Bytes? {
        for line in Bytes(try HostFiles.read("/proc/\(pid)/cgroup")).split(0x0a) where line.hasPrefix("0::") {
            return line.dropFirst(3)
        }
        return nil
    }
}

/// A line of /proc/self/mountinfo, as far as hull reads it.
package struct MountInfo: Sendable {
    /// The mount's number.
    package let identifier: UInt64
    /// The number of the mount that it is mounted on; its own at the top of the tree.
    package let parent: UInt64
    /// The root of the mount within its filesystem.
    package let root: Bytes
    /// Where it is mounted.
    package let mountPoint: Bytes
    /// The filesystem's type.
    package let type: Bytes
    /// The options of the mount itself, comma separated.
    package let options: Bytes
    /// Those of the filesystem.
    package let superblock: Bytes

    /// All mounts of a process's namespace, as far as its root reaches.
    package static func all(of pid: Bytes = "self") throws(SystemError) -> [MountInfo] {
        Bytes(try HostFiles.read("/proc/\(pid)/mountinfo")).split(0x0a).compactMap(MountInfo.init(line:))
    }

    /// One line, as proc(5) describes it; nil for anything else.
    package init?(line: Bytes) {
        let fields = line.split(0x20)
        guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
        identifier = fields[0].decimal ?? 0
        parent = fields[1].decimal ?? 0
        root = MountInfo.unescaped(fields[3])
        mountPoint = MountInfo.unescaped(fields[4])
        options = fields[5]
        type = fields[dash + 1]
        superblock = dash + 3 < fields.count ? fields[dash + 3] : ""
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    private static func unescaped(_ field: Bytes) -> Bytes {
        guard field.contains(0x5c) else { return field }
        var result: [UInt8] = []
        var index = 0
        let array = field.array
        while index < array.count {
            let digits = array[(index + 1)...].prefix(3)
            if array[index] == 0x5c, digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x37 }) {
                result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }))
                index += 4
            } else {
                result.append(array[index])
                index += 1
            }
        }
        return Bytes(result)
    }
}
