// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
package import HullOCI

/// A mount of the plan whose content is the host's: CRIU neither saves nor makes it, but is told where it is.
package struct ExternalMount: Sendable {
    /// What it is made of at restore.
    package enum Source: Sendable {
        /// A tree opened outside.
        case tree(slot: Int)
        case overlay(OverlayPlan)
        /// A directory of the host, bound: the container's cgroup, which is another one after each restore.
        case directory(Bytes, MountAttributes)
    }

    package var destination: Bytes
    package var source: Source
    package var origin: JSONPointer
}

extension ContainerPlan {
    /// The mounts that are the host's, in their order.
    package var externalMounts: [ExternalMount] {
        inside.compactMap { step in
            switch step.action {
            case .mount(let mount):
                guard !mount.copiesLink, let source = externalSource(of: mount) else { return nil }
                return ExternalMount(destination: mount.destination, source: source, origin: step.origin)
            case .device(let device):
                return device.slot.map {
                    ExternalMount(destination: device.path, source: .tree(slot: $0), origin: step.origin)
                }
            default: return nil
            }
        }
    }

    private func externalSource(of mount: MountPlan) -> ExternalMount.Source? {
        switch mount.what {
        case .tree(let slot): .tree(slot: slot)
        case .overlay(let overlay): .overlay(overlay)
        case .filesystem(let filesystem):
            // A cgroup2 that CRIU mounts would take flags from the host's: all mounts share them.
            filesystem.type == "cgroup2" ? .directory(cgroup.directory, filesystem.attributes) : nil
        case .remount: nil
        }
    }

    /// Destinations of the mounts that CRIU makes itself.
    package var ownMounts: [Bytes] {
        inside.compactMap { step in
            switch step.action {
            case .mount(let mount):
                if case .filesystem = mount.what { mount.destination } else { nil }
            case .maskedPath(let path, _): path
            case .readonlyPath(let path): path
            default: nil
            }
        }
    }

    /// What no images can bring back, and the namespaces without which there is nothing to save or to restore into.
    func checkSavable(_ findings: inout Findings) {
        for step in inside {
            switch step.action {
            case .changeRoot:
                findings.error(step.origin, "a checkpoint needs a mount namespace of the container's own")
            case .root(.overlay(let overlay)) where overlay.throwAway != nil:
                findings.error(step.origin, lostInMemory, hint: "say upperdir= and workdir=, or --overlay DIR")
            case .mount(let mount):
                if case .overlay(let overlay) = mount.what, overlay.throwAway != nil {
                    findings.error(step.origin, lostInMemory, hint: "say upperdir= and workdir=")
                }
            case .join(let kinds, _) where !Set(kinds).isSubset(of: joinable):
                findings.error(step.origin, "a checkpoint does not keep a joined \(kinds[0].name) namespace")
            default: continue
            }
        }
        for join in spawn.joins where !joinable.contains(join.kind) {
            findings.error(origin(ofSlot: join.slot), "a checkpoint does not keep a joined \(join.kind.name) namespace")
        }
        for step in outside {
            switch step.action {
            case .moveNetDevice:
                findings.error(step.origin, "a network device that was moved in is not in a checkpoint")
            case .makeFilesystem:
                findings.error(step.origin, "a filesystem that was made with an id map is not in a checkpoint")
            default: continue
            }
        }
    }

    private func origin(ofSlot slot: Int) -> JSONPointer {
        joinedNamespaces.first { $0.slot == slot }?.origin ?? "/linux/namespaces"
    }

    /// The namespaces that are joined by path, as the outside list opens them.
    package var joinedNamespaces: [(kind: NamespaceKind, path: Bytes, slot: Int, origin: JSONPointer)] {
        outside.compactMap { step in
            guard case .openNamespace(let kind, let path, let slot) = step.action else { return nil }
            return (kind, path, slot, step.origin)
        }
    }
}

/// Namespaces that a container may share with others and be checkpointed.
private let joinable: Set<NamespaceKind> = [.network, .pid, .ipc, .uts]

private let lostInMemory: Bytes = "the changes to this union are in memory and in no checkpoint"
