// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension Verification {
    mutating func compareProcess() {
        compareIdentity()
        compareCapabilities()
        let isOn = facts.status["NoNewPrivs"] == "1"
        if isOn != plan.process.noNewPrivileges {
            // It is switched on for good: prctl(2).
            note(
                "/process/noNewPrivileges", said: isOn ? "false" : "true", found: isOn ? "true" : "false", lawful: isOn)
        }
        let isFiltered = facts.status["Seccomp"] == "2"
        if isFiltered != !plan.process.filter.isEmpty {
            note(
                "/linux/seccomp", said: isFiltered ? "no filter" : "a filter",
                found: isFiltered ? "a filter" : "seccomp mode \(facts.status["Seccomp"] ?? "0")", lawful: isFiltered)
        }
        for step in plan.outside {
            switch step.action {
            case .limit(let limit, let soft, let hard): compare(limit, soft, hard, step.origin)
            case .oomScore(let score) where score != facts.oomScore:
                let isByRight = facts.oomScore > score || has("CAP_SYS_RESOURCE")
                note(step.origin, said: "\(score)", found: "\(facts.oomScore)", lawful: isByRight)
            default: continue
            }
        }
        for step in plan.inside {
            guard case .confine(let label) = step.action else { continue }
            let said =
                switch label {
                case .appArmor(let profile): profile
                case .selinux(let label): label
                }
            if facts.label != said, !facts.label.hasPrefix(said + " (") {
                note(step.origin, said: said, found: facts.label.isEmpty ? "nothing" : facts.label, lawful: false)
            }
        }
    }

    private func has(_ name: Bytes) -> Bool {
        Capability(name: name).map { plan.process.capabilities.bounding.contains($0) } ?? false
    }

    /// Ids as the host sees them; a program may only become another user with the capability for that.
    private mutating func compareIdentity() {
        let rows: [(JSONPointer, Bytes, UInt32, [IDMapping], Bytes)] = [
            ("/process/user/uid", "Uid", plan.process.uid, facts.uids, "CAP_SETUID"),
            ("/process/user/gid", "Gid", plan.process.gid, facts.gids, "CAP_SETGID"),
        ]
        for (pointer, line, id, maps, power) in rows {
            let said = Bytes(decimal: maps.hostID(of: id) ?? id)
            let live = facts.status[line]?.split(0x09).dropFirst().first ?? ""
            if live != said { note(pointer, said: said, found: live, lawful: has(power)) }
        }
        guard let groups = plan.process.groups else { return }
        let said = groups.map { UInt64(facts.gids.hostID(of: $0) ?? $0) }
        let live = (facts.status["Groups"] ?? "").split(0x20).compactMap(\.decimal)
        if Set(said) != Set(live) {
            let words = [said, live].map { $0.map { Bytes(decimal: $0) }.joined(" ") }
            note(
                "/process/user/additionalGids", said: words[0].isEmpty ? "none" : words[0],
                found: words[1].isEmpty ? "none" : words[1], lawful: has("CAP_SETGID"))
        }
    }

    /// What execve(2) made of the sets is expected: capabilities(7). A program may drop all that it has; what it has
    /// beyond what files could give it comes from elsewhere.
    private mutating func compareCapabilities() {
        let said = plan.process.capabilities
        let isRoot = plan.process.uid == 0
        var gained = isRoot ? said.bounding.union(said.inheritable).union(said.ambient) : said.ambient
        if isRoot, plan.process.noNewPrivileges { gained.formIntersection(said.permitted) }
        let most = gained.union(plan.process.noNewPrivileges ? said.permitted : said.bounding)
        for (name, line, expected, allowed) in [
            ("bounding", "CapBnd", said.bounding, said.bounding),
            ("permitted", "CapPrm", gained, most), ("effective", "CapEff", gained, most),
            ("inheritable", "CapInh", said.inheritable, said.inheritable.union(most)),
            ("ambient", "CapAmb", said.ambient, most),
        ] as [(Bytes, Bytes, CapabilitySet, CapabilitySet)] {
            guard let text = facts.status[line], let bits = UInt64(text.text, radix: 16) else { continue }
            let live = CapabilitySet(rawValue: bits)
            if live == expected { continue }
            note(
                ("/process/capabilities" as JSONPointer).appending(name), said: words(expected), found: words(live),
                lawful: live.isSubset(of: allowed))
        }
    }

    private func words(_ set: CapabilitySet) -> Bytes { set.isEmpty ? "none" : set.names.joined(" ") }

    /// A program may lower its limits, and choose its soft ones: setrlimit(2).
    private mutating func compare(_ limit: ResourceLimit, _ soft: UInt64, _ hard: UInt64, _ origin: JSONPointer) {
        guard facts.limits.indices.contains(Int(limit.rawValue)) else { return }
        let live = facts.limits[Int(limit.rawValue)]
        if live == (soft, hard) { return }
        func words(_ soft: UInt64, _ hard: UInt64) -> Bytes {
            let numbers = [soft, hard].map { $0 == .max ? "unlimited" : Bytes(decimal: $0) }
            return "\(limit.name) soft \(numbers[0]), hard \(numbers[1])"
        }
        note(
            origin, said: words(soft, hard), found: words(live.soft, live.hard),
            lawful: live.hard <= hard || has("CAP_SYS_RESOURCE"))
    }
}
