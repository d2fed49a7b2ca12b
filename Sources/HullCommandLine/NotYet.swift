// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Invocation {
    /// The options that were used and understood but are not carried out yet: to be refused, never passed over.
    package var notYet: [Bytes] {
        var options: [Bytes] = []
        if global.systemdCgroup { options.append("--systemd-cgroup") }
        if global.cgroupManager == .systemd { options.append("--cgroup-manager systemd") }
        return options
    }
}
