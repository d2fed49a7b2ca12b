// SPDX-License-Identifier: Apache-2.0

internal import HullArchive
package import HullBytes
internal import HullKernel
internal import HullLinux

// Owners, permissions, attributes and times.

/// The owner that an entry says.
struct Owner: Equatable {
    var uid: UInt32
    var gid: UInt32
}

/// What a directory is given at the end.
struct DirectoryAttributes {
    var owner: Owner
    var permissions: UInt32
    /// nil: whatever the time is.
    var modified: (seconds: Int64, nanoseconds: UInt32)?
    var attributes: [FileAttribute]
    var isOpaque: Bool

    /// What a directory is that no archive has: nobody said when it was made, and the same layer must give the same
    /// tree everywhere.
    static func plain(opaque: Bool) -> DirectoryAttributes {
        DirectoryAttributes(
            owner: Owner(uid: 0, gid: 0), permissions: 0o755, modified: (0, 0), attributes: [], isOpaque: opaque)
    }
}

extension DirectoryAttributes {
    /// Those of another directory.
    init(_ status: FileStatus, _ attributes: [FileAttribute]) {
        self.init(
            owner: Owner(uid: status.uid, gid: status.gid), permissions: status.permissions,
            modified: status.modified, attributes: attributes, isOpaque: false)
    }
}

/// What could not be as the archive says, and is no reason to stop.
package struct UnpackWarnings: Equatable, Sendable {
    /// Files whose owner is another now: the caller's own.
    package var owners = 0
    /// Devices that were not made.
    package var devices = 0
    /// Extended attributes that were not set.
    package var attributes = 0
    /// Entries that are an old storage driver's own.
    package var bookkeeping = 0

    /// A line for each; with the reason for owners.
    package func lines(_ ownersBecause: Bytes) -> [Bytes] {
        let all: [(Int, Bytes)] = [
            (owners, "files belong to the caller instead of who the image says: \(ownersBecause)"),
            (devices, "devices were not made: only root can make them"),
            (attributes, "extended attributes were not set: the filesystem or the kernel does not allow them"),
            (bookkeeping, "entries of aufs's own were left out"),
        ]
        return all.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }

    /// Of several layers together.
    package mutating func add(_ others: UnpackWarnings) {
        owners += others.owners
        devices += others.devices
        attributes += others.attributes
        bookkeeping += others.bookkeeping
    }
}

extension LayerUnpacker {
    func owner(of entry: TarEntry) throws(Refusal) -> Owner {
        // The largest number means "leave it" to chown(2).
        guard let uid = UInt32(exactly: entry.uid), let gid = UInt32(exactly: entry.gid), uid != .max, gid != .max
        else { throw Refusal("there is no owner \(entry.uid):\(entry.gid)") }
        return Owner(uid: uid, gid: gid)
    }

    func attributes(from entry: TarEntry) throws(Refusal) -> [FileAttribute] {
        for attribute in entry.attributes {
            if isOverlayAttribute(attribute.name) {
                throw Refusal("the attribute \(attribute.name) is overlayfs's own, which a layer cannot have")
            }
            if attribute.name.count > 255 || attribute.value.count > 65536 || attribute.name.isEmpty {
                throw Refusal("the kernel has no extended attribute of this name or size")
            }
        }
        return entry.attributes.map { FileAttribute(name: $0.name, value: $0.value) }
    }

    func attributes(of entry: TarEntry, opaque: Bool) throws(Refusal) -> DirectoryAttributes {
        DirectoryAttributes(
            owner: try owner(of: entry), permissions: entry.permissions, modified: entry.modified,
            attributes: try attributes(from: entry), isOpaque: opaque)
    }

    /// Gives a name, or with an empty one what is open, to its owner; true if it stays the caller's.
    func give(_ owner: Owner, _ name: Bytes, in parent: Int32) throws(SystemError) -> Bool {
        if owner.uid == user.uid && owner.gid == user.gid { return false }
        guard rights.keepsOwners else { return true }
        do { try RootDirectory.changeOwner(name, uid: owner.uid, gid: owner.gid, in: parent) } catch {
            // Root of a user namespace has only the ids that are mapped there.
            guard error.errno == .einval, !rights.isTrusted else { throw error }
            return true
        }
        return false
    }

    /// Sets an attribute; false where that cannot be.
    func permits(
        _ attribute: FileAttribute, _ set: () throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        if !rights.isTrusted, !attribute.name.hasPrefix("user."), !attribute.name.hasPrefix("system.posix_acl") {
            // security.capability of the caller's own user namespace would be another one than the image's.
            guard rights.keepsOwners, attribute.name == "security.capability" else { return false }
        }
        do { try set() } catch {
            guard error.errno == .eopnotsupp || error.errno == .eperm || error.errno == .einval else { throw error }
            return false
        }
        return true
    }

    /// Gives the directories what they are to have, the inner ones first: the permissions of the outer ones may be in
    /// the way.
    mutating func finishDirectories() throws(Refusal) {
        stack.leave(to: 0)
        let order = directories.keys.map { (depth: $0.split(0x2f).count, path: $0) }
        for (_, path) in order.sorted(by: { ($0.depth, $0.path) > ($1.depth, $1.path) }) {
            guard let said = directories[path] else { continue }
            do throws(SystemError) { try finish(path, said) } catch { throw Refusal(error.line, path: path) }
        }
    }

    private mutating func finish(_ path: Bytes, _ said: DirectoryAttributes) throws(SystemError) {
        let directory = try Descriptor(
            opening: path.isEmpty ? "." : path, [.directory, .noFollow], strictlyIn: stack.bottom)
        if try give(said.owner, "", in: directory.number) { warnings.owners += 1 }
        if said.isOpaque { try directory.set(rights.opaque) }
        for attribute in said.attributes {
            if try !permits(attribute, { () throws(SystemError) in try directory.set(attribute) }) {
                warnings.attributes += 1
            }
        }
        if let (seconds, nanoseconds) = said.modified { try directory.setModified(seconds, nanoseconds) }
        try directory.setPermissions(said.permissions)
    }
}

/// Why a layer is refused or cannot be written, before it is said which layer.
struct Refusal: Error, Equatable {
    var cause: Bytes
    var path: Bytes?
    var hint: Bytes?
    var errno: Errno?

    init(_ cause: Bytes, path: Bytes? = nil, hint: Bytes? = nil) {
        self.cause = cause
        self.path = path
        self.hint = hint
    }
    init(_ error: SystemError) {
        cause = error.line
        errno = error.errno
    }
    init(_ error: StreamError) { cause = error.problem }
}
