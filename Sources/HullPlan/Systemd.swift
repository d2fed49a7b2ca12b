// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// A unit of systemd, a transient scope: the container's cgroup is its.
package struct UnitName: Equatable, Sendable {
    /// With its suffix.
    package var name: Bytes
    /// The slice that it is in.
    package var slice: Bytes
    /// Whether the manager of the user's session has it, not that of the machine.
    package var isOfUser: Bool
}

/// A property of a unit, as org.freedesktop.systemd1(5) names them.
package struct UnitProperty: Equatable, Sendable {
    package var name: Bytes
    package var value: DBusValue
    /// The field that asked for it.
    package var origin: JSONPointer
    /// Whether a systemd that does not know it yet may go without.
    package var isOptional = false
}

extension Resolution {
    /// `slice:prefix:name`, by which engines name a scope; without it the default of the manager, by the container's
    /// id. The path of the cgroup follows from it. nil where it is wrong.
    mutating func resolveUnit(_ said: Bytes?, _ manager: ServiceManagerFacts) -> UnitName? {
        let origin = "/linux/cgroupsPath" as JSONPointer
        let usual: Bytes = manager.isOfUser ? "user.slice" : "system.slice"
        var unit = UnitName(name: "hull-\(escapedInUnit(request.id)).scope", slice: usual, isOfUser: manager.isOfUser)
        if let said, !said.isEmpty {
            let parts = said.split(0x3a, omittingEmpty: false)
            guard parts.count == 3 else {
                findings.error(
                    origin, "\"\(said)\" is not of the form slice:prefix:name, which the systemd driver needs",
                    hint: "\"system.slice:hull:\(request.id)\", or --cgroup-manager cgroupfs for a path")
                return nil
            }
            if !parts[0].isEmpty { unit.slice = parts[0] }
            unit.name = parts[1].isEmpty ? "\(parts[2]).scope" : "\(parts[1])-\(parts[2]).scope"
            guard checkUnit(parts[1], parts[2], unit, origin) else { return nil }
        } else if unit.name.count > mostInUnit {
            findings.error(
                origin,
                "the container's id makes a unit's name of \(unit.name.count) characters, "
                    + "a unit has \(mostInUnit) at most", hint: "name the unit: slice:prefix:name")
            return nil
        }
        guard let slice = slicePath(unit.slice) else {
            findings.error(
                origin, "invalid slice name \"\(unit.slice)\"",
                hint: "\"a-b.slice\" is in a.slice; \"-.slice\" is the root")
            return nil
        }
        plan.cgroup.isOfSystemd = true
        plan.cgroup.path = "\(manager.cgroup)\(slice)/\(unit.name)"
        return unit
    }

    /// systemd.unit(5): which names it takes. A slice holds other units, and no process.
    private mutating func checkUnit(_ prefix: Bytes, _ name: Bytes, _ unit: UnitName, _ origin: JSONPointer) -> Bool {
        let problem: Bytes
        if name.isEmpty {
            problem = "has no name after the last colon"
        } else if name.hasSuffix(".slice") {
            problem = "names a slice, in which systemd lets no process be"
        } else if let byte = (prefix + name).array.first(where: { !isAllowedInUnit($0) }) {
            let shown = byte > 0x20 && byte < 0x7f ? Bytes([byte]) : "byte \(byte)" as Bytes
            problem = "has a character that no name of a unit has: \(shown)"
        } else if unit.name.count > mostInUnit {
            problem = "makes a name of \(unit.name.count) characters, a unit has \(mostInUnit) at most"
        } else {
            return true
        }
        findings.error(
            origin, "\"\(unit.slice):\(prefix):\(name)\" \(problem)", hint: "A-Z a-z 0-9 : - _ . @ and \\ may be in it")
        return false
    }

    /// The properties, and then the start.
    mutating func start(_ unit: UnitName, _ resources: ResourcesPlan) {
        let place = linuxPointer("cgroupsPath")
        var properties = UnitProperties()
        func add(_ name: Bytes, _ value: DBusValue, _ origin: JSONPointer = "") {
            properties.set(UnitProperty(name: name, value: value, origin: origin))
        }
        add("Description", .string("hull container \(request.id)"))
        add("Slice", .string(unit.slice), config.linux?.cgroupsPath == nil ? "" : place)
        // What is below the scope's cgroup is the container's; what is in its own files systemd writes as it is told
        // here, and again at each daemon-reload.
        add("Delegate", .boolean(true))
        // It must not end with the shutdown of what services need, before those that use the container.
        add("DefaultDependencies", .boolean(false))
        for name in ["CPUAccounting", "IOAccounting", "MemoryAccounting", "TasksAccounting"] as [Bytes] {
            add(name, .boolean(true))
        }
        properties.add(devices: config.linux?.resources?.devices ?? [], at: "/linux/resources/devices")
        properties.add(resources.files)
        properties.add(annotations: config.annotations ?? [], &findings)
        for property in properties.list { outside(.unitProperty(property), property.origin) }
        outside(.startUnit(unit), place)
    }
}

/// The cgroup of a slice below that of its manager: `a-b.slice` is in `a.slice`, systemd.slice(5). nil for a name that
/// is none.
package func slicePath(_ slice: Bytes) -> Bytes? {
    if slice == "-.slice" { return "" }
    guard slice.hasSuffix(".slice"), slice.count <= mostInUnit else { return nil }
    let stem = slice.prefix(slice.count - 6)
    let parts = stem.split(0x2d, omittingEmpty: false)
    guard !parts.contains(""), stem.array.allSatisfy(isAllowedInUnit) else { return nil }
    return (1...parts.count).map { "/" + Array(parts[..<$0]).joined("-") + ".slice" }.joined("")
}

/// UNIT_NAME_MAX of systemd, without the NUL that it counts.
private let mostInUnit = 255

private func isAllowedInUnit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: (":-_.\\@" as Bytes).contains(byte)
    }
}

/// An id as a part of a unit's name: other characters are written by their number, as systemd-escape(1) does.
private func escapedInUnit(_ id: Bytes) -> Bytes {
    guard !id.array.allSatisfy(isAllowedInUnit) else { return id }
    let digits = ("0123456789abcdef" as Bytes).array
    return Bytes(
        id.array.flatMap { byte in
            isAllowedInUnit(byte)
                ? [byte] : [0x5c, UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        })
}
