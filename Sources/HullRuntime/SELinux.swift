// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

/// Without SELinux a label would be another module's, or nobody's.
func requireSELinux() throws(SystemError) {
    let place = try? Descriptor(opening: "/sys/fs/selinux", [.path, .directory])
    guard try place?.filesystemType() == Filesystem.selinux else {
        throw SystemError(
            "selinux", "", .eopnotsupp,
            words: "selinux label is specified in config, but selinux is disabled or not supported")
    }
}
