// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// A filesystem being configured: fsopen(2) to fsmount(2), or fspick(2) for one that is mounted already.
package struct FilesystemContext: ~Copyable {
    private let descriptor: Descriptor
    private let type: Bytes

    /// Opens a context of the type; ENODEV where the kernel has no such filesystem.
    package init(_ type: Bytes) throws(SystemError) {
        let number = unsafe type.withCString { unsafe chull_fsopen($0, UInt32(FSOPEN_CLOEXEC)) }
        self.descriptor = Descriptor(owning: try check(number, "fsopen", type))
        self.type = type
    }

    /// Opens a context of the filesystem that is mounted at an open root of a mount.
    package init(picking root: Int32, _ object: Bytes) throws(SystemError) {
        let number = unsafe ("" as Bytes).withCString {
            unsafe chull_fspick(root, $0, UInt32(FSPICK_CLOEXEC | FSPICK_EMPTY_PATH))
        }
        self.descriptor = Descriptor(owning: try check(number, "fspick", object))
        self.type = object
    }

    /// Sets an option: `key` alone is a flag, `key=value` a string (at most 255 bytes, a limit of fsconfig(2)).
    package func set(_ key: Bytes, _ value: Bytes?) throws(SystemError) {
        guard let value else {
            let result = unsafe key.withCString {
                unsafe chull_fsconfig(descriptor.number, UInt32(FSCONFIG_SET_FLAG.rawValue), $0, nil, 0)
            }
            return try explain(result, key)
        }
        let result = unsafe key.withCString { key in
            unsafe value.withCString {
                unsafe chull_fsconfig(descriptor.number, UInt32(FSCONFIG_SET_STRING.rawValue), key, $0, 0)
            }
        }
        try explain(result, "\(key)=\(value)")
    }

    /// Makes the superblock and a detached mount of it with the attributes.
    package consuming func mount(_ attributes: MountAttributes) throws(SystemError) -> MountTree {
        let created = chull_fsconfig(descriptor.number, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0)
        try explain(created, type)
        let number = chull_fsmount(descriptor.number, UInt32(FSMOUNT_CLOEXEC), UInt32(attributes.rawValue))
        try explain(number, type, "fsmount")
        return MountTree(Descriptor(owning: number))
    }

    /// Changes the filesystem that was picked.
    package consuming func reconfigure() throws(SystemError) {
        let result = chull_fsconfig(descriptor.number, UInt32(FSCONFIG_CMD_RECONFIGURE.rawValue), nil, nil, 0)
        try explain(result, type)
    }

    /// The context's log holds the kernel's own sentence: "e tmpfs: Unknown parameter 'sise'".
    private func explain(_ result: Int32, _ object: Bytes, _ call: Bytes = "fsconfig") throws(SystemError) {
        if result >= 0 { return }
        var said: [Bytes] = []
        while said.count < 8 {
            var count: Int64 = 0
            let line = unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, filled in
                count = unsafe chull_read(descriptor.number, buffer.baseAddress, 1024)
                filled = max(0, Int(count))
            }
            if count <= 0 { break }
            said.append(Bytes(line.dropFirst(2)).trimmed)
        }
        throw SystemError(call, object, Errno(rawValue: -result), detail: said.joined("; "))
    }
}
