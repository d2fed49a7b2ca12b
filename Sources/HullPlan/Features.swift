// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
package import HullOCI

/// The program that a features document speaks of.
package struct ProgramVersion: Sendable {
    /// The version of hull.
    package var hull: Bytes
    /// The commit that it is made from.
    package var commit: Bytes
    /// The version of the runtime specification that it carries out.
    package var specification: Bytes

    /// Takes the versions as they are.
    package init(hull: Bytes, commit: Bytes, specification: Bytes) {
        self.hull = hull
        self.commit = commit
        self.specification = specification
    }
}

/// What hull can do, made from the tables that the plan is made with, so that it promises nothing else.
///
/// Words that are read and answered with "not supported yet" are left out.
package func features(of program: ProgramVersion) -> Features {
    var features = Features(ociVersionMin: "1.0.0", ociVersionMax: program.specification)
    features.hooks = HookKind.allCases.map(\.name)
    features.mountOptions = MountOptions.names.sorted()
    features.linux = linuxFeatures()
    features.annotations = [
        Entry(key: "io.github.seccomp.libseccomp.version", value: libseccompVersion),
        Entry(key: "hull.commit", value: program.commit), Entry(key: "hull.version", value: program.hull),
    ]
    features.potentiallyUnsafeConfigAnnotations = ([unitPropertyPrefix] + KnownAnnotation.allCases.map(\.name)).sorted()
    return features
}

/// The version of the libseccomp in this program.
package var libseccompVersion: Bytes { Libseccomp.version }

private func linuxFeatures() -> Features.Linux {
    var linux = Features.Linux()
    linux.namespaces = NamespaceKind.allCases.map(\.name).sorted()
    linux.capabilities = Capability.names
    linux.cgroup = Features.Cgroup(v1: false, v2: true, systemd: true, systemdUser: true, rdma: true)
    linux.seccomp = Features.Seccomp(
        enabled: true, actions: SeccompNames.actionNames, operators: SeccompNames.operatorNames,
        archs: SeccompNames.architectureNames, knownFlags: SeccompNames.flagNames,
        supportedFlags: SeccompNames.flagNames)
    linux.apparmor = Features.Enabled(enabled: true)
    linux.selinux = Features.Enabled(enabled: true)
    linux.memoryPolicy = Features.MemoryPolicy(modes: MemoryPolicy.modes.names, flags: MemoryPolicy.flags.names)
    linux.intelRdt = Features.IntelRdt(enabled: true, schemata: true, monitoring: true)
    linux.mountExtensions = Features.MountExtensions(idmap: Features.Enabled(enabled: true))
    linux.netDevices = Features.Enabled(enabled: true)
    return linux
}
