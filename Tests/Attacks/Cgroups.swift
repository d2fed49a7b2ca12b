// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// Devices and cgroups beyond what the container was given.
@Suite(.runnable, .attacks)
struct Cgroups {
    static let all = [devices, writable, fileNames, execElsewhere, foreign]

    /// Devices of the host that no container has by default: a disk, the kernel's log, the maker of filesystems, loop
    /// devices. The machine may lack some, or deny them to the tests themselves.
    private static let foreignDevices =
        Files.list("/sys/dev/block").prefix(2).map { "b " + $0.replacingOccurrences(of: ":", with: " ") }
        + ["c 1 11", "c 10 229", "c 10 237"]

    // Goal: no list of devices does not mean all devices. Method: nodes of devices of the host, made and opened inside.
    static let devices = Attack("AT-70") { arena in
        let words = foreignDevices.enumerated().map { "mknod /tmp/\($0) \($1) , open /tmp/\($0) r" }
        let script = "/bin/probe " + words.joined(separator: " , ")
        let cases: [JSON?] = [nil, [:], ["devices": []], ["devices": [["allow": false, "access": "rwm"]]]]
        for resources in cases {
            let bundle = try arena.bundle(script) {
                $0["/root/readonly"] = false
                $0["/linux/resources"] = resources
                let sets = ["bounding", "effective", "permitted"]
                $0.capabilities(["CAP_MKNOD", "CAP_DAC_OVERRIDE"], sets: sets)
            }
            let outcome = try arena.run(bundle)
            let opened = outcome.lines.enumerated().filter { $0 % 2 == 1 && $1.contains("\"ok\":true") }
            arena.expect(opened.isEmpty, "\(resources?.text ?? "none"): opened a device: \(outcome)")
            arena.expect(outcome.lines.count == 2 * foreignDevices.count, "not tried: \(outcome)")
        }
    }

    @Test("AT-70 no list of devices")
    func GHSA_g54h_m393_cpwq() throws { try Self.devices.isRepelled() }

    // Goal: without a cgroup namespace the host's tree cannot be written. Method: a user namespace whose root owns the
    // cgroups, as for a rootless user; the tree by its own type, and by a recursive bind of /sys.
    static let writable = Attack("AT-71") { arena in
        guard let tree = Machine.cgroups, let own = arena.scenario.cgroup else { return }
        let caller = own + "/caller"
        for path in [own, caller] { try Files.give(path, to: 100_000) }
        for isBound in [false, true] {
            let places = ["/sys/fs/cgroup", "/sys/fs/cgroup" + own.dropFirst(tree.count)]
            let script = places.map { "mkdir \($0)/new && echo made in \($0)" }.joined(separator: "; ") + "; echo tried"
            let bundle = try arena.bundle(script) {
                $0.userNamespace()
                $0.removeNamespace("cgroup")
                if isBound {
                    $0.removeMount("/sys")
                    $0["/linux/maskedPaths"] = nil
                    $0.mount("/sys", type: "none", from: "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
                } else {
                    $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["nosuid", "noexec", "nodev", "ro"])
                }
            }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("made"), "\(isBound ? "bound" : "mounted"): \(outcome)")
        }
    }

    @Test("AT-71 the host's cgroups without a cgroup namespace", .needs(.userNamespace))
    func CVE_2023_25809() throws { try Self.writable.isRepelled() }

    // Goal: names that become names of files are no paths. Method: each of them with a way out.
    static let fileNames = Attack("AT-72") { arena in
        let out = "../caller/cgroup.procs"
        let cases: [(String, JSON)] = [
            ("hugepageLimits", [["pageSize": "../../x", "limit": 1]]),
            ("hugepageLimits", [["pageSize": "2MB/../../x", "limit": 1]]),
            ("unified", [out: "0"]), ("unified", ["memory.max/../\(out)": "0"]), ("unified", ["": "0"]),
            ("rdma", ["../x": ["hcaHandles": 1]]), ("rdma", ["a max\nb": ["hcaHandles": 1]]),
        ]
        for (property, value) in cases {
            let bundle = try arena.bundle("echo started") { $0["/linux/resources/" + property] = value }
            let outcome = try arena.run(bundle)
            arena.expect(!outcome.stdout.contains("started"), "\(property) \(value.text) was taken: \(outcome)")
        }
    }

    @Test("AT-72 names of cgroup files that are paths")
    func hugetlbPageSize() throws { try Self.fileNames.isRepelled() }

    // Goal: exec stays below the container's cgroup. Method: ways up and links out; the process says where it is.
    static let execElsewhere = Attack("AT-73") { arena in
        let bundle = try arena.bundle("exec sleep 60")
        let id = arena.scenario.id()
        let pid = try arena.start(bundle, id: id)
        let home = (Files.read("/proc/\(pid)/cgroup") ?? "").split(separator: "\n").last ?? "?"
        for path in ["..", "../caller", "sub/../../caller", "/../caller", "./.."] {
            let outcome = try arena.call(["exec", "--cgroup", path, id, "/bin/sleep", "0.3"], bundle)
            let words = ["exec", "--cgroup", path, id, "/bin/cat", "/proc/self/cgroup"]
            let said = try arena.call(words, bundle)
            arena.expect(!said.stdout.contains(".."), "\(path): \(said)")
            arena.expect(!outcome.ok || said.stdout.hasPrefix("0::/\n"), "\(path): \(said), home \(home)")
        }
    }

    @Test("AT-73 exec in a cgroup above the container's")
    func crun_1_29_cgroup() throws { try Self.execElsewhere.isRepelled() }

    // Goal: a cgroup in which others live is not taken, so that deleting the container kills nobody else. Method: one
    // with a process of ours.
    static let foreign = Attack("AT-74") { arena in
        guard let own = arena.scenario.cgroup, let tree = Machine.cgroups else { return }
        try Files.makeDirectory(own + "/taken")
        var launch = Launch("/bin/sleep", ["60"], in: "/")
        launch.cgroup = own + "/taken"
        let sleeper = try launch.start(outputs: arena.scenario.directory + "/sleeper")
        let bundle = try arena.bundle("echo started") {
            $0["/linux/cgroupsPath"] = .string(own.dropFirst(tree.count) + "/taken")
        }
        let id = arena.scenario.id()
        let outcome = try arena.call(["run", "--bundle", bundle.directory, id], bundle)
        arena.expect(!outcome.stdout.contains("started"), "it was taken: \(outcome)")
        if arena.victim == .runtime { _ = try arena.scenario.runtime("delete", "--force", id) }
        arena.expect(Files.exists("/proc/\(sleeper.pid)/exe"), "the neighbour was killed")
        sleeper.send(SIGKILL)
        _ = sleeper.outcome()
        rmdir(own + "/taken")
    }

    @Test("AT-74 a cgroup that is in use")
    func foreignCgroup() throws { try Self.foreign.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on cgroups bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
