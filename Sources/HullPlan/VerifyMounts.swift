// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

/// What the plan's steps make of one place.
private struct ExpectedMount {
    var origin: JSONPointer
    var attributes: MountAttributes = []
    var type: Bytes?
    var isRecursive = false
}

extension Verification {
    mutating func compareMounts() {
        let expected = expectedMounts()
        for (path, mount) in expected { compare(path, mount, covered: isCovered(path, expected)) }
        for step in plan.inside {
            switch step.action {
            case .maskedPath(let path, _): compareMask(path, step.origin)
            case .readonlyPath(let path):
                guard let place = facts.places[path], !place.attributes.contains(.readOnly) else { continue }
                note(step.origin, said: "\(path) read-only", found: "writable", by: power("CAP_SYS_ADMIN"))
            case .readonlyRoot:
                guard let place = facts.places["/"], !place.attributes.contains(.readOnly) else { continue }
                note("/root/readonly", said: "a read-only root", found: "writable", by: power("CAP_SYS_ADMIN"))
            default: continue
            }
        }
        compareTable(expected)
    }

    /// By destination, in the order of the config; a later mount on the same place is the one that is seen.
    private func expectedMounts() -> [(path: Bytes, mount: ExpectedMount)] {
        var list: [(path: Bytes, mount: ExpectedMount)] = []
        for step in plan.inside {
            if case .makeReadOnly(let path) = step.action, let index = list.lastIndex(where: { $0.path == path }) {
                list[index].mount.attributes.formUnion(.readOnly)
            }
            guard case .mount(let plan) = step.action, !plan.copiesLink else { continue }
            var mount = ExpectedMount(origin: step.origin)
            switch plan.what {
            case .tree(let slot): take(slot, &mount)
            case .filesystem(let filesystem):
                mount.attributes = filesystem.attributes
                mount.type = filesystem.fallback == nil ? filesystem.type : nil
            case .overlay(let overlay): (mount.attributes, mount.type) = (overlay.attributes, "overlay")
            case .remount(let change):
                guard let index = list.lastIndex(where: { $0.path == plan.destination }) else { continue }
                for part in [change.recursiveAttributes, change.attributes] {
                    list[index].mount.attributes.subtract(part.clear)
                    list[index].mount.attributes.formUnion(part.set)
                }
                continue
            }
            list.removeAll { $0.path == plan.destination }
            list.append((plan.destination, mount))
        }
        return list
    }

    private func take(_ slot: Int, _ mount: inout ExpectedMount) {
        for step in plan.outside {
            switch step.action {
            case .openTree(let tree) where tree.slot == slot:
                mount.attributes = tree.recursiveAttributes.set.subtracting(tree.attributes.clear)
                    .union(tree.attributes.set)
                mount.isRecursive = tree.recursive
            case .makeFilesystem(let filesystem, _, slot):
                (mount.attributes, mount.type) = (filesystem.attributes, filesystem.type)
            default: continue
            }
        }
    }

    /// Whether a later mount lies over the place, or it is masked.
    private func isCovered(_ path: Bytes, _ list: [(path: Bytes, mount: ExpectedMount)]) -> Bool {
        let later = list.drop { $0.path != path }.dropFirst()
        if later.contains(where: { path.hasPrefix($0.path + "/") }) { return true }
        return plan.inside.contains { step in
            guard case .maskedPath(let mask, _) = step.action else { return false }
            return path == mask || path.hasPrefix(mask + "/")
        }
    }

    private mutating func compare(_ path: Bytes, _ mount: ExpectedMount, covered: Bool) {
        if covered { return }
        guard let place = facts.places[path], place.isMounted else {
            note(mount.origin, said: "a mount at \(path)", found: "none", by: power("CAP_SYS_ADMIN"))
            return
        }
        if facts.added.contains(place.mount) { return }
        let type = facts.mounts.last { $0.identifier == place.mount }?.type
        if let said = mount.type, let type, said != type, !type.hasPrefix(said + ".") {
            note(mount.origin, said: "\(said) at \(path)", found: type, by: power("CAP_SYS_ADMIN"))
            return
        }
        let lost = protections.filter { mount.attributes.contains($0.0) && !place.attributes.contains($0.0) }
        if !lost.isEmpty {
            let words = lost.map(\.1)
            note(
                mount.origin, said: "\(path) \(words.joined(" "))", found: "without", by: power("CAP_SYS_ADMIN"))
        }
    }

    /// A directory is hidden by an empty tmpfs, a file by the null device.
    private mutating func compareMask(_ path: Bytes, _ origin: JSONPointer) {
        guard let place = facts.places[path] else { return }
        let isNull = place.mode & 0o170000 == 0o020000 && place.device == DeviceNumber(major: 1, minor: 3)
        let type = facts.mounts.last { $0.identifier == place.mount }?.type
        let isHidden = place.isDirectory ? type == "tmpfs" && place.attributes.contains(.readOnly) : isNull
        if (place.isMounted && isHidden) || facts.added.contains(place.mount) { return }
        note(origin, said: "\(path) hidden", found: "visible", by: power("CAP_SYS_ADMIN"))
    }

    /// Mounts that nothing in the plan accounts for.
    private mutating func compareTable(_ expected: [(path: Bytes, mount: ExpectedMount)]) {
        let known = Set(facts.places.values.map(\.mount))
        let places = Set(facts.mounts.filter { known.contains($0.identifier) }.map(\.place) + facts.places.keys)
        for mount in facts.mounts where !known.contains(mount.identifier) || facts.added.contains(mount.identifier) {
            let words = "\(mount.type) at \(mount.place)" as Bytes
            if facts.added.contains(mount.identifier) {
                found.append(Difference(pointer: "/mounts", said: "nothing", found: words, reason: byMounts))
                continue
            }
            let isBelow = expected.contains { $0.mount.isRecursive && mount.place.hasPrefix($0.path + "/") }
            if isBelow || places.contains(mount.place) || mount.place == "/dev/console" { continue }
            note("/mounts", said: "nothing", found: words, by: power("CAP_SYS_ADMIN"))
        }
    }
}

private let protections: [(MountAttributes, Bytes)] = [
    (.readOnly, "ro"), (.noSuid, "nosuid"), (.noDev, "nodev"), (.noExec, "noexec"), (.noSymFollow, "nosymfollow"),
]
private let byMounts: Bytes = "added by hull mounts add"
