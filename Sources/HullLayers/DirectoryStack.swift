// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel

/// The open directories on the way to where entries are made. Archives list a directory's entries one after the other,
/// so the way is mostly the same, and what was opened once is not looked up by its name again.
struct DirectoryStack: ~Copyable {
    private let root: Descriptor
    private var names: [Bytes] = []
    private var descriptors = DescriptorList()

    init(_ root: consuming Descriptor) { self.root = root }

    /// The root's descriptor.
    var bottom: Int32 { root.number }
    /// The innermost directory's descriptor.
    var top: Int32 { names.isEmpty ? root.number : descriptors[names.count - 1] ?? -1 }
    /// The way to the innermost directory.
    var path: [Bytes] { names }

    /// Leaves directories that are not on the way, and says how far the rest goes.
    mutating func keep(_ way: [Bytes]) -> Int {
        var common = 0
        while common < min(names.count, way.count), names[common] == way[common] { common += 1 }
        leave(to: common)
        return common
    }

    /// Leaves all directories below a depth.
    mutating func leave(to depth: Int) {
        while names.count > depth {
            names.removeLast()
            _ = descriptors.take(names.count)
        }
    }

    /// Goes into a directory; ENOENT, ELOOP and ENOTDIR say what is there instead.
    mutating func enter(_ name: Bytes) throws(SystemError) {
        let next = try Descriptor(opening: name, [.path, .directory], strictlyIn: top)
        descriptors.set(names.count, next)
        names.append(name)
    }
}
