// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

extension ResourcesPlan {
    mutating func add(_ cpu: Config.Linux.Resources.CPU, at pointer: JSONPointer, _ findings: inout Findings) {
        addWeight(cpu, at: pointer, &findings)
        addBandwidth(cpu, at: pointer, &findings)
        addList(cpu.cpus, "cpuset.cpus", pointer.appending("cpus"), &findings)
        addList(cpu.mems, "cpuset.mems", pointer.appending("mems"), &findings)
        if let runtime = cpu.realtimeRuntime, runtime != 0 {
            findings.error(pointer.appending("realtimeRuntime"), "cgroup v2 has no limit of real-time tasks")
        }
        if let period = cpu.realtimePeriod, period != 0 {
            findings.error(pointer.appending("realtimePeriod"), "cgroup v2 has no limit of real-time tasks")
        }
    }

    private mutating func addList(_ list: Bytes?, _ file: Bytes, _ origin: JSONPointer, _ findings: inout Findings) {
        guard let list = list?.trimmed, !list.isEmpty else { return }
        if isNumberList(list) {
            add(file, list, origin)
        } else {
            findings.error(origin, "invalid list \"\(list)\"", hint: "numbers and ranges: \"0-3,7\"")
        }
    }

    private mutating func addWeight(
        _ cpu: Config.Linux.Resources.CPU, at pointer: JSONPointer, _ findings: inout Findings
    ) {
        if let idle = cpu.idle {
            guard idle == 0 || idle == 1 else {
                findings.error(pointer.appending("idle"), "\(idle) is neither 0 nor 1")
                return
            }
            add("cpu.idle", "\(idle)", pointer.appending("idle"))
        }
        // The kernel refuses a weight to a group that runs only when idle, whose weight is the least anyway.
        guard cpu.idle != 1, let shares = cpu.shares, shares != 0 else { return }
        add("cpu.weight", "\(cpuWeight(shares: shares))", pointer.appending("shares"))
    }

    private mutating func addBandwidth(
        _ cpu: Config.Linux.Resources.CPU, at pointer: JSONPointer, _ findings: inout Findings
    ) {
        let quota = cpu.quota == 0 ? nil : cpu.quota
        let period = cpu.period == 0 ? nil : cpu.period
        // The limits of tg_set_cfs_bandwidth in the kernel, which answers EINVAL: a period of 1 ms to 1 s, a quota of
        // 1 ms at least.
        if let period, !(1000...1_000_000).contains(period) {
            findings.error(pointer.appending("period"), "\(period) is not within 1000 to 1000000 microseconds")
        }
        if let quota, quota > 0, quota < 1000 {
            findings.error(pointer.appending("quota"), "\(quota) is less than the 1000 microseconds the kernel wants")
        }
        if let burst = cpu.burst, let quota, quota > 0, burst > quota {
            findings.error(pointer.appending("burst"), "\(burst) is more than the quota, \(quota)")
        }
        let limit: Bytes = quota.map { $0 > 0 ? "\($0)" : "max" } ?? "max"
        if let period {
            let origin = pointer.appending(quota == nil ? "period" : "quota")
            let absence: CgroupFile.Absence = limit == "max" ? .skip : .fails
            add(CgroupFile(name: "cpu.max", value: "\(limit) \(period)", origin: origin, absence: absence))
        } else if quota != nil {
            // Without a period the kernel keeps the one it has.
            add("cpu.max", limit, pointer.appending("quota"))
        }
        if let burst = cpu.burst {
            let absence: CgroupFile.Absence = burst == 0 ? .skip : .fails
            let origin = pointer.appending("burst")
            add(CgroupFile(name: "cpu.max.burst", value: "\(burst)", origin: origin, absence: absence))
        }
    }
}

/// Whether the text is a list of numbers and ranges as bitmap_parselist of the kernel reads it: `0-3,7`, `0-15:2/4`.
package func isNumberList(_ text: Bytes) -> Bool {
    // The kernel ignores what follows the end of a line.
    guard !text.contains(0x0a) else { return false }
    return text.split(0x2c, omittingEmpty: false).allSatisfy { item in
        let parts = item.trimmed.split(0x3a, omittingEmpty: false)
        let ends = parts[0].split(0x2d, omittingEmpty: false).map(\.decimal)
        guard ends.count <= 2, let first = ends[0], let last = ends.last ?? nil, first <= last else { return false }
        guard parts.count > 1 else { return true }
        let group = parts[1].split(0x2f, omittingEmpty: false).map(\.decimal)
        guard parts.count == 2, ends.count == 2, group.count == 2, let used = group[0], let size = group[1]
        else { return false }
        return size > 0 && used <= size
    }
}

/// The weight of cgroup v2, 1 to 10000, for shares of cgroup v1, 2 to 262144.
///
/// Both scales are logarithmic, and neither a line nor a power law maps least, default and greatest (2, 1024, 262144)
/// onto least, default and greatest (1, 100, 10000); 10^((l² + 125 l) / 612 - 7/34) with l = log2(shares) does, and is
/// what runc from 1.4 and crun compute.
package func cpuWeight(shares: UInt64) -> UInt64 {
    if shares <= 2 { return 1 }
    if shares >= 262_144 { return 10_000 }
    let l = binaryLogarithm(Double(shares))
    let exponent = (l * l + 125 * l) / 612 - 7.0 / 34
    // The only shares between the ends whose weight is a whole number are 1024, and rounding up must not make 101 of
    // its 100; the others stay at least a millionth away from one.
    return UInt64(powerOfTwo(exponent * binaryLogarithm(10)) - 1e-7) + 1
}

/// log2 of a number from 1 on, to the last bits of a Double. The standard library has none (even its `rounded` is a
/// call of the C mathematics library), and that library for this alone would be the only one of a pure module.
private func binaryLogarithm(_ number: Double) -> Double {
    // ln m = 2 artanh((m - 1) / (m + 1)), and m < 2 makes the argument less than a third.
    let m = number.significand
    let z = (m - 1) / (m + 1)
    var power = z
    var sum = 0.0
    for k in stride(from: 1.0, through: 35, by: 2) {
        sum += power / k
        power *= z * z
    }
    return Double(number.exponent) + 2 * sum / ln2
}

/// 2 to the power of a number from 0 on, to the last bits of a Double.
private func powerOfTwo(_ exponent: Double) -> Double {
    let whole = Int(exponent)
    let x = (exponent - Double(whole)) * ln2
    var term = 1.0
    var sum = 1.0
    for k in stride(from: 1.0, through: 20, by: 1) {
        term *= x / k
        sum += term
    }
    return Double(sign: .plus, exponent: whole, significand: sum)
}

private let ln2 = 0.693_147_180_559_945_309_4
