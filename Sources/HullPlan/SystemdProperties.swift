// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

/// The properties of a unit, each once: what is set later is what counts.
package struct UnitProperties: Equatable, Sendable {
    package private(set) var list: [UnitProperty] = []

    /// None.
    package init() {}

    /// Puts a property in, in place of one of the same name.
    package mutating func set(_ property: UnitProperty) {
        if let index = list.firstIndex(where: { $0.name == property.name }) {
            list[index] = property
        } else {
            list.append(property)
        }
    }

    /// Adds to the elements of a property that is a list.
    private mutating func append(_ name: Bytes, _ element: DBusValue, _ origin: JSONPointer) {
        if let index = list.firstIndex(where: { $0.name == name }),
            case .array(let type, let former) = list[index].value
        {
            list[index].value = .array(of: type, former + [element])
        } else {
            list.append(UnitProperty(name: name, value: .array(of: element.signature, [element]), origin: origin))
        }
    }

    /// What systemd must know of the files of a cgroup that are going to be written: it writes those that it knows
    /// itself at each daemon-reload, systemd.resource-control(5). Those that it does not know it leaves alone.
    /// `period` is that of a quota which does not say one.
    package mutating func add(_ files: [CgroupFile], period: UInt64? = nil) {
        for file in files {
            switch file.name {
            case "cpu.max": addQuota(file, period ?? 100_000)
            case "cpu.idle":
                // A weight of 0 is one for what runs only when nothing else does; since systemd 252.
                guard file.value == "1" else { continue }
                set(UnitProperty(name: "CPUWeight", value: .uint64(0), origin: file.origin, isOptional: true))
            case "cpuset.cpus": addSet("AllowedCPUs", file)
            case "cpuset.mems": addSet("AllowedMemoryNodes", file)
            case "io.weight", "io.bfq.weight": addWeight(file)
            case "io.max": addThrottles(file)
            default: addNumber(file)
            }
        }
    }

    private mutating func addNumber(_ file: CgroupFile) {
        guard let known = numbers.first(where: { $0.file == file.name }), let value = limit(file.value),
            value >= known.least
        else { return }
        set(
            UnitProperty(
                name: known.property, value: .uint64(value), origin: file.origin, isOptional: known.isOptional))
    }

    /// Time on the CPU for each second, in steps of 10 ms as systemd counts it, rounded up; the file is exact.
    private mutating func addQuota(_ file: CgroupFile, _ usual: UInt64) {
        let words = file.value.split(0x20)
        guard let first = words.first, let quota = limit(first) else { return }
        let period = words.count > 1 ? words[1].decimal : nil
        var share = UInt64.max
        if quota != .max {
            let (micro, overflow) = quota.multipliedReportingOverflow(by: 1_000_000)
            let perSecond = overflow ? UInt64.max / 2 : micro / max(1, period ?? usual)
            share = (perSecond + 9999) / 10_000 * 10_000
        }
        set(UnitProperty(name: "CPUQuotaPerSecUSec", value: .uint64(share), origin: file.origin))
        if let period { set(UnitProperty(name: "CPUQuotaPeriodUSec", value: .uint64(period), origin: file.origin)) }
    }

    /// A bit for each, in as many bytes as the highest needs.
    private mutating func addSet(_ name: Bytes, _ file: CgroupFile) {
        guard let set = NumberSet(list: file.value) else { return }
        var bytes = set.words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } }
        while bytes.last == 0 { bytes.removeLast() }
        self.set(UnitProperty(name: name, value: .array(of: "y", bytes.map { .byte($0) }), origin: file.origin))
    }

    /// `WEIGHT`, `default WEIGHT` or `MAJOR:MINOR WEIGHT`. systemd writes both files, on the scale of io.weight for the
    /// one, and for the other on a scale of its own whose inverse this is.
    private mutating func addWeight(_ file: CgroupFile) {
        let words = file.value.split(0x20)
        guard var weight = words.last?.decimal, weight > 0 else { return }
        if file.name == "io.bfq.weight", weight > 100 { weight = 100 + (weight - 100) * 11 }
        guard words.count == 2, words[0] != "default" else {
            return set(UnitProperty(name: "IOWeight", value: .uint64(weight), origin: file.origin))
        }
        append("IODeviceWeight", .structure([.string("/dev/block/" + words[0]), .uint64(weight)]), file.origin)
    }

    /// `MAJOR:MINOR KEY=LIMIT...`.
    private mutating func addThrottles(_ file: CgroupFile) {
        let words = file.value.split(0x20)
        for word in words.dropFirst() {
            guard let sign = word.firstIndex(of: 0x3d), let value = limit(word.dropFirst(sign + 1)),
                let name = throttles.first(where: { $0.key == word.prefix(sign) })?.property
            else { continue }
            append(name, .structure([.string("/dev/block/" + words[0]), .uint64(value)]), file.origin)
        }
    }
}

/// Properties that are a file's number. systemd refuses some numbers that the kernel takes.
private let numbers: [(file: Bytes, property: Bytes, least: UInt64, isOptional: Bool)] = [
    ("memory.max", "MemoryMax", 1, false), ("memory.high", "MemoryHigh", 1, false),
    ("memory.low", "MemoryLow", 0, false), ("memory.min", "MemoryMin", 0, false),
    ("memory.swap.max", "MemorySwapMax", 0, false), ("memory.zswap.max", "MemoryZSwapMax", 0, true),
    ("pids.max", "TasksMax", 1, false), ("cpu.weight", "CPUWeight", 1, false),
]

private let throttles: [(key: Bytes, property: Bytes)] = [
    ("rbps", "IOReadBandwidthMax"), ("wbps", "IOWriteBandwidthMax"), ("riops", "IOReadIOPSMax"),
    ("wiops", "IOWriteIOPSMax"),
]

/// A limit as the kernel reads it: `max`, or a number that may have one of the suffixes K to E.
private func limit(_ text: Bytes) -> UInt64? {
    if text == "max" { return .max }
    if let number = text.decimal { return number }
    guard let suffix = text.array.last, let number = text.prefix(text.count - 1).decimal,
        let power = ("KMGTPE" as Bytes).firstIndex(of: suffix & 0xdf)
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: 1 << UInt64(10 * (power + 1)))
    return overflow ? .max : product
}
