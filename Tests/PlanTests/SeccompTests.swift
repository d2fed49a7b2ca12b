// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles
import Testing

private typealias Said = Config.Linux.Seccomp

@Suite struct SeccompTests {
    private func resolve(_ said: Said?, _ findings: inout Findings) -> SeccompPlan? {
        resolveSeccomp(said, native: .x86_64, at: "/linux/seccomp", &findings)
    }

    private func said(_ change: (inout Said) -> Void) -> Said {
        var said = Said(
            defaultAction: "SCMP_ACT_ERRNO",
            syscalls: [
                .init(names: ["read"], action: "SCMP_ACT_ALLOW"),
                // The highest call named: those below have the default action.
                .init(names: ["landlock_restrict_self"], action: "SCMP_ACT_ALLOW"),
            ])
        change(&said)
        return said
    }

    // SC-17: Goal: nothing said, nothing filtered. Method: nil.
    @Test func absent() {
        var findings = Findings()
        #expect(resolve(nil, &findings) == nil)
        #expect(findings.errors.isEmpty)
    }

    // SC-09: Goal: podman's profile gives a filter without a finding. Method: the config that podman wrote.
    @Test func podman() throws {
        var findings = Findings()
        let plan = try #require(resolve(podmanProfile(), &findings))
        #expect(findings.errorLines + findings.warningLines == [])
        #expect(plan.program == (try SeccompProfile(podmanProfile())).policy().compile().instructions)
        #expect(plan.flags == 4)
        #expect(plan.listener == nil)
    }

    // SC-01 SC-02 SC-03 SC-04 SC-27: Goal: each action of the specification gives its answer, with the errno where it
    // has one. Method: as the default.
    @Test func actions() throws {
        let table: [(Bytes, UInt32?, UInt32)] = [
            ("SCMP_ACT_ALLOW", nil, 0x7fff_0000), ("SCMP_ACT_LOG", nil, 0x7ffc_0000), ("SCMP_ACT_KILL", nil, 0),
            ("SCMP_ACT_KILL_THREAD", nil, 0), ("SCMP_ACT_KILL_PROCESS", nil, 0x8000_0000),
            ("SCMP_ACT_TRAP", nil, 0x0003_0000), ("SCMP_ACT_ERRNO", nil, 0x0005_0001),
            ("SCMP_ACT_ERRNO", 0, 0x0005_0000), ("SCMP_ACT_ERRNO", 4095, 0x0005_0fff),
            ("SCMP_ACT_TRACE", nil, 0x7ff0_0001), ("SCMP_ACT_TRACE", 65535, 0x7ff0_ffff),
        ]
        for (name, errno, expected) in table {
            var findings = Findings()
            let plan = resolve(
                said {
                    $0.defaultAction = name
                    $0.defaultErrnoRet = errno
                }, &findings)
            let call = FilteredCall(audit: 0xc000_003e, number: 400)
            let got = try run(#require(plan).program, call.words(littleEndian: true))
            #expect(got.value == expected, "\(name.text)")
            #expect(findings.errorLines == [])
        }
        #expect(SeccompNames.actionNames.count == 9)
    }

    // SC-06 SC-27: Goal: every operator means what it says, MASKED_EQ with the mask in "value". Method: the answers for
    // 0 to 7.
    @Test func operators() throws {
        let table: [(Bytes, UInt64, UInt64?, [UInt64])] = [
            ("SCMP_CMP_NE", 3, nil, [0, 1, 2, 4, 5, 6, 7]), ("SCMP_CMP_LT", 3, nil, [0, 1, 2]),
            ("SCMP_CMP_LE", 3, nil, [0, 1, 2, 3]), ("SCMP_CMP_EQ", 3, nil, [3]),
            ("SCMP_CMP_GE", 3, nil, [3, 4, 5, 6, 7]), ("SCMP_CMP_GT", 3, nil, [4, 5, 6, 7]),
            ("SCMP_CMP_MASKED_EQ", 6, 4, [4, 5]), ("SCMP_CMP_MASKED_EQ", 5, nil, [0, 2]),
        ]
        for (op, value, valueTwo, expected) in table {
            var findings = Findings()
            let arg = Said.Arg(index: 2, value: value, valueTwo: valueTwo, op: op)
            let plan = resolve(said { $0.syscalls?[0].args = [arg] }, &findings)
            let program = try #require(plan).program
            let got = (0..<8 as Range<UInt64>).filter {
                let call = FilteredCall(audit: 0xc000_003e, number: 0, arguments: [9, 9, $0, 9, 9, 9])
                return run(program, call.words(littleEndian: true)) == .allow
            }
            #expect(got == expected, "\(op.text)")
        }
        #expect(SeccompNames.operatorNames.count == 7)
    }

    // SC-19 SC-24: Goal: flags as the kernel reads them; speed if nothing is said; none if an empty list is. Method: a
    // table.
    @Test func flags() {
        let table: [([Bytes]?, UInt32)] = [
            (nil, 4), ([], 0), (["SECCOMP_FILTER_FLAG_LOG"], 2),
            (["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"], 5),
            (["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"], 0),
        ]
        for (flags, expected) in table {
            var findings = Findings()
            #expect(resolve(said { $0.flags = flags }, &findings)?.flags == expected)
        }
    }

    // SC-24 SC-25: Goal: notifications need a listener and give its path, metadata and flags. Method: one rule that
    // asks.
    @Test func listener() {
        var findings = Findings()
        var asking = said {
            $0.syscalls?.append(.init(names: ["mknod"], action: "SCMP_ACT_NOTIFY"))
            $0.listenerPath = "/run/agent.sock"
            $0.listenerMetadata = "m"
            $0.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC"]
        }
        let plan = resolve(asking, &findings)
        #expect(plan?.listener?.path == "/run/agent.sock" && plan?.listener?.metadata == "m")
        #expect(plan?.flags == 40)
        #expect(findings.errorLines == [])

        asking.listenerPath = nil
        _ = resolve(asking, &findings)
        #expect(
            findings.errorLines == [
                "/linux/seccomp/listenerMetadata: must not be set without \"listenerPath\"",
                "/linux/seccomp/syscalls/2/action: is SCMP_ACT_NOTIFY, and \"listenerPath\" does not say who is to be "
                    + "asked (set /linux/seccomp/listenerPath)",
            ])
    }

    // SC-24: Goal: a listener that nobody asks is no error and no listener (config-linux.md: "this value is ignored").
    @Test func idleListener() {
        var findings = Findings()
        let plan = resolve(said { $0.listenerPath = "/run/agent.sock" }, &findings)
        #expect(plan?.listener == nil)
        #expect(plan?.flags == 4)
        #expect(findings.errorLines == [])
    }

    // SC-23: Goal: two conditions on the same argument are alternatives, as runc and crun have it; on different ones
    // both must hold. Method: the calls that pass.
    @Test func sameArgument() throws {
        let zero = Said.Arg(index: 0, value: 5, op: "SCMP_CMP_EQ")
        let again = Said.Arg(index: 0, value: 6, op: "SCMP_CMP_EQ")
        let other = Said.Arg(index: 1, value: 6, op: "SCMP_CMP_EQ")
        let calls: [[UInt64]] = [[5, 0], [6, 0], [0, 6], [5, 6]]
        for (args, expected) in [
            ([zero, again], [true, true, false, true]), ([zero, other], [false, false, false, true]),
        ] {
            var findings = Findings()
            let program = try #require(resolve(said { $0.syscalls?[0].args = args }, &findings)).program
            let got = calls.map {
                let call = FilteredCall(audit: 0xc000_003e, number: 0, arguments: $0 + [0, 0, 0, 0])
                return run(program, call.words(littleEndian: true)) == .allow
            }
            #expect(got == expected)
        }
    }

    // SC-22: Goal: a rule with the default action is left out, as runc and crun do: it is no exception. Method: a rule
    // that would be one.
    @Test func redundant() throws {
        var findings = Findings()
        let config = said {
            $0.syscalls?.insert(.init(names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 1), at: 0)
        }
        let program = try #require(resolve(config, &findings)).program
        #expect(run(program, FilteredCall(audit: 0xc000_003e, number: 0).words(littleEndian: true)) == .allow)
    }

    // SC-20: Goal: the native architecture is always there; others are if listed; twice is once. Method: who is
    // foreign.
    @Test func architectures() throws {
        for (list, foreign) in [
            (nil, true), (["SCMP_ARCH_X86", "SCMP_ARCH_X86"], false),
            (["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"], true),
        ] as [([Bytes]?, Bool)] {
            var findings = Findings()
            let program = try #require(resolve(said { $0.architectures = list }, &findings)).program
            func answer(_ audit: UInt32) -> SeccompAnswer {
                run(program, FilteredCall(audit: audit, number: 400).words(littleEndian: true))
            }
            #expect(answer(0xc000_003e) == .errno(1))
            #expect(answer(0x4000_0003) == (foreign ? .killThread : .errno(1)))
            #expect(findings.errorLines == [])
        }
    }

    // SC-38 SC-51: Goal: what is newer than the profile is ENOSYS where the default refuses, on each architecture by
    // its own numbers. Method: default actions, and calls around the highest one named; also by a rule with the
    // default.
    @Test func newer() throws {
        let table: [(Bytes, UInt32?, Bool)] = [
            ("SCMP_ACT_ERRNO", nil, true), ("SCMP_ACT_ERRNO", 99, true), ("SCMP_ACT_ERRNO", 38, false),
            ("SCMP_ACT_KILL", nil, true), ("SCMP_ACT_KILL_PROCESS", nil, true), ("SCMP_ACT_TRAP", nil, true),
            ("SCMP_ACT_ALLOW", nil, false), ("SCMP_ACT_LOG", nil, false), ("SCMP_ACT_TRACE", 5, false),
        ]
        for (action, errno, isAnswered) in table {
            for redundant in [false, true] {
                let config = said {
                    $0.defaultAction = action
                    $0.defaultErrnoRet = errno
                    $0.architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]
                    let named = redundant ? action : "SCMP_ACT_TRAP"
                    let itsErrno = redundant ? errno : nil
                    // 425 everywhere but for x32, whose number has a bit more.
                    $0.syscalls = [.init(names: ["io_uring_setup"], action: named, errnoRet: itsErrno)]
                }
                var findings = Findings()
                let program = try #require(resolve(config, &findings)).program
                #expect(findings.errorLines == [])
                func answer(_ audit: UInt32, _ number: UInt32) -> SeccompAnswer {
                    run(program, FilteredCall(audit: audit, number: number).words(littleEndian: true))
                }
                for (audit, bit) in [(0xc000_003e, 0), (0x4000_0003, 0), (0xc000_003e, 0x4000_0000)]
                    as [(UInt32, UInt32)]
                {
                    let usual = answer(audit, bit + 424)
                    #expect(usual != .errno(38) || errno == 38)
                    for number in [426, 1000, 0x3fff_fffe] as [UInt32] {
                        #expect(answer(audit, bit + number) == (isAnswered ? .errno(38) : usual), "\(action.text)")
                    }
                    // A call that a tracer has skipped.
                    #expect(answer(audit, .max) == usual)
                }
            }
        }
    }

    // SC-02 SC-11 SC-12 SC-13 SC-14 SC-15 SC-21 SC-25 SC-26 SC-31: Goal: everything wrong is found at once, each with
    // its pointer and the nearest name. Method: a table of changes.
    @Test(arguments: errorTable)
    func errors(_ row: ErrorRow) {
        var findings = Findings()
        _ = resolve(said(row.change), &findings)
        #expect(findings.errorLines == row.expected)
    }

    // SC-10: Goal: a name that libseccomp does not know is skipped and said, also with a NUL inside. Method: two such
    // names.
    @Test func unknownNames() {
        var findings = Findings()
        _ = resolve(said { $0.syscalls?[0].names = ["read", "raed", Bytes([0x72, 0x65, 0x61, 0x64, 0])] }, &findings)
        #expect(findings.errorLines == [])
        #expect(
            findings.warnings.map(\.pointer.text.text) == [
                "/linux/seccomp/syscalls/0/names/1", "/linux/seccomp/syscalls/0/names/2",
            ])
    }

    // SC-34: Goal: a filter that the kernel would not take is an error, not a surprise. Method: one rule too many.
    @Test func tooLong() {
        var findings = Findings()
        let args = (0..<5000 as Range<UInt64>).map { Said.Arg(index: 0, value: $0 << 32 | $0, op: "SCMP_CMP_EQ") }
        _ = resolve(said { $0.syscalls?[0].args = args }, &findings)
        #expect(findings.errors.map(\.pointer) == ["/linux/seccomp/syscalls"])
        #expect(findings.errorLines[0].contains("the kernel takes 4096 (use fewer rules with args)"))
    }
}

/// A change of a config that is right, and what is then wrong.
struct ErrorRow: Sendable {
    var expected: [String]
    var change: @Sendable (inout Config.Linux.Seccomp) -> Void
    init(_ expected: String..., change: @escaping @Sendable (inout Config.Linux.Seccomp) -> Void) {
        self.expected = expected.map { "/linux/seccomp/" + $0 }
        self.change = change
    }
}

private let errorTable: [ErrorRow] = [
    ErrorRow(
        "defaultAction: \"SCMP_ACT_EERNO\" is no action of the runtime specification "
            + "(did you mean \"SCMP_ACT_ERRNO\"?)",
        "syscalls/0/action: \"allow\" is no action of the runtime specification "
            + "(did you mean \"SCMP_ACT_ALLOW\"?)"
    ) {
        $0.defaultAction = "SCMP_ACT_EERNO"
        $0.syscalls?[0].action = "allow"
    },
    ErrorRow(
        "architectures/0: \"SCMP_ARCH_X8\" is no architecture of the runtime specification "
            + "(did you mean \"SCMP_ARCH_X86\"?)",
        "architectures/1: SCMP_ARCH_S390X has another byte order than SCMP_ARCH_X86_64, one filter cannot hold both",
        "architectures/2: SCMP_ARCH_SH has no table of system calls in the libseccomp that hull was built with"
    ) { $0.architectures = ["SCMP_ARCH_X8", "SCMP_ARCH_S390X", "SCMP_ARCH_SH"] },
    ErrorRow(
        "flags/1: \"SECCOMP_FILTER_FLAG_LOGS\" is no flag of the runtime specification "
            + "(did you mean \"SECCOMP_FILTER_FLAG_LOG\"?)"
    ) { $0.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOGS"] },
    ErrorRow(
        "syscalls/0/args/0/op: \"SCMP_CMP_EG\" is no operator of the runtime specification "
            + "(did you mean \"SCMP_CMP_EQ\"?)",
        "syscalls/0/args/1/index: is 6: a system call has six arguments, 0 to 5"
    ) {
        $0.syscalls?[0].args = [
            .init(index: 0, value: 0, op: "SCMP_CMP_EG"), .init(index: 6, value: 0, op: "SCMP_CMP_EQ"),
        ]
    },
    ErrorRow(
        "defaultErrnoRet: SCMP_ACT_KILL has no errno (remove it)",
        "syscalls/0/errnoRet: SCMP_ACT_ALLOW has no errno (remove it)"
    ) {
        $0.defaultAction = "SCMP_ACT_KILL"
        $0.defaultErrnoRet = 1
        $0.syscalls?[0].errnoRet = 1
    },
    ErrorRow(
        "defaultErrnoRet: is 4096, an errno is 4095 at most",
        "syscalls/0/errnoRet: is 65536, a tracer's message is 65535 at most"
    ) {
        $0.defaultErrnoRet = 4096
        $0.syscalls?[0].action = "SCMP_ACT_TRACE"
        $0.syscalls?[0].errnoRet = 65536
    },
    ErrorRow("syscalls/0/names: must name at least one system call") { $0.syscalls?[0].names = [] },
    ErrorRow("listenerMetadata: must not be set without \"listenerPath\"") { $0.listenerMetadata = "x" },
    ErrorRow(
        "defaultAction: cannot be SCMP_ACT_NOTIFY: the container would wait for its agent before it could reach it"
    ) { $0.defaultAction = "SCMP_ACT_NOTIFY" },
    ErrorRow("syscalls/0/names/1: write cannot have the action SCMP_ACT_NOTIFY") {
        $0.listenerPath = "/s"
        $0.syscalls?[0] = .init(names: ["read", "write"], action: "SCMP_ACT_NOTIFY")
    },
    ErrorRow(
        "syscalls/1: gives another action to calls that /linux/seccomp/syscalls/0 decides already "
            + "(rules for the same system call must differ in a condition, or agree on the action)"
    ) {
        let args = [Config.Linux.Seccomp.Arg(index: 0, value: 1, op: "SCMP_CMP_EQ")]
        $0.syscalls = [
            .init(names: ["read", "pread64"], action: "SCMP_ACT_ALLOW", args: args),
            .init(names: ["read", "pread64"], action: "SCMP_ACT_LOG", args: args),
        ]
    },
]
