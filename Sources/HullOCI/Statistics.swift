// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What a container uses: the `data` of the records that engines read from `events`, in the shape that they know from
/// runc, where counters of cgroup v1 keep their names. Times are nanoseconds, sizes bytes.
package struct Statistics: Equatable, Sendable {
    /// How long tasks waited for a resource: `some` of them, or all of them (`full`); the kernel's documentation
    /// accounting/psi.rst. Averages in percent, as the kernel writes them.
    package struct Pressure: Equatable, Sendable {
        /// A line of a pressure file.
        package struct Line: Equatable, Sendable {
            package var avg10: Bytes = "0"
            package var avg60: Bytes = "0"
            package var avg300: Bytes = "0"
            /// Microseconds.
            package var total: UInt64 = 0
            /// Nothing counted.
            package init() {}
        }
        package var some = Line()
        package var full = Line()
        /// Nothing counted.
        package init() {}
    }

    /// Processor time.
    package struct CPU: Equatable, Sendable {
        package var total: UInt64 = 0
        package var kernel: UInt64 = 0
        package var user: UInt64 = 0
        package var periods: UInt64 = 0
        package var throttledPeriods: UInt64 = 0
        package var throttledTime: UInt64 = 0
        package var pressure: Pressure?
        /// Nothing counted.
        package init() {}
    }

    /// A resource with a limit.
    package struct Usage: Equatable, Sendable {
        /// UInt64.max is no limit.
        package var limit: UInt64 = 0
        package var usage: UInt64 = 0
        package var max: UInt64 = 0
        package var failures: UInt64 = 0
        /// Nothing counted.
        package init() {}
    }

    /// Memory; `raw` is memory.stat.
    package struct Memory: Equatable, Sendable {
        package var cache: UInt64 = 0
        package var usage = Usage()
        package var swap = Usage()
        package var raw: [Entry<UInt64>] = []
        package var pressure: Pressure?
        /// Nothing counted.
        package init() {}
    }

    /// A counter of a block device.
    package struct BlockIO: Equatable, Sendable {
        package var major: UInt64
        package var minor: UInt64
        package var operation: Bytes
        package var value: UInt64
        package init(major: UInt64, minor: UInt64, operation: Bytes, value: UInt64) {
            self.major = major
            self.minor = minor
            self.operation = operation
            self.value = value
        }
    }

    package var cpu = CPU()
    package var memory = Memory()
    package var pids: UInt64 = 0
    /// 0 is no limit.
    package var pidsLimit: UInt64 = 0
    package var serviceBytes: [BlockIO] = []
    package var serviced: [BlockIO] = []
    package var blockIOPressure: Pressure?
    package var hugetlb: [Entry<Usage>] = []

    /// Nothing used.
    package init() {}
}

/// A record of `events`: one line of JSON.
package enum Event: Equatable, Sendable {
    /// What is used now.
    case stats(Statistics)
    /// The kernel has killed for memory: how many processes since the last record, and the cgroup whose limit it was.
    case oom(kills: UInt64, level: Bytes)

    /// The line, without its end.
    package func line(id: Bytes) -> Bytes {
        var writer = JSONWriter()
        writer.object { writer in
            switch self {
            case .stats(let statistics):
                writer.member("type", "stats" as Bytes)
                writer.member("id", id)
                writer.member("data", statistics)
            case .oom(let kills, let level):
                writer.member("type", "oom" as Bytes)
                writer.member("id", id)
                writer.key("data")
                writer.object { writer in
                    writer.member("kills", kills)
                    writer.member("level", level)
                }
            }
        }
        return Bytes(writer.bytes)
    }
}

extension Statistics: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("cpu", cpu)
            writer.key("cpuset")
            writer.object { writer in
                // What cgroup v1 has beside the lists; readers look for the keys.
                for key in cpusetFlags { writer.member(key, UInt64(0)) }
            }
            writer.member("memory", memory)
            writer.key("pids")
            writer.object { writer in
                writer.member("current", pids)
                if pidsLimit > 0 { writer.member("limit", pidsLimit) }
            }
            writer.key("blkio")
            writer.object { writer in
                if !serviceBytes.isEmpty { writer.member("ioServiceBytesRecursive", serviceBytes) }
                if !serviced.isEmpty { writer.member("ioServicedRecursive", serviced) }
                writer.member("psi", blockIOPressure)
            }
            writer.member("hugetlb", map: hugetlb)
            writer.key("intel_rdt")
            writer.object { _ in }
            writer.key("network_interfaces")
            writer.plain("null")
        }
    }
}

private let cpusetFlags: [StaticString] = [
    "cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page", "memory_spread_slab",
    "memory_pressure", "sched_load_balance", "sched_relax_domain_level",
]

extension Statistics.CPU: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("usage")
            writer.object { writer in
                writer.member("total", total)
                writer.member("kernel", kernel)
                writer.member("user", user)
            }
            writer.key("throttling")
            writer.object { writer in
                if periods > 0 { writer.member("periods", periods) }
                if throttledPeriods > 0 { writer.member("throttledPeriods", throttledPeriods) }
                if throttledTime > 0 { writer.member("throttledTime", throttledTime) }
            }
            writer.member("psi", pressure)
        }
    }
}

extension Statistics.Memory: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            if cache > 0 { writer.member("cache", cache) }
            writer.member("usage", usage)
            writer.member("swap", swap)
            writer.member("kernel", Statistics.Usage())
            writer.member("kernelTCP", Statistics.Usage())
            if !raw.isEmpty { writer.member("raw", map: raw) }
            writer.member("psi", pressure)
        }
    }
}

extension Statistics.Usage: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("limit", limit)
            if usage > 0 { writer.member("usage", usage) }
            if max > 0 { writer.member("max", max) }
            writer.member("failcnt", failures)
        }
    }
}

extension Statistics.BlockIO: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            if major > 0 { writer.member("major", major) }
            if minor > 0 { writer.member("minor", minor) }
            writer.member("op", operation)
            if value > 0 { writer.member("value", value) }
        }
    }
}

extension Statistics.Pressure: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("some", some)
            writer.member("full", full)
        }
    }
}

extension Statistics.Pressure.Line: JSONWritable {
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            for (name, average) in [("avg10" as Bytes, avg10), ("avg60", avg60), ("avg300", avg300)] {
                writer.key(name)
                writer.plain(average)
            }
            writer.member("total", total)
        }
    }
}
