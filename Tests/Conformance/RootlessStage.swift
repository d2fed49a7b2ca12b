// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// A user of the machine without any privilege, by whom the runtime is called: with ranges in /etc/subuid and
/// /etc/subgid, a runtime directory, and files of its own. The machine's own files stay as they are: each call is in a
/// mount namespace where they are covered.
struct OrdinaryUser {
    static let id = Machine.ordinaryUser
    /// The line of /etc/subuid and /etc/subgid; empty for none.
    var grant = "sailor:300000:65536"
    /// Words of setpriv(1).
    var privileges: [String] = []
    /// More lines of the environment; one of the same name replaces.
    var environment: [String] = []
    /// What is done as root in the mount namespace before.
    var before = ""
    let scenario: Scenario

    init(_ scenario: Scenario) throws {
        self.scenario = scenario
        for name in ["", "/runtime", "/state"] {
            try Files.makeDirectory(home + name, mode: 0o700)
            try Files.give(home + name, to: Self.id)
        }
        // The runtime's own directory may be one that only root enters.
        try Self.copy.get()
    }

    var home: String { scenario.directory + "/sailor" }

    static let program = Machine.base + "/runtime"
    private static let copy: Result<Void, any Error> = Result {
        let installed = Runtime.kind == .hull ? Runtime.program : Files.program(Runtime.kind?.rawValue ?? "") ?? ""
        try Files.copy(installed, to: program, mode: 0o755)
    }

    /// A call of the runtime by the user.
    func start(_ words: [String]) throws -> Call {
        let ids = "\(Self.id):\(Self.id)"
        try Files.write("root:x:0:0::/root:/bin/sh\nsailor:x:\(ids)::\(home):/bin/sh\n", to: home + "/passwd")
        try Files.write("root:x:0:\nsailor:x:\(Self.id):\n", to: home + "/group")
        try Files.write(grant + "\n", to: home + "/granted")
        let script = """
            cd \(home)
            for file in passwd group; do mount --bind $file /etc/$file; done
            for file in subuid subgid; do test -e /etc/$file && mount --bind granted /etc/$file; done
            \(before)
            cd "$1"; shift
            exec setpriv --reuid \(Self.id) --regid \(Self.id) --clear-groups --inh-caps=-all "$@"
            """
        let path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        let variables = [path, "XDG_RUNTIME_DIR=\(home)/runtime", "HOME=\(home)"] + environment
        var launch = Launch(
            "/usr/bin/unshare",
            ["--mount", "--ipc", "--propagation", "slave", "/bin/sh", "-ec", script, "sh", scenario.directory]
                + privileges
                + ["/usr/bin/env", "-i"] + variables + [Self.program] + words, in: scenario.directory)
        launch.environment = [path]
        launch.cgroup = scenario.runtime.cage
        return try scenario.runtime.start(launch)
    }

    func callAsFunction(_ words: String...) throws -> Outcome {
        try start(["--root", home + "/state"] + words).outcome()
    }

    /// A bundle of the user's own, with the own id as root inside and nothing that root would be needed for.
    func bundle(_ script: String, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> TestBundle {
        let bundle = try scenario.bundle(script: script) {
            $0.userNamespace(first: Int64(Self.id), size: 1)
            $0["/linux/resources"] = nil
            $0["/linux/cgroupsPath"] = nil
            $0["/root/readonly"] = false
            if let devpts = $0.index(in: "/mounts", where: "type", is: "devpts") {
                $0["/mounts/\(devpts)/options"] = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
            }
            try edit(&$0)
        }
        try Files.give(bundle.directory, to: Self.id)
        try Files.give(bundle.rootfs, to: Self.id)
        for name in Files.list(bundle.rootfs) { try Files.give(bundle.rootfs + "/" + name, to: Self.id) }
        return bundle
    }

    func run(_ script: String, _ edit: (inout JSON) throws -> Void = { _ in }) throws -> Outcome {
        try self("run", "--bundle", bundle(script, edit).directory, "c")
    }

    /// Gives the user the scenario's cgroup, as a service manager delegates one: cgroups(7), "Delegation".
    func delegate() throws {
        let tree = try #require(scenario.cgroup)
        for directory in [tree, tree + "/caller"] {
            for name in ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"] {
                try Files.give(directory + name, to: Self.id)
            }
        }
    }

    /// Ends with nothing left of the container: no record, no cgroup.
    func leavesNothing(at location: SourceLocation = #_sourceLocation) {
        #expect(Files.list(home + "/state").isEmpty, sourceLocation: location)
        let cgroups = HostSnapshot.directories(below: scenario.cgroup ?? "").filter { !$0.hasSuffix("/caller") }
        #expect(cgroups.isEmpty, sourceLocation: location)
    }
}

extension JSON {
    /// The own id as root, and ids of the grant after it.
    mutating func mapGranted(_ size: Int64 = 65536) {
        let map: JSON = [
            ["containerID": 0, "hostID": .int(Int64(OrdinaryUser.id)), "size": 1],
            ["containerID": 1, "hostID": 300_000, "size": .int(size)],
        ]
        self["/linux/uidMappings"] = map
        self["/linux/gidMappings"] = map
    }
}
