// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What `update` was told.
package struct UpdateOptions: VerbOptions {
    /// The container's name.
    package var id: Bytes = ""
    /// The file with a resources document; `-` is standard input.
    package var resources: Bytes?
    /// What the options say, where there is no document.
    package var said = Config.Linux.Resources()
    /// Lines for the container's class of service, which no document of resources has.
    package var intelRdt = Config.Linux.IntelRdt()
    /// A limit that cannot be applied is an error for every user.
    package var strictResources = false

    package init() {}

    package static var page: VerbPage {
        VerbPage(
            summary: "change the limits of a container", operands: "ID",
            more: "A document (--resources) is the object linux.resources of a config; the\n"
                + "other options are ignored beside it, but for the two schemas. Sizes take k, m,\n"
                + "g and t; -1 is no limit.",
            example: "update --memory 512m --pids-limit 100 web")
    }

    package static var table: [Option<UpdateOptions>] {
        [
            .path("resources", letter: "r", "FILE", "read the limits from FILE, - is standard input") {
                $0.resources = $1
            }
        ]
            + memory + cpu
            + [
                .text("pids-limit", "N", "the most tasks") {
                    (options: inout UpdateOptions, value) throws(UsageProblem) in
                    options.said.pids = .init(limit: try parseInteger(value, of: "pids-limit"))
                },
                .text("blkio-weight", "N", "the weight of block I/O, 10 to 1000") {
                    (options: inout UpdateOptions, value) throws(UsageProblem) in
                    let weight = try parseNatural(value, of: "blkio-weight")
                    options.said.blockIO = .init()
                    options.said.blockIO?.weight = UInt16(clamping: weight)
                },
                .text("l3-cache-schema", "LINE", "a line for its class of service: L3:0=ff") {
                    $0.intelRdt.l3CacheSchema = $1
                },
                .text("mem-bw-schema", "LINE", "a line for its class of service: MB:0=50") {
                    $0.intelRdt.memBwSchema = $1
                },
                .flag("strict-resources", "a limit that cannot be applied is an error") { $0.strictResources = $1 },
            ]
    }

    package mutating func take(_ operands: [Bytes]) throws(OperandProblem) {
        id = try onlyID(operands)
        let isEmpty = said == Config.Linux.Resources() && intelRdt == Config.Linux.IntelRdt()
        if resources == nil, isEmpty { throw .missing("what to change") }
    }
}

extension UpdateOptions {
    private typealias Memory = Config.Linux.Resources.Memory
    private typealias CPU = Config.Linux.Resources.CPU

    private static var memory: [Option<UpdateOptions>] {
        let kernel = "of no effect: cgroup v2 counts it within --memory" as Bytes
        return [
            size("memory", "the most memory") { $0.limit = $1 },
            size("memory-reservation", "memory that others take last") { $0.reservation = $1 },
            size("memory-swap", "the most memory and swap together") { $0.swap = $1 },
            size("kernel-memory", kernel) { $0.kernel = $1 }.hidden,
            size("kernel-memory-tcp", kernel) { $0.kernelTCP = $1 }.hidden,
        ]
    }

    private static func size(
        _ name: Bytes, _ help: Bytes, _ set: @escaping (inout Memory, Int64) -> Void
    ) -> Option<UpdateOptions> {
        .text(name, "SIZE", help) { (options: inout UpdateOptions, value) throws(UsageProblem) in
            var memory = options.said.memory ?? .init()
            set(&memory, try parseSize(value, of: name))
            options.said.memory = memory
        }
    }

    private static var cpu: [Option<UpdateOptions>] {
        [
            integer("cpu-quota", "USEC", "the most CPU time in a period") { $0.quota = $1 },
            natural("cpu-period", "USEC", "the period of the quota") { $0.period = $1 },
            natural("cpu-burst", "USEC", "CPU time that may be saved up") { $0.burst = $1 },
            natural("cpu-share", "N", "the weight of CPU time, 2 to 262144") { $0.shares = $1 },
            integer("cpu-idle", "0|1", "run only when nothing else does") { $0.idle = $1 },
            integer("cpu-rt-runtime", "USEC", "real-time tasks (cgroup v1 only)") { $0.realtimeRuntime = $1 }.hidden,
            natural("cpu-rt-period", "USEC", "real-time tasks (cgroup v1 only)") { $0.realtimePeriod = $1 }.hidden,
            cpu("cpuset-cpus", "LIST", "the CPUs, as 0-3,7") { (cpu, value) in cpu.cpus = value },
            cpu("cpuset-mems", "LIST", "the memory nodes, as 0-1") { (cpu, value) in cpu.mems = value },
        ]
    }

    private static func cpu(
        _ name: Bytes, _ argument: Bytes, _ help: Bytes,
        _ set: @escaping (inout CPU, Bytes) throws(UsageProblem) -> Void
    ) -> Option<UpdateOptions> {
        .text(name, argument, help) { (options: inout UpdateOptions, value) throws(UsageProblem) in
            var cpu = options.said.cpu ?? .init()
            try set(&cpu, value)
            options.said.cpu = cpu
        }
    }

    private static func natural(
        _ name: Bytes, _ argument: Bytes, _ help: Bytes, _ set: @escaping (inout CPU, UInt64) -> Void
    ) -> Option<UpdateOptions> {
        cpu(name, argument, help) { (cpu: inout CPU, value) throws(UsageProblem) in
            set(&cpu, try parseNatural(value, of: name))
        }
    }

    private static func integer(
        _ name: Bytes, _ argument: Bytes, _ help: Bytes, _ set: @escaping (inout CPU, Int64) -> Void
    ) -> Option<UpdateOptions> {
        cpu(name, argument, help) { (cpu: inout CPU, value) throws(UsageProblem) in
            set(&cpu, try parseInteger(value, of: name))
        }
    }
}
