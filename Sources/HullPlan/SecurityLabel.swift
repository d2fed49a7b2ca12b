// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// What a security module is to confine the program by, from its execve on.
package enum SecurityLabel: Equatable, Sendable {
    /// The name of a profile that is loaded.
    case appArmor(Bytes)
    /// A security context.
    case selinux(Bytes)
}

extension Config.Process {
    /// The SELinux label; nil where none is said.
    var label: Bytes? { selinuxLabel.flatMap { $0.isEmpty ? nil : $0 } }

    /// All labels, each with the place that says it.
    func labels(at pointer: JSONPointer) -> [(label: SecurityLabel, origin: JSONPointer)] {
        var labels: [(label: SecurityLabel, origin: JSONPointer)] = []
        if let profile = apparmorProfile, !profile.isEmpty {
            labels.append((.appArmor(profile), pointer.appending("apparmorProfile")))
        }
        if let label { labels.append((.selinux(label), pointer.appending("selinuxLabel"))) }
        return labels
    }
}

extension Resolution {
    /// Confines the program. The request is inherited by children, and hooks of the container are none of the
    /// program's: where there are some it is made after them, and before it is only tried, so that a wrong one is an
    /// error of `create`.
    mutating func resolveLabels(afterHooks: Bool) {
        let labels = config.process?.labels(at: "/process") ?? []
        let hasHooks = !plan.hooks[.startContainer].isEmpty
        if !afterHooks, !labels.isEmpty {
            plan.inside.insert(InsideStep(action: .openProc, origin: labels[0].origin), at: 0)
        }
        for (label, origin) in labels {
            if !hasHooks, !afterHooks { inside(.confine(label), origin) }
            if hasHooks { inside(afterHooks ? .confine(label) : .tryToConfine(label), origin) }
        }
        if config.process?.label != nil, !afterHooks {
            plan.outside.insert(OutsideStep(action: .requireSELinux, origin: "/process/selinuxLabel"), at: 0)
        }
    }
}
