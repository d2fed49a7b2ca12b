// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// What a container has is what its config says, and how hull came there.
@Suite(.runnable, .attacks)
struct Audits {
    private func arena(_ body: (Arena) throws -> Void) throws {
        let arena = try Arena(.runtime)
        defer {
            let left = arena.scenario.finish { _ in Runtime.kind != .hull }
            #expect(left.isEmpty, "left behind: \(left.joined(separator: "; "))")
        }
        try body(arena)
        #expect(arena.allHarms().isEmpty, "\(arena.allHarms().joined(separator: "\n"))")
    }

    // Goal: descriptors are counted. Method: what is open inside, with a caller that leaves many open, for run and
    // exec, without and with --preserve-fds.
    @Test("AT-90 the program has the descriptors that were promised")
    func descriptorAudit() throws {
        try arena { arena in
            let root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(root) }
            let bundle = try arena.bundle("exec sleep 60")
            let id = arena.scenario.id()
            _ = try arena.start(bundle, id: id)
            for preserved in [0, 2] {
                let options = preserved == 0 ? [] : ["--preserve-fds", "\(preserved)"]
                let other = try arena.scenario.bundle(["/bin/probe", "report", "fds"])
                for words in [
                    ["run"] + options + ["--bundle", other.directory, arena.scenario.id()],
                    ["exec"] + options + [id, "/bin/probe", "report", "fds"],
                ] {
                    let outcome = try arena.call(words, bundle) { $0.descriptors = Array(repeating: root, count: 6) }
                    let found = outcome.json?["/fds"]?.array?.compactMap { $0["/fd"]?.int }
                    arena.expect(found == Array(0..<3 + preserved), "\(words): \(outcome)")
                }
            }
        }
    }

    // Goal: the mount table is the config's. Method: every mount point inside and its attributes.
    @Test("AT-91 the mount table is that of the config")
    func mountAudit() throws {
        try arena { arena in
            let bundle = try arena.scenario.bundle(["/bin/probe", "report", "mounts"]) {
                $0.mount("/mnt", type: "none", from: "/usr", ["bind", "ro", "nosuid"])
            }
            let outcome = try arena.run(bundle)
            let mounts = outcome.json?["/mounts"]?.array ?? []
            let config = bundle.config
            let hidden = (config["/linux/maskedPaths"]?.strings ?? []) + (config["/linux/readonlyPaths"]?.strings ?? [])
            let said = config["/mounts"]?.array ?? []
            let expected = ["/"] + said.compactMap { $0["/destination"]?.string } + hidden.filter(Files.exists)
            let points = mounts.compactMap { $0["/mountpoint"]?.string }
            arena.expect(points.sorted() == expected.sorted(), "\(points.sorted()) is not \(expected.sorted())")
            for mount in said {
                let point = mount["/destination"]?.string
                let options = mounts.first { $0["/mountpoint"]?.string == point }?["/options"]?.string ?? ""
                let has = Set(options.split(separator: ",").map(String.init))
                for flag in ["ro", "nosuid", "nodev", "noexec"] {
                    let wants = mount["/options"]?.strings.contains(flag) == true
                    arena.expect(has.contains(flag) == wants, "\(point ?? ""): \(flag) in \(options)")
                }
                arena.expect(has.contains("rw") != has.contains("ro"), "\(options)")
            }
            arena.expect(mounts.allSatisfy { $0["/propagation"]?.array?.isEmpty == true }, "propagation: \(outcome)")
        }
    }

    // Goal: what the host sees of the process is what was asked. Method: /proc/PID/status of run and of exec.
    @Test("AT-92 capabilities, ids, no_new_privs and filter as the host sees them")
    func credentialAudit() throws {
        try arena { arena in
            let bundle = try arena.bundle("exec sleep 60") {
                $0["/process/user"] = ["uid": 1000, "gid": 1001, "additionalGids": [7, 8]]
                $0.capabilities(["CAP_KILL", "CAP_CHOWN"], sets: ["bounding"])
                $0.capabilities(["CAP_KILL"], sets: ["permitted", "effective", "inheritable", "ambient"])
                $0["/linux/seccomp"] = [
                    "defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [["names": ["reboot"], "action": "SCMP_ACT_ERRNO"]],
                ]
            }
            let id = arena.scenario.id()
            let pid = try arena.start(bundle, id: id)
            let file = bundle.directory + "/exec.pid"
            let words = ["exec", "--detach", "--pid-file", file, id, "/bin/sleep", "60"]
            try arena.call(words, bundle)
            for process in ["\(pid)", Files.read(file) ?? "0"] {
                try arena.expectStatus(
                    of: process,
                    [
                        "Uid": "1000\t1000\t1000\t1000", "Gid": "1001\t1001\t1001\t1001", "Groups": "7 8 ",
                        "CapBnd": "0000000000000021", "CapPrm": "0000000000000020", "CapEff": "0000000000000020",
                        "CapInh": "0000000000000020", "CapAmb": "0000000000000020", "NoNewPrivs": "1", "Seccomp": "2",
                    ])
            }
        }
    }

    // Goal: below the root only descriptors count. Method: every call with a path between the attaching of the root and
    // pivot_root: mount(2) is never made, nothing is named from the process's own root or directory, and what is
    // attached was opened before.
    @Test("AT-93 no call below the root takes a path string", .onlyHull)
    func callAudit() throws {
        try arena { arena in
            let bundle = try arena.bundle("true") {
                $0["/root/readonly"] = false
                $0["/linux/sysctl"] = ["kernel.domainname": "name"]
                $0["/process/cwd"] = "/new/directory"
                $0.mount("/mnt/bind", type: "none", from: "data", ["rbind", "ro"])
                $0.mount("/mnt/file", type: "none", from: "data/name", ["bind"])
                $0.mount("/sys/fs/cgroup", type: "cgroup", from: "cgroup", ["ro"])
            }
            let outcome = try arena.run(bundle, Step(calls: Step.paths + ["pivot_root", "fsopen"], at: 0))
            arena.expect(outcome.ok, "\(outcome)")
            let calls = arena.log.calls
            arena.expect(!calls.contains { $0.name == "mount" }, "mount(2)")
            let start = calls.firstIndex { $0.name == "move_mount" && $0.paths.last == "/" }
            let end = calls.firstIndex { $0.name == "pivot_root" }
            guard let start, let end, start < end else { throw Problem("no root was attached: \(arena.log.text)") }
            let window = calls[(start + 1)..<end]
            arena.expect(window.count > 20, "only \(window.count) calls")
            let deep = window.filter { $0.name == "openat2" && ($0.paths[0].dropFirst().contains("/")) }.map(\.paths[0])
            arena.expect(Set(deep).count == deep.count, "resolved twice: \(deep)")
            // pivot_root begins with opening the root that will be the old one.
            for call in window.dropLast(3) { arena.expect(call.isBelowDescriptor, "\(call.name) \(call.paths)") }
            arena.expect(
                window.suffix(3).filter { !$0.isBelowDescriptor }.allSatisfy { $0.paths == ["/"] }, "\(window)")
        }
    }

    // Goal: a call that the machine denies is done without, or is an error that names it; never something less safe.
    // Method: each of five calls answers ENOSYS and EPERM, for run and exec; what the container is, compared.
    @Test("AT-94 denied calls make nothing weaker", .onlyHull, arguments: [1, 38])
    func fallbackAudit(errno: Int) throws {
        try arena { arena in
            let look = "cut -d' ' -f 3-6 /proc/self/mountinfo | sed s:/b[0-9]*/:/b/:; ls /proc/self/fd; id; "
            let status = "grep -E '^(Cap|NoNew)' /proc/self/status; pwd; head -c 1 /proc/keys | wc -c"
            let attacker = try Programs.attacker.get()
            let container = try arena.bundle("exec sleep 60")
            let id = arena.scenario.id()
            _ = try arena.start(container, id: id)
            for (name, number) in [
                ("openat2", 437), ("fsopen", 430), ("mount_setattr", 442), ("pidfd_open", 434), ("close_range", 436),
            ] {
                for isExec in [false, true] {
                    func words() throws -> [String] {
                        if isExec { return ["exec", id, "/bin/sh", "-c", look + status] }
                        return ["run", "--bundle", try arena.bundle(look + status).directory, arena.scenario.id()]
                    }
                    let usual = try arena.call(try words(), container)
                    let denied = try arena.call(try words(), container) {
                        $0.arguments = ["deny", "\(number)", "\(errno)", $0.program] + $0.arguments
                        $0.program = attacker
                    }
                    let isSame = denied.ok && Arena.comparable(denied) == Arena.comparable(usual)
                    let isRefused = denied.failed && denied.stdout.isEmpty && denied.stderr.contains(name)
                    arena.expect(usual.ok && isSame || isRefused, "\(name) \(isExec): \(denied)\nusually \(usual)")
                }
            }
        }
    }
}

extension StepLog.Call {
    /// Whether its paths start at an open descriptor, or are none.
    var isBelowDescriptor: Bool {
        let here = UInt64(bitPattern: -100)
        for (index, path) in paths.enumerated() where !path.isEmpty && path != "." {
            let directory = arguments[name == "symlinkat" || name == "move_mount" && index == 1 ? index + 1 : 0]
            let isNamed = name == "fsopen" || name == "fsconfig"
            if isNamed { continue }
            guard name.hasSuffix("at") || name.hasSuffix("at2") || name == "statx" || name == "move_mount" else {
                return false
            }
            if UInt32(truncatingIfNeeded: directory) == UInt32(truncatingIfNeeded: here) { return false }
            // Only openat2 knows where a path may not lead; the others take a single name.
            if name != "openat2", path.contains("/") { return false }
        }
        return true
    }
}

extension Arena {
    func expectStatus(of process: String, _ expected: [String: String]) throws {
        let text = Files.read("/proc/\(process)/status") ?? ""
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { fields[parts[0]] = String(parts[1].dropFirst()) }
        }
        for (key, value) in expected {
            expect(fields[key] == value, "\(key) of \(process) is \(fields[key] ?? "none")")
        }
    }

    /// Without what is another each time: device numbers of filesystems.
    static func comparable(_ outcome: Outcome) -> [String] {
        outcome.lines.map { line in
            let words = line.split(separator: " ")
            return words.first?.contains(":") == true ? words.dropFirst().joined(separator: " ") : line
        }
    }
}
