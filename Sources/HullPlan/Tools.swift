// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
internal import HullOCI

/// A directory of the host with tools for one process of a container: `exec --tools`.
package struct ToolsRequest: Equatable, Sendable {
    /// The directory on the host.
    package var directory: Bytes
    /// The directory of the container that they are to be seen in; nil is one that nobody misses.
    package var place: Bytes?

    /// Tools of a directory.
    package init(directory: Bytes, place: Bytes? = nil) {
        self.directory = directory
        self.place = place
    }
}

/// Where tools are attached, in a mount namespace of the process's own.
package struct ToolsPlan: Sendable {
    /// Of the detached tree.
    package var slot: Int
    /// The first of these directories that exists is taken.
    package var places: [Bytes]
}

extension ContainerPlan {
    /// Shows tools to the process of this plan alone. Nothing can be made in a root that may be read-only, and nothing
    /// is to be left in one that is not, so a directory that is there is covered, in a copy of the container's mount
    /// namespace.
    ///
    /// The copy is made before the container's user namespace is entered, and so it belongs to the one outside: root of
    /// the container can change nothing in it, neither make the tools writable nor look under them.
    mutating func show(_ tools: ToolsRequest, in target: ExecTarget, _ findings: inout Findings) {
        guard target.namespaces.contains(.mount), !target.changedRoot else {
            findings.error("", "--tools needs a container with a mount namespace of its own")
            return
        }
        if let place = tools.place?.cleanedPath {
            if place == "/" { findings.error("", "--tools: the root cannot be covered") }
            if place == "/proc" || place.hasPrefix("/proc/") {
                findings.error("", "--tools: \"\(place)\" cannot be covered: it is inside /proc")
            }
        }
        let slot = spawn.slots
        spawn.slots += 1
        var tree = TreePlan(path: tools.directory, recursive: false, mustBeDirectory: true, slot: slot)
        for attribute in [.readOnly, .noSuid, .noDev] as [MountAttributes] { tree.attributes.add(attribute) }
        tree.propagation = [.init(type: .private, recursive: true)]
        outside.append(OutsideStep(action: .openTree(tree), origin: ""))
        let places = tools.place.map { [$0.cleanedPath] } ?? usualPlaces
        for action in [
            .join([.mount], slot: 0), .ownMounts, .propagation(.slave), .openRoot,
            .tools(ToolsPlan(slot: slot, places: places)),
        ] as [InsideAction] {
            inside.append(InsideStep(action: action, origin: ""))
        }
    }
}

/// Hidden in most containers, and there in all that have a sysfs; then what images have and leave empty.
private let usualPlaces: [Bytes] = ["/sys/firmware", "/mnt", "/media", "/srv", "/opt"]
