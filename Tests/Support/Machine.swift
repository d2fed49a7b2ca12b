// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// What this machine offers, looked up once. A test that needs more is skipped with the sentence given here.
public enum Machine {
    public enum Need: Sendable, CustomStringConvertible {
        case root, cgroup2, userNamespace, network, networkTool
        case controller(String)
        case capability(Int, String)
        case hugetlb, fuse, hugePages, swap, disk, bfq
        case noResctrl
        case kernel(Int, Int)
        case systemd, systemdOfUser, idTools
        case realTime, memoryNodes, noSecurityModule
        case cpus(Int)
        case criu, noCRIU

        public var description: String {
            switch self {
            case .root: "root"
            case .cgroup2: "cgroup2 on /sys/fs/cgroup (run through scripts/native or scripts/vm)"
            case .userNamespace: "user namespaces"
            case .network: "network namespaces"
            case .networkTool: "the program ip"
            case .controller(let name): "the cgroup2 controller \(name)"
            case .capability(_, let name): "the capability \(name)"
            case .hugetlb: "the cgroup2 controller hugetlb with a page size"
            case .fuse: "filesystems in user space"
            case .hugePages: "free huge pages of 2 MB"
            case .swap: "swap"
            case .disk: "a whole disk below /var/tmp"
            case .bfq: "a disk below /var/tmp with the scheduler BFQ"
            case .noResctrl: "no resctrl filesystem"
            case .kernel(let major, let minor): "Linux \(major).\(minor)"
            case .realTime: "a cgroup in which processes may be scheduled in real time"
            case .noSecurityModule: "a machine without SELinux and AppArmor"
            case .memoryNodes: "a kernel with memory nodes (NUMA)"
            case .cpus(let number): "\(number) CPUs"
            case .criu: "CRIU on a kernel that it can work on (criu check: \(Machine.criuProblem ?? "good"))"
            case .noCRIU: "CRIU on a kernel that it cannot work on"
            case .idTools: "newuidmap and newgidmap, with /etc/subuid and /etc/subgid"
            case .systemd: "systemd as the first process (scripts/vm -s)"
            case .systemdOfUser: "a systemd of the user \(Machine.ordinaryUser) (scripts/vm -s)"
            }
        }

        public var isMet: Bool {
            switch self {
            case .root: geteuid() == 0
            case .cgroup2: Machine.cgroups != nil
            case .userNamespace: Files.exists("/proc/self/ns/user") && limit("user") > 0
            case .network: Files.exists("/proc/self/ns/net") && limit("net") > 0
            case .networkTool: Files.program("ip") != nil
            case .controller(let name): Machine.controllers.contains(name)
            case .capability(let bit, _): Machine.capabilities & (1 << UInt64(bit)) != 0
            case .hugetlb: Machine.controllers.contains("hugetlb") && !Files.list("/sys/kernel/mm/hugepages").isEmpty
            case .fuse:
                Files.exists("/dev/fuse") && (Files.read("/proc/filesystems") ?? "").contains("\tfuse\n")
            case .hugePages: Machine.hasHugePages
            case .swap: Machine.hasSwap
            case .disk: Machine.disk != nil
            case .bfq: Machine.hasBFQ
            case .noResctrl: !Machine.mountinfo().contains { $0.contains(" - resctrl ") }
            case .kernel(let major, let minor): Machine.version >= (major, minor)
            case .realTime: Machine.mayBeRealTime
            case .noSecurityModule:
                !Files.exists("/sys/fs/selinux/enforce") && !Files.exists("/sys/kernel/security/apparmor")
            case .idTools:
                Files.program("newuidmap") != nil && Files.program("newgidmap") != nil && Files.exists("/etc/subuid")
                    && Files.exists("/etc/subgid")
            case .systemd: Files.exists("/run/systemd/private")
            case .systemdOfUser: Machine.hasSystemdOfUser
            case .memoryNodes: Files.exists("/proc/self/numa_maps") && Files.exists("/sys/devices/system/node/node0")
            case .criu: Machine.criuProblem == nil
            case .noCRIU: Machine.criuProblem != nil && Files.program("criu") != nil
            case .cpus(let number): sysconf(Int32(_SC_NPROCESSORS_ONLN)) >= number
            }
        }

        private func limit(_ kind: String) -> Int {
            let text = Files.read("/proc/sys/user/max_\(kind)_namespaces") ?? "1"
            return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 1
        }
    }

    /// The mount point of a cgroup2 tree that a runtime takes for the pure version 2.
    public static let cgroups: String? = {
        let mounted = mountinfo().last { $0.contains(" /sys/fs/cgroup ") }
        return mounted?.contains(" - cgroup2 ") == true ? "/sys/fs/cgroup" : nil
    }()

    /// The controllers that the root of the tree can hand down.
    public static let controllers: Set<String> = {
        let text = cgroups.flatMap { Files.read($0 + "/cgroup.controllers") } ?? ""
        return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }()

    /// The effective capabilities of the tests.
    public static let capabilities: UInt64 = {
        let line = (Files.read("/proc/self/status") ?? "").split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    }()

    /// Whether the kernel lets a process of the tests have a real-time policy.
    static let mayBeRealTime: Bool = {
        let call = try? Launch("/usr/bin/chrt", ["--fifo", "1", "/bin/true"], in: "/").start(outputs: base + "/chrt")
        return call?.outcome().ok == true
    }()

    /// Why CRIU does not work here; nil where it does. It remembers what it has found, for the tests that follow.
    static let criuProblem: String? = {
        guard let program = Files.program("criu") else { return "it is not installed" }
        let call = try? Launch(program, ["check"], in: "/").start(outputs: base + "/criu")
        guard let outcome = call?.outcome(within: 60) else { return "it cannot be run" }
        let error = outcome.stderr.split(separator: "\n").last {
            $0.contains("Error (") && !$0.contains("Could not initialize")
        }
        return outcome.ok ? nil : String(error ?? "fails")
    }()

    static let version: (Int, Int) = {
        let text = Files.read("/proc/sys/kernel/osrelease") ?? "0.0"
        let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }()

    public static func mountinfo() -> [String] {
        (Files.read("/proc/self/mountinfo") ?? "").split(separator: "\n").map(String.init)
    }

    /// The same of the calling thread, which may have a mount namespace of its own.
    public static func mountinfoOfThread() -> [String] {
        (Files.read("/proc/thread-self/mountinfo") ?? "").split(separator: "\n").map(String.init)
    }

    /// The link text of a namespace of these tests, as `net:[4026531840]`.
    public static func namespace(_ name: String) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/" + name)) ?? ""
    }

    /// A directory of our own that every user may enter; the containers' roots, state and sockets are below.
    public static let base: String = {
        let path = "/tmp/conf.\(getpid())"
        try? Files.makeDirectory(path)
        atexit { Machine.removeBase() }
        return path
    }()

    private static func removeBase() {
        Files.remove(base)
        if let cgroups { rmdir(cgroups + "/conf.\(getpid())") }
    }
}
