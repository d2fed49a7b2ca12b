// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct SysctlTests {
    private func resolve(
        _ said: KeyValuePairs<String, String>, kinds: [Bytes], domainname: Bytes? = nil
    ) -> ([SysctlPlan], Findings) {
        var findings = Findings()
        let namespaces = resolveNamespaces(kinds.map { .init(type: $0) }, at: "/linux/namespaces", &findings)
        let entries = said.map { Entry(key: Bytes($0.key), value: Bytes($0.value)) }
        let plan = resolveSysctl(
            entries, namespaces: namespaces, domainname: domainname, at: "/linux/sysctl", &findings)
        return (plan, findings)
    }

    private static let all = NamespaceKind.allCases.map(\.name)

    // Goal: both spellings mean the right file. Method: a table of keys and paths, all namespaces new.
    @Test(arguments: [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"), ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"),
        ("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"),
        ("kernel.msgmax", "kernel/msgmax"), ("kernel/shm_rmid_forced", "kernel/shm_rmid_forced"),
        ("fs.mqueue.msg_max", "fs/mqueue/msg_max"), ("user.max_user_namespaces", "user/max_user_namespaces"),
        ("kernel.domainname", "kernel/domainname"), ("kernel.sem", "kernel/sem"),
    ]) func paths(key: String, path: String) {
        var findings = Findings()
        let namespaces = resolveNamespaces(Self.all.map { .init(type: $0) }, at: "/linux/namespaces", &findings)
        let plan = resolveSysctl(
            [Entry(key: Bytes(key), value: "1 2")], namespaces: namespaces, domainname: nil, at: "/linux/sysctl",
            &findings)
        #expect(findings.errors.isEmpty)
        #expect(plan.map(\.path) == [Bytes(path)])
        #expect(plan.map(\.value) == ["1 2"])
        #expect(plan.map(\.origin) == [JSONPointer("/linux/sysctl").appending(Bytes(key))])
    }

    // Goal: no write to the host. Method: each namespaced parameter with every other namespace new.
    @Test(arguments: [
        ("net.core.somaxconn", "network", "is not allowed in the host's network namespace"),
        ("kernel.shmmax", "ipc", "is not allowed in the host's ipc namespace"),
        ("fs.mqueue.msg_max", "ipc", "is not allowed in the host's ipc namespace"),
        ("kernel.domainname", "uts", "is not allowed in the host's uts namespace"),
        ("user.max_net_namespaces", "user", "is not allowed in the host's user namespace"),
    ]) func hostNamespaces(key: String, kind: String, problem: String) {
        let kinds = Self.all.filter { $0 != Bytes(kind) }
        let (plan, findings) = resolve([key: "1"], kinds: kinds)
        #expect(plan.isEmpty)
        let hint = "(add {\"type\": \"\(kind)\"} to /linux/namespaces)"
        #expect(findings.errorLines == ["/linux/sysctl/\(key): sysctl \"\(key)\" \(problem) \(hint)"])
        #expect(resolve([key: "1"], kinds: Self.all).1.errors.isEmpty)
    }

    // Goal: what belongs to no namespace stays shut, however it is spelt. Method: a table, all namespaces new.
    @Test(arguments: [
        ("kernel.core_pattern", "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace"),
        ("vm.swappiness", "sysctl \"vm.swappiness\" is not in a separate kernel namespace"),
        ("fs.file-max", "sysctl \"fs.file-max\" is not in a separate kernel namespace"),
        ("fs.mqueue", "sysctl \"fs.mqueue\" is not in a separate kernel namespace"),
        ("kernel.shmmax.x", "sysctl \"kernel.shmmax.x\" is not in a separate kernel namespace"),
        ("network.x", "sysctl \"network.x\" is not in a separate kernel namespace"),
        ("net", "sysctl \"net\" is not in a separate kernel namespace"),
        ("kernel.hostname", "sysctl \"kernel.hostname\" is not allowed: the field \"hostname\" says the same"),
        ("net.//.kernel.core_pattern", "sysctl \"net.//.kernel.core_pattern\" is no path below /proc/sys"),
        ("net/../kernel/core_pattern", "sysctl \"net/../kernel/core_pattern\" is no path below /proc/sys"),
        ("net...x", "sysctl \"net...x\" is no path below /proc/sys"),
        ("/net/core/somaxconn", "sysctl \"/net/core/somaxconn\" is no path below /proc/sys"),
        (".net.core", "sysctl \".net.core\" is no path below /proc/sys"),
        ("net.core.", "sysctl \"net.core.\" is no path below /proc/sys"),
        ("net/./core", "sysctl \"net/./core\" is no path below /proc/sys"),
        ("net.core\0.x", "sysctl \"net.core\0.x\" is no path below /proc/sys"),
        ("", "sysctl \"\" is no path below /proc/sys"),
    ]) func refused(key: String, problem: String) {
        let (plan, findings) = resolve([key: "1"], kinds: Self.all)
        #expect(plan.isEmpty)
        #expect(findings.errors.map(\.problem) == [Bytes(problem)])
        #expect(findings.errors.first?.pointer == JSONPointer("/linux/sysctl").appending(Bytes(key)))
    }

    // Goal: a field of the config and a parameter do not contradict each other. Method: equal and different values.
    @Test func domainname() {
        #expect(resolve(["kernel.domainname": "a"], kinds: ["uts"], domainname: "a").1.errors.isEmpty)
        #expect(
            resolve(["kernel.domainname": "b"], kinds: ["uts"], domainname: "a").1.errorLines
                == [
                    "/linux/sysctl/kernel.domainname: sysctl \"kernel.domainname\""
                        + " differs from the field \"domainname\""
                ])
    }

    // Goal: one file is set once; order is kept. Method: two spellings of one parameter, and a second parameter.
    @Test func twice() {
        let (plan, findings) = resolve(
            ["net.ipv4.ip_forward": "1", "net.core.somaxconn": "9", "net/ipv4/ip_forward": "0"], kinds: ["network"])
        #expect(plan.map(\.path) == ["net/ipv4/ip_forward", "net/core/somaxconn"])
        #expect(plan.map(\.value) == ["1", "9"])
        #expect(
            findings.errorLines == [
                "/linux/sysctl/net~1ipv4~1ip_forward: sysctl \"net/ipv4/ip_forward\""
                    + " is already set above in another spelling"
            ])
    }
}
