// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux

/// What /etc/subuid or /etc/subgid grants to a user: subuid(5). newuidmap(1) decides, and may know of other sources.
package struct SubordinateIDs {
    private let file: Bytes
    /// The user as its lines name it.
    private let who: Bytes
    /// The id that the user has anyway.
    private let own: UInt32
    private let ranges: [IDMapping]

    /// `text` is that of the file.
    package init(file: Bytes, text: Bytes, user: UInt32, name: Bytes?, own: UInt32) {
        self.file = file
        self.own = own
        who = name ?? "\(user)"
        ranges = text.split(0x0a).compactMap { line in
            let fields = line.split(0x3a, omittingEmpty: false)
            guard fields.count == 3, fields[0] == name ?? "" || fields[0] == "\(user)",
                let first = fields[1].decimal.flatMap(UInt32.init(exactly:)),
                let size = fields[2].trimmed.decimal.flatMap(UInt32.init(exactly:)), size > 0
            else { return nil }
            return IDMapping(containerID: first, hostID: first, size: size)
        }
    }

    /// The name of a user in the text of passwd(5).
    package static func name(of user: UInt32, inPasswd text: Bytes) -> Bytes? {
        text.split(0x0a).lazy.map { $0.split(0x3a, omittingEmpty: false) }
            .first { $0.count > 3 && $0[2] == "\(user)" }?[0]
    }

    /// The own id as 0, and all that is granted after it; nil where nothing is. Ids that are there twice are taken
    /// once: the kernel wants no overlap.
    package var map: [IDMapping]? {
        var maps = [IDMapping(containerID: 0, hostID: own, size: 1)]
        var next: UInt32 = 1
        for range in ranges {
            let end = UInt64(range.hostID) + UInt64(range.size)
            let isTaken = maps.contains { $0.hostID < end && range.hostID < UInt64($0.hostID) + UInt64($0.size) }
            let (after, overflow) = next.addingReportingOverflow(range.size)
            if isTaken || overflow || end > UInt64(UInt32.max) { continue }
            maps.append(IDMapping(containerID: next, hostID: range.hostID, size: range.size))
            next = after
        }
        return maps.count > 1 ? maps : nil
    }

    /// Which of the wanted ids are not granted, and what would do; nil where all are.
    package func problem(of maps: [IDMapping]) -> Bytes? {
        let granted = ranges + [IDMapping(containerID: own, hostID: own, size: 1)]
        for (index, map) in maps.enumerated() {
            guard let id = map.firstHostID(outside: granted) else { continue }
            let last = UInt64(map.hostID) + UInt64(map.size) - 1
            let wanted = "mapping \(index) wants \(map.hostID)-\(last)" as Bytes
            let option: Bytes = file.hasSuffix("gid") ? "--add-subgids" : "--add-subuids"
            guard !ranges.isEmpty else {
                return "\(wanted), and \(file) has no range for \(who): as root usermod \(option) 100000-165535 "
                    + "\(who); without one only \(own) can be mapped, with size 1"
            }
            return "\(wanted), and \(file) grants \(who) \(ranges.insideRanges): not \(id); a mapping of size "
                + "\(ranges[0].size) from hostID \(ranges[0].hostID) would do"
        }
        return nil
    }
}
