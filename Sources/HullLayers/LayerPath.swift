// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// What the name of an entry asks for (layer.md#whiteouts).
enum LayerPath: Equatable {
    /// The layer's root directory itself.
    case root
    /// Something at a place.
    case entry(parent: [Bytes], name: Bytes)
    /// What lower layers have there is gone.
    case whiteout(parent: [Bytes], name: Bytes)
    /// What lower layers have in the directory is gone.
    case opaque(directory: [Bytes])
    /// What Docker's aufs driver kept for itself, in old images.
    case bookkeeping

    /// Takes the name apart, or says why it is refused. Nothing of it is normalised away but what every tool drops: a
    /// slash at the start, `.`, and doubled slashes.
    init(_ path: Bytes) throws(RefusedName) {
        if path.isEmpty { throw .empty }
        if path.count > UnpackLimits.pathLength { throw .tooLong }
        var parts = try LayerPath.components(path)
        if parts.count > UnpackLimits.depth { throw .tooDeep }
        guard let last = parts.popLast() else {
            self = .root
            return
        }
        if parts.contains(where: { $0.hasPrefix(".wh.") && !$0.hasPrefix(".wh..wh.") }) { throw .insideWhiteout }
        if parts.contains(where: { $0.hasPrefix(".wh..wh.") }) {
            self = .bookkeeping
        } else if !last.hasPrefix(".wh.") {
            self = .entry(parent: parts, name: last)
        } else if last == ".wh..wh..opq" {
            self = .opaque(directory: parts)
        } else if last.hasPrefix(".wh..wh.") {
            self = .bookkeeping
        } else {
            let name = last.dropFirst(4)
            if name.isEmpty { throw .whiteoutOfNothing }
            if name == "." || name == ".." { throw .whiteoutOfDots }
            self = .whiteout(parent: parts, name: name)
        }
    }

    /// The components of a path that must not lead upwards.
    static func components(_ path: Bytes) throws(RefusedName) -> [Bytes] {
        let parts = path.split(0x2f).filter { $0 != "." }
        if parts.contains("..") { throw .upwards }
        return parts
    }
}

/// Why a name is refused.
enum RefusedName: Error, Equatable {
    case empty, tooLong, tooDeep, upwards, insideWhiteout, whiteoutOfNothing, whiteoutOfDots

    /// In words.
    var text: Bytes {
        switch self {
        case .empty: "the entry has no name"
        case .tooLong: "the name is longer than \(UnpackLimits.pathLength) bytes"
        case .tooDeep: "the name leads through more than \(UnpackLimits.depth) directories"
        case .upwards: "the name leads out of the layer by \"..\""
        case .insideWhiteout: "names that begin with .wh. mark removals and cannot be directories"
        case .whiteoutOfNothing: "the mark .wh. does not say what is removed"
        case .whiteoutOfDots: "the mark would remove a directory that it lies in"
        }
    }
}

extension [Bytes] {
    /// The components as a path; empty for none.
    var path: Bytes { joined("/") }
}
