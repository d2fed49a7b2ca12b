// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support

/// The place where one act is played again and again, with the same id, bundle and cgroup each time.
struct Stage {
    let scenario: Scenario
    let id: String
    let bundle: String
    let shortBundle: String
    /// For `update`: device rules, which every machine can carry out.
    let resources: String
    /// Where the terminal is sent, in the variant that has one.
    let console: ConsoleListener?
    let before: HostSnapshot
    let files: Set<String>
    var pidFile: String { bundle + "/pid" }
    var cgroup: String { scenario.cgroupDirectory("made/for/it") }

    init(_ scenario: Scenario, _ variant: Variant) throws {
        func bundle(_ words: [String]) throws -> String {
            try scenario.bundle(words) {
                $0["/linux/cgroupsPath"] = .string(scenario.cgroupsPath("made/for/it"))
                variant.edit(&$0)
            }.directory
        }
        self.scenario = scenario
        id = scenario.id()
        self.bundle = try bundle(["sleep", "300"])
        shortBundle = try bundle(["true"])
        resources = scenario.directory + "/resources.json"
        try Files.write(#"{"devices": [{"allow": true, "type": "c", "major": 10, "access": "r"}]}"#, to: resources)
        console = try variant == .terminal ? ConsoleListener(scenario.directory + "/console") : nil
        before = HostSnapshot.take(scenario)
        files = Self.files(self.bundle, shortBundle)
    }

    private static func files(_ bundles: String...) -> Set<String> { Set(bundles.flatMap(Files.tree)) }

    /// Everything on the host that was not there before.
    func leftovers(within seconds: Double = 5) -> [String] {
        var left: [String] = []
        eventually(within: seconds) {
            left =
                HostSnapshot.take(scenario).leftovers(since: before)
                + Self.files(bundle, shortBundle).subtracting(files).sorted().map { "file left: \($0)" }
            return left.isEmpty
        }
        return left
    }

    /// Keyrings of the container's sessions. The kernel frees them when it finds the time.
    func keyrings() -> [String] {
        var left: [String] = []
        eventually(within: 60) {
            left = (Files.read("/proc/keys") ?? "").split(separator: "\n").filter { $0.contains("_ses." + id) }
                .map { "keyring left: \($0)" }
            return left.isEmpty
        }
        return left
    }

    /// Descriptors of other processes for what is the scenario's own.
    func descriptors() -> [String] {
        Files.list("/proc").filter { Int($0) != nil && $0 != "\(getpid())" }.flatMap { pid in
            Files.list("/proc/\(pid)/fd").map { Files.linkTarget("/proc/\(pid)/fd/\($0)") }
                .filter { $0.hasPrefix(scenario.directory + "/") }
                .map { "descriptor left: \(pid) has \($0)" }
        }
    }

    /// What `state` says, and what is wrong with it: `running` for a container whose program was executed, and only for
    /// such a one.
    func status() throws -> (said: String?, lie: String?) {
        var found: (said: String?, lie: String?) = (nil, nil)
        try eventually(within: 3) {
            found = (nil, nil)
            let outcome = try scenario.runtime("state", id)
            found.said = outcome.json?["/status"]?.string
            guard let state = outcome.json, let pid = state["/pid"]?.int, pid > 0 else {
                if outcome.ending == .timeout { found.lie = "state hangs" }
                return found.lie == nil
            }
            let isExecuted = Files.linkTarget("/proc/\(pid)/exe").hasSuffix("/busybox")
            let said = found.said ?? "nothing"
            if isExecuted != (said == "running" || said == "paused") {
                found.lie = "state says \(said), and the program is\(isExecuted ? "" : " not") executed"
            }
            return found.lie == nil
        }
        return found
    }

    /// What the kernel says of the container's process: what an undisturbed call makes, one that succeeds in spite of a
    /// refusal makes as well.
    func fingerprint() throws -> [String] {
        guard let pid = try scenario.runtime("state", id).json?["/pid"]?.int, pid > 0 else { return [] }
        let proc = "/proc/\(pid)/"
        let mounts = (Files.read(proc + "mountinfo") ?? "").split(separator: "\n").map { line -> String in
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1 else { return String(line) }
            return "mount \(fields[3..<6].joined(separator: " ")) \(fields[dash + 1])"
        }
        let kinds = ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"]
        let status = (Files.read(proc + "status") ?? "").split(separator: "\n").map(String.init).filter { line in
            kinds.contains { line.hasPrefix($0 + ":") }
        }
        let files = ["limits", "oom_score_adj", "cgroup", "environ", "cmdline", "uid_map", "gid_map", "setgroups"]
        let texts = files.map { "\($0): \(Files.read(proc + $0) ?? "")" }
        // Without numbers: a library's file that is open in between moves the descriptors, files of a call count it.
        let descriptors = Files.list(proc + "fd").map { number in
            Files.linkTarget(proc + "fd/" + number).filter { !$0.isNumber }
        }
        return mounts + status + texts + ["descriptors: " + descriptors.sorted().joined(separator: " ")]
    }

    /// What `exec` left in the container: it has one process again.
    func strays() -> [String] {
        var processes: [Substring] = []
        eventually(within: 5) {
            processes = (Files.read(cgroup + "/cgroup.procs") ?? "").split(separator: "\n")
            return processes.count <= 1
        }
        return processes.count <= 1
            ? [] : processes.map { "process left: \($0) \(Files.read("/proc/\($0)/cmdline") ?? "")" }
    }

    /// Puts the host right after a failure, so that the next round stands for itself.
    func reset() {
        Files.put("1", in: cgroup + "/cgroup.kill")
        eventually(within: 5) {
            Files.removeCgroup(scenario.cgroupDirectory("made"))
            return !Files.exists(cgroup)
        }
        Files.remove(scenario.runtime.root + "/" + id)
        for file in Files.tree(bundle) where !files.contains(file) { Files.remove(file) }
    }
}
