// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Personality {
    // Goal: LINUX32 changes what uname says, LINUX does not. Method: compare with the host's.
    @Test("PE-01 the execution domain is set", arguments: ["LINUX", "LINUX32"])
    func domain(domain: String) throws {
        try scenario(case: domain) { s in
            let lines = try s.inside("uname -m") { $0["/linux/personality"] = ["domain": .string(domain)] }
            let plain = try s.inside("uname -m")
            #expect((lines == plain) == (domain == "LINUX"), "\(lines)")
            if plain == ["x86_64"], domain == "LINUX32" { #expect(lines == ["i686"]) }
        }
    }

    @Test(
        "PE-02 an unknown domain, none, and a flag are refused",
        arguments: [
            ("domain", ["domain": "LINUX64"]), ("domain", [:]), ("flags", ["domain": "LINUX", "flags": ["STICKY"]]),
        ] as [(String, JSON)])
    func mistakes(place: String, said: JSON) throws {
        try scenario(case: place) { s in
            try s.refuses("/linux/personality/" + place) { $0["/linux/personality"] = said }
        }
    }

    @Test("PE-03 exec is in the execution domain of the container")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") { $0["/linux/personality"] = ["domain": "LINUX32"] }
            let plain = try s.inside("uname -m")
            #expect(try container.exec("uname", "-m").lines != plain)
        }
    }
}
