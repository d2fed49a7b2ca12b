// SPDX-License-Identifier: Apache-2.0

package import HullBytes

extension Invocation {
    /// The options that were used and understood but are not carried out yet: to be refused, never passed over.
    package var notYet: [Bytes] {
        var options: [Bytes] = []
        if global.systemdCgroup { options.append("--systemd-cgroup") }
        if global.cgroupManager == .systemd { options.append("--cgroup-manager systemd") }
        switch command {
        case .create(let create): options += create.notYet
        case .run(let run): options += run.create.notYet
        case .exec(let exec): options += exec.notYet
        default: break
        }
        return options
    }
}

extension CreateOptions {
    fileprivate var notYet: [Bytes] {
        var options: [Bytes] = []
        if pidfdSocket != nil { options.append("--pidfd-socket") }
        return options
    }
}

extension ExecOptions {
    fileprivate var notYet: [Bytes] {
        var options: [Bytes] = []
        if processLabel != nil { options.append("--process-label") }
        if pidfdSocket != nil { options.append("--pidfd-socket") }
        if !cgroups.isEmpty { options.append("--cgroup") }
        return options
    }
}
