// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI

extension CgroupDirectory {
    /// What the cgroup's files say now. A file that is not there belongs to a controller that nobody enabled, or to a
    /// newer kernel: its numbers stay 0.
    func statistics() -> Statistics {
        var statistics = Statistics()
        readCPU(&statistics.cpu)
        readMemory(&statistics.memory)
        statistics.pids = number("pids.current") ?? 0
        statistics.pidsLimit = number("pids.max").map { $0 == .max ? 0 : $0 } ?? 0
        readBlockIO(&statistics)
        readHugetlb(&statistics.hugetlb)
        statistics.cpu.pressure = pressure("cpu.pressure")
        statistics.memory.pressure = pressure("memory.pressure")
        statistics.blockIOPressure = pressure("io.pressure")
        return statistics
    }

    /// A file with one number; `max` is the greatest one.
    func number(_ name: Bytes) -> UInt64? {
        guard let text = text(name)?.trimmed else { return nil }
        return text == "max" ? .max : text.decimal
    }

    private func readCPU(_ cpu: inout Statistics.CPU) {
        for entry in table("cpu.stat") {
            switch entry.key {
            case "usage_usec": cpu.total = entry.value &* 1000
            case "user_usec": cpu.user = entry.value &* 1000
            case "system_usec": cpu.kernel = entry.value &* 1000
            case "nr_periods": cpu.periods = entry.value
            case "nr_throttled": cpu.throttledPeriods = entry.value
            case "throttled_usec": cpu.throttledTime = entry.value &* 1000
            default: break
            }
        }
    }

    private func readMemory(_ memory: inout Statistics.Memory) {
        memory.raw = table("memory.stat")
        memory.cache = memory.raw.first { $0.key == "file" }?.value ?? 0
        memory.usage.usage = number("memory.current") ?? 0
        memory.usage.limit = number("memory.max") ?? 0
        memory.usage.max = number("memory.peak") ?? 0
        memory.usage.failures = count("max", in: "memory.events") ?? 0
        guard let swap = number("memory.swap.current") else { return }
        // Engines know memory and swap together.
        memory.swap.usage = swap &+ memory.usage.usage
        let (sum, overflow) = (number("memory.swap.max") ?? 0).addingReportingOverflow(memory.usage.limit)
        memory.swap.limit = overflow ? .max : sum
        memory.swap.max = number("memory.swap.peak").map { $0 &+ memory.usage.max } ?? 0
    }

    private func readBlockIO(_ statistics: inout Statistics) {
        for line in (text("io.stat") ?? "").split(0x0a) {
            let words = line.split(0x20)
            guard let device = words.first?.split(0x3a), device.count == 2, let major = device[0].decimal,
                let minor = device[1].decimal
            else { continue }
            for word in words.dropFirst() {
                let parts = word.split(0x3d)
                guard parts.count == 2, let value = parts[1].decimal, let kind = ioKinds[parts[0]] else { continue }
                let counter = Statistics.BlockIO(major: major, minor: minor, operation: kind.operation, value: value)
                if kind.isBytes { statistics.serviceBytes.append(counter) } else { statistics.serviced.append(counter) }
            }
        }
    }

    private func readHugetlb(_ hugetlb: inout [Entry<Statistics.Usage>]) {
        let names = (try? Descriptor(opening: path, [.directory]).entries()) ?? []
        for name in names.sorted() where name.hasPrefix("hugetlb.") && name.hasSuffix(".current") {
            let size = name.dropFirst(8).prefix(name.count - 16)
            guard !size.hasSuffix(".rsvd") else { continue }
            var usage = Statistics.Usage()
            usage.usage = number(name) ?? 0
            usage.limit = number("hugetlb.\(size).max") ?? 0
            usage.failures = count("max", in: "hugetlb.\(size).events") ?? 0
            hugetlb.append(Entry(key: size, value: usage))
        }
    }

    private func pressure(_ name: Bytes) -> Statistics.Pressure? {
        guard let text = text(name) else { return nil }
        var pressure = Statistics.Pressure()
        for line in text.split(0x0a) {
            let words = line.split(0x20)
            var parsed = Statistics.Pressure.Line()
            for word in words.dropFirst() {
                let parts = word.split(0x3d)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "avg10": parsed.avg10 = parts[1]
                case "avg60": parsed.avg60 = parts[1]
                case "avg300": parsed.avg300 = parts[1]
                case "total": parsed.total = parts[1].decimal ?? 0
                default: break
                }
            }
            if words.first == "some" { pressure.some = parsed } else { pressure.full = parsed }
        }
        return pressure
    }
}

/// The words of io.stat, and what engines call them.
private let ioKinds: [Bytes: (operation: Bytes, isBytes: Bool)] = [
    "rbytes": ("Read", true), "wbytes": ("Write", true), "dbytes": ("Discard", true), "rios": ("Read", false),
    "wios": ("Write", false), "dios": ("Discard", false),
]
