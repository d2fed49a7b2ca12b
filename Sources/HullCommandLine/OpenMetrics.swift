// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

/// The labels after the id, each with its comma, and the value.
private typealias Sample = (labels: Bytes, value: Bytes)

/// Statistics as OpenMetrics 1.0: a family for each quantity, a sample for each container, `# EOF` at the end. Names
/// end in their unit, counters in `_total`.
func openMetrics(_ rows: [StatsView.Row]) -> Bytes {
    var text = Bytes([])
    func family(
        _ name: Bytes, _ type: Bytes, _ unit: Bytes, _ help: Bytes, _ samples: (Statistics) -> [Sample]
    ) {
        let lines = rows.flatMap { row in
            samples(row.statistics).map { sample in
                let suffix: Bytes = type == "counter" ? "_total" : ""
                return "hull_container_\(name)\(suffix){id=\"\(row.id)\"\(sample.labels)} \(sample.value)\n" as Bytes
            }
        }
        guard !lines.isEmpty else { return }
        text = "\(text)# TYPE hull_container_\(name) \(type)\n"
        if !unit.isEmpty { text = "\(text)# UNIT hull_container_\(name) \(unit)\n" }
        text = "\(text)# HELP hull_container_\(name) \(help)\n\(lines.joined(""))"
    }
    func one(_ value: UInt64) -> [Sample] { [("", "\(value)" as Bytes)] }
    func limit(_ value: UInt64) -> [Sample] { value == 0 || value == .max ? [] : one(value) }

    family("cpu_seconds", "counter", "seconds", "CPU time used, by mode.") { statistics -> [Sample] in
        [(",mode=\"user\"", seconds(statistics.cpu.user)), (",mode=\"system\"", seconds(statistics.cpu.kernel))]
    }
    family("cpu_throttled_seconds", "counter", "seconds", "CPU time withheld by the quota.") {
        [("" as Bytes, seconds($0.cpu.throttledTime))]
    }
    family("memory_bytes", "gauge", "bytes", "Memory in use.") { one($0.memory.usage.usage) }
    family("memory_limit_bytes", "gauge", "bytes", "The limit of memory, where there is one.") {
        limit($0.memory.usage.limit)
    }
    family("memory_cache_bytes", "gauge", "bytes", "Memory that caches files.") { one($0.memory.cache) }
    family("memory_limit_hits", "counter", "", "How often the limit of memory was hit.") {
        one($0.memory.usage.failures)
    }
    family("tasks", "gauge", "", "Processes and threads.") { one($0.pids) }
    family("tasks_limit", "gauge", "", "The limit of tasks, where there is one.") { limit($0.pidsLimit) }
    family("io_bytes", "counter", "bytes", "Bytes read and written, by device and operation.") {
        $0.serviceBytes.map { (ioLabels($0), "\($0.value)" as Bytes) }
    }
    family("io_operations", "counter", "", "Reads and writes, by device and operation.") {
        $0.serviced.map { (ioLabels($0), "\($0.value)" as Bytes) }
    }
    family("pressure_stalled_seconds", "counter", "seconds", "Time in which tasks waited, by resource.") {
        statistics -> [Sample] in
        let all: [(Bytes, Statistics.Pressure?)] = [
            ("cpu", statistics.cpu.pressure), ("memory", statistics.memory.pressure),
            ("io", statistics.blockIOPressure),
        ]
        return all.compactMap { resource, pressure in
            pressure.map { (",resource=\"\(resource)\"" as Bytes, seconds($0.some.total &* 1000)) }
        }
    }
    return text + "# EOF\n"
}

private func ioLabels(_ counter: Statistics.BlockIO) -> Bytes {
    let operation: Bytes =
        switch counter.operation {
        case "Read": "read"
        case "Write": "write"
        default: "discard"
        }
    return ",device=\"\(counter.major):\(counter.minor)\",operation=\"\(operation)\""
}
