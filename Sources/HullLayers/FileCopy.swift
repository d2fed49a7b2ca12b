// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

/// A file of a layer that is to be elsewhere as well, whatever it is but a directory.
struct FileCopy {
    let name: Bytes
    let status: FileStatus
}

/// Copies it with content, owner, permissions, attributes and time.
func copy(_ file: FileCopy, from source: Int32, to target: Int32) throws(SystemError) {
    let (name, status) = (file.name, file.status)
    if status.isRegular {
        let from = try Descriptor(opening: name, [.noFollow], strictlyIn: source)
        let to = try Descriptor(
            opening: name, [.write, .create, .exclusive, .noFollow], mode: 0o600, strictlyIn: target)
        try to.copyContent(of: from, size: status.size)
        let attributes = try from.attributes()
        try RootDirectory.copyMetadata(of: status, to: "", in: to.number)
        for attribute in attributes where !isOverlayAttribute(attribute.name) { try to.set(attribute) }
        try to.setModified(status.modified.seconds, status.modified.nanoseconds)
        return
    }
    if status.isSymbolicLink {
        let link = try RootDirectory.linkTarget(name, in: source)
        try DirectoryName.makeLink(name, to: link, in: target)
    } else {
        try RootDirectory.makeNode(name, mode: status.mode, device: status.device, in: target)
    }
    try RootDirectory.copyMetadata(of: status, to: name, in: target)
    if !status.isSymbolicLink { try DirectoryName.setPermissions(name, status.permissions, in: target) }
    for attribute in try DirectoryName.attributes(of: name, in: source) where !isOverlayAttribute(attribute.name) {
        try DirectoryName.set(attribute, of: name, in: target)
    }
    try DirectoryName.setModified(name, status.modified.seconds, status.modified.nanoseconds, in: target)
}
