// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// A line that one of two plans has and the other has not.
package struct PlanChange: Equatable, Sendable {
    /// Whether the second plan has it.
    package let isAdded: Bool
    /// The part of the plan that it is in: `outside`, `mounts`; empty for the lines before the first part.
    package let section: Bytes
    package let text: Bytes
}

/// What the second plan does otherwise than the first, in the order of the text. Two steps are the same where they do
/// the same: their numbers, and the fields that asked for them, may differ.
package func difference(
    from old: (plan: ContainerPlan, profile: Config.Linux.Seccomp?),
    to new: (plan: ContainerPlan, profile: Config.Linux.Seccomp?)
) -> [PlanChange] {
    let (before, after) = (PlanText(old.plan, old.profile).lines, PlanText(new.plan, new.profile).lines)
    func isSame(_ a: PlanLine, _ b: PlanLine) -> Bool { a.section == b.section && a.meaning == b.meaning }
    let changes = after.difference(from: before, by: isSame)
    // Additions count in the new text, removals in the old: both are brought into one order by what they leave alone.
    var removed = Set(changes.removals.map(\.offset))
    var added = Set(changes.insertions.map(\.offset))
    var result: [PlanChange] = []
    var (i, j) = (0, 0)
    while i < before.count || j < after.count {
        if removed.remove(i) != nil {
            result.append(PlanChange(isAdded: false, section: before[i].section, text: before[i].text))
            i += 1
        } else if added.remove(j) != nil {
            result.append(PlanChange(isAdded: true, section: after[j].section, text: after[j].text))
            j += 1
        } else {
            (i, j) = (i + 1, j + 1)
        }
    }
    return result.filter { !$0.text.isEmpty }
}

extension CollectionDifference.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}

extension OutsideAction {
    /// The same without the numbers of slots.
    var unnumbered: OutsideAction {
        switch self {
        case .openTree(var tree):
            tree.slot = 0
            tree.idMap?.namespace = 0
            return .openTree(tree)
        case .makeFilesystem(let filesystem, var map, _):
            map.namespace = 0
            return .makeFilesystem(filesystem, map, slot: 0)
        case .makeUserNamespace(let uids, let gids, _): return .makeUserNamespace(uids: uids, gids: gids, slot: 0)
        case .openNamespace(let kind, let path, _): return .openNamespace(kind, path: path, slot: 0)
        case .requireForeign(let kind, _): return .requireForeign(kind, slot: 0)
        case .openHookOutput(let path, _): return .openHookOutput(path, slot: 0)
        case .moveNetDevice(let device, let slot): return .moveNetDevice(device, namespace: slot.map { _ in 0 })
        default: return self
        }
    }
}

extension InsideAction {
    /// The same without the numbers of slots.
    var unnumbered: InsideAction {
        switch self {
        case .openLayer(let path, _): return .openLayer(path: path, slot: 0)
        case .join(let kinds, _): return .join(kinds, slot: 0)
        case .enterRoot: return .enterRoot(slot: 0)
        case .changeRoot: return .changeRoot(mountNamespace: 0)
        case .root(.tree): return .root(.tree(slot: 0))
        case .root(.overlay(let overlay)): return .root(.overlay(overlay.unnumbered))
        case .mount(var mount):
            switch mount.what {
            case .tree: mount.what = .tree(slot: 0)
            case .overlay(let overlay): mount.what = .overlay(overlay.unnumbered)
            case .filesystem, .remount: break
            }
            return .mount(mount)
        case .device(var device):
            device.slot = device.slot.map { _ in 0 }
            return .device(device)
        default: return self
        }
    }
}

extension OverlayPlan {
    fileprivate var unnumbered: OverlayPlan {
        var copy = self
        copy.lower = lower.map { _ in 0 }
        copy.upper = upper.map { _ in (0, 0) }
        return copy
    }
}
