// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A call of the runtime that can be cut off, and what comes before it.
enum Act: String, CaseIterable, Sendable {
    case create, start, exec, delete
    case runDetached = "run --detach"
    case run
    case deleteForce = "delete --force"

    /// What makes the container that the call is about; none where the call itself does.
    var before: [Act] {
        switch self {
        case .create, .run, .runDetached: []
        case .start, .delete: [.create]
        case .exec, .deleteForce: [.runDetached]
        }
    }

    /// Whether a container comes to be by it, so that its failure leaves nothing.
    var makes: Bool { before.isEmpty }

    func words(_ stage: Stage) -> [String] {
        switch self {
        case .create: ["create", "--bundle", stage.bundle, "--pid-file", stage.pidFile, stage.id]
        case .runDetached: ["run", "--detach", "--bundle", stage.bundle, "--pid-file", stage.pidFile, stage.id]
        case .run: ["run", "--bundle", stage.shortBundle, stage.id]
        case .start: ["start", stage.id]
        case .exec: ["exec", stage.id, "/bin/true"]
        case .delete: ["delete", stage.id]
        case .deleteForce: ["delete", "--force", stage.id]
        }
    }
}

/// How much the container asks for.
enum Wealth: String, CaseIterable, Sendable {
    /// What engines write for an ordinary container.
    case plain
    /// A user namespace, an overlay as root, hooks of every kind.
    case rich

    func edit(_ config: inout JSON) {
        guard self == .rich else { return }
        config.userNamespace()
        config["/root/readonly"] = false
        let root: JSON = ["destination": "/", "type": "overlay", "source": "overlay", "options": ["lowerdir=rootfs"]]
        config["/mounts"] = .array([root] + (config["/mounts"]?.array ?? []))
        let hook: JSON = [["path": "/bin/true"]]
        for kind in ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] {
            config["/hooks/" + kind] = hook
        }
    }
}

/// The place where one act is played again and again, with the same id, bundle and cgroup each time.
struct Stage {
    let scenario: Scenario
    let id: String
    let bundle: String
    let shortBundle: String
    let before: HostSnapshot
    let files: Set<String>
    var pidFile: String { bundle + "/pid" }
    var cgroup: String { scenario.cgroupDirectory("made/for/it") }

    init(_ scenario: Scenario, _ wealth: Wealth) throws {
        func bundle(_ words: [String]) throws -> String {
            try scenario.bundle(words) {
                $0["/linux/cgroupsPath"] = .string(scenario.cgroupsPath("made/for/it"))
                wealth.edit(&$0)
            }.directory
        }
        self.scenario = scenario
        id = scenario.id()
        self.bundle = try bundle(["sleep", "300"])
        shortBundle = try bundle(["true"])
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

    /// What state says must be so: `running` for a container whose program was executed, and only for such a one.
    func lies() throws -> String? {
        var lie: String?
        try eventually(within: 3) {
            lie = nil
            let outcome = try scenario.runtime("state", id)
            guard let state = outcome.json, let pid = state["/pid"]?.int, pid > 0 else {
                if outcome.ending == .timeout { lie = "state hangs" }
                return lie == nil
            }
            let isExecuted = Files.linkTarget("/proc/\(pid)/exe").hasSuffix("/busybox")
            let status = state["/status"]?.string ?? "nothing"
            if isExecuted != (status == "running") {
                lie = "state says \(status), and the program is\(isExecuted ? "" : " not") executed"
            }
            return lie == nil
        }
        return lie
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
