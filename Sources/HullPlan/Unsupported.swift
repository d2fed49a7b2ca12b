// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

extension Resolution {
    /// A property that is read and not carried out yet is an error: never silently passed over.
    mutating func refuseUnsupported() {
        let linux = config.linux
        refuse(linux?.intelRdt.map { _ in true }, "/linux/intelRdt")
        if let said = linux?.rootfsPropagation, !said.isEmpty, !rootPropagations.contains(said) {
            findings.error(
                "/linux/rootfsPropagation", "\"\(said)\" is no propagation",
                hint: namesHint(for: said, among: rootPropagations))
        }
    }

    private mutating func refuse(_ said: Bool?, _ pointer: JSONPointer) {
        if said == true { findings.error(pointer, "not supported yet: \(pointer.text)") }
    }
}

private let rootPropagations: [Bytes] = [
    "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable",
]
