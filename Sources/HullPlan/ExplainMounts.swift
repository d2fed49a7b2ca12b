// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux

extension PlanText {
    /// The mounts as the container has them in the end: where, what, attributes and parameters, propagation.
    mutating func mountTable(_ plan: ContainerPlan) {
        let rows = mountRows(plan)
        guard !rows.isEmpty else { return }
        heading("mounts")
        for mount in rows {
            row([
                (mount.destination, 20), (mount.type, 8), (mount.source, 28), (mount.options.joined(","), 40),
                (mount.propagation.joined(","), 0),
            ])
        }
    }
}

/// The mounts as the container has them in the end.
func mountRows(_ plan: ContainerPlan) -> [MountRow] {
    var rows: [MountRow] = []
    for step in plan.inside {
        switch step.action {
        case .root(let root): rows.append(MountRow(root, plan))
        case .mount(let mount):
            if case .remount(let remount) = mount.what {
                rows.change(mount.destination) { row in
                    row.options += words(for: remount)
                    row.propagation += mount.propagation.map(word)
                }
            } else {
                rows.append(MountRow(mount, plan))
            }
        case .makeReadOnly(let path): rows.change(path) { $0.options = ["ro"] + $0.options }
        case .readonlyRoot: rows.change("/") { $0.options = ["ro"] + $0.options }
        case .rootPropagation(let type, let recursive):
            rows.change("/") { $0.propagation.append(word(for: type, recursive: recursive)) }
        default: continue
        }
    }
    return rows
}

/// A line of the table of mounts.
struct MountRow {
    var destination: Bytes
    var type: Bytes = ""
    var source: Bytes = ""
    var options: [Bytes] = []
    var propagation: [Bytes] = []

    init(_ root: RootPlan, _ plan: ContainerPlan) {
        destination = "/"
        switch root {
        case .tree(let slot): take(tree: slot, plan)
        case .overlay(let overlay): take(overlay, plan)
        }
    }

    init(_ mount: MountPlan, _ plan: ContainerPlan) {
        destination = mount.destination
        switch mount.what {
        case .tree(let slot): take(tree: slot, plan)
        case .overlay(let overlay): take(overlay, plan)
        case .remount: break
        case .filesystem(let filesystem): take(filesystem)
        }
        propagation += mount.propagation.map(word)
    }

    private mutating func take(_ filesystem: FilesystemPlan) {
        type = filesystem.type
        source = filesystem.source
        options = words(for: filesystem.attributes) + filesystem.parameters.map(word)
        if filesystem.copiesUp { options.append("a copy of what it covers") }
        if filesystem.takesMode { options.append("mode of what it covers") }
        if let label = filesystem.label { options.append("labelled \(label.value ?? "")") }
    }

    private mutating func take(tree slot: Int, _ plan: ContainerPlan) {
        for tree in plan.trees where tree.slot == slot {
            type = tree.recursive ? "rbind" : "bind"
            source = tree.path
            options = attributeWords(of: tree) + [tree.idMap.map { HullPlan.words(for: $0) }].compactMap(\.self)
            propagation = tree.propagation.map(word)
        }
        for case .makeFilesystem(let filesystem, let map, slot) in plan.outside.map(\.action) {
            take(filesystem)
            options.append(HullPlan.words(for: map))
        }
    }

    private mutating func take(_ overlay: OverlayPlan, _ plan: ContainerPlan) {
        func path(_ slot: Int) -> Bytes {
            for case .openLayer(let path, slot) in plan.inside.map(\.action) { return path }
            return "?"
        }
        type = "overlay"
        source = overlay.lower.map(path).joined(":")
        if let upper = overlay.upper {
            options = ["upperdir=\(path(upper.directory))", "workdir=\(path(upper.work))"]
        } else if let layer = overlay.throwAway {
            options = ["upperdir thrown away"] + (layer.size.map { ["size=\($0)"] } ?? [])
        }
        options = words(for: overlay.attributes) + options + overlay.parameters.map(word)
    }
}

extension [MountRow] {
    /// Changes the mount that is seen at the path: the last one there.
    fileprivate mutating func change(_ path: Bytes, _ change: (inout MountRow) -> Void) {
        if let index = lastIndex(where: { $0.destination == path }) { change(&self[index]) }
    }
}

/// The words of a mount's step; attributes and parameters of a new mount stand in the table of mounts.
func words(for mount: MountPlan) -> StepWords {
    let what: Bytes
    switch mount.what {
    case .tree(let slot): what = Bytes(decimal: slot)
    case .filesystem(let filesystem): what = filesystem.type
    case .overlay(let overlay): what = words(for: overlay)
    case .remount(let remount):
        let call: Bytes = remount.parameters.isEmpty ? "mount_setattr" : "fspick"
        return StepWords(call, ([mount.destination] + words(for: remount)).joined(" "))
    }
    var how: Bytes = mount.strict ? " (no symbolic links)" : mount.noFollow ? " (itself, if a link)" : ""
    if mount.copiesLink { how = how + " (or the same link)" }
    return StepWords("move_mount", "\(what) -> \(mount.destination)\(how)")
}

private func words(for remount: RemountPlan) -> [Bytes] {
    words(for: remount.recursiveAttributes).map { "r" + $0 } + words(for: remount.attributes)
        + remount.parameters.map(word)
}

/// The words of the root's step.
func words(for root: RootPlan) -> Bytes {
    switch root {
    case .tree(let slot): Bytes(decimal: slot)
    case .overlay(let overlay): words(for: overlay)
    }
}

private func words(for overlay: OverlayPlan) -> Bytes {
    let lower = overlay.lower.map { Bytes(decimal: $0) }.joined(":")
    let how: Bytes = overlay.layerByLayer ? "lowerdir+" : "lowerdir"
    if let upper = overlay.upper { return "overlay \(how) \(lower) upperdir \(upper.directory) workdir \(upper.work)" }
    return "overlay \(how) \(lower)" + (overlay.throwAway == nil ? "" : " upperdir tmpfs")
}

/// What is set and cleared on a tree, in the words of mount options.
func attributeWords(of tree: TreePlan) -> [Bytes] {
    words(for: tree.recursiveAttributes).map { "r" + $0 } + words(for: tree.attributes)
}

private let attributeWords: [(bit: MountAttributes, set: Bytes, cleared: Bytes)] = [
    (.readOnly, "ro", "rw"), (.noSuid, "nosuid", "suid"), (.noDev, "nodev", "dev"), (.noExec, "noexec", "exec"),
    (.noSymFollow, "nosymfollow", "symfollow"), (.noDirAtime, "nodiratime", "diratime"),
]

extension MountAttributeChange {
    /// The words of the attributes that a mount has and the change would take away.
    package func clearedWords(of attributes: MountAttributes) -> [Bytes] {
        var words = attributeWords.filter { clear.contains($0.bit) && attributes.contains($0.bit) }.map(\.set)
        let now = attributes.intersection(.atimeMask)
        if let accessTime, accessTime != now { words.append(accessTimeWord(now) ?? "relatime") }
        return words
    }
}

private func words(for change: MountAttributeChange) -> [Bytes] {
    var words: [Bytes] = []
    for row in attributeWords {
        if change.set.contains(row.bit) { words.append(row.set) }
        if change.clear.contains(row.bit) { words.append(row.cleared) }
    }
    return change.accessTime.map { words + [accessTimeWord($0) ?? "relatime"] } ?? words
}

private func words(for attributes: MountAttributes) -> [Bytes] {
    attributeWords.filter { attributes.contains($0.bit) }.map(\.set) + [accessTimeWord(attributes)].compactMap(\.self)
}

private func accessTimeWord(_ attributes: MountAttributes) -> Bytes? {
    switch attributes.intersection(.atimeMask) {
    case .noAtime: "noatime"
    case .strictAtime: "strictatime"
    default: nil
    }
}

private func word(for parameter: MountOptions.Parameter) -> Bytes {
    parameter.value.map { "\(parameter.key)=\($0)" } ?? parameter.key
}

/// The word of a mount option for a propagation.
func word(for propagation: MountOptions.Propagation) -> Bytes {
    word(for: propagation.type, recursive: propagation.recursive)
}

/// The same of its parts.
func word(for type: MountPropagation, recursive: Bool) -> Bytes {
    let word: Bytes
    switch type {
    case .private: word = "private"
    case .shared: word = "shared"
    case .slave: word = "slave"
    case .unbindable: word = "unbindable"
    }
    return recursive ? "r" + word : word
}

extension ContainerPlan {
    /// The host's paths, whoever opens them.
    fileprivate var trees: [TreePlan] {
        outside.compactMap { if case .openTree(let tree) = $0.action { tree } else { nil } }
            + inside.compactMap { if case .openTree(let tree) = $0.action { tree } else { nil } }
    }
}
