// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct NoNewPrivileges {
    private func lines(_ value: JSON?, _ script: String = "grep NoNewPrivs /proc/self/status") throws -> [String] {
        var lines: [String] = []
        try scenario { lines = try $0.inside(script) { $0["/process/noNewPrivileges"] = value } }
        return lines
    }

    // Goal: the bit is set when asked for, and only then. Method: the kernel's word inside.
    @Test(
        "NP-01 noNewPrivileges sets the bit", arguments: [(JSON.bool(true), "1"), (JSON.bool(false), "0"), (nil, "0")])
    func bit(value: JSON?, expected: String) throws {
        try #expect(lines(value) == ["NoNewPrivs:\t\(expected)"])
    }

    // Goal: setuid programs give nothing. Method: a setuid copy run by a user.
    @Test("NP-02 a setuid program does not raise with the bit", arguments: [(true, 1000), (false, 0)])
    func setuid(value: Bool, expected: Int) throws {
        try scenario { s in
            let bundle = try s.bundle(["/bin/raise", "report", "ids"]) {
                $0["/process/noNewPrivileges"] = .bool(value)
                $0["/process/user/uid"] = 1000
            }
            try Files.copy(bundle.rootfs + "/bin/probe", to: bundle.rootfs + "/bin/raise", mode: 0o4755)
            let outcome = try s.run(bundle)
            #expect(outcome.json?["/ids/euid"]?.int == expected, "\(outcome)")
        }
    }

    // Goal: exec has it too. Method: the kernel's word in a second process.
    @Test("NP-03 exec has the bit")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            #expect(try container.exec("grep", "NoNewPrivs", "/proc/self/status").lines == ["NoNewPrivs:\t1"])
        }
    }
}
