// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a runtime could leave behind on the host, as lines of text that can be compared.
public struct HostSnapshot: Sendable {
    let mounts: Set<String>
    let cgroups: Set<String>
    let state: Set<String>
    let processes: Set<String>
    let links: Set<String>

    /// Takes it for the scenario with this directory, state root and cgroup.
    public static func take(_ scenario: Scenario) -> HostSnapshot {
        let cgroup = scenario.cgroup
        let below = cgroup.map { [$0] + directories(below: $0) } ?? []
        return HostSnapshot(
            mounts: mounts(scenario),
            cgroups: Set(below.filter { $0 != cgroup && $0 != scenario.runtime.cage } + strayCgroups(scenario)),
            state: Set(Files.list(scenario.runtime.root).filter { !$0.hasPrefix(".") }),
            processes: Set(below.flatMap(processes(in:))),
            links: Set(Files.list("/sys/class/net")))
    }

    /// The lines of the host's mounts, but for those of other scenarios.
    public static func mounts(_ scenario: Scenario) -> Set<String> {
        Set(Machine.mountinfo().filter { !isForeign($0, scenario) && lasts($0) }.map(withoutData))
    }

    /// Everything that is there now and was not before, as sentences.
    public func leftovers(since before: HostSnapshot) -> [String] {
        mounts.subtracting(before.mounts).sorted().map { "mount left: \($0)" }
            + cgroups.subtracting(before.cgroups).sorted().map { "cgroup left: \($0)" }
            + state.subtracting(before.state).sorted().map { "state left: \($0)" }
            + processes.subtracting(before.processes).sorted().map { "process left: \($0)" }
            + links.subtracting(before.links).sorted().map { "network device left: \($0)" }
            + before.mounts.subtracting(mounts).sorted().map { "mount lost: \($0)" }
            + before.links.subtracting(links).sorted().map { "network device lost: \($0)" }
    }

    /// Whether a mount is there for longer than a moment: crun binds its own executable below /tmp while it starts, and
    /// the one of another scenario may be in a snapshot.
    private static func lasts(_ line: String) -> Bool { !line.contains(" /tmp/crun.") }

    /// Mounts of other scenarios that run at the same time, below their directories and on their cgroups, are not ours
    /// to judge.
    private static func isForeign(_ line: String, _ scenario: Scenario) -> Bool {
        let fields = line.split(separator: " ")
        guard fields.count > 4 else { return false }
        let point = fields[4] + "/"
        let all = Machine.base.split(separator: "/").last.map { "/\($0)/" } ?? "/"
        return point.contains(all) && !point.contains("/\(scenario.name)/")
    }

    /// Without the file system's own options: mounting cgroup2 anywhere may change those of its one superblock.
    private static func withoutData(_ line: String) -> String {
        let words = line.split(separator: " ")
        guard let dash = words.firstIndex(of: "-") else { return line }
        return words.prefix(dash + 3).joined(separator: " ")
    }

    public static func directories(below path: String) -> [String] {
        Files.tree(path).filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
        }
    }

    /// A cgroup with the scenario's name outside the scenario's own: the runtime put the container elsewhere.
    private static func strayCgroups(_ scenario: Scenario) -> [String] {
        guard let tree = Machine.cgroups else { return [] }
        return Files.list(tree).filter { $0.contains(scenario.name) }.map { tree + "/" + $0 }
    }

    private static func processes(in cgroup: String) -> [String] {
        (Files.read(cgroup + "/cgroup.procs") ?? "").split(separator: "\n").map { pid in
            let line = (Files.read("/proc/\(pid)/cmdline") ?? "").replacingOccurrences(of: "\0", with: " ")
            return "\(pid) \(line)"
        }
    }
}
