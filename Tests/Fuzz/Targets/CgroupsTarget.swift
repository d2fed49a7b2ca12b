// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles

/// Where the cgroup of a container is: never outside of its tree, never the tree's root, and for systemd below the
/// slices that a name spells, in a unit whose name says which container it is of.
enum CgroupsTarget {
    static func check(_ input: [UInt8]) -> String? {
        var draw = Draw(input)
        let choice = draw.byte()
        let bySystemd = choice & 1 == 1
        let id = choice & 2 == 2 ? "c1" : draw.word(["a", "A+b", "web-1.2_x", Bytes(longName), "."])
        guard let id = try? ContainerID(id) else { return nil }
        var config = Config.smallest
        let words: [Bytes] = [
            "/", ".", "..", ":", "a", "b-c", ".slice", ".scope", "system.slice", "-", "--", "@", "\\x2d", " ",
            "machine.slice:hull:", Bytes(longName),
        ]
        var path = "" as Bytes
        for _ in 0..<draw.count(upTo: 12) { path = path + draw.word(words) }
        guard !path.contains(0) else { return nil }  // the reader takes no NUL
        config.linux?.cgroupsPath = choice & 4 == 4 ? nil : path
        var host = Host.usual
        host.ownCgroup = draw.pick(["/", "/a/b", "/user.slice/x.scope"])
        if bySystemd {
            host.serviceManager = ServiceManagerFacts(
                isOfUser: choice & 8 == 8, cgroup: draw.pick(["", "/user.slice"]))
        }
        do throws(ConfigErrors) {
            let plan = try resolve(config, Request(id: id.bytes, bundle: "/b"), host)
            let said = "id \(id.bytes.shown), cgroupsPath \(config.linux?.cgroupsPath?.shown ?? "none")"
            let isNamed = config.linux?.cgroupsPath?.isEmpty == false
            let problem = problem(of: plan.cgroup.path) ?? (bySystemd ? unitProblem(plan, id.bytes, isNamed) : nil)
            return problem.map { "\($0): \(said)" }
        } catch {
            for error in error.list where error.pointer != "/linux/cgroupsPath" {
                return "an error at \(error.pointer.text.shown): \(error.problem.shown)"
            }
            return nil
        }
    }

    private static let longName = [UInt8](repeating: 0x6c, count: 245)

    private static func problem(of path: Bytes) -> String? {
        guard path.isAbsolutePath, path.count > 1 else { return "the path \(path.shown)" }
        for part in path.dropFirst(1).split(0x2f, omittingEmpty: false)
        where part.isEmpty || part == "." || part == ".." || part.contains(0) {
            return "the part \(part.shown) of \(path.shown)"
        }
        return nil
    }

    /// systemd.unit(5), "String Escaping for Inclusion in Unit Names", and systemd.slice(5).
    private static func unitProblem(_ plan: ContainerPlan, _ id: Bytes, _ isNamed: Bool) -> String? {
        for case .startUnit(let unit) in plan.outside.map(\.action) {
            let allowed = ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@" as Bytes)
            for name in [unit.name, unit.slice] {
                if name.count > 255 { return "a unit's name of \(name.count) bytes" }
                if !name.array.allSatisfy(allowed.contains) { return "the unit \(name.shown)" }
            }
            if !unit.name.hasSuffix(".scope") || unit.name.count == 6 { return "the scope \(unit.name.shown)" }
            if plan.cgroup.path.lastComponent != unit.name { return "\(unit.name.shown) is not in its cgroup's path" }
            var parts: [Bytes] = []
            for part in plan.cgroup.path.split(0x2f).dropLast().drop(while: { $0 == "user.slice" }) {
                let stem = part.prefix(part.count - 6)
                if !part.hasSuffix(".slice") { return "\(part.shown) is no slice" }
                if let last = parts.last, !stem.hasPrefix(last + "-") { return "\(stem.shown) is not below \(last)" }
                parts.append(stem)
            }
            if let last = parts.last, unit.slice != last + ".slice" {
                return "\(last.shown) is not \(unit.slice.shown)"
            }
            // Without a name in the config the container's id is in it.
            guard isNamed || unescaped(unit.name.dropFirst(5).prefix(unit.name.count - 11)) == id else {
                return "\(unit.name.shown) does not tell the id"
            }
            return nil
        }
        return "no unit is started"
    }

    private static func unescaped(_ text: Bytes) -> Bytes {
        var result: [UInt8] = []
        var rest = text.array[...]
        while let byte = rest.popFirst() {
            let hex = rest.prefix(3)
            if byte == 0x5c, hex.first == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: hex.dropFirst(), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return Bytes(result)
    }
}
