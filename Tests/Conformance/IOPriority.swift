// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct IOPriority {
    // Goal: class and level. Method: what the kernel says inside, of the program and of a child.
    @Test(
        "IP-01 the I/O class and level are set",
        arguments: [
            ("IOPRIO_CLASS_RT", 0, 1 << 13), ("IOPRIO_CLASS_BE", 7, 2 << 13 | 7), ("IOPRIO_CLASS_IDLE", 4, 3 << 13 | 4),
        ] as [(String, Int64, Int)])
    func set(name: String, level: Int64, expected: Int) throws {
        try scenario { s in
            let outcome = try s.run("/bin/probe report process; :") {
                $0["/process/ioPriority"] = ["class": .string(name), "priority": .int(level)]
            }
            #expect(outcome.json?["/process/ioPriority"]?.int == expected, "\(outcome)")
        }
    }

    @Test(
        "IP-02 an unknown class, and a level outside 0 to 7, are refused",
        arguments: [
            ("class", ["class": "IOPRIO_CLASS_FAST", "priority": 1]), ("class", ["class": "", "priority": 1]),
            ("priority", ["class": "IOPRIO_CLASS_BE", "priority": 8]),
            ("priority", ["class": "IOPRIO_CLASS_BE", "priority": -1]),
        ] as [(String, JSON)])
    func mistakes(place: String, said: JSON) throws {
        try scenario { s in
            try s.refuses("/process/ioPriority/" + place) { $0["/process/ioPriority"] = said }
        }
    }

    @Test("IP-03 exec has the I/O priority of its own process document")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100")
            var process = Exec.process
            process["/args"] = ["/bin/probe", "report", "process"]
            process["/ioPriority"] = ["class": "IOPRIO_CLASS_BE", "priority": 1]
            let outcome = try Exec.exec(s, container, process)
            #expect(outcome.json?["/process/ioPriority"]?.int == 2 << 13 | 1, "\(outcome)")
        }
    }
}
