// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullOCI

extension Resolution {
    /// `linux.mountLabel` as an option of a filesystem: `context=`, or what crun's annotation names in its place. Nil
    /// where the config has none.
    mutating func resolveMountLabel() -> MountOptions.Parameter? {
        guard let label = config.linux?.mountLabel, !label.isEmpty else { return nil }
        let annotation = KnownAnnotation.mountContextType
        let key = annotation.value(in: config.annotations) ?? "context"
        if !contextKeys.contains(key) {
            findings.error(
                annotation.pointer, "\"\(key)\" is no kind of context of a mount",
                hint: nearestHint(to: key, among: contextKeys) ?? contextKeys.joined(", "))
        }
        return .init(key: key, value: label, origin: "/linux/mountLabel")
    }

    /// Labels a filesystem. proc, sysfs and cgroup2 have labels of their own; mqueue takes none as an option. One that
    /// the mount's own options say stays.
    func addLabel(to filesystem: inout FilesystemPlan) {
        guard let label = mountLabel, !filesystem.parameters.contains(where: { contextKeys.contains($0.key) }) else {
            return
        }
        if filesystem.type == "mqueue" {
            filesystem.label = label
        } else if !belongsToNamespace(filesystem.type) {
            filesystem.parameters.append(label)
        }
    }
}

/// The options by which SELinux takes the label of a filesystem, its files, its new files, its root: mount(8).
let contextKeys: [Bytes] = ["context", "fscontext", "defcontext", "rootcontext"]
