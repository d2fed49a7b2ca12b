// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// The annotations of a config that change what hull does. `features` names them all, so that an engine can keep its
/// users from setting them: config.md#annotations, features.md#potentiallyUnsafeConfigAnnotations.
package enum KnownAnnotation: CaseIterable, Sendable {
    /// A file to which what hooks write is added.
    case hooksStandardOutput, hooksStandardError
    /// The socket of the agent that is asked about system calls, where `listenerPath` says none.
    case seccompReceiver
    /// A system call that is not known is an error, but for the value 0.
    case seccompFailUnknown
    /// A program in base 64, used in place of `linux.seccomp`.
    case seccompProgram
    /// The option by which `linux.mountLabel` is given, `context` if not said.
    case mountContextType

    /// The process keeps the supplementary groups of the caller, but for the value 0: podman's `--group-add
    /// keep-groups`.
    case keepOriginalGroups
    /// The socket to which the first process's pidfd is sent.
    case pidfdReceiver

    /// Makes the root a union, and says where its changes go.
    case overlay
    /// The layers of that union, in place of `root.path`.
    case overlayLower
    /// The file with options for CRIU.
    case criuConfig

    /// The key.
    package var name: Bytes {
        switch self {
        case .hooksStandardOutput: "run.oci.hooks.stdout"
        case .hooksStandardError: "run.oci.hooks.stderr"
        case .seccompReceiver: "run.oci.seccomp.receiver"
        case .seccompFailUnknown: "run.oci.seccomp_fail_unknown_syscall"
        case .seccompProgram: "run.oci.seccomp_bpf_data"
        case .keepOriginalGroups: "run.oci.keep_original_groups"
        case .pidfdReceiver: "run.oci.pidfd_receiver"
        case .mountContextType: "run.oci.mount_context_type"
        case .overlay: "run.hull.overlay"
        case .overlayLower: "run.hull.overlay.lower"
        case .criuConfig: "org.criu.config"
        }
    }

    /// Where it stands in a config.
    package var pointer: JSONPointer { ("/annotations" as JSONPointer).appending(name) }

    /// Its value; nil where it is not set.
    package func value(in annotations: [Entry<Bytes>]?) -> Bytes? {
        guard let annotations, !annotations.isEmpty else { return nil }
        return annotations.first { $0.key == name }?.value
    }
}

/// Whether the process keeps the supplementary groups of the caller, so that setgroups(2) is left out.
func keepsOriginalGroups(_ annotations: [Entry<Bytes>]?) -> Bool {
    KnownAnnotation.keepOriginalGroups.value(in: annotations).map { $0 != "0" } ?? false
}
