// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// The option `tmpcopyup`: what the place holds is copied into the new tmpfs before it is attached there. Engines
    /// use it for /run, /tmp and /var/tmp of a read-only root. The place is the image's, so every step is one name in
    /// an open directory of the same mount, and nothing is followed.
    func copyUp(_ place: borrowing Descriptor, into tree: borrowing MountTree, _ plan: FilesystemPlan)
        throws(SystemError)
    {
        do throws(SystemError) {
            let source = try Descriptor(opening: ".", [.directory], strictlyIn: place.number)
            let target = try Descriptor(opening: ".", [.directory], strictlyIn: tree.descriptor.number)
            try copyEntries(of: source, to: target, depth: 1)
            if !plan.parameters.contains(where: { $0.key == "uid" || $0.key == "gid" }) {
                let status = try source.status()
                try RootDirectory.changeOwner("", uid: status.uid, gid: status.gid, in: target.number)
            }
        } catch {
            let what: Bytes = error.object.isEmpty ? "tmpcopyup" : "tmpcopyup of \(error.object)"
            throw SystemError(
                error.call, "", error.errno, detail: error.detail.isEmpty ? what : "\(what): \(error.detail)")
        }
    }

    /// Devices and sockets are left out: the first are for `linux.devices`, nobody listens on the second. So is what
    /// another mount covers, and what is gone before it is reached.
    private func copyEntries(
        of source: borrowing Descriptor, to target: borrowing Descriptor, depth: Int
    ) throws(SystemError) {
        // Every level holds two descriptors.
        guard depth <= 128 else { throw SystemError("openat2", "", .eloop, detail: "more than 128 directories deep") }
        for name in try source.entries() {
            guard let status = try RootDirectory.status(name, in: source.number) else { continue }
            if status.isDirectory {
                try copyDirectory(name, of: source, to: target, depth)
            } else if status.isRegular {
                try copyFile(name, of: source, to: target)
            } else if status.isSymbolicLink {
                let link = try RootDirectory.linkTarget(name, in: source.number)
                try RootDirectory.makeLink(name, to: link, in: target.number)
                try RootDirectory.copyMetadata(of: status, to: name, in: target.number)
            } else if status.isFifo {
                try RootDirectory.makeNode(name, mode: status.mode, device: status.device, in: target.number)
                try RootDirectory.copyMetadata(of: status, to: name, in: target.number)
            }
        }
    }

    private func copyDirectory(
        _ name: Bytes, of source: borrowing Descriptor, to target: borrowing Descriptor, _ depth: Int
    ) throws(SystemError) {
        guard let from = try openUncovered(name, [.directory], in: source) else { return }
        try RootDirectory.makeDirectory(name, mode: 0o700, in: target.number)
        let to = try Descriptor(opening: name, [.directory], strictlyIn: target.number)
        try copyEntries(of: from, to: to, depth: depth + 1)
        try RootDirectory.copyMetadata(of: from.status(), to: "", in: to.number)
    }

    private func copyFile(
        _ name: Bytes, of source: borrowing Descriptor, to target: borrowing Descriptor
    ) throws(SystemError) {
        // Whatever it has become since: it is not waited for and becomes no controlling terminal.
        guard let from = try openUncovered(name, [.nonBlocking, .noControllingTerminal], in: source) else { return }
        let status = try from.status()
        guard status.isRegular else { return }
        let to = try Descriptor(
            opening: name, [.write, .create, .exclusive], mode: 0o600, strictlyIn: target.number)
        try to.takeContent(of: from)
        try RootDirectory.copyMetadata(of: status, to: "", in: to.number)
    }

    /// nil for the place of another mount.
    private func openUncovered(
        _ name: Bytes, _ flags: OpenFlags, in directory: borrowing Descriptor
    ) throws(SystemError) -> Descriptor? {
        do { return try Descriptor(opening: name, flags, strictlyIn: directory.number) } catch {
            if error.errno == .exdev { return nil }
            throw error
        }
    }
}
