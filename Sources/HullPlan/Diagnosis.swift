// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux

/// Something that `doctor` has looked at.
package struct Diagnosis: Equatable, Sendable {
    /// How it is.
    package enum Verdict: Sendable {
        /// As it should be.
        case good
        /// hull can do without, or it is somebody's intention.
        case note
        /// Something does not work, or was left.
        case problem
    }

    package let verdict: Verdict
    /// What was looked at: `kernel`, `container web`.
    package let subject: Bytes
    package let found: Bytes
    /// What that means for the user, where it is not as it should be.
    package let meaning: Bytes?
    package let remedy: Bytes?

    /// Takes the parts as they are.
    package init(
        _ verdict: Verdict, _ subject: Bytes, _ found: Bytes, meaning: Bytes? = nil, remedy: Bytes? = nil
    ) {
        self.verdict = verdict
        self.subject = subject
        self.found = found
        self.meaning = meaning
        self.remedy = remedy
    }
}

/// What `doctor` reads of the machine besides what a plan needs to know.
package struct MachineFacts: Sendable {
    /// user.max_user_namespaces; nil where the kernel has no user namespaces.
    package var userNamespaces: UInt64?
    /// What a filter can answer, `actions_avail`; nil where there are no filters.
    package var seccompActions: [Bytes]?
    package var securityModules: [Bytes] = []
    package var filesystems: [Bytes] = []
    /// The service manager of the machine.
    package var hasSystemd = false
    /// Programs that hull starts or stands beside, by name, with the path where PATH has them.
    package var programs: [(name: Bytes, path: Bytes?)] = []
    /// The caller's lines of /etc/subuid and /etc/subgid.
    package var subordinateIDs: (users: [Bytes], groups: [Bytes]) = ([], [])
    /// Whether the caller's cgroup, where that is not root's, belongs to the caller.
    package var isCgroupDelegated = true

    /// Nothing known.
    package init() {}
}

/// What the machine offers to containers, each with what it means where it is missing.
package func diagnose(_ host: Host, _ machine: MachineFacts) -> [Diagnosis] {
    [
        kernel(host), privilege(host), cgroupTree(host), controllers(host, machine), userNamespaces(host, machine),
        subordinates(host, machine), seccomp(machine), securityModules(machine), overlay(host, machine),
        systemd(machine),
    ].compactMap(\.self) + programs(machine)
}

private func kernel(_ host: Host) -> Diagnosis {
    let version = "\(host.kernel.major).\(host.kernel.minor)" as Bytes
    guard host.hasKernel(5, 14) else {
        return Diagnosis(
            .problem, "kernel", version, meaning: "no container can be made: hull needs 5.14", remedy: "a newer kernel")
    }
    if !host.hasKernel(5, 19) {
        return Diagnosis(
            .note, "kernel", version, meaning: "run --seccomp-report is disturbed by signals before 5.19")
    }
    if !host.hasKernel(6, 7) {
        return Diagnosis(
            .note, "kernel", version,
            meaning: "layers of an overlay share one option of 4096 bytes before 6.7: very many do not fit")
    }
    return Diagnosis(.good, "kernel", version)
}

private func privilege(_ host: Host) -> Diagnosis {
    if host.effectiveUser != 0 {
        return Diagnosis(
            .note, "privilege", "user \(host.effectiveUser)",
            meaning: "what a container may do depends on what this user was given", remedy: "sudo, for all of it")
    }
    let needed: [Bytes] = ["CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_NET_ADMIN"]
    let missing = needed.filter { !host.capabilities.names.contains($0) }
    guard !missing.isEmpty else { return Diagnosis(.good, "privilege", "root with every capability needed") }
    let names = missing.joined(", ")
    let isAdmin = missing.first != needed[0]
    return Diagnosis(
        isAdmin ? .note : .problem, "privilege", "root without \(names)",
        meaning: isAdmin
            ? "rlimits cannot be raised without CAP_SYS_RESOURCE, no device moved without CAP_NET_ADMIN"
            : "no namespace can be made and nothing mounted", remedy: "give hull's caller these capabilities")
}

private func cgroupTree(_ host: Host) -> Diagnosis {
    guard let mount = host.cgroupMount else {
        return Diagnosis(
            .problem, "cgroup", "no cgroup2 filesystem is mounted", meaning: "no container can be made",
            remedy: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1")
    }
    guard mount == "/sys/fs/cgroup" else {
        return Diagnosis(
            .note, "cgroup", "cgroup v1, with cgroup2 at \(mount)",
            meaning: "controllers that v1 has taken cannot limit containers",
            remedy: "boot with systemd.unified_cgroup_hierarchy=1")
    }
    return Diagnosis(.good, "cgroup", "cgroup2 at \(mount)")
}

private func controllers(_ host: Host, _ machine: MachineFacts) -> Diagnosis? {
    guard let mount = host.cgroupMount else { return nil }
    let file = host.controllersFile ?? mount + "/cgroup.controllers"
    let found: Bytes = host.controllers.isEmpty ? "none" : host.controllers.joined(" ")
    let missing = (["cpu", "cpuset", "io", "memory", "pids"] as [Bytes]).filter { !host.controllers.contains($0) }
    if !machine.isCgroupDelegated {
        return Diagnosis(
            .problem, "controllers", found, meaning: "the caller may make no cgroup beside its own",
            remedy: "systemd-run --user --scope -p Delegate=yes hull ...")
    }
    guard !missing.isEmpty else { return Diagnosis(.good, "controllers", found) }
    let remedy: Bytes =
        host.isUnprivileged
        ? "a drop-in of user@.service with Delegate=\(missing.joined(" "))"
        : "boot with systemd.unified_cgroup_hierarchy=1; cgroup_enable=memory where the kernel has it off"
    return Diagnosis(
        .problem, "controllers", found,
        meaning: "limits by \(missing.joined(", ")) are refused: \(file) does not have them", remedy: remedy)
}

private func userNamespaces(_ host: Host, _ machine: MachineFacts) -> Diagnosis {
    guard let most = machine.userNamespaces else {
        return Diagnosis(
            .problem, "user namespaces", "not in this kernel", meaning: "containers with id maps cannot be made",
            remedy: "a kernel with CONFIG_USER_NS")
    }
    guard most > 0 else {
        return Diagnosis(
            .problem, "user namespaces", "switched off", meaning: "containers with id maps cannot be made",
            remedy: "sysctl user.max_user_namespaces=15000")
    }
    return Diagnosis(.good, "user namespaces", "\(most) at most")
}

private func subordinates(_ host: Host, _ machine: MachineFacts) -> Diagnosis? {
    let (users, groups) = machine.subordinateIDs
    guard host.effectiveUser != 0 else { return nil }
    guard users.isEmpty || groups.isEmpty else {
        return Diagnosis(.good, "subordinate ids", "uids \(users.joined(", ")), gids \(groups.joined(", "))")
    }
    return Diagnosis(
        .problem, "subordinate ids", "none in \(users.isEmpty ? "/etc/subuid" : "/etc/subgid" as Bytes)",
        meaning: "only one id can be mapped into a container",
        remedy: "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER")
}

private func seccomp(_ machine: MachineFacts) -> Diagnosis {
    guard let actions = machine.seccompActions else {
        return Diagnosis(
            .problem, "seccomp", "not in this kernel", meaning: "configs with linux.seccomp are refused",
            remedy: "a kernel with CONFIG_SECCOMP_FILTER")
    }
    guard actions.contains("user_notif") else {
        return Diagnosis(.note, "seccomp", actions.joined(" "), meaning: "no agent can decide on calls")
    }
    return Diagnosis(.good, "seccomp", actions.joined(" "))
}

private func securityModules(_ machine: MachineFacts) -> Diagnosis {
    let known = machine.securityModules
    guard known.contains("apparmor") || known.contains("selinux") else {
        return Diagnosis(
            .note, "security modules", known.isEmpty ? "none seen" : known.joined(" "),
            meaning: "configs with apparmorProfile or selinuxLabel are refused")
    }
    return Diagnosis(.good, "security modules", known.joined(" "))
}

private func overlay(_ host: Host, _ machine: MachineFacts) -> Diagnosis {
    guard machine.filesystems.contains("overlay") else {
        return Diagnosis(
            .note, "overlay", "not loaded", meaning: "--overlay, run --image and mounts of this type may fail",
            remedy: "modprobe overlay")
    }
    return Diagnosis(.good, "overlay", "in this kernel")
}

private func systemd(_ machine: MachineFacts) -> Diagnosis {
    machine.hasSystemd
        ? Diagnosis(.good, "systemd", "manages this machine")
        : Diagnosis(.note, "systemd", "does not manage this machine", meaning: "--systemd-cgroup cannot be used")
}

private func programs(_ machine: MachineFacts) -> [Diagnosis] {
    machine.programs.map { name, path in
        if let path { return Diagnosis(.good, name, path) }
        return Diagnosis(.note, name, "not in PATH", meaning: purpose(of: name), remedy: "install \(name)")
    }
}

private func purpose(of program: Bytes) -> Bytes {
    switch program {
    case "criu": "containers cannot be saved and restored"
    case "newuidmap", "newgidmap": "users other than root can map their own id alone"
    case "ps": "ps with words for ps(1) fails"
    default: "images cannot be unpacked and run"
    }
}
