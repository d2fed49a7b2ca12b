// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct MemoryPolicy {
    static let script = "head -1 /proc/self/numa_maps | cut -d' ' -f2"

    // Goal: mode, nodes and flags. Method: the kernel's word for the program's memory.
    @Test(
        "MY-01 the memory policy is set", .needs(.memoryNodes),
        arguments: [
            (["mode": "MPOL_BIND", "nodes": "0"], "bind:0"),
            (["mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]], "bind=static:0"),
            (["mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]], "interleave=relative:0"),
            (["mode": "MPOL_PREFERRED", "nodes": "0"], "prefer:0"), (["mode": "MPOL_LOCAL"], "local"),
            (["mode": "MPOL_DEFAULT"], "default"),
        ] as [(JSON, String)])
    func set(said: JSON, expected: String) throws {
        try scenario(case: expected) { s in
            try #expect(s.inside(Self.script) { $0["/linux/memoryPolicy"] = said } == [expected])
        }
    }

    @Test(
        "MY-02 an unknown mode or flag, and nodes that do not go with the mode, are refused",
        arguments: [
            ("mode", ["mode": "MPOL_NEAR"]), ("mode", [:]), ("nodes", ["mode": "MPOL_BIND"]),
            ("nodes", ["mode": "MPOL_BIND", "nodes": "a"]), ("nodes", ["mode": "MPOL_LOCAL", "nodes": "0"]),
            ("flags/0", ["mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NEAR"]]),
        ] as [(String, JSON)])
    func mistakes(place: String, said: JSON) throws {
        try scenario { s in
            try s.refuses("/linux/memoryPolicy/" + place) { $0["/linux/memoryPolicy"] = said }
        }
    }

    // Goal: what the machine cannot do is an error of create, with the place. Method: a node that is not there.
    @Test("MY-03 a memory node that does not exist is refused", .needs(.memoryNodes))
    func missingNode() throws {
        try scenario { s in
            try s.refuses("/linux/memoryPolicy", "nvalid argument") {
                $0["/linux/memoryPolicy"] = ["mode": "MPOL_BIND", "nodes": "1000"]
            }
        }
    }

    @Test("MY-04 exec has the memory policy of the container", .needs(.memoryNodes))
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                $0["/linux/memoryPolicy"] = ["mode": "MPOL_BIND", "nodes": "0"]
            }
            #expect(try container.exec("sh", "-c", Self.script).lines == ["bind:0"])
        }
    }
}
