// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullPlan
import Testing

@Suite struct DiagnosisTests {
    private var machine: MachineFacts {
        var facts = MachineFacts()
        facts.userNamespaces = 15000
        facts.seccompActions = ["kill_process", "errno", "user_notif", "allow"]
        facts.securityModules = ["lockdown", "apparmor"]
        facts.filesystems = ["proc", "overlay"]
        facts.hasSystemd = true
        facts.programs = [("criu", "/usr/sbin/criu")]
        return facts
    }

    private var host: HullPlan.Host {
        var host = HullPlan.Host.usual
        host.kernel = (6, 12)
        return host
    }

    private func bad(_ host: HullPlan.Host, _ machine: MachineFacts) -> [Diagnosis] {
        diagnose(host, machine).filter { $0.verdict != .good }
    }

    // HD-01. Goal: a machine that has everything has nothing to be told about. Method: such facts.
    @Test func healthy() {
        #expect(bad(host, machine).isEmpty, "\(bad(host, machine))")
        #expect(diagnose(host, machine).count >= 9)
        #expect(diagnose(host, machine).allSatisfy { !$0.found.isEmpty })
    }

    private static let lacks:
        [(String, Diagnosis.Verdict, @Sendable (inout HullPlan.Host, inout MachineFacts) -> Void)] = [
            ("kernel", .problem, { host, _ in host.kernel = (5, 10) }),
            ("kernel", .note, { host, _ in host.kernel = (5, 15) }),
            ("kernel", .note, { host, _ in host.kernel = (6, 1) }),
            ("privilege", .problem, { host, _ in host.capabilities = CapabilitySet([]) }),
            (
                "privilege", .note,
                { host, _ in host.capabilities = CapabilitySet(rawValue: 1 << 21) }
            ),
            ("cgroup", .problem, { host, _ in host.cgroupMount = nil }),
            ("cgroup", .note, { host, _ in host.cgroupMount = "/sys/fs/cgroup/unified" }),
            ("controllers", .problem, { host, _ in host.controllers = ["cpu", "io", "pids", "cpuset"] }),
            ("controllers", .problem, { _, machine in machine.isCgroupDelegated = false }),
            ("user namespaces", .problem, { _, machine in machine.userNamespaces = 0 }),
            ("user namespaces", .problem, { _, machine in machine.userNamespaces = nil }),
            ("seccomp", .problem, { _, machine in machine.seccompActions = nil }),
            ("seccomp", .note, { _, machine in machine.seccompActions = ["errno"] }),
            ("security modules", .note, { _, machine in machine.securityModules = ["yama"] }),
            ("overlay", .note, { _, machine in machine.filesystems = [] }),
            ("systemd", .note, { _, machine in machine.hasSystemd = false }),
            ("criu", .note, { _, machine in machine.programs = [("criu", nil)] }),
        ]

    // HD-02. Goal: each thing that is missing is told alone, with what it means, and the problems with what to do.
    // Method: a machine that lacks one thing at a time.
    @Test(arguments: lacks.indices) func lack(index: Int) throws {
        let (subject, verdict, change) = Self.lacks[index]
        var (host, machine) = (self.host, self.machine)
        change(&host, &machine)
        let found = bad(host, machine).filter { !(subject == "cgroup" && $0.subject == "controllers") }
        try #require(found.count == 1, "\(found)")
        #expect(found[0].subject.text == subject && found[0].verdict == verdict, "\(found)")
        #expect(found[0].meaning?.isEmpty == false)
        if verdict == .problem { #expect(found[0].remedy?.isEmpty == false) }
    }

    // Goal: a user without subordinate ids is told. Method: with and without lines. (HD-02)
    @Test func subordinates() {
        var host = host
        host.effectiveUser = 1000
        #expect(bad(host, machine).map(\.subject.text) == ["privilege", "subordinate ids"])
        var machine = machine
        machine.subordinateIDs = (["u:100000:65536"], ["u:100000:65536"])
        #expect(bad(host, machine).map(\.subject.text) == ["privilege"])
    }
}
