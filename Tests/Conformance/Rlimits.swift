// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Rlimits {
    /// The spec's names, the kernel's words in /proc/PID/limits, and a value that every process can live with.
    static let all: [(type: String, words: String, value: Int64)] = [
        ("RLIMIT_AS", "Max address space", 8_000_000_000), ("RLIMIT_CORE", "Max core file size", 4096),
        ("RLIMIT_CPU", "Max cpu time", 1000), ("RLIMIT_DATA", "Max data size", 8_000_000_000),
        ("RLIMIT_FSIZE", "Max file size", 1_000_000_000), ("RLIMIT_LOCKS", "Max file locks", 100),
        ("RLIMIT_MSGQUEUE", "Max msgqueue size", 8192), ("RLIMIT_NICE", "Max nice priority", 0),
        ("RLIMIT_NOFILE", "Max open files", 512), ("RLIMIT_NPROC", "Max processes", 5000),
        ("RLIMIT_RSS", "Max resident set", 8_000_000_000), ("RLIMIT_RTPRIO", "Max realtime priority", 0),
        ("RLIMIT_RTTIME", "Max realtime timeout", 1_000_000), ("RLIMIT_SIGPENDING", "Max pending signals", 500),
        ("RLIMIT_STACK", "Max stack size", 4_000_000),
    ]

    private func limits(_ type: String, _ words: String, soft: JSON, hard: JSON) throws -> [String] {
        var found: [String] = []
        try scenario { s in
            let lines = try s.inside("grep '\(words)' /proc/self/limits") {
                $0["/process/rlimits"] = [["type": .string(type), "soft": soft, "hard": hard]]
            }
            found = (lines.first ?? "").dropFirst(words.count).split(separator: " ").prefix(2).map(String.init)
        }
        return found
    }

    // Goal: each limit is set. Method: the kernel's table inside.
    @Test("RL-01 each type sets its limit", arguments: all)
    func type(type: String, words: String, value: Int64) throws {
        try #expect(limits(type, words, soft: .int(value), hard: .int(value)) == ["\(value)", "\(value)"])
    }

    // Goal: soft and hard are told apart. Method: two values.
    @Test("RL-02 soft and hard limits")
    func softAndHard() throws {
        try #expect(limits("RLIMIT_NOFILE", "Max open files", soft: 100, hard: 200) == ["100", "200"])
    }

    // Goal: the largest number is no limit. Method: a type that is unlimited outside.
    @Test("RL-03 the largest number means unlimited")
    func unlimited() throws {
        let most = JSON.unsigned(UInt64.max)
        try #expect(limits("RLIMIT_CPU", "Max cpu time", soft: most, hard: most) == ["unlimited", "unlimited"])
    }

    // Goal: one type twice is an error. Method: create is refused at the second.
    @Test("RL-04 a second entry of the same type is refused")
    func duplicate() throws {
        try scenario { s in
            try s.refuses("/process/rlimits/1", "duplicate", "RLIMIT_CORE") {
                $0["/process/rlimits"] = [
                    ["type": "RLIMIT_CORE", "soft": 0, "hard": 0], ["type": "RLIMIT_CORE", "soft": 0, "hard": 0],
                ]
            }
        }
    }

    // Goal: unknown names are errors. Method: create is refused, the name is in the text.
    @Test("RL-05 an unknown type is refused", arguments: ["RLIMIT_FISH", "NOFILE", "rlimit_nofile"])
    func unknown(type: String) throws {
        try scenario { s in
            try s.refuses("/process/rlimits/0/type", type, "rlimit") {
                $0["/process/rlimits"] = [["type": .string(type), "soft": 10, "hard": 10]]
            }
        }
    }

    // Goal: what the kernel refuses is an error. Method: soft above hard.
    @Test("RL-06 a soft limit above the hard one is refused")
    func softAboveHard() throws {
        try scenario { s in
            try s.refuses("/process/rlimits/0", "nvalid argument", "hard", "greater", "soft") {
                $0["/process/rlimits"] = [["type": "RLIMIT_NOFILE", "soft": 20, "hard": 10]]
            }
        }
    }

    // Goal: without privilege a hard limit cannot be raised, which is said. Method: above the tests' own limit.
    @Test(
        "RL-07 a limit that may not be raised is refused",
        .enabled("needs a process without CAP_SYS_RESOURCE") { Machine.capabilities & (1 << 24) == 0 })
    func raise() throws {
        try scenario { s in
            try s.refuses("/process/rlimits/0", "operation not permitted", "Operation not permitted") {
                $0["/process/rlimits"] = [["type": "RLIMIT_NOFILE", "soft": 10, "hard": 1_000_000]]
            }
        }
    }

    // Goal: what is not said is inherited. Method: the limits of these tests.
    @Test("RL-08 limits that are not said are inherited")
    func inherited() throws {
        let own = (Files.read("/proc/self/limits") ?? "").split(separator: "\n").first {
            $0.hasPrefix("Max open files")
        }
        try scenario { s in
            let lines = try s.inside("grep 'Max open files' /proc/self/limits") { $0["/process/rlimits"] = nil }
            #expect(lines.first?.split(separator: " ")[4] == own?.split(separator: " ")[4])
        }
    }
}
