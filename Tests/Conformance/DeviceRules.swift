// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

/// Devices of a number that no driver has: the filter answers "Operation not permitted", and where it lets pass the
/// kernel answers "No such device or address".
@Suite(.runnable, .conformance)
struct DeviceRules {
    static let denied = "Operation not permitted"
    static let passed = "No such device or address"

    private func attempt(_ rules: [JSON], script: String = "cat /tmp/dev") throws -> String {
        var said = ""
        try scenario { s in
            let outcome = try s.run("mknod /tmp/dev c 250 77 && \(script)") {
                $0.mount("/tmp", type: "tmpfs", from: "tmpfs", ["nosuid"])
                $0.capabilities(["CAP_MKNOD"], sets: ["bounding", "effective", "permitted"])
                $0["/linux/resources/devices"] = .array(rules)
            }
            said = outcome.stderr + outcome.stdout
        }
        return said
    }

    static let denyAll: JSON = ["allow": false, "access": "rwm"]
    static func allow(_ access: String, major: Int64? = 250, minor: Int64? = 77, type: String? = "c") -> JSON {
        var rule: JSON = ["allow": true, "access": .string(access)]
        if let type { rule["/type"] = .string(type) }
        if let major { rule["/major"] = .int(major) }
        if let minor { rule["/minor"] = .int(minor) }
        return rule
    }

    // Goal: what is not allowed is denied. Method: open a device after deny-all.
    @Test("DR-01 a device that no rule allows is denied")
    func deny() throws {
        try #expect(attempt([Self.denyAll]).contains(Self.denied))
    }

    // Goal: rules allow by type, numbers and access. Method: rules that match and that do not.
    @Test(
        "DR-02 an allow rule lets its device pass",
        arguments: [
            allow("rwm"), allow("r"), allow("rw", minor: nil), allow("rw", major: nil, minor: nil),
            allow("rwm", major: nil, minor: nil, type: "a"),
        ])
    func allows(rule: JSON) throws {
        try #expect(attempt([Self.denyAll, rule]).contains(Self.passed))
    }

    @Test(
        "DR-03 an allow rule for another device does not help",
        arguments: [allow("rwm", minor: 78), allow("rwm", major: 251), allow("rwm", type: "b"), allow("w"), allow("m")])
    func others(rule: JSON) throws {
        try #expect(attempt([Self.denyAll, rule]).contains(Self.denied))
    }

    // Goal: the later rule decides. Method: allow, then deny the same device.
    @Test("DR-04 rules are applied in order: a later deny wins")
    func laterDeny() throws {
        var rule = Self.allow("rwm")
        rule["/allow"] = false
        try #expect(attempt([Self.denyAll, Self.allow("rwm"), rule]).contains(Self.denied))
    }

    @Test("DR-05 a deny before an allow of the same device loses")
    func laterAllow() throws {
        var rule = Self.allow("rwm")
        rule["/allow"] = false
        try #expect(attempt([Self.denyAll, rule, Self.allow("rwm")]).contains(Self.passed))
    }

    // Goal: reading and writing are told apart. Method: allow one, try the other.
    @Test("DR-06 read and write are decided apart")
    func access() throws {
        try #expect(attempt([Self.denyAll, Self.allow("r")], script: "echo x > /tmp/dev").contains(Self.denied))
        try #expect(attempt([Self.denyAll, Self.allow("w")], script: "echo x > /tmp/dev").contains(Self.passed))
    }

    // Goal: deny-all does not take the devices every container has. Method: use them.
    @Test("DR-07 the default devices are usable after deny all")
    func defaults() throws {
        try scenario { s in
            let script =
                "echo x > /dev/null && head -c 4 /dev/zero /dev/urandom /dev/random | wc -c >/dev/null && "
                + "exec 3<>/dev/ptmx && echo all"
            try #expect(s.inside(script) == ["all"])
        }
    }

    // Goal: words outside rwm are errors. Method: create is refused.
    @Test("DR-08 an unknown access letter is refused")
    func letter() throws {
        try scenario { s in
            try s.refuses("/linux/resources/devices/1/access", "access", "permission", "invalid", "nvalid argument") {
                $0["/linux/resources/devices/-"] = Self.allow("rx")
            }
        }
    }

    @Test("DR-09 an unknown device type is refused")
    func type() throws {
        try scenario { s in
            try s.refuses("/linux/resources/devices/1/type", "type", "device", "nvalid") {
                $0["/linux/resources/devices/-"] = Self.allow("rw", type: "z")
            }
        }
    }

    // Goal: the filter holds for processes that enter later. Method: exec the same.
    @Test("DR-10 the filter holds for exec")
    func exec() throws {
        try scenario { s in
            let container = try s.start("mknod /tmp/dev c 250 77; echo made; exec sleep 100") {
                $0.mount("/tmp", type: "tmpfs", from: "tmpfs", ["nosuid"])
                $0.capabilities(["CAP_MKNOD"], sets: ["bounding", "effective", "permitted"])
            }
            container.says("made")
            let outcome = try container.exec("cat", "/tmp/dev")
            #expect(outcome.stderr.contains(Self.denied), "\(outcome)")
        }
    }
}
