// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Creation {
    /// Has newuidmap(1) or newgidmap(1) write a map of the new user namespace.
    func mapByTool(_ group: Bool, _ maps: [IDMapping]) throws(SystemError) {
        try IDMapTool(group: group).write(maps, of: record.pid)
    }

    /// What the tool does not say: what the user has, what was asked for, and what would do.
    func hintOfTool(_ group: Bool, _ maps: [IDMapping], _ error: SystemError) -> Bytes {
        let own = group ? Credentials.effectiveGroup : Credentials.effectiveUser
        if error.errno == .enoent {
            return "it is in the package uidmap, or shadow; without it only the own id can be mapped: "
                + "{\"containerID\": 0, \"hostID\": \(own), \"size\": 1}"
        }
        let path: Bytes = group ? "/etc/subgid" : "/etc/subuid"
        if let problem = grantedIDs(group).problem(of: maps) { return problem }
        let status = Bytes((try? HostFiles.read("/proc/self/status")) ?? []).split(0x0a)
        if status.contains("NoNewPrivs:\t1") {
            return "hull was started with no_new_privs, under which programs like this one get no privileges"
        }
        return "\(path) grants these ids; the program must be set-user-id root, or have cap_set\(group ? "gid" : "uid")"
    }
}

/// What the caller is granted beside the own id.
private func grantedIDs(_ group: Bool) -> SubordinateIDs {
    let path: Bytes = group ? "/etc/subgid" : "/etc/subuid"
    let user = Credentials.effectiveUser
    let passwd = Bytes((try? HostFiles.read("/etc/passwd")) ?? [])
    return SubordinateIDs(
        file: path, text: Bytes((try? HostFiles.read(path)) ?? []), user: user,
        name: SubordinateIDs.name(of: user, inPasswd: passwd),
        own: group ? Credentials.effectiveGroup : user)
}

/// Why newuidmap(1) or newgidmap(1) would not write a map; nil where nothing speaks against it.
func problemOfTool(_ group: Bool, _ maps: [IDMapping]) -> Bytes? {
    let name: Bytes = group ? "newgidmap" : "newuidmap"
    if Subprocess.find(name) == nil { return "\(name) is not installed, without which only the own id can be mapped" }
    return grantedIDs(group).problem(of: maps)
}

/// Why an ordinary user gets no user namespace: the kernel's errno does not say who forbids it.
func hintOfUserNamespace(_ error: SystemError) -> Bytes? {
    func number(_ path: Bytes) -> Bytes? { (try? HostFiles.read(path)).map { Bytes($0).trimmed } }
    for (path, word, remedy) in [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "an AppArmor profile for hull with userns"),
    ] as [(Bytes, Bytes, Bytes)] where number(path) == word {
        return "this machine lets only root make user namespaces, \(path) is \(word): \(remedy)"
    }
    guard error.errno == .eperm else { return nil }
    return "no user namespace can be made in a chroot, nor where a system call filter denies it"
}
