// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes

/// The eight kinds of namespaces, in the order of the specification.
package enum NamespaceKind: UInt8, CaseIterable, Sendable {
    case pid, network, mount, ipc, uts, user, cgroup, time

    /// The kind of the name in `linux.namespaces[].type`.
    package init?(name: Bytes) {
        guard let kind = NamespaceKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }

    /// The specification's word: `network`, `mount`.
    package var name: Bytes {
        switch self {
        case .pid: "pid"
        case .network: "network"
        case .mount: "mount"
        case .ipc: "ipc"
        case .uts: "uts"
        case .user: "user"
        case .cgroup: "cgroup"
        case .time: "time"
        }
    }

    /// The kernel's word, the name below /proc/PID/ns: `net`, `mnt`.
    package var fileName: Bytes {
        switch self {
        case .network: "net"
        case .mount: "mnt"
        default: name
        }
    }

    /// The flag of clone3(2), unshare(2) and setns(2); also what the ioctl NS_GET_NSTYPE answers.
    package var cloneFlag: UInt64 {
        switch self {
        case .pid: UInt64(CLONE_NEWPID)
        case .network: UInt64(CLONE_NEWNET)
        case .mount: UInt64(CLONE_NEWNS)
        case .ipc: UInt64(CLONE_NEWIPC)
        case .uts: UInt64(CLONE_NEWUTS)
        case .user: UInt64(CLONE_NEWUSER)
        case .cgroup: UInt64(CLONE_NEWCGROUP)
        case .time: UInt64(CLONE_NEWTIME)
        }
    }
}
