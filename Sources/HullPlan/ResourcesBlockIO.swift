// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension ResourcesPlan {
    mutating func add(_ said: Config.Linux.Resources.BlockIO, at pointer: JSONPointer, _ findings: inout Findings) {
        addWeight(said.weight, nil, at: pointer.appending("weight"), &findings)
        refuseLeafWeight(said.leafWeight, at: pointer, &findings)
        for (index, entry) in (said.weightDevice ?? []).enumerated() {
            let origin = pointer.appending("weightDevice").appending(index)
            refuseLeafWeight(entry.leafWeight, at: origin, &findings)
            guard let device = device(entry.major, entry.minor, at: origin, &findings) else { continue }
            if entry.weight == nil, entry.leafWeight == nil {
                findings.error(origin, "neither \"weight\" nor \"leafWeight\" is given")
            }
            addWeight(entry.weight, device, at: origin.appending("weight"), &findings)
        }
        addThrottles(said.throttleReadBpsDevice, "rbps", at: pointer.appending("throttleReadBpsDevice"), &findings)
        addThrottles(said.throttleWriteBpsDevice, "wbps", at: pointer.appending("throttleWriteBpsDevice"), &findings)
        addThrottles(said.throttleReadIOPSDevice, "riops", at: pointer.appending("throttleReadIOPSDevice"), &findings)
        addThrottles(said.throttleWriteIOPSDevice, "wiops", at: pointer.appending("throttleWriteIOPSDevice"), &findings)
    }

    /// The weight of a device, or of all without an own one. The scheduler BFQ has a file of its own, on the scale of
    /// the config; io.weight is that of iocost, on its own scale.
    private mutating func addWeight(
        _ weight: UInt16?, _ device: Bytes?, at origin: JSONPointer, _ findings: inout Findings
    ) {
        guard let weight, weight != 0 else { return }
        guard weight <= 1000 else {
            findings.error(origin, "the weight \(weight) is not within 1 to 1000")
            return
        }
        func value(_ weight: some BinaryInteger) -> Bytes { device.map { "\($0) \(weight)" } ?? "\(weight)" }
        add(
            CgroupFile(
                name: "io.bfq.weight", value: value(weight), origin: origin,
                absence: .write(name: "io.weight", value: value(ioWeight(blkio: weight)))))
    }

    private mutating func addThrottles(
        _ limits: [Config.Linux.Resources.BlockIO.ThrottleDevice]?, _ key: Bytes, at pointer: JSONPointer,
        _ findings: inout Findings
    ) {
        for (index, limit) in (limits ?? []).enumerated() {
            let origin = pointer.appending(index)
            guard let device = device(limit.major, limit.minor, at: origin, &findings) else { continue }
            guard let rate = limit.rate else {
                findings.error(origin.appending("rate"), "no rate is given")
                continue
            }
            // A rate of 0 took a limit away in cgroup v1; here it would be an error.
            add("io.max", rate == 0 ? "\(device) \(key)=max" : "\(device) \(key)=\(rate)", origin)
        }
    }
}

/// The scale 10 to 1000 of cgroup v1 on the scale 1 to 10000 of io.weight, linearly; what lies below the first stays at
/// the end of the second.
func ioWeight(blkio weight: UInt16) -> UInt64 { weight <= 10 ? 1 : 1 + (UInt64(weight) - 10) * 9999 / 990 }

private func refuseLeafWeight(_ weight: UInt16?, at pointer: JSONPointer, _ findings: inout Findings) {
    guard let weight, weight != 0 else { return }
    findings.error(pointer.appending("leafWeight"), "cgroup v2 has no leaf weights")
}

/// `MAJOR:MINOR` as the files want it.
private func device(_ major: Int64, _ minor: Int64, at pointer: JSONPointer, _ findings: inout Findings) -> Bytes? {
    guard let high = UInt32(exactly: major), let low = UInt32(exactly: minor),
        DeviceNumber(major: high, minor: low).fitsKernel
    else {
        findings.error(pointer, "\(major):\(minor) is no device number")
        return nil
    }
    return "\(major):\(minor)"
}
