// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullOCI
import HullPlan
import Testing

/// The plan of resources that are filled in by a closure.
func resolvedResources(_ fill: (inout Config.Linux.Resources) -> Void) -> (ResourcesPlan, Findings) {
    var said = Config.Linux.Resources()
    fill(&said)
    var findings = Findings()
    let plan = resolveResources(said, at: "/linux/resources", &findings)
    return (plan, findings)
}

extension ResourcesPlan {
    /// The files as `NAME=VALUE`, with `?` after the value of a file that may be missing.
    var lines: [String] {
        files.map { "\($0.name.text)=\($0.value.text)\($0.absence == .skip ? "?" : "")" }
    }
    var controllerNames: [String] { controllers.map(\.name.text) }
}

@Suite struct MemoryTests {
    private func memory(
        limit: Int64? = nil, reservation: Int64? = nil, swap: Int64? = nil
    ) -> (ResourcesPlan, Findings) {
        resolvedResources { said in
            var memory = Config.Linux.Resources.Memory()
            memory.limit = limit
            memory.reservation = reservation
            memory.swap = swap
            said.memory = memory
        }
    }

    // RS-50. Goal: three numbers of the config become the right files. Method: every combination of kinds of values.
    @Test(
        arguments: [
            (nil, nil, nil, []), (0, 0, 0, []), (1_048_576, nil, nil, ["memory.max=1048576"]),
            (-1, nil, nil, ["memory.swap.max=max?", "memory.max=max?"]),
            (-1, nil, -1, ["memory.swap.max=max?", "memory.max=max?"]),
            (100, nil, 100, ["memory.swap.max=0?", "memory.max=100"]),
            (100, nil, 150, ["memory.swap.max=50", "memory.max=100"]),
            (100, 60, -1, ["memory.swap.max=max?", "memory.max=100", "memory.low=60"]),
            (nil, 60, nil, ["memory.low=60"]), (nil, nil, -1, ["memory.swap.max=max?"]),
            (.max, nil, .max, ["memory.swap.max=0?", "memory.max=9223372036854775807"]),
        ] as [(Int64?, Int64?, Int64?, [String])])
    func files(limit: Int64?, reservation: Int64?, swap: Int64?, lines: [String]) {
        let (plan, findings) = memory(limit: limit, reservation: reservation, swap: swap)
        #expect(plan.lines == lines)
        #expect(findings.errors.isEmpty && findings.warnings.isEmpty)
        #expect(plan.controllerNames == (lines.contains { !$0.hasSuffix("?") } ? ["memory"] : []))
    }

    // RS-50. Goal: impossible numbers at their place. Method: each rule broken once.
    @Test(
        arguments: [
            (-2, nil, nil, "/linux/resources/memory/limit: the limit is negative: -2 (-1 is no limit)"),
            (nil, -5, nil, "/linux/resources/memory/reservation: the limit is negative: -5 (-1 is no limit)"),
            (
                nil, nil, .min,
                "/linux/resources/memory/swap: the limit is negative: -9223372036854775808 (-1 is no limit)"
            ),
            (
                100, nil, 99,
                "/linux/resources/memory/swap: 99 is below the limit of memory, 100: "
                    + "memory and swap are counted together"
            ),
            (
                nil, nil, 99,
                "/linux/resources/memory/swap: a limit of memory and swap together needs a limit of memory"
            ),
            (
                -1, nil, 99,
                "/linux/resources/memory/swap: a limit of memory and swap together needs a limit of memory"
            ),
        ] as [(Int64?, Int64?, Int64?, String)])
    func wrong(limit: Int64?, reservation: Int64?, swap: Int64?, line: String) {
        #expect(memory(limit: limit, reservation: reservation, swap: swap).1.errorLines == [line])
    }

    // RS-51. Goal: what cgroup v2 cannot do is said. Method: all such fields, with and without effect.
    @Test func old() {
        let (plan, findings) = resolvedResources { said in
            var memory = Config.Linux.Resources.Memory()
            memory.kernel = -1
            memory.kernelTCP = 5
            memory.swappiness = 10
            memory.disableOOMKiller = true
            memory.useHierarchy = false
            memory.checkBeforeUpdate = true
            said.memory = memory
        }
        #expect(plan == ResourcesPlan())
        #expect(
            findings.errorLines == [
                "/linux/resources/memory/swappiness: cgroup v2 has no swappiness of a cgroup",
                "/linux/resources/memory/disableOOMKiller: cgroup v2 cannot disable the OOM killer",
            ])
        let ignored = "ignored: cgroup v2 counts the kernel's memory within \"limit\""
        #expect(
            findings.warningLines == [
                "/linux/resources/memory/kernel: \(ignored)", "/linux/resources/memory/kernelTCP: \(ignored)",
                "/linux/resources/memory/useHierarchy: ignored: cgroup v2 always counts child cgroups",
            ])
        let (_, silent) = resolvedResources { said in
            var memory = Config.Linux.Resources.Memory()
            memory.kernel = 0
            memory.disableOOMKiller = false
            memory.useHierarchy = true
            said.memory = memory
        }
        #expect(silent.errors.isEmpty && silent.warnings.isEmpty)
    }
}

@Suite struct CPUTests {
    private func cpu(_ fill: (inout Config.Linux.Resources.CPU) -> Void) -> (ResourcesPlan, Findings) {
        resolvedResources { said in
            var cpu = Config.Linux.Resources.CPU()
            fill(&cpu)
            said.cpu = cpu
        }
    }

    // RS-52. Goal: the conversion that engines expect. Method: known pairs; all shares beside the formula in the C
    // library.
    @Test func weight() {
        for (shares, weight): (UInt64, UInt64) in [
            (0, 1), (2, 1), (3, 2), (1024, 100), (2048, 174), (262_144, 10_000), (.max, 10_000),
        ] {
            #expect(cpuWeight(shares: shares) == weight, "\(shares)")
        }
        var last: UInt64 = 0
        for shares in UInt64(3)..<262_144 where shares != 1024 {
            let l = log2(Double(shares))
            let expected = UInt64(ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)))
            let weight = cpuWeight(shares: shares)
            if weight != expected || weight < last { Issue.record("\(shares): \(weight) instead of \(expected)") }
            last = weight
        }
    }

    // RS-53. Goal: quota, period and burst become one file and another. Method: every combination of kinds of values.
    @Test(
        arguments: [
            (nil, nil, nil, []), (0, 0, nil, []), (50_000, nil, nil, ["cpu.max=50000"]),
            (50_000, 100_000, nil, ["cpu.max=50000 100000"]), (nil, 20_000, nil, ["cpu.max=max 20000?"]),
            (-1, nil, nil, ["cpu.max=max?"]), (-1, 20_000, nil, ["cpu.max=max 20000?"]),
            (50_000, 100_000, 50_000, ["cpu.max=50000 100000", "cpu.max.burst=50000"]),
            (nil, nil, 0, ["cpu.max.burst=0?"]),
        ] as [(Int64?, UInt64?, UInt64?, [String])])
    func bandwidth(quota: Int64?, period: UInt64?, burst: UInt64?, lines: [String]) {
        let (plan, findings) = cpu {
            $0.quota = quota
            $0.period = period
            $0.burst = burst
        }
        #expect(plan.lines == lines)
        #expect(findings.errors.isEmpty)
    }

    // RS-54 RS-55. Goal: all fields, their order, their controllers and their origins. Method: one config with
    // everything.
    @Test func everything() {
        let (plan, findings) = cpu {
            $0.shares = 1024
            $0.quota = 50_000
            $0.period = 100_000
            $0.idle = 0
            $0.cpus = "0-3,7"
            $0.mems = " 0\n"
        }
        #expect(findings.errors.isEmpty)
        #expect(
            plan.lines == [
                "cpu.idle=0", "cpu.weight=100", "cpu.max=50000 100000", "cpuset.cpus=0-3,7", "cpuset.mems=0",
            ])
        #expect(plan.controllerNames == ["cpu", "cpuset"])
        #expect(
            plan.files.map(\.origin.text.text)
                == ["idle", "shares", "quota", "cpus", "mems"].map {
                    "/linux/resources/cpu/\($0)"
                })
        // A weight beside idle is refused by the kernel.
        #expect(
            cpu {
                $0.shares = 1024
                $0.idle = 1
            }.0.lines == ["cpu.idle=1"])
    }

    // RS-53 RS-56. Goal: what the kernel would answer with EINVAL, at its place. Method: each rule broken once.
    @Test func wrong() {
        let (_, findings) = cpu {
            $0.quota = 999
            $0.period = 1_000_001
            $0.burst = 1000
            $0.idle = 2
            $0.cpus = "3-1"
            $0.mems = "a"
            $0.realtimeRuntime = 1
            $0.realtimePeriod = 1
        }
        #expect(
            findings.errorLines == [
                "/linux/resources/cpu/idle: 2 is neither 0 nor 1",
                "/linux/resources/cpu/period: 1000001 is not within 1000 to 1000000 microseconds",
                "/linux/resources/cpu/quota: 999 is less than the 1000 microseconds the kernel wants",
                "/linux/resources/cpu/burst: 1000 is more than the quota, 999",
                "/linux/resources/cpu/cpus: invalid list \"3-1\" (numbers and ranges: \"0-3,7\")",
                "/linux/resources/cpu/mems: invalid list \"a\" (numbers and ranges: \"0-3,7\")",
                "/linux/resources/cpu/realtimeRuntime: cgroup v2 has no limit of real-time tasks",
                "/linux/resources/cpu/realtimePeriod: cgroup v2 has no limit of real-time tasks",
            ])
        #expect(cpu { $0.realtimeRuntime = 0 }.1.errors.isEmpty)
    }

    // RS-55. Goal: the kernel's lists of numbers. Method: a table of lists that it takes and does not take.
    @Test(arguments: [
        ("0", true), ("0-3,7", true), ("0 , 1-2", true), ("0-15:2/4", true), ("7,0", true), ("", false), (",", false),
        ("0,", false), ("-1", false), ("1-", false), ("2-1", false), ("0-1-2", false), ("0:1/2", false),
        ("0-3:5/4", false), ("0-3:1/0", false), ("0-3:1", false), ("0x1", false), ("0;1", false),
        ("18446744073709551616", false), ("5\n,2", false),
    ]) func lists(text: String, valid: Bool) {
        #expect(isNumberList(Bytes(text)) == valid)
    }
}

@Suite struct OtherResourcesTests {
    // RS-57. Goal: 0 is a limit, -1 is none, less is a mistake. Method: the three.
    @Test func pids() {
        func pids(_ limit: Int64?) -> (ResourcesPlan, Findings) { resolvedResources { $0.pids = .init(limit: limit) } }
        #expect(pids(100).0.lines == ["pids.max=100"])
        #expect(pids(100).0.files.first?.afterSetUp == false)
        #expect(pids(0).0.lines == ["pids.max=0"])
        #expect(pids(0).0.files.first?.afterSetUp == true)
        #expect(pids(1).0.files.first?.afterSetUp == true)
        #expect(pids(2).0.files.first?.afterSetUp == false)
        #expect(pids(-1).0.lines == ["pids.max=max?"])
        #expect(pids(-1).0.controllers.isEmpty)
        #expect(pids(nil).0 == ResourcesPlan())
        #expect(
            pids(-2).1.errorLines
                == ["/linux/resources/pids/limit: the limit of tasks is negative: -2 (-1 is no limit)"])
    }

    // RS-60. Goal: a page size becomes a part of a file name and of nothing else. Method: real sizes, and paths.
    @Test func hugepages() {
        let (plan, findings) = resolvedResources {
            $0.hugepageLimits = [.init(pageSize: "2MB", limit: 4_194_304), .init(pageSize: "1GB", limit: 0)]
        }
        #expect(findings.errors.isEmpty)
        #expect(
            plan.lines == [
                "hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304?", "hugetlb.1GB.max=0",
                "hugetlb.1GB.rsvd.max=0?",
            ])
        #expect(plan.controllerNames == ["hugetlb"])
        for size in [
            "", "MB", "2", "2mb", "02MB", "../../x", "2MB/../../cgroup.procs", "2TB", "-2MB", "2.5MB", "2MB\n",
        ] {
            let (plan, findings) = resolvedResources { $0.hugepageLimits = [.init(pageSize: Bytes(size), limit: 1)] }
            #expect(plan == ResourcesPlan())
            #expect(findings.errors.map(\.pointer) == ["/linux/resources/hugepageLimits/0/pageSize"], "\(size)")
        }
    }

    // RS-62. Goal: an RDMA device is one word of a line. Method: good entries, empty ones, names that would break the
    // line.
    @Test func rdma() {
        let (plan, findings) = resolvedResources {
            $0.rdma = [
                Entry(key: "mlx5_1", value: .init(hcaHandles: 3, hcaObjects: 10_000)),
                Entry(key: "rxe3", value: .init(hcaObjects: 1)), Entry(key: "none", value: .init()),
                Entry(key: "a b", value: .init(hcaHandles: 1)), Entry(key: "a\nb", value: .init(hcaHandles: 1)),
                Entry(key: "", value: .init(hcaHandles: 1)), Entry(key: "a/b", value: .init(hcaHandles: 1)),
            ]
        }
        #expect(plan.lines == ["rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=1"])
        #expect(plan.controllerNames == ["rdma"])
        #expect(
            findings.errorLines == [
                "/linux/resources/rdma/none: neither \"hcaHandles\" nor \"hcaObjects\" is given",
                "/linux/resources/rdma/a b: invalid name of an RDMA device",
                "/linux/resources/rdma/a\nb: invalid name of an RDMA device",
                "/linux/resources/rdma/: invalid name of an RDMA device",
                "/linux/resources/rdma/a~1b: invalid name of an RDMA device",
            ])
    }

    // RS-63 RS-64. Goal: unified files come last, line by line, known or not. Method: lists, unknown controllers,
    // core files.
    @Test func unified() {
        let (plan, findings) = resolvedResources {
            $0.pids = .init(limit: 5)
            $0.unified = [
                Entry(key: "io.max", value: "259:0 rbps=1\n 253:0 wbps=2 \n\n"), Entry(key: "pids.max", value: "max"),
                Entry(key: "misc.max", value: "sev 1"), Entry(key: "dmem.max", value: "x"),
                Entry(key: "cgroup.max.depth", value: "3"), Entry(key: "memory.high", value: ""),
            ]
        }
        #expect(findings.errors.isEmpty)
        #expect(
            plan.lines == [
                "pids.max=5", "io.max=259:0 rbps=1", "io.max=253:0 wbps=2", "pids.max=max", "misc.max=sev 1",
                "dmem.max=x", "cgroup.max.depth=3",
            ])
        #expect(plan.controllerNames == ["pids", "io", "misc", "dmem"])
        #expect(plan.controllers[1].origin == "/linux/resources/unified/io.max")
    }

    // RS-63. Goal: a key is a file of this cgroup and a limit. Method: paths, no names, files that move processes.
    @Test(arguments: [
        ("../x.max", "\"../x.max\" is not the name of a file: it contains a slash"),
        ("a/memory.max", "\"a/memory.max\" is not the name of a file: it contains a slash"),
        ("", "\"\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"),
        ("..", "\"..\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"),
        (".", "\".\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"),
        ("memory", "\"memory\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"),
        ("memory.", "\"memory.\" is not the name of a cgroup file: CONTROLLER.NAME is wanted"),
        ("cgroup.procs", "\"cgroup.procs\" moves or kills processes: it is no limit"),
        ("cgroup.threads", "\"cgroup.threads\" moves or kills processes: it is no limit"),
        ("cgroup.kill", "\"cgroup.kill\" moves or kills processes: it is no limit"),
    ]) func wrongUnified(key: String, problem: String) {
        let (plan, findings) = resolvedResources { $0.unified = [Entry(key: Bytes(key), value: "1")] }
        #expect(plan == ResourcesPlan())
        #expect(findings.errors.map(\.problem) == [Bytes(problem)])
        #expect(findings.errors.map(\.pointer) == [JSONPointer("/linux/resources/unified").appending(Bytes(key))])
    }

    // RS-61. Goal: network classes are refused where they ask for something. Method: values with and without effect.
    @Test func network() {
        var network = Config.Linux.Resources.Network()
        network.classID = 0
        network.priorities = []
        #expect(resolvedResources { $0.network = network }.1.errors.isEmpty)
        network.classID = 1
        network.priorities = [.init(name: "eth0", priority: 1)]
        #expect(
            resolvedResources { $0.network = network }.1.errorLines == [
                "/linux/resources/network/classID: cgroup v2 has no network classes",
                "/linux/resources/network/priorities: cgroup v2 has no network priorities",
            ])
    }

    // RS-60 RS-63. Goal: no name that is written ever leaves the cgroup. Method: random bytes in every place that
    // becomes a name.
    @Test func namesNeverHaveSlashes() {
        let alphabet: [UInt8] = Array("./GMKB2a \n\0".utf8)
        for _ in 0..<3000 {
            let name = Bytes((0..<Int.random(in: 0...6)).compactMap { _ in alphabet.randomElement() })
            let (plan, findings) = resolvedResources {
                $0.unified = [Entry(key: name, value: "1")]
                $0.hugepageLimits = [.init(pageSize: name, limit: 1)]
            }
            for file in plan.files {
                #expect(!file.name.contains(0x2f) && !file.name.contains(0) && file.name != "." && file.name != "..")
            }
            #expect(findings.errors.count + plan.controllers.count >= 1)
        }
    }
}
