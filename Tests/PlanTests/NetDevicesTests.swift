// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct NetDevicesTests {
    private func resolve(_ said: KeyValuePairs<String, String?>) -> ([NetDevicePlan], Findings) {
        var findings = Findings()
        let entries = said.map {
            Entry(key: Bytes($0.key), value: Config.Linux.NetDevice(name: $0.value.map { Bytes($0) }))
        }
        let devices = resolveNetDevices(entries, at: "/linux/netDevices", &findings)
        return (devices.map(\.plan), findings)
    }

    // ND-50. Goal: names as the kernel takes them. Method: with and without a new name, an empty one, a template.
    @Test func names() {
        let (plans, findings) = resolve([
            "eth0": nil, "eth1": "", "eth2": "fifteen-bytes-0", "v": "eth%d", "w": "%dx", "x": "eth%d",
            "y": "caf\u{e9}",
        ])
        #expect(findings.errorLines == [])
        #expect(plans.map(\.name) == ["eth0", "eth1", "eth2", "v", "w", "x", "y"])
        #expect(plans.map(\.newName) == [nil, nil, "fifteen-bytes-0", "eth%d", "%dx", "eth%d", "caf\u{e9}"])
        #expect(plans[0].nameOrigin == "/linux/netDevices/eth0")
        #expect(plans[2].nameOrigin == "/linux/netDevices/eth2/name")
    }

    // ND-51. Goal: what the kernel refuses is found before. Method: a table of names, on the host and inside.
    @Test(arguments: [
        "a b", "a/b", "a:b", "a\tb", ".", "..", "a\0b", "a\u{a0}b",
    ]) func refused(name: String) {
        let words = "\"\(name)\" is no name of a network device (1 to 15 bytes without blank, slash and colon)"
        let key = name.replacing("/", with: "~1")
        #expect(resolve([name: "x"]).1.errorLines == ["/linux/netDevices/\(key): \(words)"])
        #expect(resolve(["x": name]).1.errorLines == ["/linux/netDevices/x/name: \(words)"])
    }

    // ND-51. Goal: the same for lengths, templates and the loopback device. Method: each mistake and its words.
    @Test func mistakes() {
        let hint = " (1 to 15 bytes without blank, slash and colon)"
        #expect(
            resolve([
                "": "a", "sixteen-bytes-00": "b", "c": "sixteen-bytes-00", "lo": nil, "d": "lo", "e": "%", "f": "%s",
                "g": "%d%d",
            ]).1.errorLines == [
                "/linux/netDevices/: the name of a network device is empty" + hint,
                "/linux/netDevices/sixteen-bytes-00: \"sixteen-bytes-00\" is 16 bytes long, the kernel takes 15" + hint,
                "/linux/netDevices/c/name: \"sixteen-bytes-00\" is 16 bytes long, the kernel takes 15" + hint,
                "/linux/netDevices/lo: the loopback device cannot be moved",
                "/linux/netDevices/d/name: every network namespace has a loopback device \"lo\"",
                "/linux/netDevices/d/name: \"lo\" is the name of \"lo\" in the container already",
                "/linux/netDevices/e/name: \"%\" is no template for a name: one \"%d\" is all that the kernel replaces"
                    + hint,
                "/linux/netDevices/f/name: \"%s\" is no template for a name: one \"%d\" is all that the kernel replaces"
                    + hint,
                "/linux/netDevices/g/name: \"%d%d\" is no template for a name: one \"%d\" is all that the kernel"
                    + " replaces" + hint,
            ])
    }

    // ND-52. Goal: two devices cannot have one name. Method: a new name that another device keeps.
    @Test func twice() {
        #expect(
            resolve(["eth0": nil, "eth1": "eth0"]).1.errorLines == [
                "/linux/netDevices/eth1/name: \"eth0\" is the name of \"eth0\" in the container already"
            ])
    }
}
