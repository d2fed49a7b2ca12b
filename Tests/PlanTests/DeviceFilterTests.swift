// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles
import Testing

private typealias Said = Config.Linux.Resources.DeviceRule

@Suite struct DeviceFilterTests {
    private func filter(_ rules: [DeviceRule]) throws -> (DeviceRequest) -> Bool? {
        let program = compileDeviceFilter(rules)
        try #require(deviceFilterProblem(program) == nil)
        return { run(program, $0) }
    }

    private func resolve(_ said: [Said]?, _ findings: inout Findings) -> [EBPFInstruction] {
        resolveDeviceRules(said, at: "/linux/resources/devices", &findings)
    }

    // DR-01 DR-07 DR-11: Goal: without rules everything is denied but what every container may do
    // (GHSA-g54h-m393-cpwq). Method: a table.
    @Test(arguments: [nil, [], [Config.Linux.Resources.DeviceRule(allow: false, access: "rwm")]])
    func defaults(_ said: [Config.Linux.Resources.DeviceRule]?) throws {
        var findings = Findings()
        let program = resolve(said, &findings)
        #expect(findings.errorLines == [])
        #expect(program.count == 25)
        try #require(deviceFilterProblem(program) == nil)
        let table: [(UInt32, UInt32, UInt32, UInt32, Bool)] = [
            (1, 8, 0, 1, true), (1, 8, 0, 2, false), (1, 8, 0, 6, false), (1, 8, 0, 3, false), (1, 1, 3, 6, false),
            (2, 1, 3, 7, true), (2, 1, 5, 6, true), (2, 1, 7, 6, true), (2, 1, 8, 6, true), (2, 1, 9, 6, true),
            (2, 5, 0, 6, true), (2, 5, 2, 6, true), (2, 136, 77, 6, true), (2, 10, 200, 6, true),
            (2, 1, 1, 2, false), (2, 5, 1, 2, false), (2, 10, 229, 2, false), (2, 4, 0, 4, false), (2, 250, 1, 1, true),
        ]
        for (kind, major, minor, access, expected) in table {
            let request = DeviceRequest(kind: kind, major: major, minor: minor, access: access)
            #expect(run(program, request) == expected, "\(request)")
        }
    }

    // DR-03 DR-04 DR-05 DR-14: Goal: any list decides as its plain reading does: for each access the last rule that
    // speaks of it. Method: 3000 seeded random lists over few numbers with every wildcard, all requests on those
    // numbers and on some that no rule has.
    @Test(arguments: 0..<60)
    func random(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let requests = DeviceRequest.all(majors: [1, 5, 8, 136, 0xffff_ffff], minors: [0, 3, 8, 0xffff_ffff])
        for _ in 0..<50 {
            let rules = (0..<Int.random(in: 0...14, using: &random)).map { _ in DeviceRule(random: &random) }
            let decide = try filter(rules)
            let wrong = requests.first { decide($0) != (rules + DeviceRule.always).allow($0) }
            #expect(wrong == nil, "\(rules)")
        }
    }

    // DR-03 DR-06: Goal: every single rule, and every pair of rules for one device, decides as it reads. Method: all
    // kinds, wildcards and accesses of one rule; all pairs of accesses of two.
    @Test func exhaustive() throws {
        let requests = DeviceRequest.all(majors: [7, 9], minors: [3, 4])
        var lists: [[DeviceRule]] = []
        for access in 1...7 as ClosedRange<Int32> {
            for kind in [nil, .block, .character] as [DeviceRule.Kind?] {
                for (major, minor) in [(nil, nil), (7, nil), (nil, 3), (7, 3)] as [(UInt32?, UInt32?)] {
                    let rule = DeviceRule(
                        allow: true, kind: kind, major: major, minor: minor, access: .init(rawValue: access))
                    lists.append([rule])
                    for other in 1...7 as ClosedRange<Int32> {
                        let denied = DeviceRule(
                            allow: false, kind: .character, major: 7, minor: 3, access: .init(rawValue: other))
                        lists += [[rule, denied], [denied, rule]]
                    }
                }
            }
        }
        for rules in lists {
            let decide = try filter(rules)
            let wrong = requests.first { decide($0) != (rules + DeviceRule.always).allow($0) }
            #expect(wrong == nil, "\(rules)")
        }
    }

    // DR-13: Goal: where the rules of cgroup v1 (Documentation/admin-guide/cgroup-v1/devices.rst) and the plain reading
    // can be compared, they agree. Method: a literal model of v1's list, and lists whose rules name distinct devices or
    // all.
    @Test(arguments: 0..<40)
    func versionOne(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var rules: [DeviceRule] = Bool.random(using: &random) ? [DeviceRule(allow: Bool.random(using: &random))] : []
        for minor in 20...26 as ClosedRange<UInt32> {
            rules.append(DeviceRule(allow: Bool.random(using: &random), kind: .character, major: 7, minor: minor))
            if Bool.random(using: &random) {
                rules.append(DeviceRule(allow: Bool.random(using: &random), kind: .character, major: 7, minor: minor))
            }
        }
        let decide = try filter(rules)
        for minor in 19...27 as ClosedRange<UInt32> {
            for access in [2, 4, 6] as [UInt32] {
                let request = DeviceRequest(kind: 2, major: 7, minor: minor, access: access)
                #expect(decide(request) == VersionOneList(rules).allows(request), "\(rules) \(request)")
            }
        }
    }

    // DR-06: Goal: a write that is denied is not had by asking for reading and writing at once, and two rules may allow
    // the two.
    @Test func accessBits() throws {
        let denied = try filter([
            DeviceRule(allow: true, kind: .block, major: 8),
            DeviceRule(allow: false, kind: .block, major: 8, access: .write),
        ])
        #expect(
            (1...7).map { denied(DeviceRequest(kind: 1, major: 8, minor: 1, access: $0)) } == [true, true, true] + [
                false, false, false, false,
            ])
        let both = try filter([
            DeviceRule(allow: true, kind: .block, major: 8, access: .read),
            DeviceRule(allow: true, minor: 1, access: .write),
        ])
        #expect(both(DeviceRequest(kind: 1, major: 8, minor: 1, access: 6)) == true)
        #expect(both(DeviceRequest(kind: 1, major: 8, minor: 2, access: 6)) == false)
    }

    // DR-15: Goal: programs stay small: rules that decide nothing cost nothing, rules for one driver share its test.
    // Method: count.
    @Test func size() {
        let all = DeviceRule(allow: true)
        let many = (0..<50 as Range<UInt32>).map { DeviceRule(allow: true, kind: .character, major: 195, minor: $0) }
        #expect(compileDeviceFilter([all]).count == 11)
        #expect(compileDeviceFilter(many + [DeviceRule(allow: false)]).count == 25)
        #expect(compileDeviceFilter(many).count == 25 + 51)
        #expect(compileDeviceFilter(many + many).count == 25 + 51)
    }

    // DR-02 DR-12: Goal: what the config says arrives as said: -1 and nothing are "all", access alone is for
    // everything. Method: a table.
    @Test func config() {
        let table: [(Said, DeviceRule)] = [
            (.init(allow: true), DeviceRule(allow: true)),
            (.init(allow: true, type: "a", major: -1, minor: -1, access: "mrw"), DeviceRule(allow: true)),
            (
                .init(allow: true, type: "b", major: 8, access: "r"),
                DeviceRule(allow: true, kind: .block, major: 8, access: .read)
            ),
            (
                .init(allow: true, type: "c", minor: 4_294_967_295, access: "ww"),
                DeviceRule(allow: true, kind: .character, minor: .max, access: .write)
            ),
        ]
        for (said, rule) in table {
            var findings = Findings()
            #expect(resolve([said], &findings) == compileDeviceFilter([rule]))
            #expect(findings.errorLines == [])
        }
    }

    // DR-08 DR-09 DR-12: Goal: everything wrong in a list is found at once, with its pointer. Method: one rule per
    // mistake.
    @Test func errors() {
        var findings = Findings()
        _ = resolve(
            [
                .init(allow: true, type: "p"), .init(allow: true, type: "u"), .init(allow: true, major: -2),
                .init(allow: true, minor: 1 << 32), .init(allow: true, access: "rx"), .init(allow: true, access: ""),
            ], &findings)
        let at = "/linux/resources/devices/"
        #expect(
            findings.errorLines == [
                at + "0/type: \"p\" is no type of a device rule: a (all), b (block) or c (character)",
                at + "1/type: \"u\" is no type of a device rule: a (all), b (block) or c (character) "
                    + "(an unbuffered device is a character device: c)",
                at + "2/major: -2 is no device number (leave it out to mean all)",
                at + "3/minor: 4294967296 is no device number (leave it out to mean all)",
                at + "4/access: \"rx\" is not made of r (read), w (write) and m (mknod)",
                at + "5/access: is empty (leave it out to mean rwm)",
            ])
    }

    // DR-15: Goal: a list that makes too long a program is an error. Method: so many rules, and more than are looked
    // at.
    @Test(arguments: [2200, 5000])
    func tooLong(_ count: Int64) {
        var findings = Findings()
        let said = (0..<count).map { Said(allow: $0 % 2 == 0, type: "c", major: $0 + 1000, minor: $0, access: "r") }
        _ = resolve(said, &findings)
        #expect(findings.errors.map(\.pointer) == ["/linux/resources/devices"])
    }
}

/// The device list of cgroup v1: a default and exceptions from it.
private struct VersionOneList {
    private var allowsByDefault = false
    private var exceptions: [DeviceRule] = []

    init(_ rules: [DeviceRule]) {
        for rule in rules {
            if rule.kind == nil {
                allowsByDefault = rule.allow
                exceptions = []
            } else if rule.allow != allowsByDefault {
                exceptions.append(rule)
            } else {
                exceptions.removeAll { ($0.kind, $0.major, $0.minor) == (rule.kind, rule.major, rule.minor) }
            }
        }
    }

    func allows(_ request: DeviceRequest) -> Bool {
        let isException = exceptions.contains {
            UInt32($0.kind?.rawValue ?? 0) == request.kind && $0.major == request.major && $0.minor == request.minor
        }
        return isException != allowsByDefault
    }
}

extension DeviceRequest {
    /// Every kind and access on these numbers; the kernel never asks for no access.
    static func all(majors: [UInt32], minors: [UInt32]) -> [DeviceRequest] {
        [1, 2].flatMap { kind in
            majors.flatMap { major in
                minors.flatMap { minor in
                    (1...7).map { DeviceRequest(kind: kind, major: major, minor: minor, access: $0) }
                }
            }
        }
    }
}

extension DeviceRule {
    /// Of few numbers, so that rules meet each other.
    init(random: inout SeededGenerator) {
        func number() -> UInt32? { ([nil, 1, 5, 8, 0xffff_ffff] as [UInt32?]).randomElement(using: &random) ?? nil }
        self.init(
            allow: Bool.random(using: &random),
            kind: ([nil, .block, .character] as [DeviceRule.Kind?]).randomElement(using: &random) ?? nil,
            major: number(), minor: number(),
            access: Bool.random(using: &random) ? .all : .init(rawValue: Int32.random(in: 1...7, using: &random)))
    }
}
