// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Covers a path: a directory by an empty read-only one, anything else by the null device. What is not there needs
    /// no cover; every other failure is one (CVE-2025-31133).
    mutating func maskPath(_ path: Bytes, label: MountOptions.Parameter? = nil) throws(SystemError) {
        guard let place = try placeInRoot(path) else { return }
        if try place.status().isDirectory {
            try coverDirectory(place, label)
        } else {
            try coverFile(place)
        }
    }

    /// One empty filesystem serves all masked directories. The first gets it, the others copies: before kernel 6.15
    /// only what is attached can be copied.
    private mutating func coverDirectory(
        _ place: borrowing Descriptor, _ label: MountOptions.Parameter?
    ) throws(SystemError) {
        if let number = emptyTree?.descriptor.number {
            return try MountTree(copyingAt: number, recursive: false).attach(at: place.number)
        }
        let context = try FilesystemContext("tmpfs")
        try context.set("source", "tmpfs")
        try context.set("nr_inodes", "1")
        if let label { try context.set(label.key, label.value) }
        let tree = try context.mount([.readOnly, .noSuid, .noDev, .noExec])
        try tree.attach(at: place.number)
        emptyTree = consume tree
    }

    /// The container's /dev/null may be anything: it is opened once and its device number is looked at.
    private mutating func coverFile(_ place: borrowing Descriptor) throws(SystemError) {
        if nullDevice == nil {
            guard let null = try placeInRoot("/dev/null") else { throw SystemError("openat2", "/dev/null", .enoent) }
            let status = try null.status()
            guard status.isCharacterDevice, status.device == DeviceNumber(major: 1, minor: 3) else {
                throw SystemError("statx", "/dev/null", .enodev, detail: "it is not the null device")
            }
            nullDevice = consume null
        }
        guard let number = nullDevice?.number else { throw SystemError("open_tree", "/dev/null", .ebadf) }
        try MountTree(copyingAt: number, recursive: false).attach(at: place.number)
    }

    /// Binds a path over itself, read-only. What is not there needs no protection.
    func makePathReadOnly(_ path: Bytes) throws(SystemError) {
        guard let place = try placeInRoot(path) else { return }
        let tree = try MountTree(copyingAt: place.number, recursive: true)
        try tree.setAttributes(set: .readOnly, recursive: true)
        try tree.attach(at: place.number)
    }
}
