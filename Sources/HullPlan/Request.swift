// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux

/// What the caller wants beside the config: the command line, with paths made absolute.
package struct Request: Sendable {
    package var id: Bytes
    /// The absolute path of the bundle.
    package var bundle: Bytes
    /// Where to send the terminal; nil where the caller has it.
    package var consoleSocket: Bytes?
    /// Where to write the pid.
    package var pidFile: Bytes?
    /// Where to send the process's pidfd.
    package var pidfdSocket: Bytes?
    /// What `exec --cgroup` says.
    package var cgroups: [Bytes] = []
    /// Tools of the host that `exec` shows to its process.
    package var tools: ToolsRequest?
    /// Whether `exec` may enter a paused container.
    package var ignoresPause = false
    /// The host's directory for the notification socket, where a service manager waits for readiness.
    package var notifyDirectory: Bytes?
    /// The names of the descriptors that a service manager passes; empty where it says none.
    package var listenNames: Bytes = ""
    /// How many descriptors a service manager passes to the container, sd_listen_fds(3).
    package var listenDescriptors: UInt32 = 0
    /// How many descriptors from 3 on the container's program gets, those of the service manager included.
    package var preservedDescriptors: UInt32 = 0
    /// Whether the caller waits for the container's end.
    package var foreground = false
    /// Whether `start` comes as a call of its own.
    package var startsLater = false
    package var noNewKeyring = false
    /// Whether the root is entered without pivot_root(2), which the root of an initramfs does not allow.
    package var noPivot = false
    /// Whether the container stays in its caller's cgroup, without any limit of its own.
    package var keepsCgroup = false
    /// The root as a union, and where its changes go; nil where the command line does not say it.
    package var overlay: UpperLayer?
    /// The agent for system calls that the caller's environment names: RUN_OCI_SECCOMP_RECEIVER.
    package var seccompReceiver: Bytes?
    /// Whether what the filter denies is to be reported: `run --seccomp-report`.
    package var seccompReport = false
    /// Whether a limit that cannot be applied is an error for a user without privileges too.
    package var strictResources = false
    /// Whether the caller has a terminal of its own to offer.
    package var detached = false

    /// A request without any option.
    package init(id: Bytes, bundle: Bytes) {
        self.id = id
        self.bundle = bundle
    }
}

/// What is known of the machine and of the caller: the only way in which a plan learns of them.
package struct Host: Sendable {
    package var effectiveUser: UInt32 = 0
    package var kernel: (major: UInt32, minor: UInt32) = (6, 1)
    package var lastCapability: UInt32 = 40
    /// What the caller has and can give.
    package var capabilities = CapabilitySet(rawValue: .max)
    /// The mount point of the cgroup2 filesystem; nil where none is mounted.
    package var cgroupMount: Bytes?
    /// The caller's own cgroup below it.
    package var ownCgroup: Bytes = "/"
    /// What the cgroup2 tree can control.
    package var controllers: [Bytes] = []
    /// The service manager that is to make the cgroup; nil where hull makes it.
    package var serviceManager: ServiceManagerFacts?
    /// The file that says so; nil is the one at the mount point.
    package var controllersFile: Bytes?
    /// Whether the caller is no root of the machine: another user, or the root of a user namespace.
    package var isUnprivileged = false
    /// Whether the caller has no rights of root even here: nothing can be mounted before there is a user namespace.
    package var isOrdinaryUser = false
    /// The group of such a caller.
    package var effectiveGroup: UInt32 = 0
    /// The topmost cgroup below which such a caller can make others; nil where there is none.
    package var delegatedCgroup: Bytes?
    /// The ids that the root of a user namespace has; empty for all.
    package var ids: (uids: [IDMapping], gids: [IDMapping]) = ([], [])
    /// Whether the user namespace allows no setgroups(2).
    package var deniesSetgroups = false
    /// The badness of such a caller, which it cannot lower.
    package var oomScore: Int64 = -1000
    /// Whether /proc/kcore exists.
    package var hasKcore = true

    /// A host as most are.
    package init() {}

    /// Every capability of the kernel.
    package var allCapabilities: CapabilitySet {
        CapabilitySet(rawValue: lastCapability >= 63 ? .max : 1 << (UInt64(lastCapability) + 1) - 1)
    }

    /// Whether the kernel is at least this one.
    package func hasKernel(_ major: UInt32, _ minor: UInt32) -> Bool {
        kernel.major > major || kernel.major == major && kernel.minor >= minor
    }
}

/// What is known of systemd, where that makes the cgroup.
package struct ServiceManagerFacts: Equatable, Sendable {
    /// Whether it is the one of the user's session, not that of the machine.
    package var isOfUser: Bool
    /// The cgroup below which it makes its units; empty for the root of the tree.
    package var cgroup: Bytes

    /// Takes the facts as they are.
    package init(isOfUser: Bool, cgroup: Bytes) {
        self.isOfUser = isOfUser
        self.cgroup = cgroup
    }
}
