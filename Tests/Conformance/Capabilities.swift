// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Capabilities {
    static let all = ["bounding", "effective", "permitted", "inheritable", "ambient"]
    /// KILL is 5, NET_BIND_SERVICE 10, AUDIT_WRITE 29.
    static let three = "0000000020000420"
    static let none = "0000000000000000"

    private func status(_ edit: (inout JSON) throws -> Void) throws -> Status {
        var status = Status(text: [])
        try scenario { status = Status(text: try $0.inside("cat /proc/self/status", edit)) }
        return status
    }

    // Goal: root has the sets of the config and no more. Method: the kernel's masks inside.
    @Test("CP-01 root has the configured sets")
    func root() throws {
        let it = try status { _ in }
        for set in ["CapBnd", "CapPrm", "CapEff"] { #expect(it[set] == Self.three, "\(set)") }
        for set in ["CapInh", "CapAmb"] { #expect(it[set] == Self.none, "\(set)") }
    }

    // Goal: a user has no capability by the bounding set alone. Method: uid 1000 with three sets.
    @Test("CP-02 a user without ambient capabilities has none")
    func user() throws {
        let it = try status { $0["/process/user/uid"] = 1000 }
        #expect(it["CapBnd"] == Self.three)
        for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] { #expect(it[set] == Self.none, "\(set)") }
    }

    // Goal: ambient capabilities survive the exec of a user. Method: uid 1000 with all five sets.
    @Test("CP-03 a user keeps ambient capabilities")
    func ambient() throws {
        let it = try status {
            $0["/process/user/uid"] = 1000
            $0.capabilities(["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"], sets: Self.all)
        }
        for set in ["CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"] { #expect(it[set] == Self.three, "\(set)") }
    }

    // Goal: sets are applied one by one. Method: bounding wider than the rest.
    @Test("CP-04 the bounding set may be wider than the others")
    func bounding() throws {
        let it = try status {
            $0["/process/user/uid"] = 1000
            $0["/process/capabilities/bounding"] = ["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE", "CAP_CHOWN"]
            $0.capabilities(["CAP_KILL"], sets: ["permitted", "effective", "inheritable", "ambient"])
        }
        #expect(it["CapBnd"] == "0000000020000421")
        for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] { #expect(it[set] == "0000000000000020", "\(set)") }
    }

    // Goal: empty sets leave nothing. Method: root with five empty sets.
    @Test("CP-05 empty sets leave root without capabilities")
    func empty() throws {
        let it = try status { $0.capabilities([], sets: Self.all) }
        for set in ["CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"] { #expect(it[set] == Self.none, "\(set)") }
    }

    // Goal: a name that the kernel does not know is a warning. Method: the container runs, the warning names it.
    @Test("CP-06 an unknown capability is a warning")
    func unknown() throws {
        try scenario { s in
            let outcome = try s.run("echo ran") { $0["/process/capabilities/bounding/-"] = "CAP_SAIL" }
            #expect(outcome.ok, "\(outcome)")
            #expect(outcome.lines == ["ran"])
            #expect(outcome.stderr.contains("CAP_SAIL"), "\(outcome)")
            if Runtime.kind == .hull { #expect(outcome.stderr.contains("/process/capabilities/bounding/3")) }
        }
    }

    // Goal: exec has the container's sets. Method: the masks of a second process.
    @Test("CP-07 exec has the sets of the config")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            let it = Status(text: try container.exec("cat", "/proc/self/status").lines)
            for set in ["CapBnd", "CapPrm", "CapEff"] { #expect(it[set] == Self.three, "\(set)") }
        }
    }

    // Goal: all capabilities of the runtime can be handed on. Method: every name up to the kernel's last.
    @Test("CP-08 the highest capabilities are known")
    func highest() throws {
        let it = try status {
            $0.capabilities(
                ["CAP_BPF", "CAP_PERFMON", "CAP_CHECKPOINT_RESTORE"], sets: ["bounding", "permitted", "effective"])
        }
        #expect(it["CapBnd"] == "000001c000000000")
    }
}
