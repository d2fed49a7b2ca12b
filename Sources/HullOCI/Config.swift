// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The document `config.json` of a bundle, exactly as said: no defaults, no interpretation. A property that was not
/// said is nil. Names are those of the runtime specification.
package struct Config: Equatable, Sendable {
    /// The version of the specification that the document follows.
    package var ociVersion: Bytes
    /// The root filesystem.
    package var root: Root?
    /// The container's process; absent for a container that is created but never started.
    package var process: Process?
    /// The host name inside.
    package var hostname: Bytes?
    /// The NIS domain name inside.
    package var domainname: Bytes?
    /// The mounts, in the order in which they are made.
    package var mounts: [Mount]?
    /// The programs to run at the points of the container's life.
    package var hooks: Hooks?
    /// Free metadata; some keys change how the runtime behaves.
    package var annotations: [Entry<Bytes>]?
    /// What only Linux has.
    package var linux: Linux?

    /// A document that says nothing but its version.
    package init(ociVersion: Bytes) { self.ociVersion = ociVersion }
}

extension Config {
    /// `root`: the root filesystem.
    package struct Root: Equatable, Sendable {
        /// The directory, absolute or relative to the bundle.
        package var path: Bytes
        /// Whether the root filesystem is read-only inside.
        package var readonly: Bool?

        /// A root filesystem at a path.
        package init(path: Bytes, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }
}
