// SPDX-License-Identifier: Apache-2.0

internal import CSeccomp
package import HullBytes

/// The library that names and numbers of system calls come from.
package enum Libseccomp {
    /// The version of the library that runs, not of the headers: `2.5.4`.
    package static var version: Bytes {
        // The library gives a pointer to a table of its own, never to be freed.
        guard let version = unsafe seccomp_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.micro)"
    }
}
