// SPDX-License-Identifier: Apache-2.0

internal import CHull

/// The kind of a file, as the type bits of `st_mode` in inode(7).
package enum FileKind: Sendable {
    case characterDevice, blockDevice, fifo

    /// S_IFCHR, S_IFBLK, S_IFIFO.
    package var modeBits: UInt32 {
        switch self {
        case .characterDevice: UInt32(S_IFCHR)
        case .blockDevice: UInt32(S_IFBLK)
        case .fifo: UInt32(S_IFIFO)
        }
    }
}
