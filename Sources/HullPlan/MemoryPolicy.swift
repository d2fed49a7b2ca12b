// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// What `linux.memoryPolicy` asks for; `pointer` is `/linux/memoryPolicy`. What set_mempolicy(2) says of modes, nodes
/// and flags is checked here, because the kernel has one EINVAL for all of it.
package func resolveMemoryPolicy(
    _ said: Config.Linux.MemoryPolicy?, at pointer: JSONPointer, _ findings: inout Findings
) -> MemoryPolicy? {
    guard let said else { return nil }
    let flags = resolveBits(
        said.flags, MemoryPolicy.flags, "memory policy flag", prefix: "MPOL_F_", at: pointer.appending("flags"),
        &findings)
    guard let name = said.mode else {
        findings.error(pointer.appending("mode"), "is required", hint: MemoryPolicy.modes.names.joined(", "))
        return nil
    }
    guard let mode = MemoryPolicy.modes.number(name) else {
        findings.unknown(
            pointer.appending("mode"), "memory policy", name, among: MemoryPolicy.modes.names, prefix: "MPOL_")
        return nil
    }
    var policy = MemoryPolicy(mode: mode)
    policy.flags = flags
    let place = pointer.appending("nodes")
    if let nodes = said.nodes, !nodes.isEmpty {
        policy.nodes = NumberSet(list: nodes)
        if policy.nodes == nil { findings.error(place, "\"\(nodes)\" is no list of memory nodes such as 0-3,7") }
        if takesNoNodes(name) { findings.error(place, "\(name) takes no nodes") }
    } else if needsNodes(name) {
        findings.error(place, "\(name) needs at least one node")
    }
    checkFlags(said, name, at: pointer.appending("flags"), &findings)
    return policy
}

private func takesNoNodes(_ mode: Bytes) -> Bool { mode == "MPOL_DEFAULT" || mode == "MPOL_LOCAL" }

/// MPOL_PREFERRED without a node is MPOL_LOCAL.
private func needsNodes(_ mode: Bytes) -> Bool { !takesNoNodes(mode) && mode != "MPOL_PREFERRED" }

private func checkFlags(
    _ said: Config.Linux.MemoryPolicy, _ mode: Bytes, at pointer: JSONPointer, _ findings: inout Findings
) {
    let flags = said.flags ?? []
    if flags.contains("MPOL_F_STATIC_NODES"), flags.contains("MPOL_F_RELATIVE_NODES") {
        findings.error(pointer, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other")
    }
    let isAboutNodes = flags.contains("MPOL_F_STATIC_NODES") || flags.contains("MPOL_F_RELATIVE_NODES")
    if isAboutNodes, (said.nodes ?? "").isEmpty, mode == "MPOL_LOCAL" || mode == "MPOL_PREFERRED" {
        findings.error(pointer, "say how nodes are meant, and there are none")
    }
}
