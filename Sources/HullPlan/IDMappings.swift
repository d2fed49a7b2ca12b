// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// The id map that `linux.uidMappings`, `linux.gidMappings` or the same of a mount asks for; `pointer` is that of the
/// array.
///
/// The kernel answers EINVAL to every mistake in a map, so each is looked for here: user_namespaces(7), "Defining user
/// and group ID mappings". `pageSize` is the kernel's, which the text of a map must stay below.
package func resolveIDMappings(
    _ said: [Config.Linux.IDMapping]?, pageSize: Int = 4096, at pointer: JSONPointer, _ findings: inout Findings
) -> [IDMapping] {
    let ranges = (said ?? []).map {
        IDMapping(containerID: $0.containerID, hostID: $0.hostID, size: $0.size)
    }
    guard ranges.count <= IDMapping.maximumLines else {
        findings.error(
            pointer.appending(IDMapping.maximumLines),
            "\(ranges.count) id mappings: the kernel takes \(IDMapping.maximumLines) at most")
        return []
    }
    for (index, range) in ranges.enumerated() {
        let origin = pointer.appending(index)
        if range.size == 0 { findings.error(origin.appending("size"), "an id mapping of no id") }
        if !fits(range.containerID, range.size) {
            findings.error(origin, "the ids inside go past 4294967294, the last that the kernel has")
        }
        if !fits(range.hostID, range.size) {
            findings.error(origin, "the ids outside go past 4294967294, the last that the kernel has")
        }
        for (earlier, other) in ranges[..<index].enumerated() {
            if overlap(range.containerID, range.size, other.containerID, other.size) {
                findings.error(origin, "the ids inside overlap those of mapping \(earlier)")
            }
            if overlap(range.hostID, range.size, other.hostID, other.size) {
                findings.error(origin, "the ids outside overlap those of mapping \(earlier)")
            }
        }
    }
    let length = ranges.map(\.line.count).reduce(0, +)
    if length >= pageSize {
        findings.error(
            pointer, "the id map is \(length) bytes long: the kernel takes less than \(pageSize)",
            hint: "join ranges that follow one another")
    }
    return ranges
}

extension IDMapping {
    /// UID_GID_MAP_MAX_EXTENTS of the kernel's linux/user_namespace.h, which it gives to no program.
    package static let maximumLines = 340
}

extension Sequence<IDMapping> {
    /// The text for /proc/PID/uid_map or gid_map; the kernel wants it in one write.
    package var mapText: Bytes { Bytes(flatMap(\.line.array)) }
}

/// 4294967295 is no id: to setresuid(2) it means "leave as it is".
private func fits(_ first: UInt32, _ size: UInt32) -> Bool { UInt64(first) + UInt64(size) <= 0xffff_ffff }

private func overlap(_ a: UInt32, _ aSize: UInt32, _ b: UInt32, _ bSize: UInt32) -> Bool {
    UInt64(a) < UInt64(b) + UInt64(bSize) && UInt64(b) < UInt64(a) + UInt64(aSize)
}
