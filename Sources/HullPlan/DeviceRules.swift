// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// The device filter that `linux.resources.devices` asks for; there is one even where the field says nothing, since the
/// default is to deny.
package func resolveDeviceRules(
    _ said: [Config.Linux.Resources.DeviceRule]?, at pointer: JSONPointer, _ findings: inout Findings
) -> [EBPFInstruction] {
    let said = said ?? []
    guard said.count <= EBPFInstruction.limit else {
        findings.error(pointer, "has \(said.count) rules, more than fit in a device filter")
        return compileDeviceFilter([])
    }
    var rules: [DeviceRule] = []
    for (index, rule) in said.enumerated() {
        if let rule = resolveDeviceRule(rule, at: pointer.appending(index), &findings) { rules.append(rule) }
    }
    let program = compileDeviceFilter(rules)
    if program.count > EBPFInstruction.limit {
        findings.error(
            pointer, "makes a device filter of \(program.count) instructions, the kernel takes \(EBPFInstruction.limit)"
        )
    }
    return program
}

/// One rule; nil where it is wrong.
func resolveDeviceRule(
    _ said: Config.Linux.Resources.DeviceRule, at pointer: JSONPointer, _ findings: inout Findings
) -> DeviceRule? {
    let errors = findings.errors.count
    let rule = DeviceRule(
        allow: said.allow,
        kind: resolveKind(said.type, at: pointer.appending("type"), &findings),
        major: resolveNumber(said.major, at: pointer.appending("major"), &findings),
        minor: resolveNumber(said.minor, at: pointer.appending("minor"), &findings),
        access: resolveAccess(said.access, at: pointer.appending("access"), &findings))
    return findings.errors.count == errors ? rule : nil
}

private func resolveKind(_ said: Bytes?, at pointer: JSONPointer, _ findings: inout Findings) -> DeviceRule.Kind? {
    guard let said, said != "a" else { return nil }
    if said == "b" { return .block }
    if said == "c" { return .character }
    findings.error(
        pointer, "\"\(said)\" is no type of a device rule: a (all), b (block) or c (character)",
        hint: said == "u" ? "an unbuffered device is a character device: c" : nil)
    return nil
}

/// Engines write -1 for "all", as runc's own documents do.
private func resolveNumber(_ said: Int64?, at pointer: JSONPointer, _ findings: inout Findings) -> UInt32? {
    guard let said, said != -1 else { return nil }
    guard let number = UInt32(exactly: said) else {
        findings.error(pointer, "\(said) is no device number", hint: "leave it out to mean all")
        return nil
    }
    return number
}

private func resolveAccess(_ said: Bytes?, at pointer: JSONPointer, _ findings: inout Findings) -> DeviceRule.Access {
    guard let said else { return .all }
    var access: DeviceRule.Access = []
    for byte in said.array {
        switch byte {
        case UInt8(ascii: "r"): access.insert(.read)
        case UInt8(ascii: "w"): access.insert(.write)
        case UInt8(ascii: "m"): access.insert(.mknod)
        default:
            findings.error(pointer, "\"\(said)\" is not made of r (read), w (write) and m (mknod)")
            return access
        }
    }
    if said.isEmpty { findings.error(pointer, "is empty", hint: "leave it out to mean rwm") }
    return access
}
