// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullOCI
import Testing

/// (EV-01)
@Suite struct StatisticsTests {
    // Goal: the record has the shape that engines read. Method: goldens of everything and of nothing.
    @Test func goldens() {
        #expect(
            Event.oom(kills: 2, level: "/sys/fs/cgroup/a").line(id: "w\"").text
                == #"{"type":"oom","id":"w\"","data":{"kills":2,"level":"/sys/fs/cgroup/a"}}"#)
        var all = Statistics()
        all.cpu.total = 7
        all.cpu.periods = 1
        all.memory.usage.limit = .max
        all.memory.raw = [Entry(key: "anon", value: 5)]
        all.pids = 3
        all.serviceBytes = [.init(major: 8, minor: 1, operation: "Read", value: 9)]
        var usage = Statistics.Usage()
        usage.usage = 4
        all.hugetlb = [Entry(key: "2MB", value: usage)]
        var pressure = Statistics.Pressure()
        pressure.some.avg10 = "0.25"
        pressure.some.total = 11
        all.blockIOPressure = pressure
        #expect(Event.stats(all).line(id: "web").text == golden)
    }
}

private let golden =
    #"{"type":"stats","id":"web","data":{"cpu":{"usage":{"total":7,"kernel":0,"user":0},"throttling":{"periods":1}},"#
    + #""cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,"#
    + #""memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},"#
    + #""memory":{"usage":{"limit":18446744073709551615,"failcnt":0},"swap":{"limit":0,"failcnt":0},"#
    + #""kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0},"raw":{"anon":5}},"#
    + #""pids":{"current":3},"blkio":{"ioServiceBytesRecursive":[{"major":8,"minor":1,"op":"Read","value":9}],"#
    + #""psi":{"some":{"avg10":0.25,"avg60":0,"avg300":0,"total":11},"#
    + #""full":{"avg10":0,"avg60":0,"avg300":0,"total":0}}},"#
    + #""hugetlb":{"2MB":{"limit":0,"usage":4,"failcnt":0}},"intel_rdt":{},"network_interfaces":null}}"#
