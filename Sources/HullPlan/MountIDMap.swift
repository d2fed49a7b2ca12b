// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

/// The id map of a mount: MOUNT_ATTR_IDMAP of mount_setattr(2).
package struct MountIDMapPlan: Sendable {
    /// The slot of the user namespace whose maps count.
    package var namespace: Int
    /// For everything mounted below too.
    package var recursive: Bool
    /// The option that asks for it, or the mappings where none does.
    package var origin: JSONPointer
}

/// A pair of maps, and the user namespace that holds them.
struct IDMapSlot {
    var uids: [IDMapping]
    var gids: [IDMapping]
    var slot: Int
}

extension Resolution {
    /// The id map that a mount asks for. Mappings without an option ask for one too: config.md only recommends the
    /// option, so that older runtimes fail.
    mutating func resolveIDMap(
        _ mount: Config.Mount, _ options: MountOptions, _ pointer: JSONPointer
    ) -> MountIDMapPlan? {
        let hasMaps = mount.uidMappings?.isEmpty == false || mount.gidMappings?.isEmpty == false
        for special in options.special.reversed() {
            guard case .idMap(let recursive, let text) = special.kind else { continue }
            refuseIDMap(special.origin)
            let slot: Int?
            if let text {
                if hasMaps {
                    findings.error(special.origin, "the mappings are said twice", hint: "leave out uidMappings")
                }
                slot = slotOfMaps(inText: text, special.origin)
            } else {
                slot = hasMaps ? slotOfMaps(of: mount, pointer) : slotOfContainerMaps(special.origin)
            }
            return slot.map { MountIDMapPlan(namespace: $0, recursive: recursive, origin: special.origin) }
        }
        guard hasMaps, let slot = slotOfMaps(of: mount, pointer) else { return nil }
        refuseIDMap(pointer.appending("uidMappings"))
        return MountIDMapPlan(namespace: slot, recursive: false, origin: pointer.appending("uidMappings"))
    }

    /// config.md: each of the two "MUST be specified along with" the other.
    private mutating func slotOfMaps(of mount: Config.Mount, _ pointer: JSONPointer) -> Int? {
        let pairs: [(Bytes, Bool, Bytes)] = [
            ("uidMappings", mount.uidMappings?.isEmpty == false, "gidMappings"),
            ("gidMappings", mount.gidMappings?.isEmpty == false, "uidMappings"),
        ]
        for (key, isSaid, other) in pairs where !isSaid {
            findings.error(pointer.appending(key), "must be said along with \(other)")
        }
        let before = findings.errors.count
        let uids = resolveIDMappings(mount.uidMappings, at: pointer.appending("uidMappings"), &findings)
        let gids = resolveIDMappings(mount.gidMappings, at: pointer.appending("gidMappings"), &findings)
        guard findings.errors.count == before, !uids.isEmpty, !gids.isEmpty else { return nil }
        return slot(uids, gids, pointer.appending("uidMappings"))
    }

    /// The maps of the container's user namespace. One that is only going to be made has a twin with the same maps:
    /// mounts are prepared before the clone.
    private mutating func slotOfContainerMaps(_ origin: JSONPointer) -> Int? {
        switch namespaces[.user] {
        case .new:
            // What is wrong with them is told where they stand.
            let (uids, gids) = containerMaps
            return uids.isEmpty || gids.isEmpty ? nil : slot(uids, gids, origin)
        case .join: return joinedSlots[Int(NamespaceKind.user.rawValue)]
        case .host:
            findings.error(
                origin, "there are no ids to map to: neither the mount has mappings nor the container a user namespace",
                hint: "add uidMappings and gidMappings")
            return nil
        }
    }

    var containerMaps: (uids: [IDMapping], gids: [IDMapping]) {
        var ignored = Findings()
        return (
            resolveIDMappings(config.linux?.uidMappings, at: "", &ignored),
            resolveIDMappings(config.linux?.gidMappings, at: "", &ignored)
        )
    }

    /// Mounts with the same maps share a namespace.
    private mutating func slot(_ uids: [IDMapping], _ gids: [IDMapping], _ origin: JSONPointer) -> Int {
        if let known = idMapSlots.first(where: { $0.uids == uids && $0.gids == gids }) { return known.slot }
        let slot = newSlot()
        outside(.makeUserNamespace(uids: uids, gids: gids, slot: slot), origin)
        idMapSlots.append(IDMapSlot(uids: uids, gids: gids, slot: slot))
        return slot
    }

    /// The maps of `idmap=uids=FROM-TO-SIZE#…;gids=…`, the form of crun, where `@` says that TO is an id of the
    /// container.
    private mutating func slotOfMaps(inText text: Bytes, _ origin: JSONPointer) -> Int? {
        var uids: [IDMapping] = []
        var gids: [IDMapping] = []
        for part in text.split(0x3b) {
            if part.hasPrefix("uids=") {
                guard let map = map(inText: part.dropFirst(5), containerMaps.uids, origin) else { return nil }
                uids += map
            } else if part.hasPrefix("gids=") {
                guard let map = map(inText: part.dropFirst(5), containerMaps.gids, origin) else { return nil }
                gids += map
            } else {
                let kind = part.prefix(part.firstIndex(of: 0x3d) ?? part.count)
                findings.error(
                    origin, "\"\(kind)\" is nothing that an id map has",
                    hint: nearestHint(to: kind, among: ["uids", "gids"]) ?? "uids, gids")
                return nil
            }
        }
        guard !uids.isEmpty, !gids.isEmpty else {
            findings.error(
                origin, "the id map has no \(uids.isEmpty ? "uids" : "gids" as Bytes)",
                hint: "for instance idmap=uids=0-100000-65536;gids=0-100000-65536")
            return nil
        }
        // A kind may be said in several parts: only all of its ranges together tell whether the kernel takes them.
        let areRight = [uids, gids].map { isMap($0, origin) }
        return areRight.contains(false) ? nil : slot(uids, gids, origin)
    }

    private mutating func isMap(_ ranges: [IDMapping], _ origin: JSONPointer) -> Bool {
        var found = Findings()
        let said = ranges.map { Config.Linux.IDMapping(containerID: $0.containerID, hostID: $0.hostID, size: $0.size) }
        _ = resolveIDMappings(said, at: origin, &found)
        for error in found.errors { findings.error(origin, error.problem, hint: error.hint) }
        return found.errors.isEmpty
    }

    /// The ranges of one kind of id, separated by `#`.
    private mutating func map(
        inText text: Bytes, _ container: [IDMapping], _ origin: JSONPointer
    ) -> [IDMapping]? {
        var map: [IDMapping] = []
        for range in text.split(0x23) {
            guard let ranges = ranges(range, relativeTo: container, origin) else { return nil }
            map += ranges
        }
        return map
    }

    /// A range of the text; a relative one may lie in several ranges of the container's map.
    private mutating func ranges(
        _ text: Bytes, relativeTo container: [IDMapping], _ origin: JSONPointer
    ) -> [IDMapping]? {
        let isRelative = text.hasPrefix("@")
        let words = (isRelative ? text.dropFirst(1) : text).split(0x2d, omittingEmpty: false)
        let numbers = words.map { $0.decimal.flatMap(UInt32.init(exactly:)) }
        guard numbers.count == 3, let from = numbers[0], let to = numbers[1], let size = numbers[2] else {
            findings.error(origin, "\"\(text)\" is no range of an id map", hint: "FROM-TO-SIZE, three numbers")
            return nil
        }
        guard isRelative else { return [IDMapping(containerID: from, hostID: to, size: size)] }
        guard let mappings = container.absolute(from: from, to: to, size: size) else {
            findings.error(
                origin, "\"\(text)\": not all of these ids are mapped in the container's user namespace",
                hint: namespaces[.user] == .host ? "without @ the ids are the host's" : nil)
            return nil
        }
        return mappings
    }
}

extension [IDMapping] {
    /// Ranges from ids of a filesystem to ids of the host, of one whose target is said in ids of a container with these
    /// maps; nil where some of them are not mapped.
    func absolute(from: UInt32, to: UInt32, size: UInt32) -> [IDMapping]? {
        var found: [IDMapping] = []
        var done: UInt32 = 0
        while done < size {
            let (id, overflow) = to.addingReportingOverflow(done)
            guard !overflow, let host = hostID(of: id),
                let range = first(where: { $0.hostID(of: id) == host })
            else { return nil }
            let left = Swift.min(size - done, range.size - (id - range.containerID))
            found.append(IDMapping(containerID: from &+ done, hostID: host, size: left))
            done += left
        }
        return found
    }
}
