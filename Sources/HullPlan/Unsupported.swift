// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
package import HullOCI

extension Resolution {
    /// A property that is read and not carried out yet is an error: never silently passed over.
    mutating func refuseUnsupported() {
        let linux = config.linux
        let process = config.process
        if let process { refuseUnsupportedProcess(process, at: "/process", &findings) }
        if let said = linux?.rootfsPropagation, !said.isEmpty, !rootPropagations.contains(said) {
            findings.error(
                "/linux/rootfsPropagation", "\"\(said)\" is no propagation",
                hint: namesHint(for: said, among: rootPropagations))
        }
    }
}

private let rootPropagations: [Bytes] = [
    "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable",
]

/// The properties of a process that are read and not carried out yet.
package func refuseUnsupportedProcess(
    _ process: Config.Process, at pointer: JSONPointer, _ findings: inout Findings
) {
    if !(process.selinuxLabel ?? "").isEmpty {
        let place = pointer.appending("selinuxLabel")
        findings.error(place, "not supported yet: \(place.text)")
    }
}
