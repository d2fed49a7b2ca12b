// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// Something of a running container that is not as its config says.
package struct Difference: Equatable, Sendable {
    package var pointer: JSONPointer
    /// What the config, or the plan made of it, says.
    package var said: Bytes
    /// What is there.
    package var found: Bytes
    /// Who may have done so by right; nil where nobody inside may.
    package var reason: Bytes?
}

/// Compares a running container with the plan of its config, in the order of the plan's parts. Pure: what is there was
/// looked at before.
package func differences(
    between plan: ContainerPlan, of config: Config, and facts: LiveFacts
) -> [Difference] {
    var verification = Verification(plan: plan, config: config, facts: facts)
    verification.compareNamespaces()
    verification.compareMounts()
    verification.compareDevices()
    verification.compareProcess()
    verification.compareCgroup()
    return verification.found
}

/// The comparison on its way.
struct Verification {
    let plan: ContainerPlan
    let config: Config
    let facts: LiveFacts
    var found: [Difference] = []

    /// Notes what differs. Where the program has the capability for it, it is taken for the program's own doing.
    mutating func note(_ pointer: JSONPointer, said: Bytes, found: Bytes, by power: Capability? = nil) {
        let isByRight = power.map { plan.process.capabilities.bounding.contains($0) } ?? false
        note(pointer, said: said, found: found, lawful: isByRight)
    }

    mutating func note(_ pointer: JSONPointer, said: Bytes, found: Bytes, lawful: Bool) {
        self.found.append(
            Difference(pointer: pointer, said: said, found: found, reason: lawful ? byProgram : nil))
    }

    func power(_ name: Bytes) -> Capability? { Capability(name: name) }

    mutating func compareNamespaces() {
        var ignored = Findings()
        let list = resolveNamespaces(config.linux?.namespaces, at: "/linux/namespaces", &ignored)
        for kind in NamespaceKind.allCases {
            guard let live = facts.namespaces[kind], let own = facts.ownNamespaces[kind] else { continue }
            switch list[kind] {
            case .new(let origin) where live == own:
                note(origin, said: "a \(kind.name) namespace of its own", found: "the caller's")
            case .join(_, let origin):
                guard let named = facts.joinedNamespaces[kind], named != live else { continue }
                note(
                    origin, said: "the \(kind.name) namespace at the path", found: "another one",
                    by: power("CAP_SYS_ADMIN"))
            case .host where live != own:
                note(
                    "/linux/namespaces", said: "the caller's \(kind.name) namespace", found: "another one",
                    by: power("CAP_SYS_ADMIN"))
            default: continue
            }
        }
        for step in plan.outside {
            switch step.action {
            case .writeIDMap(let group, let maps), .compareIDMap(let group, let maps):
                let live = group ? facts.gids : facts.uids
                if live != maps.inOrder { note(step.origin, said: words(maps.inOrder), found: words(live)) }
            default: continue
            }
        }
    }

    private func words(_ maps: [IDMapping]) -> Bytes {
        maps.isEmpty ? "no ids" : maps.map { $0.line.trimmed }.joined(", ")
    }

    mutating func compareDevices() {
        let isBoss = plan.process.uid == 0 || plan.process.capabilities.bounding.rawValue & 2 != 0
        for step in plan.inside {
            guard case .device(let device) = step.action else { continue }
            let origin = step.origin == .root ? "/linux/devices" : step.origin
            let said = words(device)
            guard let place = facts.places[device.path] else {
                note(origin, said: "\(device.path) \(said)", found: "nothing", lawful: isBoss)
                continue
            }
            let isSame = place.mode & fileType == device.kind.modeBits
            if !isSame || device.kind != .fifo && place.device != device.number {
                note(
                    origin, said: "\(device.path) \(said)",
                    found: isSame ? words(place.device) : "a file of another type", by: power("CAP_MKNOD"))
            } else if device.slot == nil, place.mode & 0o7777 != device.mode & 0o7777 {
                note(
                    origin.appending("fileMode"), said: octal(device.mode), found: octal(place.mode), lawful: isBoss)
            }
        }
        switch facts.deviceFilter {
        case .another: note("/linux/resources/devices", said: "the rules of the config", found: "another filter")
        case .missing: note("/linux/resources/devices", said: "the rules of the config", found: "no filter of hull's")
        case .asPlanned, nil: break
        }
    }

    private func words(_ device: DevicePlan) -> Bytes { device.kind == .fifo ? "fifo" : words(device.number) }
    private func words(_ number: DeviceNumber) -> Bytes { "\(Int(number.major)):\(Int(number.minor))" }
    private func octal(_ mode: UInt32) -> Bytes { "0" + Bytes(String(mode & 0o7777, radix: 8)) }

    mutating func compareCgroup() {
        if !facts.ownCgroup.isEmpty, facts.cgroup != facts.ownCgroup, !facts.cgroup.hasPrefix(facts.ownCgroup + "/") {
            note(
                config.linux?.cgroupsPath == nil ? "/linux" : "/linux/cgroupsPath", said: facts.ownCgroup,
                found: facts.cgroup)
        }
        for file in plan.cgroupFiles {
            guard let text = facts.cgroupFiles[file.name] else {
                if file.absence == .fails {
                    note(file.origin, said: "\(file.name) \(file.value)", found: "no such file")
                }
                continue
            }
            if !agree(file, text) { note(file.origin, said: "\(file.name) \(file.value)", found: found(file, text)) }
        }
    }

    /// The kernel shows what was written in its own words: pages for bytes, ranges for lists, a line for each device.
    private func agree(_ file: CgroupFile, _ text: Bytes) -> Bool {
        let live = text.trimmed
        if live == file.value || live == "default " + file.value { return true }
        if let said = file.value.decimal, let now = live.decimal {
            return ["memory", "hugetlb"].contains(file.controller) && said / 4096 == now / 4096
        }
        if file.controller == "cpuset", let said = NumberSet(list: file.value), let now = NumberSet(list: live) {
            return said == now
        }
        let words = file.value.split(0x20)
        return text.split(0x0a).contains { line in
            let shown = line.split(0x20)
            if file.name == "cpu.max" { return shown.starts(with: words) }
            return shown.first == words.first && words.allSatisfy(shown.contains)
        }
    }

    private func found(_ file: CgroupFile, _ text: Bytes) -> Bytes {
        let key = file.value.split(0x20).first ?? ""
        let lines = text.split(0x0a)
        let line = file.value.contains(0x20) ? lines.first { $0.hasPrefix(key + " ") } : nil
        return line ?? (lines.count == 1 ? lines[0] : lines.isEmpty ? "nothing" : lines.joined(", "))
    }
}

/// The words for what is not taken for drift.
let byProgram: Bytes = "changed by the program"
/// S_IFMT of inode(7).
private let fileType: UInt32 = 0o170000
