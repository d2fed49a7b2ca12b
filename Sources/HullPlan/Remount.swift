// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullLinux
internal import HullOCI

/// A change of a mount that an earlier entry made.
package struct RemountPlan: Sendable {
    package var attributes = MountAttributeChange()
    /// Of the mount and all below it.
    package var recursiveAttributes = MountAttributeChange()
    /// Of the filesystem itself.
    package var parameters: [MountOptions.Parameter] = []
}

extension Resolution {
    /// `remount` changes what is said and leaves the rest, as mount(8) does. With `bind` it is about the mount alone.
    /// The filesystem itself is only changed where it is the container's own: that of a bind mount is the host's, and
    /// some are shared with everybody in a namespace.
    mutating func resolveRemount(
        _ mount: Config.Mount, _ options: MountOptions, _ destination: Bytes, _ index: Int
    ) -> MountPlan {
        let pointer = ("/mounts" as JSONPointer).appending(index)
        var remount = RemountPlan(attributes: options.attributes, recursiveAttributes: options.recursive)
        refuseOnRemount(mount, options, pointer)
        let flags = options.superblock.names + options.superblock.namesOfCleared
        let asked =
            options.data + flags.map { .init(key: $0, value: nil, origin: pointer.appending("options")) }
        if let type = ownFilesystem(at: destination, before: index) {
            remount.parameters = asked.filter { !isReadOnlyWord($0.key) || !hidesReadOnly(type) }
        } else {
            for parameter in asked where !isReadOnlyWord(parameter.key) {
                findings.error(
                    parameter.origin,
                    "\"\(parameter.key)\" is about a filesystem, and \(destination) has none that the config made")
            }
        }
        var plan = MountPlan(destination: destination, what: .remount(remount))
        plan.propagation = options.propagation
        plan.noFollow = options.has(.destinationNoFollow)
        return plan
    }

    private mutating func refuseOnRemount(_ mount: Config.Mount, _ options: MountOptions, _ pointer: JSONPointer) {
        for special in options.special {
            switch special.kind {
            case .remount, .destinationNoFollow: continue
            case .idMap: findings.error(special.origin, "a mount that is attached cannot get an id map any more")
            case .tmpcopyup, .copySymlink, .sourceNoFollow:
                findings.error(special.origin, "has no meaning beside remount")
            }
        }
        for (key, said) in [("uidMappings" as Bytes, mount.uidMappings), ("gidMappings", mount.gidMappings)]
        where said?.isEmpty == false {
            findings.error(pointer.appending(key), "a mount that is attached cannot get an id map any more")
        }
    }

    private func isReadOnlyWord(_ word: Bytes) -> Bool { word == "ro" || word == "rw" }

    /// The type of the mount that an entry finds at the destination, if nobody else has its filesystem.
    private func ownFilesystem(at destination: Bytes, before index: Int) -> Bytes? {
        for mount in (config.mounts ?? []).prefix(index).reversed()
        where ("/" + mount.destination).cleanedPath == destination {
            let options = mount.options ?? []
            if options.contains("remount") { continue }
            if options.contains("bind") || options.contains("rbind") { return nil }
            return belongsToNamespace(mount.type ?? "") ? nil : mount.type
        }
        return nil
    }
}
