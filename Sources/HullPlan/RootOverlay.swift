// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
internal import HullOCI

/// Where the changes to the root go, when the caller wants it to be a union: `--overlay`, or the annotation.
package enum UpperLayer: Equatable, Sendable {
    /// A tmpfs that is gone with the container; its size as tmpfs(5) takes it, nil for half of the memory.
    case tmpfs(size: Bytes?)
    /// The directories `upper` and `work` in this one, which stay.
    case directory(Bytes)

    /// `tmpfs`, `tmpfs:SIZE`, or a directory, absolute or in `base`.
    package init(_ text: Bytes, in base: Bytes) throws(UpperLayerProblem) {
        if text.isEmpty { throw UpperLayerProblem(text: "is empty") }
        guard text == "tmpfs" || text.hasPrefix("tmpfs:") else {
            self = .directory(text.below(base).cleanedPath)
            return
        }
        let size = text.dropFirst(6)
        if text != "tmpfs", !Self.isSize(size) {
            throw UpperLayerProblem(text: "\"\(size)\" is not a size of a tmpfs")
        }
        self = .tmpfs(size: text == "tmpfs" ? nil : size)
    }

    /// Digits and k, m, g or %. Zero is refused: tmpfs takes it for no limit at all.
    private static func isSize(_ size: Bytes) -> Bool {
        guard let last = size.array.last else { return false }
        let hasUnit = "kmgKMG%".utf8.contains(last)
        let number = hasUnit ? size.prefix(size.count - 1) : size
        return number.decimal.map { $0 > 0 } ?? false
    }
}

/// What is wrong with the words for an upper layer.
package struct UpperLayerProblem: Error {
    /// Without the name of what they were given to.
    package let text: Bytes
    /// What they can be.
    package var hint: Bytes { "tmpfs, tmpfs:SIZE as 64m, 1g or 10%, or a directory" }
}

extension Resolution {
    /// What the caller wants, and where it is said; the command line goes before the annotation.
    mutating func resolveUpperLayer() -> (layer: UpperLayer, origin: JSONPointer)? {
        if let said = request.overlay { return (said, "/root") }
        let annotation = KnownAnnotation.overlay
        guard let text = annotation.value(in: config.annotations) else {
            if KnownAnnotation.overlayLower.value(in: config.annotations) != nil {
                findings.error(
                    KnownAnnotation.overlayLower.pointer, "has no use without \(annotation.name)",
                    hint: "set \(annotation.name) to tmpfs, or to a directory")
            }
            return nil
        }
        do throws(UpperLayerProblem) { return (try UpperLayer(text, in: request.bundle), annotation.pointer) } catch {
            findings.error(annotation.pointer, error.text, hint: error.hint)
            return nil
        }
    }

    /// The root as a union that the caller asked for: the layers of the annotation, else the directory of `root.path`.
    mutating func resolveUnion(_ upper: (layer: UpperLayer, origin: JSONPointer)) {
        var overlay = OverlayPlan()
        let lower = KnownAnnotation.overlayLower
        if let text = lower.value(in: config.annotations) {
            addLowerLayers(text, lower.pointer, &overlay)
        } else {
            overlay.lower = [openLayer(plan.rootfs, "/root/path")]
        }
        setUpper(upper, &overlay)
        finish(&overlay, "/root/path")
        rootAction = (.root(.overlay(overlay)), "/root/path")
    }

    /// Gives the union the upper layer that the caller asked for.
    mutating func setUpper(_ upper: (layer: UpperLayer, origin: JSONPointer), _ overlay: inout OverlayPlan) {
        if config.root?.readonly == true {
            findings.warn("/root/readonly", "keeps the union from being written: its upper layer stays empty")
        }
        switch upper.layer {
        case .tmpfs(let size): overlay.throwAway = ThrowAwayLayer(size: size)
        case .directory(let directory):
            guard let path = topmostPath(of: overlay) else { return }
            outside(.makeUpperLayer(directory, like: path), upper.origin)
            overlay.upper = (
                openLayer(directory + "/upper", upper.origin), openLayer(directory + "/work", upper.origin)
            )
            // The kernel then refuses an upper layer that another container uses, or that was written over other
            // layers: both would end in a mixture that nobody wrote. overlayfs of the kernel, "index".
            overlay.parameters.append(.init(key: "index", value: "on", origin: upper.origin))
        }
    }

    /// The topmost of the lower layers: the root's mode and owner are its.
    private func topmostPath(of overlay: OverlayPlan) -> Bytes? {
        for case .openLayer(let path, overlay.lower.first) in layers.map(\.action) { return path }
        return nil
    }
}
