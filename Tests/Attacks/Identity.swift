// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Support
import Testing

/// Users, groups, capabilities and ids that are taken for others.
@Suite(.runnable, .attacks)
struct Identity {
    static let all = [namedUser, users, ambient, inheritable, groups, filters, names]

    private static let ids = "echo $(id -u) $(id -g)"

    // Goal: a number is no name. Method: the image's passwd has an entry called 1000 with uid 0.
    static let namedUser = Attack("AT-60") { arena in
        let bundle = try arena.bundle("exec sleep 60")
        try Files.write("root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n", to: bundle.rootfs + "/etc/passwd")
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        let outcome = try arena.call(["exec", "--user", "1000", id, "/bin/sh", "-c", ids], bundle)
        arena.expect(outcome.lines.first?.hasPrefix("1000 ") == true, "\(outcome)")
    }

    @Test("AT-60 a user of the image is called 1000 and is root")
    func CVE_2016_3697() throws { try Self.namedUser.isRepelled() }

    // Goal: what is no number of 32 bits is refused, and what is one is that. Method: exec with each of them.
    static let users = Attack("AT-61") { arena in
        let bundle = try arena.bundle("exec sleep 60")
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        let cases: [(String, String?)] = [
            ("1", "1 0"), ("1:2", "1 2"), (":2", nil), ("1:", nil), ("", nil), ("+1", nil), (" 1", nil), ("01x", nil),
            ("4294967295", nil), ("4294967296", nil), ("-1", nil), ("0x10", nil), ("1e3", nil), ("1:4294967296", nil),
        ]
        for (user, expected) in cases {
            let outcome = try arena.call(["exec", "--user", user, id, "/bin/sh", "-c", ids], bundle)
            arena.expect(outcome.lines.first == expected, "--user \"\(user)\" is \(outcome)")
        }
    }

    @Test("AT-61 users that are no numbers")
    func CVE_2026_30892() throws { try Self.users.isRepelled() }

    // Goal: no ambient capability that is not asked for. Method: the default sets for a user.
    static let ambient = Attack("AT-62") { arena in
        let bundle = try arena.bundle("grep Cap /proc/self/status") {
            $0["/process/user"] = ["uid": 1000, "gid": 1000]
        }
        let outcome = try arena.run(bundle)
        for set in ["CapAmb:", "CapEff:", "CapPrm:", "CapInh:"] {
            arena.expect(outcome.lines.contains(set + "\t0000000000000000"), "\(set) \(outcome)")
        }
    }

    @Test("AT-62 ambient capabilities of a user")
    func CVE_2016_8867() throws { try Self.ambient.isRepelled() }

    // Goal: the inheritable set is what is listed: nothing. Method: run, exec, and exec with --cap, as root.
    static let inheritable = Attack("AT-63") { arena in
        let status = "grep -E 'CapInh|CapAmb' /proc/self/status"
        let bundle = try arena.bundle(status + " > /result; exec sleep 60") { $0["/root/readonly"] = false }
        let id = arena.scenario.id()
        _ = try arena.start(bundle, id: id)
        eventually { Files.read(bundle.rootfs + "/result")?.contains("CapAmb") == true }
        var texts = ["run": Files.read(bundle.rootfs + "/result") ?? ""]
        for options in [[], ["--cap", "CAP_NET_RAW"], ["--user", "1000", "--cap", "CAP_NET_RAW"]] {
            let words = ["exec"] + options + [id, "/bin/sh", "-c", status]
            texts["exec \(options)"] = try arena.call(words, bundle).stdout
        }
        for (how, text) in texts {
            arena.expect(text.contains("CapInh:\t0000000000000000"), "\(how): \(text)")
            arena.expect(how.contains("1000") || text.contains("CapAmb:\t0000000000000000"), "\(how): \(text)")
        }
    }

    @Test("AT-63 inheritable capabilities by run and exec")
    func CVE_2022_29162_CVE_2022_27650_CVE_2025_27612() throws { try Self.inheritable.isRepelled() }

    // Goal: the caller's supplementary groups stay outside. Method: a caller in three groups; run and exec.
    static let groups = Attack("AT-64") { arena in
        let bundle = try arena.bundle("id -G > /result; exec sleep 60") { $0["/root/readonly"] = false }
        let id = arena.scenario.id()
        func inGroups(_ launch: inout Launch) {
            launch.arguments = ["--groups", "4,27,999", launch.program] + launch.arguments
            launch.program = "/usr/bin/setpriv"
        }
        let words = ["run", "--detach", "--pid-file", bundle.directory + "/pid", "--bundle", bundle.directory, id]
        let run = try arena.call(words, bundle, nil, inGroups)
        arena.expect(run.ok, "\(run)")
        eventually { Files.read(bundle.rootfs + "/result")?.isEmpty == false }
        arena.expect(Files.read(bundle.rootfs + "/result") == "0\n", "\(Files.read(bundle.rootfs + "/result") ?? "")")
        let exec = try arena.call(["exec", id, "/bin/id", "-G"], bundle, nil, inGroups)
        arena.expect(exec.stdout == "0\n", "\(exec)")
    }

    @Test("AT-64 supplementary groups of the caller")
    func supplementaryGroups() throws { try Self.groups.isRepelled() }

    // Goal: a filter is on whatever else is asked. Method: no_new_privs absent, false and true, for root and a user.
    static let filters = Attack("AT-65") { arena in
        for uid in [0, 1000] {
            for said in [nil, false, true] as [Bool?] {
                let bundle = try arena.bundle("mkdir /tmp/new 2>&1; grep -E '^Seccomp:' /proc/self/status") {
                    $0["/root/readonly"] = false
                    $0["/process/user"] = ["uid": .int(Int64(uid)), "gid": .int(Int64(uid))]
                    $0["/process/noNewPrivileges"] = said.map { .bool($0) }
                    $0["/linux/seccomp"] = [
                        "defaultAction": "SCMP_ACT_ALLOW",
                        "syscalls": [["names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"]],
                    ]
                }
                let outcome = try arena.run(bundle)
                arena.expect(
                    outcome.stdout.contains("not permitted") && outcome.stdout.contains("Seccomp:\t2"),
                    "uid \(uid), noNewPrivileges \(said.map(String.init) ?? "absent"): \(outcome)")
            }
        }
    }

    @Test("AT-65 a filter beside any no_new_privs and user")
    func filterOrder() throws { try Self.filters.isRepelled() }

    // Goal: an id is no path and no option. Method: create with each of them; nothing appears beside the state root.
    static let names = Attack("AT-66") { arena in
        let bundle = try arena.bundle("true")
        let parent = (arena.scenario.runtime.root as NSString).deletingLastPathComponent
        let ids = [
            "..", ".", "", "../escaped", "a/b", "-rf", "\u{e4}", "a b", String(repeating: "a", count: 300), "a\n",
        ]
        let before = Files.list(parent).filter { !$0.hasPrefix("call.") }
        for id in ids {
            let verb = arena.victim == .weak ? "run" : "create"
            let outcome = try arena.call([verb, "--bundle", bundle.directory, id], bundle)
            arena.expect(!outcome.ok, "\"\(id)\" was taken: \(outcome)")
        }
        let after = Files.list(parent).filter { !$0.hasPrefix("call.") }
        arena.expect(after == before, "beside the state root: \(after.filter { !before.contains($0) })")
        if arena.victim == .runtime {
            arena.expect(Files.list(arena.scenario.runtime.root).filter { !$0.hasPrefix(".") }.isEmpty, "state is left")
        }
    }

    @Test("AT-66 ids that are paths")
    func identifiers() throws { try Self.names.isRepelled() }

    // Goal: as above. Method: as above.
    @Test("each attack on identities bites on the weak runtime", .onlyHull, arguments: all)
    func weak(attack: Attack) throws { try attack.bites() }
}
