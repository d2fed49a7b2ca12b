// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullLinux
package import HullOCI

/// The five capability sets of the container's process, ready for capset(2) and prctl(2).
///
/// The kernel takes them all: effective lies in permitted, inheritable in bounding, ambient in permitted and
/// inheritable.
package struct CapabilitySets: Equatable, Sendable {
    /// What execve(2) may ever give.
    package var bounding: CapabilitySet = []
    /// What counts in permission checks.
    package var effective: CapabilitySet = []
    /// What files with inheritable capabilities may give.
    package var inheritable: CapabilitySet = []
    /// What may be made effective.
    package var permitted: CapabilitySet = []
    /// What a program without privileges of its own keeps over execve(2).
    package var ambient: CapabilitySet = []

    /// All empty: what a config that says nothing of capabilities asks for.
    package init() {}
}

/// The sets that `process.capabilities` asks for; `pointer` is `/process/capabilities`.
///
/// `grantable` is what the process can get at all: the runtime's own permitted and bounding sets, or every capability
/// of the kernel where a new user namespace gives them all. What is named but unknown or not grantable is dropped with
/// a warning: the specification wants containers to run in restricted surroundings too.
package func resolveCapabilities(
    _ said: Config.Process.Capabilities?, grantable: CapabilitySet, at pointer: JSONPointer,
    _ findings: inout Findings
) -> CapabilitySets {
    var sets = CapabilitySets()
    guard let said else { return sets }
    func read(_ names: [Bytes]?, _ key: Bytes) -> CapabilitySet {
        readCapabilities(names ?? [], grantable: grantable, at: pointer.appending(key), &findings)
    }
    sets.bounding = read(said.bounding, "bounding")
    sets.effective = read(said.effective, "effective")
    sets.inheritable = read(said.inheritable, "inheritable")
    sets.permitted = read(said.permitted, "permitted")
    sets.ambient = read(said.ambient, "ambient")

    func strays(_ names: [Bytes]?, _ key: Bytes, outside set: CapabilitySet) -> [(name: Bytes, origin: JSONPointer)] {
        strayCapabilities(names ?? [], grantable: grantable, outside: set, at: pointer.appending(key))
    }
    // capset(2) answers EPERM to both without saying which capability it means.
    for (name, origin) in strays(said.effective, "effective", outside: sets.permitted) {
        findings.error(origin, "\(name) is not in permitted: the kernel gives no effective capability without")
    }
    for (name, origin) in strays(said.inheritable, "inheritable", outside: sets.bounding) {
        findings.error(origin, "\(name) is not in bounding: the kernel gives no inheritable capability without")
    }
    // Engines, and `runc spec`, name ambient capabilities that cannot be raised, and runtimes have always gone on
    // without them: a warning at every start would teach people not to read warnings.
    sets.ambient.formIntersection(sets.permitted.intersection(sets.inheritable))
    return sets
}

/// The names of capabilities that could be granted but are not in the set.
private func strayCapabilities(
    _ names: [Bytes], grantable: CapabilitySet, outside set: CapabilitySet, at pointer: JSONPointer
) -> [(name: Bytes, origin: JSONPointer)] {
    names.enumerated().compactMap { index, name in
        guard let capability = Capability(name: name), grantable.contains(capability), !set.contains(capability)
        else { return nil }
        return (name, pointer.appending(index))
    }
}

private func readCapabilities(
    _ names: [Bytes], grantable: CapabilitySet, at pointer: JSONPointer, _ findings: inout Findings
) -> CapabilitySet {
    var set: CapabilitySet = []
    for (index, name) in names.enumerated() {
        guard let capability = Capability(name: name) else {
            findings.warn(
                pointer.appending(index), "unknown capability \"\(name)\": ignored",
                // Engines write `NET_ADMIN`, libcap `cap_net_admin`.
                hint: nearestHint(to: name, among: Capability.names, prefix: "CAP_"))
            continue
        }
        guard grantable.contains(capability) else {
            findings.warn(pointer.appending(index), "\(name) cannot be granted here: ignored")
            continue
        }
        set.insert(capability)
    }
    return set
}
