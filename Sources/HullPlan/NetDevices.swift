// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// A network device of the runtime's network namespace to move into the container's.
package struct NetDevicePlan: Equatable, Sendable {
    /// Its name on the host.
    package var name: Bytes
    /// Its name in the container, or a template such as `eth%d` for the kernel; nil where it stays.
    package var newName: Bytes?
    /// The field with the name in the container.
    package var nameOrigin: JSONPointer
}

extension Resolution {
    /// The devices of `linux.netDevices`. Into a namespace that is joined they are moved before the clone, into a new
    /// one as soon as it exists: hooks find them there.
    mutating func moveNetDevices(beforeClone: Bool) {
        guard let said = config.linux?.netDevices, !said.isEmpty else { return }
        let slot = joinedSlots[Int(NamespaceKind.network.rawValue)]
        guard beforeClone == (slot != nil) else { return }
        if !namespaces.isOwn(.network) {
            findings.error(
                "/linux/netDevices", "needs a network namespace",
                hint: "add {\"type\": \"network\"} to /linux/namespaces")
        }
        requireForeign(.network, "/linux/netDevices")
        for device in resolveNetDevices(said, at: "/linux/netDevices", &findings) {
            outside(.moveNetDevice(device.plan, namespace: slot), device.origin)
        }
    }
}

/// The devices to move, with the pointers of their entries; `pointer` is `/linux/netDevices`.
package func resolveNetDevices(
    _ said: [Entry<Config.Linux.NetDevice>], at pointer: JSONPointer, _ findings: inout Findings
) -> [(plan: NetDevicePlan, origin: JSONPointer)] {
    var inside: [Bytes: Bytes] = [:]
    return said.map { entry in
        let origin = pointer.appending(entry.key)
        let newName = entry.value.name.flatMap { $0.isEmpty ? nil : $0 }
        let nameOrigin = newName == nil ? origin : origin.appending("name")
        if let problem = deviceNameProblem(entry.key) {
            findings.error(origin, problem, hint: deviceNameHint)
        } else if entry.key == "lo" {
            findings.error(origin, "the loopback device cannot be moved")
        }
        if let newName, let problem = deviceNameProblem(newName) ?? templateProblem(newName) {
            findings.error(nameOrigin, problem, hint: deviceNameHint)
        }
        let wanted = newName ?? entry.key
        if !wanted.contains(0x25) {
            if newName == "lo" { findings.error(nameOrigin, "every network namespace has a loopback device \"lo\"") }
            if let other = inside[wanted] {
                findings.error(nameOrigin, "\"\(wanted)\" is the name of \"\(other)\" in the container already")
            }
            inside[wanted] = entry.key
        }
        return (NetDevicePlan(name: entry.key, newName: newName, nameOrigin: nameOrigin), origin)
    }
}

private let deviceNameHint: Bytes = "1 to 15 bytes without blank, slash and colon"

/// What the kernel takes for a device's name: dev_valid_name of its net/core/dev.c.
private func deviceNameProblem(_ name: Bytes) -> Bytes? {
    if name.isEmpty { return "the name of a network device is empty" }
    if name.count >= NetworkLink.nameSize { return "\"\(name)\" is \(name.count) bytes long, the kernel takes 15" }
    if name == "." || name == ".." { return "\"\(name)\" is no name of a network device" }
    // isspace of the kernel counts the no-break space of Latin-1.
    let bad = name.array.first { $0 == 0 || $0 == 0x2f || $0 == 0x3a || $0 == 0x20 || 9...13 ~= $0 || $0 == 0xa0 }
    return bad == nil ? nil : "\"\(name)\" is no name of a network device"
}

/// A template has one `%d`, for which the kernel puts the first number that is free.
private func templateProblem(_ name: Bytes) -> Bytes? {
    let parts = name.split(0x25, omittingEmpty: false)
    if parts.count == 1 || parts.count == 2 && parts[1].hasPrefix("d") { return nil }
    return "\"\(name)\" is no template for a name: one \"%d\" is all that the kernel replaces"
}
