// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// The annotations that change what is done.
package enum KnownAnnotation {
    /// The process keeps the supplementary groups of the caller: podman's `--group-add keep-groups`.
    package static let keepOriginalGroups: Bytes = "run.oci.keep_original_groups"
    /// Where the first process's pidfd is sent.
    package static let pidfdReceiver: Bytes = "run.oci.pidfd_receiver"
    /// All of them, for `features`.
    static let all: [Bytes] = [keepOriginalGroups, pidfdReceiver]
}

extension [Entry<Bytes>] {
    /// The value of an annotation; nil where it is not there.
    func value(of key: Bytes) -> Bytes? { first { $0.key == key }?.value }

    /// Whether setgroups(2) is left out.
    var keepsOriginalGroups: Bool {
        value(of: KnownAnnotation.keepOriginalGroups).map { !$0.isEmpty && $0 != "0" } ?? false
    }
}
