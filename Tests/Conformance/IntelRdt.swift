// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct IntelRdt {
    // Goal: a class that cannot be had is an error, never silence. Method: every way to ask, where no resctrl is
    // mounted.
    @Test(
        "IR-15 intelRdt without a resctrl filesystem is refused", .needs(.noResctrl),
        arguments: [
            ["closID": "gold"], ["closID": "/"], ["schemata": ["L3:0=f"]], ["l3CacheSchema": "L3:0=f"],
            ["memBwSchema": "MB:0=10"], ["closID": "gold", "enableMonitoring": true],
        ] as [JSON])
    func absent(said: JSON) throws {
        let isOld = said["/l3CacheSchema"] != nil || said["/memBwSchema"] != nil
        try scenario(case: isOld ? nil : "without a schema") { s in
            let outcome = try s.refuses("/linux/intelRdt", "resctrl", "RDT", "rdt") { $0["/linux/intelRdt"] = said }
            if Runtime.kind == .hull { expect(outcome, says: ["mount -t resctrl"]) }
        }
    }

    // Goal: the config is read before the machine is looked at. Method: what the specification forbids.
    @Test("IR-14 forbidden values of intelRdt are refused at their place")
    func wrong() throws {
        for (key, value, pointer) in [
            ("memBwSchema", "L3:0=f", "/linux/intelRdt/memBwSchema"), ("closID", "a/../b", "/linux/intelRdt/closID"),
            ("schemata", ["L3:0=f\nMB:0=1"], "/linux/intelRdt/schemata/0"),
        ] as [(String, JSON, String)] {
            try scenario { s in
                try s.refuses(pointer) {
                    $0["/linux/intelRdt"] = ["closID": "x", "l3CacheSchema": "L3:0=f"]
                    $0["/linux/intelRdt/" + key] = value
                }
            }
        }
    }
}
