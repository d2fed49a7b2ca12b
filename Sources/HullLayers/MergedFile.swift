// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel

extension ImageStore {
    /// The content of a file as a process of the image would find it; nil where there is no file. Symbolic links are
    /// followed inside the image: `/` and `..` at its root stay there.
    package func file(_ path: Bytes, in layers: [Bytes], limit: Int) throws(ImageError) -> Bytes? {
        try system("read a file of the image", path) { () throws(SystemError) in
            try MergedView(layers).content(of: path, limit: limit)
        }
    }
}

extension MergedView {
    /// As many links as the kernel follows on one path: path_resolution(7).
    private static let mostLinks = 40

    fileprivate func content(of path: Bytes, limit: Int) throws(SystemError) -> Bytes? {
        var place: [Bytes] = []
        var rest = path.split(0x2f)[...]
        var links = 0
        while let name = rest.popFirst() {
            if name == "." { continue }
            if name == ".." {
                _ = place.popLast()
                continue
            }
            guard case .file(let layer, let status) = try find(place + [name]) else { return nil }
            let file = (place + [name]).joined("/")
            if status.isSymbolicLink {
                links += 1
                guard links <= MergedView.mostLinks else { return nil }
                let link = try Descriptor(opening: file, [.path, .noFollow], strictlyIn: root(layer))
                let target = try RootDirectory.linkTarget("", in: link.number)
                if target.isAbsolutePath { place = [] }
                rest = (target.split(0x2f) + rest)[...]
            } else if status.isDirectory {
                place.append(name)
            } else {
                // A pipe would be waited for, and a device can do anything.
                guard rest.isEmpty, status.isRegular else { return nil }
                let open = try Descriptor(opening: file, [.noFollow, .nonBlocking], strictlyIn: root(layer))
                return Bytes(try open.readAll(limit: limit, path))
            }
        }
        return nil
    }
}
