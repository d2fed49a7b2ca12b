// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// What the last mile needs, as values; `run` lays it out in memory and goes into C (lastmile.c).
package struct LastMile: Sendable {
    /// Capabilities to keep in the bounding set.
    package var bounding: CapabilitySet = []
    package var permitted: CapabilitySet = []
    package var effective: CapabilitySet = []
    package var inheritable: CapabilitySet = []
    package var ambient: CapabilitySet = []
    /// False leaves all five sets as they are.
    package var setCapabilities = false
    /// The highest capability that the kernel has.
    package var lastCapability: UInt32 = 40
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    /// nil where setgroups(2) is denied (user_namespaces(7)).
    package var groups: [UInt32]? = []
    package var noNewPrivileges = false
    package var filter: [BPFInstruction] = []
    package var filterFlags: UInt32 = 0
    /// Whether the filter asks a listener, whose descriptor the reader of the report passes on.
    package var notifies = false
    /// The executable, argv and envp.
    package var path: Bytes = ""
    package var arguments: [Bytes] = []
    package var environment: [Bytes] = []
    /// The working directory to enter as the container's user, where root could not.
    package var lateDirectory: Bytes?

    /// All defaults.
    package init() {}

    /// The steps by the numbers that are reported, 1 first.
    package static let steps: [Bytes] = [
        "seccomp", "prctl PR_CAPBSET_DROP", "prctl PR_SET_KEEPCAPS", "setgroups", "setresgid", "setresuid", "capset",
        "prctl PR_CAP_AMBIENT_RAISE", "prctl PR_SET_NO_NEW_PRIVS", "chdir", "seccomp listener",
        "execve",
    ]

    /// What a report of two 32-bit numbers says; nil for anything else.
    package static func failure(fromReport report: Bytes, object: Bytes) -> SystemError? {
        guard report.count == 8 else { return nil }
        func number(_ offset: Int) -> Int32 {
            (0..<4).reduce(Int32(0)) { $0 | Int32(report.array[offset + $1]) << Int32($1 * 8) }
        }
        let step = Int(number(0))
        guard (1...steps.count).contains(step) else { return nil }
        return SystemError(steps[step - 1], step == steps.count ? object : "", Errno(rawValue: number(4)))
    }

    /// Never returns: the process becomes the container's, or reports {step, errno} on `report` and is gone.
    package func run(report: Int32) -> Never {
        let argv = CStringArray(arguments)
        let envp = CStringArray(environment)
        let groupList = groups ?? []
        unsafe path.withCString { path in
            unsafe (lateDirectory ?? "/").withCString { directory in
                unsafe filter.withUnsafeBytes { filter in
                    unsafe groupList.withUnsafeBufferPointer { groups in
                        var mile = unsafe layout(argv, envp, report)
                        unsafe mile.path = path
                        unsafe mile.cwd = directory
                        unsafe mile.filter = filter.baseAddress
                        unsafe mile.groups = groups.baseAddress
                        unsafe mile.group_count = groups.count
                        unsafe chull_run_last_mile(&mile)
                    }
                }
            }
        }
        // Not reached: C has no way to tell a closure's caller that it never returns.
        CurrentProcess.exit(255)
    }

    private func layout(
        _ argv: borrowing CStringArray, _ envp: borrowing CStringArray, _ report: Int32
    ) -> chull_last_mile {
        var mile = unsafe chull_last_mile()
        unsafe mile.bounding = bounding.rawValue
        unsafe mile.permitted = permitted.rawValue
        unsafe mile.effective = effective.rawValue
        unsafe mile.inheritable = inheritable.rawValue
        unsafe mile.ambient = ambient.rawValue
        unsafe mile.argv = UnsafePointer(argv.pointer)
        unsafe mile.envp = UnsafePointer(envp.pointer)
        unsafe mile.uid = uid
        unsafe mile.gid = gid
        unsafe mile.last_capability = lastCapability
        unsafe mile.filter_count = UInt32(filter.count)
        unsafe mile.filter_flags = filterFlags
        unsafe mile.set_groups = groups == nil ? 0 : 1
        unsafe mile.change_user = 1
        unsafe mile.set_capabilities = setCapabilities ? 1 : 0
        unsafe mile.no_new_privileges = noNewPrivileges ? 1 : 0
        unsafe mile.chdir_after = lateDirectory == nil ? 0 : 1
        unsafe mile.notifies = notifies ? 1 : 0
        unsafe mile.report = report
        return unsafe mile
    }
}
