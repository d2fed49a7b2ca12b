// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// One write to a file below /proc/sys.
package struct SysctlPlan: Equatable, Sendable {
    /// The path below /proc/sys, without `.`, `..` and empty parts: `net/ipv4/ip_forward`.
    package var path: Bytes
    /// What is written.
    package var value: Bytes
    /// The entry that said it.
    package var origin: JSONPointer
}

/// The kernel parameters that `linux.sysctl` asks for; `pointer` is `/linux/sysctl`.
///
/// Only those are taken that belong to a namespace of the container's own: every other one would change the host.
/// `domainname` is the config's field of that name, which says the same as `kernel.domainname`.
package func resolveSysctl(
    _ said: [Entry<Bytes>]?, namespaces: NamespaceList, domainname: Bytes?, at pointer: JSONPointer,
    _ findings: inout Findings
) -> [SysctlPlan] {
    var plan: [SysctlPlan] = []
    for entry in said ?? [] {
        let origin = pointer.appending(entry.key)
        guard let parts = sysctlParts(entry.key) else {
            findings.error(origin, "sysctl \"\(entry.key)\" is no path below /proc/sys")
            continue
        }
        if let problem = sysctlProblem(parts, namespaces) {
            findings.error(origin, "sysctl \"\(entry.key)\" \(problem)")
            continue
        }
        let path = parts.joined("/")
        if path == "kernel/domainname", let domainname, domainname != entry.value {
            findings.error(origin, "sysctl \"\(entry.key)\" differs from the field \"domainname\"")
        }
        if plan.contains(where: { $0.path == path }) {
            findings.error(origin, "sysctl \"\(entry.key)\" is already set above in another spelling")
            continue
        }
        plan.append(SysctlPlan(path: path, value: entry.value, origin: origin))
    }
    return plan
}

/// The parts of the path that a key means; nil for what is no path below /proc/sys.
///
/// As in sysctl.d(5), the first separator says how the key is written. After a dot, dots separate and a slash stands
/// for a dot in a name (`net.ipv4.conf.eth0/100.forwarding`); after a slash it is a path as it is.
func sysctlParts(_ key: Bytes) -> [Bytes]? {
    var path = key
    if let separator = key.array.first(where: { $0 == 0x2e || $0 == 0x2f }), separator == 0x2e {
        path = Bytes(key.array.map { $0 == 0x2e ? 0x2f : $0 == 0x2f ? 0x2e : $0 })
    }
    let parts = path.split(0x2f, omittingEmpty: false)
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.contains(0) }) else { return nil }
    return parts
}

/// Why the parameter cannot be set with these namespaces; nil if it can.
private func sysctlProblem(_ parts: [Bytes], _ namespaces: NamespaceList) -> Bytes? {
    guard parts.count >= 2 else { return "is not in a separate kernel namespace" }
    if parts[0] == "net" {
        return namespaces.isOwn(.network) ? nil : "is not allowed in the host's network namespace"
    }
    if isIPCSysctl(parts) { return namespaces.isOwn(.ipc) ? nil : "is not allowed in the host's ipc namespace" }
    if parts[0] == "user" { return namespaces.isOwn(.user) ? nil : "is not allowed in the host's user namespace" }
    if parts == ["kernel", "hostname"] { return "is not allowed: the field \"hostname\" says the same" }
    if parts == ["kernel", "domainname"] {
        return namespaces.isOwn(.uts) ? nil : "is not allowed in the host's uts namespace"
    }
    return "is not in a separate kernel namespace"
}

/// System V IPC and POSIX message queues: ipc_namespaces(7).
private func isIPCSysctl(_ parts: [Bytes]) -> Bool {
    if parts.count >= 3 { return parts[0] == "fs" && parts[1] == "mqueue" }
    guard parts[0] == "kernel" else { return false }
    let names: [Bytes] = [
        "msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced",
    ]
    return names.contains(parts[1])
}
