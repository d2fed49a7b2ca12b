// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

@testable import HullCommandLine

/// (EV-06)
@Suite struct StatsTests {
    private var statistics: Statistics {
        var all = Statistics()
        all.cpu.total = 2_500_000_000
        all.cpu.user = 2_000_000_000
        all.cpu.kernel = 500_000_000
        all.cpu.throttledTime = 1_000_000
        all.memory.usage.usage = 52_428_800
        all.memory.usage.limit = 104_857_600
        all.memory.usage.failures = 3
        all.pids = 4
        all.pidsLimit = 10
        all.serviceBytes = [.init(major: 8, minor: 0, operation: "Read", value: 1536)]
        all.serviced = [.init(major: 8, minor: 0, operation: "Write", value: 7)]
        var pressure = Statistics.Pressure()
        pressure.some.total = 1_250_000
        all.memory.pressure = pressure
        return all
    }

    // Goal: shares are of the time between two looks. Method: two looks a second apart.
    @Test func table() {
        var view = StatsView(.table)
        let first = view.text(of: [("web", statistics)], at: 0, live: false)
        #expect(
            first == """
                ID    CPU%   CPU TIME   MEMORY    LIMIT      MEM%    PIDS   READ     WRITTEN
                web   -      2.500s     50.0MiB   100.0MiB   50.0%   4      1.5KiB   0B

                """)
        var later = statistics
        later.cpu.total += 250_000_000
        let second = view.text(of: [("web", later)], at: 1_000_000_000, live: true)
        #expect(second.hasPrefix("\u{1b}[?7l\u{1b}[HID ") && second.hasSuffix("\u{1b}[J\u{1b}[?7h"))
        #expect(second.text.contains("web   25.0%   2.750s"))
    }

    // Goal: every quantity is a family with its type, unit and help, and the text ends as OpenMetrics wants. Method:
    // the whole text.
    @Test func openMetrics() {
        var view = StatsView(.openmetrics)
        #expect(view.text(of: [("web", statistics)], at: 0, live: false).text == expectedMetrics)
        #expect(view.text(of: [], at: 0, live: false) == "# EOF\n")
    }

    // Goal: sizes for persons. Method: the borders.
    @Test(
        arguments: [(0, "0B"), (1023, "1023B"), (1024, "1.0KiB"), (1_048_575, "1023.9KiB"), (.max, "15.9EiB")]
            as [(UInt64, String)])
    func sizes(_ bytes: UInt64, _ text: String) { #expect(size(bytes).text == text) }
}

private let expectedMetrics = """
    # TYPE hull_container_cpu_seconds counter
    # UNIT hull_container_cpu_seconds seconds
    # HELP hull_container_cpu_seconds CPU time used, by mode.
    hull_container_cpu_seconds_total{id="web",mode="user"} 2.000
    hull_container_cpu_seconds_total{id="web",mode="system"} 0.500
    # TYPE hull_container_cpu_throttled_seconds counter
    # UNIT hull_container_cpu_throttled_seconds seconds
    # HELP hull_container_cpu_throttled_seconds CPU time withheld by the quota.
    hull_container_cpu_throttled_seconds_total{id="web"} 0.001
    # TYPE hull_container_memory_bytes gauge
    # UNIT hull_container_memory_bytes bytes
    # HELP hull_container_memory_bytes Memory in use.
    hull_container_memory_bytes{id="web"} 52428800
    # TYPE hull_container_memory_limit_bytes gauge
    # UNIT hull_container_memory_limit_bytes bytes
    # HELP hull_container_memory_limit_bytes The limit of memory, where there is one.
    hull_container_memory_limit_bytes{id="web"} 104857600
    # TYPE hull_container_memory_cache_bytes gauge
    # UNIT hull_container_memory_cache_bytes bytes
    # HELP hull_container_memory_cache_bytes Memory that caches files.
    hull_container_memory_cache_bytes{id="web"} 0
    # TYPE hull_container_memory_limit_hits counter
    # HELP hull_container_memory_limit_hits How often the limit of memory was hit.
    hull_container_memory_limit_hits_total{id="web"} 3
    # TYPE hull_container_tasks gauge
    # HELP hull_container_tasks Processes and threads.
    hull_container_tasks{id="web"} 4
    # TYPE hull_container_tasks_limit gauge
    # HELP hull_container_tasks_limit The limit of tasks, where there is one.
    hull_container_tasks_limit{id="web"} 10
    # TYPE hull_container_io_bytes counter
    # UNIT hull_container_io_bytes bytes
    # HELP hull_container_io_bytes Bytes read and written, by device and operation.
    hull_container_io_bytes_total{id="web",device="8:0",operation="read"} 1536
    # TYPE hull_container_io_operations counter
    # HELP hull_container_io_operations Reads and writes, by device and operation.
    hull_container_io_operations_total{id="web",device="8:0",operation="write"} 7
    # TYPE hull_container_pressure_stalled_seconds counter
    # UNIT hull_container_pressure_stalled_seconds seconds
    # HELP hull_container_pressure_stalled_seconds Time in which tasks waited, by resource.
    hull_container_pressure_stalled_seconds_total{id="web",resource="memory"} 1.250
    # EOF

    """
