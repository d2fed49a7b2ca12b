// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct SchedulingTests {
    private func scheduler(
        _ policy: Bytes, _ amend: (inout Config.Process.Scheduler) -> Void = { _ in }
    ) -> (SchedulerAttributes?, [String]) {
        var said = Config.Process.Scheduler(policy: policy)
        amend(&said)
        var findings = Findings()
        let attributes = resolveScheduler(said, at: "/process/scheduler", &findings)
        return (attributes, findings.errorLines)
    }

    // SD-51. Goal: every policy and flag has the kernel's number. Method: each by name, against sched.h.
    @Test func numbers() {
        let policies: [(Bytes, UInt32)] = [
            ("SCHED_OTHER", 0), ("SCHED_FIFO", 1), ("SCHED_RR", 2), ("SCHED_BATCH", 3), ("SCHED_ISO", 4),
            ("SCHED_IDLE", 5), ("SCHED_DEADLINE", 6),
        ]
        for (name, number) in policies {
            let (attributes, errors) = scheduler(name) {
                if number == 1 || number == 2 { $0.priority = 99 }
                if number == 6 { ($0.runtime, $0.deadline) = (1024, 1024) }
            }
            #expect(attributes?.policy == number && errors.isEmpty, "\(name.text) \(errors)")
        }
        #expect(SchedulerAttributes.policies.names == policies.map(\.0))
        for (index, name) in SchedulerAttributes.flags.names.enumerated() {
            #expect(scheduler("SCHED_OTHER") { $0.flags = [name] }.0?.flags == 1 << UInt32(index), "\(name.text)")
        }
        #expect(SchedulerAttributes.flags.names.count == 7)
    }

    // SD-51. Goal: what is not said is 0. Method: a policy alone, and everything said.
    @Test func values() {
        #expect(scheduler("SCHED_OTHER").0 == SchedulerAttributes(policy: 0))
        var wanted = SchedulerAttributes(policy: 6)
        (wanted.runtime, wanted.deadline, wanted.period, wanted.flags, wanted.nice) = (5000, 6000, 7000, 3, -20)
        let (found, errors) = scheduler("SCHED_DEADLINE") {
            ($0.runtime, $0.deadline, $0.period, $0.nice) = (5000, 6000, 7000, -20)
            $0.flags = ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_RESET_ON_FORK"]
        }
        #expect(found == wanted && errors.isEmpty)
    }

    // SD-03. Goal: each mistake at its own place, with what would be right. Method: one of each.
    @Test func mistakes() {
        let all = SchedulerAttributes.policies.names.map(\.text).joined(separator: ", ")
        #expect(
            scheduler("FIFO").1 == [
                "/process/scheduler/policy: unknown scheduling policy \"FIFO\" (did you mean \"SCHED_FIFO\"?)"
            ])
        #expect(
            scheduler("").1 == ["/process/scheduler/policy: unknown scheduling policy \"\" (\(all))"])
        #expect(
            scheduler("SCHED_BATCH") { ($0.nice, $0.priority, $0.runtime, $0.deadline, $0.period) = (20, 1, 1, 2, 3) }.1
                == [
                    "/process/scheduler/nice: 20 is outside -20 to 19",
                    "/process/scheduler/priority: is for SCHED_FIFO and SCHED_RR; SCHED_BATCH has no priorities",
                    "/process/scheduler/runtime: is for SCHED_DEADLINE, not for SCHED_BATCH",
                    "/process/scheduler/deadline: is for SCHED_DEADLINE, not for SCHED_BATCH",
                    "/process/scheduler/period: is for SCHED_DEADLINE, not for SCHED_BATCH",
                ])
        for priority in [0, 100, -1] as [Int32] {
            #expect(
                scheduler("SCHED_RR") { $0.priority = priority }.1
                    == ["/process/scheduler/priority: \(priority) is outside 1 to 99, which SCHED_RR takes"])
        }
        #expect(
            scheduler("SCHED_OTHER") { $0.flags = ["SCHED_FLAG_RECLAIM", "RECLAIM"] }.1 == [
                "/process/scheduler/flags/1: unknown scheduler flag \"RECLAIM\" (did you mean \"SCHED_FLAG_RECLAIM\"?)"
            ])
    }

    // SD-04. Goal: the order of the times is that of sched(7). Method: each broken, one by one.
    @Test func deadlines() {
        func errors(_ runtime: UInt64, _ deadline: UInt64, _ period: UInt64) -> [String] {
            scheduler("SCHED_DEADLINE") { ($0.runtime, $0.deadline, $0.period) = (runtime, deadline, period) }.1
        }
        #expect(errors(1024, 1024, 0) == [])
        #expect(errors(0, 0, 0) == ["/process/scheduler/runtime: 0 is less than 1024 nanoseconds"])
        #expect(errors(2000, 1999, 0) == ["/process/scheduler/runtime: 2000 is more than the deadline"])
        #expect(errors(2000, 3000, 2999) == ["/process/scheduler/period: 2999 is less than the deadline"])
        #expect(errors(1024, 1 << 63, 1 << 63).count == 2)
    }

    // IP-50. Goal: class and level as ioprio_set(2) takes them, mistakes at their places. Method: each class, and wrong
    // ones.
    @Test func ioPriority() {
        func resolve(_ name: Bytes, _ level: Int32?) -> (Int32?, [String]) {
            var findings = Findings()
            let said = Config.Process.IOPriority(class: name, priority: level)
            let priority = resolveIOPriority(said, at: "/process/ioPriority", &findings)
            return (priority?.rawValue, findings.errorLines)
        }
        #expect(resolve("IOPRIO_CLASS_RT", 7) == (0x2007, []))
        #expect(resolve("IOPRIO_CLASS_BE", 0) == (0x4000, []))
        #expect(resolve("IOPRIO_CLASS_IDLE", 0) == (0x6000, []))
        #expect(
            resolve("IOPRIO_CLASS_IDLE", nil).1
                == ["/process/ioPriority/priority: is required (0 (highest) to 7 (lowest))"])
        #expect(
            resolve("IOPRIO_CLASS_BE", 8).1
                == ["/process/ioPriority/priority: 8 is outside 0 (highest) to 7 (lowest)"])
        #expect(
            resolve("BE", -1).1 == [
                "/process/ioPriority/priority: -1 is outside 0 (highest) to 7 (lowest)",
                "/process/ioPriority/class: unknown I/O priority class \"BE\" (did you mean \"IOPRIO_CLASS_BE\"?)",
            ])
    }

    // PE-02. Goal: the two domains, no flags. Method: right and wrong ones.
    @Test func personality() {
        func resolve(_ domain: Bytes?, _ flags: [Bytes]? = nil) -> (UInt32?, [String]) {
            var said = Config.Linux.Personality()
            (said.domain, said.flags) = (domain, flags)
            var findings = Findings()
            return (resolvePersonality(said, at: "/linux/personality", &findings), findings.errorLines)
        }
        #expect(resolve("LINUX") == (0, []))
        #expect(resolve("LINUX32", []) == (8, []))
        #expect(resolve(nil).1 == ["/linux/personality/domain: is required (LINUX, LINUX32)"])
        #expect(
            resolve("linux32").1 == [
                "/linux/personality/domain: unknown execution domain \"linux32\" (did you mean \"LINUX32\"?)"
            ])
        #expect(
            resolve("LINUX", ["ADDR_NO_RANDOMIZE"]).1
                == ["/linux/personality/flags/0: the specification knows no personality flags"])
    }

    // MY-02. Goal: modes, nodes and flags as set_mempolicy(2) combines them. Method: each rule kept and broken.
    @Test(
        arguments: [
            ("MPOL_DEFAULT", nil, [], nil), ("MPOL_DEFAULT", "0", [], "nodes: MPOL_DEFAULT takes no nodes"),
            ("MPOL_LOCAL", "0", [], "nodes: MPOL_LOCAL takes no nodes"), ("MPOL_BIND", "0-1,4", [], nil),
            ("MPOL_BIND", nil, [], "nodes: MPOL_BIND needs at least one node"),
            ("MPOL_INTERLEAVE", "", [], "nodes: MPOL_INTERLEAVE needs at least one node"),
            ("MPOL_WEIGHTED_INTERLEAVE", nil, [], "nodes: MPOL_WEIGHTED_INTERLEAVE needs at least one node"),
            ("MPOL_PREFERRED_MANY", nil, [], "nodes: MPOL_PREFERRED_MANY needs at least one node"),
            ("MPOL_PREFERRED", nil, [], nil), ("MPOL_BIND", "0", ["MPOL_F_STATIC_NODES"], nil),
            (
                "MPOL_PREFERRED", nil, ["MPOL_F_STATIC_NODES"],
                "flags: say how nodes are meant, and there are none"
            ),
            (
                "MPOL_BIND", "0", ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"],
                "flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other"
            ),
            (
                "MPOL_BIND", "0", ["STATIC_NODES"],
                "flags/0: unknown memory policy flag \"STATIC_NODES\" (did you mean \"MPOL_F_STATIC_NODES\"?)"
            ),
            ("MPOL_BIND", "1-", [], "nodes: \"1-\" is no list of memory nodes such as 0-3,7"),
            ("MPOL_BIND", "32768", [], "nodes: \"32768\" is no list of memory nodes such as 0-3,7"),
            ("BIND", "0", [], "mode: unknown memory policy \"BIND\" (did you mean \"MPOL_BIND\"?)"),
        ] as [(Bytes, Bytes?, [Bytes], String?)])
    func memoryPolicy(mode: Bytes, nodes: Bytes?, flags: [Bytes], problem: String?) {
        var said = Config.Linux.MemoryPolicy()
        (said.mode, said.nodes, said.flags) = (mode, nodes, flags)
        var findings = Findings()
        let policy = resolveMemoryPolicy(said, at: "/linux/memoryPolicy", &findings)
        #expect(findings.errorLines == (problem.map { ["/linux/memoryPolicy/\($0)"] } ?? []))
        if problem == nil { #expect(policy?.nodes?.list == nodes) }
    }

    // MY-50. Goal: the mode's and flags' numbers are those of mempolicy.h; a mode must be said. Method: compare.
    @Test func memoryPolicyNumbers() {
        #expect(MemoryPolicy.modes.names.compactMap(MemoryPolicy.modes.number) == [0, 2, 3, 6, 1, 5, 4])
        #expect(MemoryPolicy.flags.names.compactMap(MemoryPolicy.flags.number) == [1 << 13, 1 << 14, 1 << 15])
        var findings = Findings()
        #expect(resolveMemoryPolicy(.init(), at: "/linux/memoryPolicy", &findings) == nil)
        #expect(findings.errors.map(\.pointer) == ["/linux/memoryPolicy/mode"])
    }

    // AF-50. Goal: lists of CPUs, also above the 1024 of glibc's cpu_set_t. Method: words and the list that comes back.
    @Test func numberSets() {
        #expect(NumberSet(list: "0-3,7")?.words == [0x8f])
        #expect(NumberSet(list: " 64, 66-65") == nil)
        #expect(NumberSet(list: " 64, 66")?.words == [0, 5])
        #expect(NumberSet(list: "1100,2047")?.words.count == 32)
        #expect(NumberSet(list: "2,1,0,63-64,1100")?.list == "0-2,63-64,1100")
        #expect(NumberSet(list: "32767")?.words.count == 512)
        for wrong in ["", ",", "1,", "-", "1-", "-1", "a", "1-2-3", "0x1", "3-1", "32768", "0-7:1/2"] as [Bytes] {
            #expect(NumberSet(list: wrong) == nil, "\(wrong.text)")
        }
        #expect(NumberSet.all.list == "0-8191")
        #expect(NumberSet(list: "60-70,0-127,5")?.words == [.max, .max])
        #expect(NumberSet(list: "63-64")?.words == [1 << 63, 1])
    }

    // Goal: a text that says a wide range again and again takes no minutes. Method: 30,000 of the widest, 230 KB.
    @Test(.timeLimit(.minutes(1))) func wideRanges() {
        let text = [Bytes](repeating: "0-32767", count: 30_000).joined(",")
        #expect(NumberSet(list: text)?.list == "0-32767")
    }
}
