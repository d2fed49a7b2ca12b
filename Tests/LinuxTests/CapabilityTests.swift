// SPDX-License-Identifier: Apache-2.0

import CCap
import HullBytes
import HullLinux
import Testing

@Suite struct CapabilityTests {
    // CP-55. Goal: names and numbers are libcap's. Method: libcap as the oracle, for all numbers of a set.
    @Test(arguments: UInt8(0)..<64) func tableIsLibcaps(number: UInt8) throws {
        let capability = try #require(Capability(rawValue: number))
        let name = try #require(cap_to_name(cap_value_t(number)))
        defer { cap_free(name) }
        let known = Int(number) < Capability.names.count
        #expect(known == (String(cString: name).hasPrefix("cap_")))
        guard known else { return }
        #expect(capability.name.text.lowercased() == String(cString: name))
        var value: cap_value_t = -1
        #expect(cap_from_name(capability.name.text, &value) == 0)
        #expect(value == cap_value_t(number))
        #expect(Capability(name: capability.name) == capability)
    }

    // CP-55. Goal: only the specification's spelling counts. Method: spellings that libcap takes and the spec does
    // not have.
    @Test(arguments: ["cap_chown", "CHOWN", "0", "", "CAP_", "CAP_CHOWN ", "Cap_Chown", "CAP_41", "CAP_CHOWN\u{301}"])
    func refuses(name: String) {
        #expect(Capability(name: Bytes(name)) == nil)
    }

    // CP-55. Goal: the set is the kernel's word. Method: bits computed by hand.
    @Test func sets() throws {
        let chown = try #require(Capability(name: "CAP_CHOWN"))
        let admin = try #require(Capability(name: "CAP_SYS_ADMIN"))
        var set = CapabilitySet([admin])
        #expect(set.rawValue == 1 << 21)
        set.insert(chown)
        #expect(set.rawValue == 1 << 21 | 1)
        #expect(set.names == ["CAP_CHOWN", "CAP_SYS_ADMIN"])
        #expect(set.contains(chown))
        #expect(!CapabilitySet([admin]).contains(chown))
        #expect(CapabilitySet.named.rawValue == 0x1ff_ffff_ffff)
        #expect(Capability(rawValue: 64) == nil)
        let highest = try #require(Capability(rawValue: 63))
        #expect(CapabilitySet([highest]).names == ["CAP_63"])
    }
}
