// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct NamespacesTests {
    private func resolve(_ said: [Config.Linux.Namespace]?) -> (NamespaceList, Findings) {
        var findings = Findings()
        let list = resolveNamespaces(said, at: "/linux/namespaces", &findings)
        return (list, findings)
    }

    // Goal: all kinds, made or joined or left. Method: all made; some joined; none said.
    @Test func kinds() {
        let (all, findings) = resolve(NamespaceKind.allCases.map { .init(type: $0.name) })
        #expect(findings.errors.isEmpty)
        #expect(all.new == NamespaceKind.allCases)
        #expect(all.cloneFlags == 0x7e02_0080)
        #expect(all[.mount] == .new(origin: "/linux/namespaces/2"))

        let (some, _) = resolve([.init(type: "network", path: "/run/netns/a"), .init(type: "pid")])
        #expect(some[.network] == .join(path: "/run/netns/a", origin: "/linux/namespaces/0"))
        #expect(some.joined.map(\.kind) == [.network])
        #expect(some.new == [.pid])
        #expect(some.isOwn(.network) && !some.isNew(.network) && some.isNew(.pid) && !some.isOwn(.uts))
        #expect(some[.user] == .host)
        #expect(resolve(nil).0 == NamespaceList())
        #expect(NamespaceList().cloneFlags == 0)
    }

    // Goal: each mistake at its own place. Method: one list with all of them.
    @Test func wrong() {
        let (list, findings) = resolve([
            .init(type: "pid"), .init(type: "net"), .init(type: "mnt"), .init(type: "pid", path: "/proc/1/ns/pid"),
            .init(type: "uts", path: "run/uts"), .init(type: "ipc", path: ""), .init(type: "user", path: "/a\0b"),
            .init(type: "banana"),
        ])
        #expect(
            findings.errorLines == [
                "/linux/namespaces/1/type: unknown namespace type \"net\" (did you mean \"network\"?)",
                "/linux/namespaces/2/type: unknown namespace type \"mnt\" (did you mean \"mount\"?)",
                "/linux/namespaces/3: duplicate namespace: a second one of type \"pid\"",
                "/linux/namespaces/4/path: the path of a namespace must be absolute: \"run/uts\"",
                "/linux/namespaces/5/path: the path of a namespace is empty"
                    + " (leave \"path\" out to make a new namespace)",
                "/linux/namespaces/6/path: the path of a namespace contains a NUL byte",
                "/linux/namespaces/7/type: unknown namespace type \"banana\" "
                    + "(pid, network, mount, ipc, uts, user, cgroup, time)",
            ])
        #expect(list.isNew(.pid))
    }
}
