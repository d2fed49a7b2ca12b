// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// One test's private world: a directory, a state root, a cgroup, ids; and the promise that nothing of it stays.
public final class Scenario {
    public let name: String
    public let directory: String
    public let cgroup: String?
    public var runtime: Runtime
    private var used: [String] = []
    private var before: HostSnapshot?

    public init() throws {
        let name = "s\(Self.numbers.next())x\(getpid())"
        self.name = name
        directory = Machine.base + "/" + name
        try Files.makeDirectory(directory)
        try Files.makeDirectory(directory + "/root")
        cgroup = Machine.cgroups.map { $0 + "/conf.\(getpid())/" + name }
        if let cgroup { try Files.makeDirectory(cgroup + "/caller") }
        runtime = Runtime(directory: directory, root: directory + "/root", cage: cgroup.map { $0 + "/caller" })
        Self.enableControllers()
        before = HostSnapshot.take(self)
    }

    private static let numbers = Counter()

    /// Controllers are handed down to the scenarios' cgroups, whose processes are all in leaves.
    private static func enableControllers() {
        guard let tree = Machine.cgroups else { return }
        for name in Machine.controllers {
            for directory in [tree, tree + "/conf.\(getpid())"] {
                Files.put("+\(name)", in: directory + "/cgroup.subtree_control")
            }
        }
    }

    /// A fresh container id, known to the clean-up.
    public func id(_ suffix: String = "c") -> String {
        let id = "\(name)-\(suffix)\(used.count)"
        used.append(id)
        return id
    }

    public func use(_ id: String) -> String {
        used.append(id)
        return id
    }

    /// The config's cgroupsPath for an id: below the scenario's own cgroup.
    public func cgroupsPath(_ id: String) -> String {
        guard let cgroup, let tree = Machine.cgroups else { return "/" + id }
        return cgroup.dropFirst(tree.count) + "/" + id
    }

    /// The container's cgroup directory on the host.
    public func cgroupDirectory(_ id: String) -> String { (cgroup ?? "") + "/" + id }

    private var bundles = 0

    public func bundle(_ arguments: [String], _ edit: (inout JSON) throws -> Void = { _ in }) throws -> TestBundle {
        bundles += 1
        return try TestBundle(at: directory + "/b\(bundles)", arguments: arguments) { config in
            config["/linux/cgroupsPath"] = .string(cgroupsPath("g\(bundles)"))
            try edit(&config)
        }
    }

    public func bundle(script: String, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> TestBundle {
        try bundle(["/bin/sh", "-c", script], edit)
    }

    /// Ends what lives, removes what is left, and says what the runtime itself had left after deleting its containers.
    public func finish(tolerating: (String) -> Bool = { _ in false }) -> [String] {
        var problems: [String] = []
        for id in used where Files.exists(runtime.root + "/" + id) {
            let outcome = try? runtime("delete", "--force", id)
            if outcome?.ok != true {
                problems.append("delete --force: \(outcome.map(String.init(describing:)) ?? "?")")
            }
        }
        var left: [String] = []
        eventually(within: 5) {
            left = before.map { HostSnapshot.take(self).leftovers(since: $0).filter { !tolerating($0) } } ?? []
            return left.isEmpty
        }
        sweep()
        return problems + left
    }

    private func sweep() {
        if let cgroup {
            Files.put("1", in: cgroup + "/cgroup.kill")
            let all = HostSnapshot.directories(below: cgroup).reversed() + [cgroup]
            eventually(within: 2) {
                all.forEach { rmdir($0) }
                return !Files.exists(cgroup)
            }
        }
        for line in Machine.mountinfo().reversed() {
            let fields = line.split(separator: " ")
            if fields.count > 4, fields[4].hasPrefix(directory + "/") {
                umount2(String(fields[4]), Int32(MNT_DETACH))
            }
        }
        Files.remove(directory)
    }
}
