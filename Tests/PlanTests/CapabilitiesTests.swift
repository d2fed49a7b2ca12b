// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct CapabilitiesTests {
    private func said(
        bounding: [Bytes]? = nil, effective: [Bytes]? = nil, inheritable: [Bytes]? = nil, permitted: [Bytes]? = nil,
        ambient: [Bytes]? = nil
    ) -> Config.Process.Capabilities {
        var said = Config.Process.Capabilities()
        said.bounding = bounding
        said.effective = effective
        said.inheritable = inheritable
        said.permitted = permitted
        said.ambient = ambient
        return said
    }

    private func resolve(
        _ said: Config.Process.Capabilities?, grantable: CapabilitySet = .named
    ) -> (CapabilitySets, Findings) {
        var findings = Findings()
        let sets = resolveCapabilities(said, grantable: grantable, at: "/process/capabilities", &findings)
        return (sets, findings)
    }

    // CP-50. Goal: the five sets arrive as they were said. Method: a different list for each.
    @Test func sets() {
        let (sets, findings) = resolve(
            said(
                bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], effective: ["CAP_CHOWN"],
                inheritable: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_KILL"]))
        #expect(findings.errors.isEmpty && findings.warnings.isEmpty)
        #expect(sets.bounding.names == ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"])
        #expect(sets.effective.names == ["CAP_CHOWN"])
        #expect(sets.inheritable.names == ["CAP_CHOWN", "CAP_KILL"])
        #expect(sets.permitted.names == ["CAP_CHOWN", "CAP_KILL"])
        #expect(sets.ambient.names == ["CAP_KILL"])
    }

    // CP-50. Goal: silence is no privilege (CVE-2016-8867, CVE-2022-29162). Method: no object, an empty one, one set
    // alone.
    @Test func nothingIsAdded() {
        #expect(resolve(nil).0 == CapabilitySets())
        #expect(resolve(said()).0 == CapabilitySets())
        let (sets, _) = resolve(said(bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"]))
        #expect(sets.inheritable.isEmpty && sets.ambient.isEmpty && sets.effective.isEmpty)
    }

    // CP-51. Goal: unknown names are logged with their place and do not stop the container. Method: slips of each kind.
    @Test func unknownNames() {
        let (sets, findings) = resolve(
            said(bounding: ["CAP_CHOWN", "cap_chown", "NET_ADMIN", "CAP_BANANA_SPLIT_PLEASE"]))
        #expect(sets.bounding.names == ["CAP_CHOWN"])
        #expect(findings.errors.isEmpty)
        #expect(
            findings.warningLines == [
                "/process/capabilities/bounding/1: unknown capability \"cap_chown\": ignored"
                    + " (did you mean \"CAP_CHOWN\"?)",
                "/process/capabilities/bounding/2: unknown capability \"NET_ADMIN\": ignored"
                    + " (did you mean \"CAP_NET_ADMIN\"?)",
                "/process/capabilities/bounding/3: unknown capability \"CAP_BANANA_SPLIT_PLEASE\": ignored",
            ])
    }

    // CP-52. Goal: what cannot be granted is left out of all sets with a warning each, and is no error twice.
    // Method: a host without CAP_SYS_RESOURCE.
    @Test func notGrantable() throws {
        let resource = try #require(Capability(name: "CAP_SYS_RESOURCE"))
        let all: [Bytes] = ["CAP_SYS_RESOURCE", "CAP_KILL"]
        let (sets, findings) = resolve(
            said(bounding: all, effective: all, inheritable: all, permitted: all, ambient: all),
            grantable: CapabilitySet.named.subtracting(CapabilitySet([resource])))
        #expect(findings.errors.isEmpty)
        for set in [sets.bounding, sets.effective, sets.inheritable, sets.permitted, sets.ambient] {
            #expect(set.names == ["CAP_KILL"])
        }
        #expect(
            findings.warningLines
                == ["bounding", "effective", "inheritable", "permitted", "ambient"].map {
                    "/process/capabilities/\($0)/0: CAP_SYS_RESOURCE cannot be granted here: ignored"
                })
    }

    // CP-53. Goal: what capset(2) would refuse without a reason is found before. Method: each rule broken once.
    @Test func brokenRules() {
        let (_, findings) = resolve(
            said(
                bounding: ["CAP_CHOWN"], effective: ["CAP_CHOWN", "CAP_KILL"],
                inheritable: ["CAP_CHOWN", "CAP_FOWNER"],
                permitted: ["CAP_CHOWN"]))
        #expect(
            findings.errorLines == [
                "/process/capabilities/effective/1: CAP_KILL is not in permitted:"
                    + " the kernel gives no effective capability without",
                "/process/capabilities/inheritable/1: CAP_FOWNER is not in bounding:"
                    + " the kernel gives no inheritable capability without",
            ])
    }

    // CP-54. Goal: an ambient capability that cannot be raised is left out without a word. Method: each half of the
    // rule.
    @Test func ambient() {
        let (sets, findings) = resolve(
            said(
                bounding: ["CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_KILL"], permitted: ["CAP_CHOWN"],
                ambient: ["CAP_CHOWN", "CAP_KILL"]))
        #expect(sets.ambient.isEmpty)
        #expect(findings.errors.isEmpty)
        #expect(findings.warningLines == [])
    }
}
