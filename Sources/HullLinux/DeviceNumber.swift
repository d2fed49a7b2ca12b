// SPDX-License-Identifier: Apache-2.0

/// The major and minor number of a device, as mknod(2), stat(2) and the cgroup files know it.
package struct DeviceNumber: Hashable, Sendable {
    /// Names the driver.
    package let major: UInt32
    /// Names the device of that driver.
    package let minor: UInt32

    /// Takes both numbers as they are.
    package init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// Takes the packed form of the C library's `dev_t`: gnu_dev_major and gnu_dev_minor of sys/sysmacros.h, which are
    /// inline there and cannot be called from Swift everywhere.
    package init(packed: UInt64) {
        self.major = UInt32(packed >> 8 & 0xfff) | UInt32(packed >> 32 & 0xffff_f000)
        self.minor = UInt32(packed & 0xff) | UInt32(packed >> 12 & 0xffff_ff00)
    }

    /// The packed form of the C library's `dev_t`: gnu_dev_makedev of sys/sysmacros.h.
    package var packed: UInt64 {
        let major = UInt64(major)
        let minor = UInt64(minor)
        return (major & 0xfff) << 8 | (major & 0xffff_f000) << 32 | minor & 0xff | (minor & 0xffff_ff00) << 12
    }

    /// Whether the kernel can hold the numbers: 12 bits of major, 20 of minor (linux/kdev_t.h). mknod(2) cuts off the
    /// rest without a word.
    package var fitsKernel: Bool { major < 1 << 12 && minor < 1 << 20 }
}
