// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// One write to a file below /proc/sys.
package struct SysctlPlan: Equatable, Sendable {
    /// The path below /proc/sys, without `.`, `..` and empty parts: `net/ipv4/ip_forward`.
    package var path: Bytes
    /// What is written.
    package var value: Bytes
    /// The kind of namespace that it belongs to.
    package var namespace: NamespaceKind
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
        guard let kind = namespace(of: parts), namespaces.isOwn(kind) else {
            findings.error(origin, "sysctl \"\(entry.key)\" \(sysctlProblem(parts))", hint: sysctlHint(parts))
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
        plan.append(SysctlPlan(path: path, value: entry.value, namespace: kind, origin: origin))
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

/// The kind of namespace that the parameter belongs to; nil for one of the whole kernel.
private func namespace(of parts: [Bytes]) -> NamespaceKind? {
    guard parts.count >= 2 else { return nil }
    if parts[0] == "net" { return .network }
    if isIPCSysctl(parts) { return .ipc }
    if parts[0] == "user" { return .user }
    return parts == ["kernel", "domainname"] ? .uts : nil
}

/// Why the parameter cannot be set in the namespaces that there are.
private func sysctlProblem(_ parts: [Bytes]) -> Bytes {
    if let kind = namespace(of: parts) { return "is not allowed in the host's \(kind.name) namespace" }
    if parts == ["kernel", "hostname"] { return "is not allowed: the field \"hostname\" says the same" }
    return "is not in a separate kernel namespace"
}

private func sysctlHint(_ parts: [Bytes]) -> Bytes? {
    namespace(of: parts).map { "add {\"type\": \"\($0.name)\"} to /linux/namespaces" }
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
