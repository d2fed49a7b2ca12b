// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// A class of service of Intel RDT for the container: config-linux.md, "IntelRdt".
package struct IntelRdtPlan: Sendable {
    /// A line for the file `schemata`.
    package struct Line: Sendable {
        package var text: Bytes
        package var origin: JSONPointer
        /// Whether a class of service that is there already must say the same: so it is of `l3CacheSchema` and
        /// `memBwSchema`.
        package var isCompared: Bool
    }

    /// Whose directory it is.
    package enum Ownership: Sendable {
        /// It has the container's id, is made for it, and goes with it.
        case container
        /// It has a name of its own: made where it is missing, and kept.
        case shared
        /// It was set up by somebody else.
        case configured
    }

    /// Its name; empty for the root of the filesystem, which is the default class.
    package var name: Bytes
    package var ownership: Ownership
    /// In the order in which they are written.
    package var schemata: [Line]
    /// The name of the container's own monitoring group in it.
    package var monitor: Bytes?
}

/// The class of service that is asked for; nil where none is.
package func resolveIntelRdt(
    _ said: Config.Linux.IntelRdt?, id: Bytes, at pointer: JSONPointer, _ findings: inout Findings
) -> IntelRdtPlan? {
    guard let said else { return nil }
    var plan = IntelRdtPlan(name: id, ownership: .container, schemata: [], monitor: nil)
    plan.schemata = resolveSchemata(said, at: pointer, &findings)
    if let name = said.closID, !name.isEmpty {
        let place = pointer.appending("closID")
        checkClass(name, at: place, &findings)
        plan.name = name == "/" ? "" : name
        plan.ownership = plan.schemata.isEmpty ? .configured : .shared
    }
    if said.enableMonitoring == true { plan.monitor = id }
    for (old, key) in [(said.enableCMT, "enableCMT"), (said.enableMBM, "enableMBM")] as [(Bool?, Bytes)]
    where old != nil {
        findings.warn(
            pointer.appending(key), "has no effect: version 1.3 of the specification took it out",
            hint: "set \(pointer.appending("enableMonitoring").text)")
    }
    return plan
}

/// The lines that `update` gives to a container's class.
package func resolveIntelRdtUpdate(_ said: Config.Linux.IntelRdt) throws(ConfigErrors) -> [IntelRdtPlan.Line] {
    var findings = Findings()
    let lines = resolveSchemata(said, at: .root, &findings)
    try findings.throwIfAny()
    return lines
}

/// A class is one directory below the root of resctrl, and may not be one of the kernel's own.
private func checkClass(_ name: Bytes, at pointer: JSONPointer, _ findings: inout Findings) {
    if name == "/" { return }
    if name.contains(0x2f) || name.contains(0x0a) || name == "." || name == ".." {
        findings.error(pointer, "\"\(name)\" is no name of a directory, nor \"/\" for the default class")
    } else if ["info", "mon_groups", "mon_data"].contains(name) {
        findings.error(pointer, "\"\(name)\" is a directory of the kernel's own in resctrl")
    }
}

/// The lines in the order that the specification demands: L3 first, then memory bandwidth, then the others.
private func resolveSchemata(
    _ said: Config.Linux.IntelRdt, at pointer: JSONPointer, _ findings: inout Findings
) -> [IntelRdtPlan.Line] {
    var lines: [IntelRdtPlan.Line] = []
    if let text = said.l3CacheSchema, !text.isEmpty {
        let place = pointer.appending("l3CacheSchema")
        // Only recommended: with code and data prioritization there are two lines, L3CODE and L3DATA.
        if !text.hasPrefix("L3:") { findings.warn(place, "should start with \"L3:\"") }
        if text.contains(0x0a) { findings.warn(place, "should be one line") }
        lines.append(IntelRdtPlan.Line(text: text, origin: place, isCompared: true))
    }
    if let text = said.memBwSchema, !text.isEmpty {
        let place = pointer.appending("memBwSchema")
        if !text.hasPrefix("MB:") {
            findings.error(place, "\"\(text)\" does not start with \"MB:\"", hint: "such as \"MB:0=50;1=70\"")
        }
        refuseNewline(text, at: place, &findings)
        lines.append(IntelRdtPlan.Line(text: text, origin: place, isCompared: true))
    }
    for (index, text) in (said.schemata ?? []).enumerated() {
        let place = pointer.appending("schemata").appending(index)
        if text.isEmpty { findings.error(place, "is empty", hint: "such as \"L2:0=f;1=f\"") }
        refuseNewline(text, at: place, &findings)
        lines.append(IntelRdtPlan.Line(text: text, origin: place, isCompared: false))
    }
    return lines
}

private func refuseNewline(_ text: Bytes, at pointer: JSONPointer, _ findings: inout Findings) {
    if text.contains(0x0a) { findings.error(pointer, "must be one line") }
}

extension IntelRdtPlan {
    /// The class in a step's words.
    var words: Bytes { name.isEmpty ? "/" : name }
}

extension Resolution {
    /// The class is there before the process, which is put into it before it does anything of its own.
    mutating func resolveIntelRdt() {
        let pointer = linuxPointer("intelRdt")
        plan.intelRdt = HullPlan.resolveIntelRdt(
            config.linux?.intelRdt, id: request.id, at: pointer, &findings)
        if plan.intelRdt != nil { outside(.makeIntelRdt, pointer) }
    }
}
