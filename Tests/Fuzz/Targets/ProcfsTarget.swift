// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullKernel

/// What the kernel writes in /proc: any names are read back as they were, and any other bytes are passed over.
enum ProcfsTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        switch draw.byte() % 4 {
        case 0: return stat(&draw)
        case 1: return mountInfo(&draw)
        case 2:
            _ = Procfs.parseStat(Bytes(draw.all()))
            return nil
        default:
            for line in Bytes(draw.all()).split(0x0a) { _ = MountInfo(line: line) }
            return nil
        }
    }

    private static func stat(_ draw: inout Draw) -> String? {
        // The kernel takes 15 bytes of any kind for a name.
        let name = Bytes(draw.text(upTo: 15).array.filter { $0 != 0 })
        let state = draw.pick(Array("RSDZTtXI".utf8))
        let start = draw.near([0, 1, UInt64.max])
        let numbers = (4...52).map { field -> Bytes in field == 22 ? "\(start)" : field == 16 ? "-1" : "\(draw.byte())"
        }
        let line = "17 (\(name)) \(Bytes([state])) \(numbers.joined(" "))\n" as Bytes
        guard let read = Procfs.parseStat(line) else { return "not read: \(line.shown)" }
        return read == (state, start) ? nil : "read as \(read): \(line.shown)"
    }

    private static func mountInfo(_ draw: inout Draw) -> String? {
        func path() -> Bytes { "/" + Bytes(draw.text().array.filter { $0 != 0 }) }
        let (root, place) = (path(), path())
        let identifier: UInt64 = draw.near([0, 1, .max])
        let parent: UInt64 = draw.near([0, 1, .max])
        var tags = ""
        for _ in 0..<draw.count(upTo: 3) { tags += draw.pick(["shared:1 ", "master:2 ", "propagate_from:3 "]) }
        let paths = "\(escaped(root)) \(escaped(place))" as Bytes
        let line = "\(identifier) \(parent) 0:5 \(paths) rw,nosuid \(tags)- tmpfs \(escaped(path())) rw" as Bytes
        guard let info = MountInfo(line: line) else { return "not read: \(line.shown)" }
        let isSame =
            info.identifier == identifier && info.parent == parent && info.root == root && info.mountPoint == place
            && info.type == "tmpfs" && info.options == "rw,nosuid"
        return isSame ? nil : "read as \(info): \(line.shown)"
    }

    /// As mangle_path of the kernel does.
    private static func escaped(_ path: Bytes) -> Bytes {
        Bytes(
            path.array.flatMap { byte -> [UInt8] in
                guard byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x5c else { return [byte] }
                return [0x5c, 0x30 + (byte >> 6), 0x30 + (byte >> 3 & 7), 0x30 + (byte & 7)]
            })
    }
}
