// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
package import HullOCI

/// The steps inside for what `linux` says of every program of the container, further ones included.
func resolveSurroundings(_ said: Config.Linux?, _ findings: inout Findings) -> [InsideStep] {
    guard let said else { return [] }
    var steps: [InsideStep] = []
    if let domain = resolvePersonality(said.personality, at: "/linux/personality", &findings) {
        steps.append(InsideStep(action: .personality(domain), origin: "/linux/personality"))
    }
    if let policy = resolveMemoryPolicy(said.memoryPolicy, at: "/linux/memoryPolicy", &findings) {
        steps.append(InsideStep(action: .memoryPolicy(policy), origin: "/linux/memoryPolicy"))
    }
    return steps
}

/// The execution domain that `linux.personality` asks for; `pointer` is `/linux/personality`.
package func resolvePersonality(
    _ said: Config.Linux.Personality?, at pointer: JSONPointer, _ findings: inout Findings
) -> UInt32? {
    guard let said else { return nil }
    for index in (said.flags ?? []).indices {
        findings.error(pointer.appending("flags").appending(index), "the specification knows no personality flags")
    }
    guard let domain = said.domain else {
        findings.error(pointer.appending("domain"), "is required", hint: Personality.domains.names.joined(", "))
        return nil
    }
    guard let number = Personality.domains.number(domain) else {
        findings.unknown(pointer.appending("domain"), "execution domain", domain, among: Personality.domains.names)
        return nil
    }
    return number
}
