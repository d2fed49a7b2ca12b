// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

extension Resolution {
    /// A word that is none of the propagations: without this it would be passed over.
    mutating func checkRootPropagation() {
        guard let said = config.linux?.rootfsPropagation, !said.isEmpty, !rootPropagations.contains(said)
        else { return }
        findings.error(
            "/linux/rootfsPropagation", "\"\(said)\" is no propagation",
            hint: namesHint(for: said, among: rootPropagations))
    }
}

private let rootPropagations: [Bytes] = [
    "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable",
]
