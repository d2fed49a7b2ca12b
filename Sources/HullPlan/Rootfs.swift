// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullLinux
internal import HullOCI

/// What becomes the container's root.
package enum RootPlan: Sendable {
    /// The tree that was opened outside.
    case tree(slot: Int)
    /// A union of layers.
    case overlay(OverlayPlan)
}

/// An upper layer on a tmpfs of its own.
package struct ThrowAwayLayer: Equatable, Sendable {
    /// As tmpfs(5) takes it; nil for half of the memory.
    package var size: Bytes?

    package init(size: Bytes? = nil) { self.size = size }
}

/// A union of directories: overlayfs.
package struct OverlayPlan: Equatable, Sendable {
    /// The slots of the lower layers, the topmost first.
    package var lower: [Int] = []
    /// The slots of upperdir and workdir; nil for an upper layer that is thrown away, or none.
    package var upper: (directory: Int, work: Int)?
    /// An upper layer on a tmpfs of its own, gone with the mount namespace.
    package var throwAway: ThrowAwayLayer?
    /// Everything else for the filesystem, `userxattr` for instance.
    package var parameters: [MountOptions.Parameter] = []
    package var attributes: MountAttributes = []
    /// Each lower layer by `lowerdir+` (kernel 6.7), else all in one `lowerdir`.
    package var layerByLayer = false

    package static func == (a: OverlayPlan, b: OverlayPlan) -> Bool {
        a.lower == b.lower && a.upper?.directory == b.upper?.directory && a.throwAway == b.throwAway
            && a.parameters == b.parameters && a.attributes == b.attributes
    }
}

extension Resolution {
    /// The root: a mount of type overlay on "/" is the root, else the directory of `root.path`.
    mutating func resolveRoot() {
        guard let root = config.root else {
            findings.error("/root", "is required")
            return
        }
        if root.path.isEmpty { findings.error("/root/path", "is empty") }
        plan.rootfs = root.path.below(request.bundle)
        outside(.record, "")
        let onRoot = (config.mounts ?? []).indices.filter { isOnRoot(config.mounts?[$0]) }
        for index in onRoot.dropFirst() {
            findings.error(
                ("/mounts" as JSONPointer).appending(index).appending("destination"), "is the root for the second time")
        }
        let upper = resolveUpperLayer()
        if let overlay = onRoot.first {
            resolveRootOverlay(overlay, upper)
        } else if let upper {
            resolveUnion(upper)
        } else {
            let slot = newSlot()
            var tree = TreePlan(path: plan.rootfs, recursive: true, slot: slot)
            tree.mustBeDirectory = true
            // What is mounted in the container must not appear on the host, whatever the root's own mount is.
            let base: MountPropagation = namespacePropagation == .private ? .private : .slave
            tree.propagation = [.init(type: base, recursive: true)]
            openTree(tree, "/root/path")
            rootAction = (.root(.tree(slot: slot)), "/root/path")
        }
    }

    /// Whether the mount is the root: written "/", or so that it comes to the same.
    private func isOnRoot(_ mount: Config.Mount?) -> Bool {
        guard let mount, !mount.destination.isEmpty else { return false }
        return ("/" + mount.destination).cleanedPath == "/"
    }

    private mutating func resolveRootOverlay(_ index: Int, _ upper: (layer: UpperLayer, origin: JSONPointer)?) {
        let pointer = ("/mounts" as JSONPointer).appending(index)
        guard let mount = config.mounts?[index] else { return }
        let options = resolveOptions(mount, pointer)
        guard mount.type == "overlay", options.bind == nil else {
            findings.error(
                pointer.appending("destination"), "only a mount of type overlay can be the root",
                hint: "set root.path for a plain directory")
            return
        }
        if !options.propagation.isEmpty {
            findings.error(
                pointer.appending("options"), "the propagation of the root is not said here",
                hint: "set /linux/rootfsPropagation")
        }
        if let idMap = resolveIDMap(mount, options, pointer) {
            findings.error(idMap.origin, "a mount of type overlay takes no id map")
        }
        guard var overlay = resolveOverlay(options, pointer) else { return }
        if let upper {
            if overlay.upper != nil || overlay.attributes.contains(.readOnly) {
                findings.error(
                    pointer.appending("options"), "the union has said where changes go, and the caller says it again",
                    hint: "leave out upperdir=, workdir= and ro, or --overlay and the annotation")
            }
            overlay.throwAway = nil
            setUpper(upper, &overlay)
        }
        rootAction = (.root(.overlay(overlay)), pointer)
    }

    /// The layers in the options of an overlay mount. Without upperdir and without `ro` a throw-away upper layer is
    /// made: the container may write, and the layers stay as they are.
    mutating func resolveOverlay(_ options: MountOptions, _ pointer: JSONPointer) -> OverlayPlan? {
        var overlay = OverlayPlan()
        overlay.attributes = options.attributesOfNew
        var upper: MountOptions.Parameter?
        var work: MountOptions.Parameter?
        for parameter in options.data {
            switch parameter.key {
            case "lowerdir": addLowerLayers(parameter.value ?? "", parameter.origin, &overlay)
            case "upperdir": upper = parameter
            case "workdir": work = parameter
            default: overlay.parameters.append(parameter)
            }
        }
        // Read-only is said to the mount: mount points may still have to be made in the union while it is set up.
        overlay.parameters += flagParameters(options, pointer).filter { $0.key != "ro" }
        if overlay.lower.isEmpty {
            findings.error(pointer.appending("options"), "an overlay needs lowerdir=", hint: "lowerdir=upper:lower")
            return nil
        }
        if let upper, let work {
            overlay.upper = (openLayer(upper.value ?? "", upper.origin), openLayer(work.value ?? "", work.origin))
        } else if let lonely = upper ?? work {
            findings.error(lonely.origin, "upperdir and workdir are only used together")
        } else if !overlay.attributes.contains(.readOnly) {
            overlay.throwAway = ThrowAwayLayer()
        }
        finish(&overlay, pointer)
        return overlay
    }

    /// What every union gets.
    mutating func finish(_ overlay: inout OverlayPlan, _ pointer: JSONPointer) {
        overlay.layerByLayer = host.hasKernel(6, 7)
        if let mountLabel, !overlay.parameters.contains(where: { contextKeys.contains($0.key) }) {
            overlay.parameters.append(mountLabel)
        }
        // trusted.* attributes are denied in a user namespace: overlayfs(5), "userxattr".
        if newUserNamespace, !overlay.parameters.contains(where: { $0.key == "userxattr" }) {
            overlay.parameters.append(.init(key: "userxattr", value: nil, origin: pointer))
        }
    }

    mutating func addLowerLayers(_ value: Bytes, _ origin: JSONPointer, _ overlay: inout OverlayPlan) {
        for layer in splitLayers(value) { overlay.lower.append(openLayer(layer, origin)) }
    }

    mutating func openLayer(_ path: Bytes, _ origin: JSONPointer) -> Int {
        if path.isEmpty { findings.error(origin, "a layer's path is empty") }
        let slot = newSlot()
        layers.append(InsideStep(action: .openLayer(path: path.below(request.bundle), slot: slot), origin: origin))
        return slot
    }

    /// The steps that turn a directory into the root of the process, last of all mounts.
    mutating func enterRoot() {
        if config.root?.readonly == true { inside(.readonlyRoot, "/root/readonly") }
        if let slot = mountNamespaceSlot {
            if let said = config.linux?.rootfsPropagation, !said.isEmpty {
                findings.warn(
                    "/linux/rootfsPropagation", "has no effect: the root is entered by chroot and no namespace has it")
            }
            guard case .join(_, let pointer) = namespaces[.mount] else {
                return inside(.changeRoot(mountNamespace: slot), linuxPointer("namespaces"))
            }
            return inside(.changeRoot(mountNamespace: slot), pointer)
        }
        inside(request.noPivot ? .moveRoot : .pivotRoot, "/root/path")
        refusePrivateMove()
        guard let said = config.linux?.rootfsPropagation else { return }
        switch said {
        case "shared", "rshared":
            inside(.rootPropagation(.shared, recursive: said == "rshared"), "/linux/rootfsPropagation")
        case "unbindable", "runbindable":
            inside(.rootPropagation(.unbindable, recursive: said == "runbindable"), "/linux/rootfsPropagation")
        default: break
        }
    }
}

extension Resolution {
    /// The old root stays below the new one: cut off from the host it would keep every mount of the host busy, those
    /// that the host unmounts included.
    private mutating func refusePrivateMove() {
        guard request.noPivot, let said = config.linux?.rootfsPropagation else { return }
        if said == "private" || said == "rprivate" {
            findings.error(
                "/linux/rootfsPropagation", "\"\(said)\" cannot be used with --no-pivot",
                hint: "slave, rslave, shared, rshared")
        }
    }
}

/// The layers of a `lowerdir` value: separated by colons, a backslash takes the special meaning from the next byte.
func splitLayers(_ value: Bytes) -> [Bytes] {
    var layers: [Bytes] = []
    var current: [UInt8] = []
    var escaped = false
    for byte in value.array {
        if escaped {
            current.append(byte)
            escaped = false
        } else if byte == 0x5c {
            escaped = true
        } else if byte == 0x3a {
            layers.append(Bytes(current))
            current = []
        } else {
            current.append(byte)
        }
    }
    layers.append(Bytes(current))
    return layers
}
