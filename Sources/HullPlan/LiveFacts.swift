// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux

/// What is seen from outside of a container's first process, its namespaces, its files and its cgroup.
package struct LiveFacts: Sendable {
    /// The lines of /proc/PID/status by their names; values without the blanks around them.
    package var status: [Bytes: Bytes] = [:]
    /// Soft and hard limits by number, as /proc/PID/limits lists them; the largest number is no limit.
    package var limits: [(soft: UInt64, hard: UInt64)] = []
    package var oomScore: Int64 = 0
    package var uids: [IDMapping] = []
    package var gids: [IDMapping] = []
    /// The inodes of the process's namespaces, of the caller's, and of the files that the config names.
    package var namespaces: [NamespaceKind: UInt64] = [:]
    package var ownNamespaces: [NamespaceKind: UInt64] = [:]
    package var joinedNamespaces: [NamespaceKind: UInt64] = [:]
    /// What the process is confined by, for AppArmor and SELinux.
    package var label: Bytes = ""
    /// The process's cgroup, and the container's by its record.
    package var cgroup: Bytes = ""
    package var ownCgroup: Bytes = ""
    /// The texts of the container's cgroup files; nil for one that is not there.
    package var cgroupFiles: [Bytes: Bytes] = [:]
    /// Whether hull's device filter is attached, and is the plan's; nil where there is no cgroup for one.
    package var deviceFilter: DeviceFilterFact?
    /// What is at the paths of the plan, below the process's root.
    package var places: [Bytes: LivePlace] = [:]
    /// The mount table as the process sees it: number, place, type.
    package var mounts: [(identifier: UInt64, place: Bytes, type: Bytes)] = []
    /// The numbers of those that `mounts add` has brought.
    package var added: [UInt64] = []

    /// Nothing is known.
    package init() {}
}

/// What is known of the device filter.
package enum DeviceFilterFact: Sendable {
    case asPlanned, another, missing
}

/// What is at a path.
package struct LivePlace: Sendable {
    /// The number of the mount that it lies on.
    package var mount: UInt64
    /// Whether that is another one than its directory's.
    package var isMounted: Bool
    package var attributes: MountAttributes
    /// Type and permission bits.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    package var device: DeviceNumber
    package var isDirectory: Bool

    /// Takes the facts as they are.
    package init(
        mount: UInt64, isMounted: Bool, attributes: MountAttributes, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0,
        device: DeviceNumber = DeviceNumber(major: 0, minor: 0), isDirectory: Bool = true
    ) {
        self.mount = mount
        self.isMounted = isMounted
        self.attributes = attributes
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.device = device
        self.isDirectory = isDirectory
    }
}

/// What must be known of a container to compare it with its plan.
package struct FactsWanted {
    /// Paths below the root; those of device files are not followed at their end.
    package var places: [Bytes] = ["/"]
    package var devices: [Bytes] = []
    package var cgroupFiles: [Bytes] = []

    /// What a plan speaks of.
    package init(_ plan: ContainerPlan) {
        for step in plan.inside {
            switch step.action {
            case .mount(let mount): places.append(mount.destination)
            case .maskedPath(let path, _), .readonlyPath(let path), .makeReadOnly(let path): places.append(path)
            case .device(let device): devices.append(device.path)
            default: continue
            }
        }
        cgroupFiles = plan.cgroupFiles.map(\.name)
    }
}

extension ContainerPlan {
    /// The files of the cgroup as they are in the end.
    var cgroupFiles: [CgroupFile] {
        var files: [CgroupFile] = []
        for step in outside {
            switch step.action {
            case .writeCgroupFile(let file), .lowerMemory(let file):
                files.removeAll { $0.name == file.name && !$0.value.contains(0x20) }
                files.append(file)
            default: continue
            }
        }
        return files
    }
}
