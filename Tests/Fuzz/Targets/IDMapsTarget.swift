// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles

/// Id maps: what is taken is what the kernel takes, and translates there and back.
enum IDMapsTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        switch draw.byte() % 3 {
        case 0: return text(draw.all())
        case 1: return ofMount(&draw)
        default: return ranges(&draw)
        }
    }

    private static func ranges(_ draw: inout Draw) -> String? {
        let said = mappings(&draw)
        var findings = Findings()
        let maps = resolveIDMappings(said, at: "/linux/uidMappings", &findings)
        let isRight = isValid(said.map { ($0.containerID, $0.hostID, $0.size) })
        if findings.errors.isEmpty != isRight { return "\(isRight ? "refused" : "taken"): \(said)" }
        guard isRight else { return nil }
        if maps.inOrder != IDMapping.all(inMap: maps.mapText) { return "the text says something else: \(said)" }
        for _ in 0..<8 {
            let id = draw.near(said.flatMap { [$0.containerID, $0.hostID, $0.size] } + [0])
            if let host = maps.hostID(of: id), maps.containerID(of: host) != id { return "\(id) is not back: \(said)" }
            if let inside = maps.containerID(of: id), maps.hostID(of: inside) != id {
                return "\(id) is not there again: \(said)"
            }
        }
        return nil
    }

    private static func mappings(_ draw: inout Draw) -> [Config.Linux.IDMapping] {
        let edges: [UInt32] = [0, 1, 1000, 65536, 100_000, 0x7fff_ffff, 0xffff_fffe, .max]
        if draw.byte() == 255 {
            // As many as the kernel takes, and about as long a text.
            let base = draw.near(edges)
            let count = 330 + UInt32(draw.byte() % 20)
            return (0..<count).map { .init(containerID: base &+ $0, hostID: $0, size: 1) }
        }
        return (0..<draw.count(upTo: 8)).map { _ in
            .init(containerID: draw.near(edges), hostID: draw.near(edges), size: draw.near(edges))
        }
    }

    /// The rules of user_namespaces(7), on wide numbers.
    private static func isValid(_ ranges: [(UInt32, UInt32, UInt32)]) -> Bool {
        func apart(_ firsts: [UInt32]) -> Bool {
            let sorted = zip(firsts, ranges).map { (Int($0.0), Int($0.0) + Int($0.1.2)) }.sorted { $0 < $1 }
            return sorted.allSatisfy { $0.1 <= 0xffff_ffff }
                && zip(sorted, sorted.dropFirst()).allSatisfy { $0.1 <= $1.0 }
        }
        let length = ranges.reduce(0) { $0 + "\($1.0) \($1.1) \($1.2)\n".utf8.count }
        return ranges.count <= 340 && length < 4096 && ranges.allSatisfy { $0.2 > 0 } && apart(ranges.map(\.0))
            && apart(ranges.map(\.1))
    }

    /// What somebody else wrote into /proc/PID/uid_map.
    private static func text(_ bytes: [UInt8]) -> String? {
        let maps = IDMapping.all(inMap: Bytes(bytes))
        let again = IDMapping.all(inMap: maps.mapText)
        return again == maps ? nil : "read again the map differs"
    }

    /// The mappings in an option of a mount.
    private static func ofMount(_ draw: inout Draw) -> String? {
        var config = Config.smallest
        config.linux?.namespaces = [.init(type: "mount"), .init(type: "user")]
        let maps: [Config.Linux.IDMapping] = [
            .init(containerID: 0, hostID: 100_000, size: 10), .init(containerID: 10, hostID: 7, size: 1),
            .init(containerID: 0xffff_fff0, hostID: 200_000, size: 15),
        ]
        config.linux?.uidMappings = maps
        config.linux?.gidMappings = maps
        let words: [Bytes] = [
            "uids=0-100000-10", "gids=@0-0-11", "uids=@4294967280-0-15", "#@5-5-6", ";", "gids=0-1-1", "idmap=",
            "#0-4294967294-1", "@", "-",
        ]
        var option: Bytes = draw.bool() ? "idmap=" : "ridmap="
        while !draw.isEmpty { option = option + draw.word(words) }
        config.mounts = [.init(destination: "/x", source: "/y", type: "none", options: ["bind", option])]
        guard let plan = try? resolve(config, Request(id: "c1", bundle: "/b"), .usual) else { return nil }
        for case .makeUserNamespace(let uids, let gids, _) in plan.outside.map(\.action) {
            for map in [uids, gids] where !isValid(map.map { ($0.containerID, $0.hostID, $0.size) }) {
                return "\(option.shown) makes the map \(map)"
            }
        }
        return nil
    }
}
