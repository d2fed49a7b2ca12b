// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullCommandLine
import HullOCI
import Testing

/// (SR-55)
struct SeccompReportTests {
    // Goal: people see what was called, and what to add. Method: a report of each kind of line.
    @Test func text() {
        var report = SeccompReport()
        #expect(seccompReportText(report, "web") == "hull run web: the filter denied no system call\n")
        var mount = SeccompReport.Denied(
            "mount", number: 165, architecture: "SCMP_ARCH_X86_64", action: "SCMP_ACT_ERRNO", errno: "EPERM",
            conditions: [])
        mount.count = 2
        mount.calls = [SeccompReport.Call(pid: 7, "a\u{1b}b", [1, 2, 3, 4, 5, 255])]
        var newer = SeccompReport.Denied(
            nil, number: 999, architecture: "SCMP_ARCH_X86_64", action: "SCMP_ACT_KILL_PROCESS", errno: nil,
            conditions: [])
        newer.count = 1
        report.denied = [mount, newer]
        #expect(
            seccompReportText(report, "web").text == """
                hull run web: the filter denied these system calls; to allow one, add its rule to \
                /linux/seccomp/syscalls
                mount (SCMP_ARCH_X86_64): SCMP_ACT_ERRNO EPERM, 2 times
                    a\\x1bb[7] mount(0x1, 0x2, 0x3, 0x4, 0x5, 0xff)
                    {"names":["mount"],"action":"SCMP_ACT_ALLOW"}
                number 999 (SCMP_ARCH_X86_64): SCMP_ACT_KILL_PROCESS, once
                    newer than hull's tables: a rule cannot name it

                """)
    }
}
