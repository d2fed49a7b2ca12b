// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// A container as `state` and `list` show it.
package struct ContainerSummary: Equatable, Sendable {
    /// Its name.
    package var id: Bytes
    /// The process id of its init; 0 when stopped.
    package var pid: Int32
    /// The word for its state.
    package var status: Bytes
    /// The directory of the bundle.
    package var bundle: Bytes
    /// The root filesystem.
    package var rootfs: Bytes
    /// When it was made.
    package var created: Timestamp
    /// The annotations of its config.
    package var annotations: [Entry<Bytes>]
    /// Who made it: a user's name, or the number where it has none.
    package var owner: Bytes

    /// Takes the parts as they are.
    package init(
        id: Bytes, pid: Int32, status: Bytes, bundle: Bytes, rootfs: Bytes, created: Timestamp,
        annotations: [Entry<Bytes>], owner: Bytes
    ) {
        self.id = id
        self.pid = pid
        self.status = status
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.annotations = annotations
        self.owner = owner
    }

    /// What `state` prints: a JSON object with a member on each line.
    package var stateText: Bytes {
        let members = members(annotationSeparator: ",\n    ", annotationEnds: ("{\n    ", "\n  }"), colon: ": ")
        return "{\n  " + members.joined(",\n  ") + "\n}\n"
    }

    /// The same on one line, for the array that `list` prints.
    fileprivate var compact: Bytes {
        "{" + members(annotationSeparator: ",", annotationEnds: ("{", "}"), colon: ":").joined(",") + "}"
    }

    /// The members in the order that engines know; annotations are left out where there are none.
    private func members(annotationSeparator: Bytes, annotationEnds: (Bytes, Bytes), colon: Bytes) -> [Bytes] {
        func member(_ key: Bytes, _ value: Bytes) -> Bytes { jsonString(key) + colon + value }
        var members = [
            member("ociVersion", jsonString(specVersion)), member("id", jsonString(id)),
            member("pid", Bytes(decimal: pid)), member("status", jsonString(status)),
            member("bundle", jsonString(bundle)), member("rootfs", jsonString(rootfs)),
            member("created", jsonString(created.rfc3339)),
        ]
        if !annotations.isEmpty {
            let inner = annotations.map { member($0.key, jsonString($0.value)) }.joined(annotationSeparator)
            members.append(member("annotations", annotationEnds.0 + inner + annotationEnds.1))
        }
        return members + [member("owner", jsonString(owner))]
    }
}

/// What `list` prints.
package func listText(_ containers: [ContainerSummary], _ options: ListOptions) -> Bytes {
    if options.quiet { return containers.map { printable($0.id) + "\n" }.joined("") }
    switch options.format {
    case .json: return "[" + containers.map(\.compact).joined(",") + "]\n"
    case .table:
        let rows = containers.map { one in
            [one.id, Bytes(decimal: one.pid), one.status, one.bundle, one.created.rfc3339, one.owner]
        }
        return columns([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows)
    }
}
