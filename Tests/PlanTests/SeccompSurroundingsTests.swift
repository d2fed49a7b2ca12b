// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

private typealias Said = Config.Linux.Seccomp

@Suite struct SeccompSurroundingsTests {
    private func said(_ change: (inout Said) -> Void) -> Said {
        var said = Said(defaultAction: "SCMP_ACT_ERRNO", syscalls: [.init(names: ["read"], action: "SCMP_ACT_ALLOW")])
        change(&said)
        return said
    }

    // SC-48: Goal: an unknown name is an error where an annotation asks for that. Method: its values.
    @Test func failUnknown() {
        for (value, expected) in [
            ("1", true), ("", true), ("0", false),
        ] as [(Bytes, Bool)] {
            var surroundings = SeccompSurroundings()
            surroundings.annotations = [Entry(key: "run.oci.seccomp_fail_unknown_syscall", value: value)]
            var findings = Findings()
            _ = resolveSeccomp(
                said { $0.syscalls?[0].names = ["read", "raed"] }, surroundings, at: "/linux/seccomp", &findings)
            let line =
                "/linux/seccomp/syscalls/0/names/1: no system call \"raed\" is known here "
                + "(run.oci.seccomp_fail_unknown_syscall makes it an error)"
            #expect(findings.errorLines == (expected ? [line] : []))
            #expect(findings.warnings.isEmpty == expected)
        }
    }

    // SC-46: Goal: who is asked, and who says so first. Method: all three ways and fewer.
    @Test func receivers() {
        var asking = said {
            $0.syscalls?.append(.init(names: ["mknod"], action: "SCMP_ACT_NOTIFY"))
            $0.listenerPath = "agent.sock"
        }
        var surroundings = SeccompSurroundings()
        surroundings.annotations = [Entry(key: "run.oci.seccomp.receiver", value: "/run/other")]
        surroundings.receiver = "/run/third"
        surroundings.bundle = "/b"
        func listener() -> SeccompListener? {
            var findings = Findings()
            return resolveSeccomp(asking, surroundings, at: "/linux/seccomp", &findings)?.listener
        }
        #expect(listener() == SeccompListener(path: "/b/agent.sock", origin: "/linux/seccomp/listenerPath"))
        asking.listenerPath = ""
        #expect(listener() == SeccompListener(path: "/run/other", origin: "/annotations/run.oci.seccomp.receiver"))
        surroundings.annotations = nil
        #expect(listener() == SeccompListener(path: "/run/third", origin: .root))
        surroundings.receiver = nil
        #expect(listener() == nil)
    }

    // SC-49: Goal: a program that is given ready made is taken as it is, and nothing else for one. Method: good and bad
    // texts.
    @Test func program() {
        func resolve(_ text: Bytes) -> (SeccompPlan?, [String]) {
            var surroundings = SeccompSurroundings()
            surroundings.annotations = [Entry(key: "run.oci.seccomp_bpf_data", value: text)]
            var findings = Findings()
            let plan = resolveSeccomp(
                said { $0.defaultAction = "nonsense" }, surroundings, native: .x86_64, at: "/linux/seccomp", &findings)
            return (plan, findings.errorLines)
        }
        let (plan, errors) = resolve("IAAAAAAAAAAVAAABbgAAAAYAAABRAAUABgAAAAAA/38=")
        #expect(errors == [])
        #expect(plan?.flags == 4 && plan?.listener == nil)
        #expect(
            plan?.program == [
                BPFInstruction(code: 0x20, k: 0), BPFInstruction(code: 0x15, jt: 0, jf: 1, k: 110),
                BPFInstruction(code: 6, k: 0x0005_0051), BPFInstruction(code: 6, k: 0x7fff_0000),
            ])
        let place = "/annotations/run.oci.seccomp_bpf_data: "
        for bad in ["IAAA*AAA", "A", "IAAAAAAAAAA=IAAA", "IAAAAAAAAA==="] as [Bytes] {
            #expect(resolve(bad).1 == [place + "is not in base 64 (RFC 4648)"], "\(bad.text)")
        }
        for (bad, count) in [("", 0), ("IAAA", 3), ("IAAAAAAAAAAA", 9)] as [(Bytes, Int)] {
            #expect(
                resolve(bad).1 == [
                    place + "is \(count) bytes long: an instruction has 8, and the kernel takes 1 to 4096 instructions"
                ])
        }
        #expect(Bytes(base64: "AP+/")?.array == [0, 0xff, 0xbf] && Bytes(base64: "AA")?.array == [0])
    }
}
