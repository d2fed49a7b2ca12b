// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
internal import HullBytes
internal import HullKernel

/// How much an image may take of the host.
package struct UnpackLimits: Sendable {
    /// Bytes that come out of one layer, the sizes of sparse files counted whole.
    package var content: UInt64
    /// Bytes that come out of a blob for one that goes in, after the first 64 MiB.
    package var ratio: UInt64
    /// Entries of one layer.
    package var entries: Int

    /// Limits; the defaults are beyond what images of today have.
    package init(content: UInt64 = 64 << 30, ratio: UInt64 = 256, entries: Int = 4_000_000) {
        self.content = content
        self.ratio = max(1, ratio)
        self.entries = entries
    }

    /// A path longer than this cannot be opened in one call (PATH_MAX).
    static let pathLength = 4095
    /// Directories in each other: each costs a descriptor while it is unpacked or removed.
    static let depth = 200
}

/// What the caller may give to files: owners, attributes, devices.
package struct Rights: Sendable {
    /// Whether files get the owners that the archive says; else all belong to the caller.
    package var keepsOwners: Bool
    /// Whether attributes of `trusted.` may be set: overlayfs's own marks then have that prefix, else `user.`.
    package var isTrusted: Bool

    /// Rights as said.
    package init(keepsOwners: Bool, isTrusted: Bool) {
        self.keepsOwners = keepsOwners
        self.isTrusted = isTrusted
    }

    /// Those of the process: all of them as root of the machine, owners alone as root of a user namespace.
    package static var own: Rights {
        guard Credentials.effectiveUser == 0 else { return Rights(keepsOwners: false, isTrusted: false) }
        let map = (try? HostFiles.read("/proc/self/uid_map")).map { Bytes($0).trimmed.split(0x20) }
        return Rights(keepsOwners: true, isTrusted: map == ["0", "0", "4294967295"])
    }

    /// The mark of a directory whose lower layers do not count.
    var opaque: FileAttribute {
        FileAttribute(name: isTrusted ? "trusted.overlay.opaque" : "user.overlay.opaque", value: [UInt8(ascii: "y")])
    }
}

/// Attributes that overlayfs takes for its own: an image that has them would reach into other layers.
func isOverlayAttribute(_ name: Bytes) -> Bool { name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.overlay.") }
