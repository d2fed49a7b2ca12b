// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Support
import Testing

@Suite struct SeccompReportTests {
    private static let x86: UInt32 = 0xc000_003e

    private func plan(_ seccomp: JSON?, kernel: UInt32 = 19) throws -> ContainerPlan {
        var config: JSON = [
            "ociVersion": "1.3.0", "root": ["path": "rootfs"], "process": ["cwd": "/", "args": ["sh"]],
            "linux": ["namespaces": [["type": "mount"], ["type": "pid"]]],
        ]
        config["/linux/seccomp"] = seccomp
        var request = Request(id: "c1", bundle: "/b")
        request.seccompReport = true
        var host = HullPlan.Host.usual
        host.kernel = (5, kernel)
        return try resolve(try Config.read([UInt8](config.text.utf8)), request, host)
    }

    private func refusal(_ seccomp: JSON?) -> [String] {
        do { _ = try plan(seccomp) } catch let errors as ConfigErrors {
            return errors.list.map { "\($0.pointer.text.text): \($0.problem.text)" }
        } catch { return ["\(error)"] }
        return []
    }

    private static let profile: JSON = [
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13, "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [
            ["names": ["read"], "action": "SCMP_ACT_ALLOW"], ["names": ["mount"], "action": "SCMP_ACT_KILL_PROCESS"],
            ["names": ["chmod"], "action": "SCMP_ACT_TRAP"], ["names": ["chown"], "action": "SCMP_ACT_LOG"],
            [
                "names": ["socket"], "action": "SCMP_ACT_ALLOW",
                "args": [["index": 0, "value": 1, "op": "SCMP_CMP_EQ"]],
            ],
        ],
    ]

    // SR-50: Goal: the loaded filter asks exactly where the profile denies, and the profile's answer is kept. Method:
    // both programs run over a call of each action.
    @Test(.enabled(if: Architecture.native == .x86_64, "numbers of x86_64"))
    func asks() throws {
        let process = try plan(Self.profile).process
        let report = try #require(process.report)
        for (number, loaded, kept) in [
            (0, SeccompAnswer.allow, .allow), (165, .notify, .killProcess), (90, .trap, .trap), (92, .log, .log),
            (41, .notify, .errno(13)), (2, .notify, .errno(13)), (4000, .notify, .errno(38)),
        ] as [(UInt32, SeccompAnswer, SeccompAnswer)] {
            let call = FilteredCall(audit: Self.x86, number: number)
            let words = call.words(littleEndian: true)
            #expect(BPFInstruction.answer(of: process.filter, to: words) == loaded, "\(call)")
            #expect(report.answer(to: call) == kept, "\(call)")
        }
        #expect(report.conditions.map(\.key) == ["socket"] && report.conditions[0].value == [0])
    }

    // SR-51: Goal: a signal does not disturb a call that is asked about where the kernel can have it so. Method: the
    // flags for kernels before and after.
    @Test(arguments: [(18, false), (19, true)] as [(UInt32, Bool)])
    func flags(kernel: UInt32, waits: Bool) throws {
        let flags = SeccompFlags(rawValue: try plan(Self.profile, kernel: kernel).process.filterFlags)
        #expect(flags.contains(.newListener) && flags.contains(.waitKillable) == waits)
    }

    // SR-52: Goal: where nothing could be reported that is said. Method: no filter, and one that has a listener.
    @Test func refused() {
        #expect(refusal(nil) == ["/linux/seccomp: there is no filter: nothing will be denied, and nothing reported"])
        var agent = Self.profile
        agent["/listenerPath"] = "/run/agent"
        agent["/syscalls/-"] = ["names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"]
        #expect(
            refusal(agent) == [
                "/linux/seccomp/listenerPath: an agent listens to this filter, and a filter has one listener"
            ])
    }

    // SR-53: Goal: calls of a kind are counted together, a few of them kept, and the rules allow just them. Method:
    // calls one by one, and the document read back.
    @Test(.enabled(if: Architecture.native == .x86_64, "numbers of x86_64"))
    func counts() throws {
        let report = try #require(try plan(Self.profile).process.report)
        var calls = DeniedCalls(report)
        func add(_ number: UInt32, _ arguments: [UInt64], audit: UInt32 = Self.x86) {
            let call = FilteredCall(audit: audit, number: number, arguments: arguments)
            calls.add(call, report.answer(to: call), pid: 7, "app")
        }
        for domain in [2, 2, 10, 16, 17, 29] as [UInt64] { add(41, [domain, 1, 0, 0, 0, 0]) }
        add(165, [1, 2, 3, 4, 5, 6])
        add(0, [0, 0, 0, 0, 0, 0])
        add(4000, [0, 0, 0, 0, 0, 0])
        add(39, [0, 0, 0, 0, 0, 0], audit: 0x1234)
        let denied = calls.report.denied
        #expect(denied.map(\.syscall) == ["socket", "mount", nil, nil])
        #expect(denied.map(\.count) == [6, 1, 1, 1])
        #expect(denied.map(\.errno) == ["EACCES", nil, "ENOSYS", nil])
        #expect(denied.map(\.action).prefix(3) == ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ERRNO"])
        #expect(denied[3].architecture == "0x1234")
        #expect(denied[0].calls.map { $0.arguments[0] } == [2, 10, 16, 17])
        #expect(denied[0].rules.map { $0.args?.map(\.value) } == [[2], [10], [16], [17]])
        #expect(denied[1].rules == [.init(names: ["mount"], action: "SCMP_ACT_ALLOW")])
        #expect(denied[2].rules.isEmpty)
        #expect(try SeccompReport.read(JSONWriter.text(of: calls.report)) == calls.report)
    }

    // SR-54: Goal: no program can make the report grow without end. Method: more kinds of calls than are kept.
    @Test func bounded() throws {
        let report = try #require(try plan(Self.profile).process.report)
        var calls = DeniedCalls(report)
        for number in 2000..<4000 as Range<UInt32> {
            let call = FilteredCall(audit: Architecture.native.audit, number: number)
            calls.add(call, .errno(1), pid: 1, "x")
        }
        #expect(calls.report.denied.count == 512)
    }
}
