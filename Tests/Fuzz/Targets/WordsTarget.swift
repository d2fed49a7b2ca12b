// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Oracles

/// Small languages: lists of CPUs, signals, users, environments, GVariant's text, kernel parameters, names of network
/// devices, unified paths.
enum WordsTarget {
    static func check(_ input: [UInt8]) -> String? {
        let text = Bytes(input.dropFirst())
        switch input.first.map({ $0 % 8 }) ?? 0 {
        case 0: return numbers(text)
        case 1: return signal(text)
        case 2: return user(text)
        case 3: return environment(text)
        case 4: return value(text)
        case 5: return sysctl(text)
        case 6: return device(text)
        default: return path(text)
        }
    }

    // MARK: Numbers

    private static func numbers(_ text: Bytes) -> String? {
        let set = NumberSet(list: text)
        let expected = members(text)
        guard let set else { return expected == nil ? nil : "refused: \(text.shown)" }
        guard let expected else { return "taken: \(text.shown)" }
        var found: Set<Int> = []
        for (index, word) in set.words.enumerated() {
            for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 { found.insert(index * 64 + bit) }
        }
        if found != expected { return "other numbers: \(text.shown)" }
        if NumberSet(list: set.list) != set { return "written as \(set.list.shown): \(text.shown)" }
        // The kernel's own form takes all of these.
        return isNumberList(text.trimmed) ? nil : "no list for a cgroup: \(text.shown)"
    }

    private static func members(_ text: Bytes) -> Set<Int>? {
        var members: Set<Int> = []
        // A list is one line, whatever is around it.
        guard text.trimmed.array.allSatisfy({ $0 != 0x0a }) else { return nil }
        for item in text.array.split(separator: 0x2c, omittingEmptySubsequences: false) {
            let ends = Bytes(item).trimmed.array.split(separator: 0x2d, omittingEmptySubsequences: false).map(small)
            guard ends.count == 1 || ends.count == 2, let first = ends[0], let last = ends[ends.count - 1],
                first <= last
            else { return nil }
            members.formUnion(first...last)
        }
        return members
    }

    /// A number up to the highest of a set.
    private static func small(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 20, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let number = digits.drop { $0 == 0x30 }
        guard number.count <= 5 else { return nil }
        let value = number.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return value <= Int(NumberSet.highest) ? value : nil
    }

    // MARK: Names and numbers of users and signals

    private static func signal(_ text: Bytes) -> String? {
        guard let signal = Signal(parsing: text) else {
            return text.decimal.map { (1...64).contains($0) } == true ? "refused: \(text.shown)" : nil
        }
        guard (1...64).contains(signal.rawValue) else { return "signal \(signal.rawValue): \(text.shown)" }
        if let number = text.decimal, number != UInt64(signal.rawValue) { return "another signal: \(text.shown)" }
        // 32 and 33 have no name that is read: they belong to the C library.
        guard ![32, 33].contains(signal.rawValue) else { return nil }
        return Signal(parsing: signal.name) == signal ? nil : "\(signal.name.shown) is not read: \(text.shown)"
    }

    private static func user(_ text: Bytes) -> String? {
        func id(_ part: ArraySlice<UInt8>) -> UInt32? {
            guard !part.isEmpty, part.allSatisfy({ (0x30...0x39).contains($0) }), part.count == 1 || part.first != 0x30
            else { return nil }
            return UInt32(String(decoding: part, as: UTF8.self)).flatMap { $0 == .max ? nil : $0 }
        }
        let parts = text.array.split(separator: 0x3a, omittingEmptySubsequences: false)
        let ids = parts.map(id)
        let isRight = (1...2).contains(parts.count) && !ids.contains(nil)
        let said = try? UserAndGroup(parsing: text)
        let isSame = said?.uid == ids[0] && said?.gid == (ids.count > 1 ? ids[1] : nil)
        return isRight ? (isSame ? nil : "another user: \(text.shown)") : said == nil ? nil : "taken: \(text.shown)"
    }

    private static func environment(_ text: Bytes) -> String? {
        var config = Config.smallest
        let entries = text.split(0x0a, omittingEmpty: false)
        config.process?.env = entries
        do throws(ConfigErrors) {
            let environment = try resolve(config, Request(id: "c1", bundle: "/b"), .usual).process.environment
            var names: Set<Bytes> = []
            for entry in environment {
                guard let equals = entry.firstIndex(of: 0x3d), equals > 0 else { return "the entry \(entry.shown)" }
                let name = entry.prefix(equals)
                if !names.insert(name).inserted { return "\(name.shown) is there twice" }
                // The last word counts.
                if entries.last(where: { $0.hasPrefix(name + "=") }) != entry { return "the value of \(name.shown)" }
            }
            return names == Set(entries.compactMap { e in e.firstIndex(of: 0x3d).map { e.prefix($0) } }) ? nil : "names"
        } catch {
            let isRight = entries.allSatisfy { $0.firstIndex(of: 0x3d) ?? 0 > 0 }
            return isRight ? "refused: \(error.list.map(\.problem.shown))" : nil
        }
    }

    // MARK: GVariant

    private static func value(_ text: Bytes) -> String? {
        guard let value = try? DBusValue(text: text) else { return nil }
        guard let types = try? DBusSignature.types(of: value.signature), types.count == 1 else {
            return "of type \(value.signature.shown): \(text.shown)"
        }
        var message = DBusMessage(calling: "M", of: "a.b", "/", at: "c.d")
        message.arguments = [value]
        guard let again = try? DBusMessage(message.bytes(serial: 1)) else { return "sent, not read: \(text.shown)" }
        return "\(again)" == "\(message)" ? nil : "sent, read as \(again): \(text.shown)"
    }

    // MARK: Names that become paths

    private static func sysctl(_ text: Bytes) -> String? {
        var findings = Findings()
        var namespaces = Findings()
        let kinds = ["network", "ipc", "user", "uts"] as [Bytes]
        let list = resolveNamespaces(kinds.map { .init(type: $0) }, at: "/linux/namespaces", &namespaces)
        let plan = resolveSysctl(
            text.split(0x0a).map { Entry(key: $0, value: "1") }, namespaces: list, domainname: nil, at: "/linux/sysctl",
            &findings)
        for entry in plan {
            for part in entry.path.split(0x2f, omittingEmpty: false)
            where part.isEmpty || part == "." || part == ".." || part.contains(0) {
                return "the part \(part.shown) of \(entry.path.shown)"
            }
            let tops: [Bytes] = ["net/", "fs/mqueue/", "kernel/", "user/"]
            if !tops.contains(where: { entry.path.hasPrefix($0) }) { return "the host's \(entry.path.shown)" }
        }
        return Set(plan.map(\.path)).count == plan.count ? nil : "one path twice: \(text.shown)"
    }

    private static func device(_ text: Bytes) -> String? {
        let names = text.split(0x0a, omittingEmpty: false)
        var said: [Entry<Config.Linux.NetDevice>] = []
        for index in stride(from: 0, to: names.count - 1, by: 2) where !said.contains(where: { $0.key == names[index] })
        {
            said.append(Entry(key: names[index], value: .init(name: names[index + 1])))
        }
        var findings = Findings()
        let plans = resolveNetDevices(said, at: "/linux/netDevices", &findings).map(\.plan)
        guard findings.errors.isEmpty else { return nil }
        var inside: Set<Bytes> = []
        for plan in plans {
            for name in [plan.name, plan.newName ?? "x"] {
                let isName = (1...15).contains(name.count) && name != "." && name != ".." && name != "lo"
                let blanks: Set<UInt8> = [0, 0x20, 0x2f, 0x3a, 9, 10, 11, 12, 13, 0xa0]
                if !isName || name.array.contains(where: blanks.contains) { return "the name \(name.shown)" }
            }
            let name = plan.newName ?? plan.name
            if !name.contains(0x25), !inside.insert(name).inserted { return "two devices \(name.shown)" }
        }
        return nil
    }

    private static func path(_ text: Bytes) -> String? {
        let clean = text.cleanedPath
        if clean.cleanedPath != clean || !clean.isAbsolutePath { return "\(clean.shown) is not clean" }
        if clean != "/", clean.dropFirst(1).split(0x2f, omittingEmpty: false).contains(where: \.isDots) {
            return "\(clean.shown) is not clean"
        }
        var findings = Findings()
        let below = resolveExecCgroup([text], &findings)
        guard findings.errors.isEmpty else { return nil }
        return below.isAbsolutePath || below.split(0x2f).contains("..") ? "exec in \(below.shown)" : nil
    }
}

extension Bytes {
    fileprivate var isDots: Bool { isEmpty || self == "." || self == ".." }
}
