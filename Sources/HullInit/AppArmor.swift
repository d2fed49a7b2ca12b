// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

extension InitProgram {
    /// Asks for the profile at the coming execve. After the hooks, which would inherit the request; through a procfs of
    /// our own, for a mount over the container's /proc could swallow the write (CVE-2019-16884, CVE-2025-52881).
    mutating func confine(byAppArmor profile: Bytes) throws(SystemError) {
        if procfs == nil { procfs = try PrivateProcfs() }
        let attributes = "\(CurrentProcess.pid)/attr" as Bytes
        do {
            // The path of its own since Linux 5.8; the older one may belong to another security module.
            try procfs?.write("\(attributes)/apparmor/exec", "exec \(profile)")
        } catch {
            guard error.errno == .enoent || error.errno == .einval else { throw error }
            let why: Bytes =
                error.errno == .enoent ? "AppArmor is not enabled" : "AppArmor is off, or has no such profile"
            throw SystemError("apparmor", profile, error.errno, detail: why)
        }
    }
}
