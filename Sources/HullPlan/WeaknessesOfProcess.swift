// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

extension WeaknessSearch {
    /// What `spec` gives: enough for a service that does not change its user.
    static let harmlessCapabilities: [Bytes] = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

    /// Each capability once, at the set that makes it possible.
    mutating func lookAtCapabilities() {
        guard let sets = config.process?.capabilities else { return }
        var seen = Self.harmlessCapabilities
        for (names, key) in [
            (sets.bounding, "bounding" as Bytes), (sets.permitted, "permitted"), (sets.effective, "effective"),
        ] {
            for (index, name) in (names ?? []).enumerated() where !seen.contains(name) {
                seen.append(name)
                note(
                    ("/process/capabilities" as JSONPointer).appending(key).appending(index), power(of: name),
                    hint: "remove it unless the program needs it")
            }
        }
        for (index, name) in (sets.inheritable ?? []).enumerated() where !(sets.ambient ?? []).contains(name) {
            note(
                ("/process/capabilities/inheritable" as JSONPointer).appending(index),
                "\(name) comes back by executing a file that has it inheritable (CVE-2022-29162)", hint: "remove it")
        }
    }

    /// What the capability lets its owner do, capabilities(7) in a clause.
    private func power(of name: Bytes) -> Bytes {
        if let row = Self.powers.first(where: { $0.name == name }) { return "\(name) \(row.power)" }
        return "\(name) is more than a service needs"
    }

    private static let powers: [(name: Bytes, power: Bytes)] = [
        ("CAP_SYS_ADMIN", "mounts filesystems and commands much of the kernel: nearly the host's root"),
        ("CAP_SYS_MODULE", "loads code into the kernel"),
        ("CAP_SYS_RAWIO", "reads and writes the machine's memory and ports"),
        ("CAP_SYS_PTRACE", "reads and changes other processes"),
        ("CAP_DAC_READ_SEARCH", "opens every file of a filesystem by its handle, outside of the root too"),
        ("CAP_BPF", "loads programs into the kernel"),
        ("CAP_PERFMON", "watches the kernel and other processes"),
        ("CAP_SYSLOG", "reads addresses of the kernel"),
        ("CAP_SYS_BOOT", "restarts the machine"),
        ("CAP_SYS_TIME", "sets the machine's clock"),
        ("CAP_NET_ADMIN", "configures interfaces, routes and packet filters"),
        ("CAP_NET_RAW", "forges packets"),
        ("CAP_MKNOD", "makes device nodes"),
        ("CAP_MAC_ADMIN", "changes the policy of security modules"),
        ("CAP_MAC_OVERRIDE", "passes over the policy of security modules"),
        ("CAP_AUDIT_CONTROL", "switches the audit of the machine off"),
        ("CAP_SYS_RESOURCE", "passes over limits"),
        ("CAP_SYS_CHROOT", "changes the root directory"),
        ("CAP_SETFCAP", "gives files capabilities"),
        ("CAP_SETPCAP", "passes capabilities on"),
        ("CAP_SETUID", "becomes any user of the namespace"),
        ("CAP_SETGID", "becomes any group of the namespace"),
        ("CAP_DAC_OVERRIDE", "passes over the permissions of files"),
        ("CAP_CHOWN", "gives files to others"),
        ("CAP_FOWNER", "changes files of others"),
        ("CAP_CHECKPOINT_RESTORE", "reads what other processes have mapped"),
    ]
}

extension WeaknessSearch {
    /// Calls that let programs into the kernel without a capability, and those that a capability gained by mistake
    /// would make the worst.
    private static let riskyCalls: [Bytes] = [
        "add_key", "bpf", "delete_module", "fanotify_init", "finit_module", "init_module", "io_uring_enter",
        "io_uring_register", "io_uring_setup", "kexec_file_load", "kexec_load", "keyctl", "open_by_handle_at",
        "perf_event_open", "request_key", "userfaultfd",
    ]
    /// New namespaces give every capability in them, and with these what only root could reach before.
    private static let namespaceCalls: [Bytes] = ["clone", "clone3", "setns", "unshare"]

    mutating func lookAtSeccomp() {
        guard let seccomp = config.linux?.seccomp else {
            if KnownAnnotation.seccompProgram.value(in: config.annotations) == nil {
                note(
                    "/linux/seccomp", "there is no filter of system calls: all of the kernel can be attacked",
                    hint: "hull spec writes one")
            }
            return
        }
        if ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"].contains(seccomp.defaultAction) {
            note(
                "/linux/seccomp/defaultAction", "\(seccomp.defaultAction) lets every call pass that no rule names",
                hint: "use SCMP_ACT_ERRNO, and name what is allowed")
        }
        for (index, rule) in (seccomp.syscalls ?? []).enumerated() where rule.action == "SCMP_ACT_ALLOW" {
            guard rule.args?.isEmpty ?? true else { continue }
            let names = ("/linux/seccomp/syscalls" as JSONPointer).appending(index).appending("names")
            for (place, name) in rule.names.enumerated() {
                if Self.riskyCalls.contains(name) {
                    note(names.appending(place), "allows \(name), a usual way into the kernel")
                } else if Self.namespaceCalls.contains(name) {
                    note(
                        names.appending(place), "allows \(name) with every flag: new user namespaces give capabilities")
                }
            }
        }
    }
}
