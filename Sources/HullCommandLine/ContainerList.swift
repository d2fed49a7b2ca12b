// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What `state` prints: a JSON object with a member on each line.
package func stateText(_ container: State) -> Bytes { Bytes(JSONWriter.text(of: container, .blanks(2))) + "\n" }

/// What `list` prints.
package func listText(_ containers: [State], _ options: ListOptions) -> Bytes {
    if options.quiet { return containers.map { printable($0.id) + "\n" }.joined("") }
    switch options.format {
    case .json: return Bytes(JSONWriter.text(of: containers)) + "\n"
    case .table:
        let rows = containers.map { [$0.id, Bytes(decimal: $0.pid), $0.status, $0.bundle, $0.created, $0.owner] }
        return columns([["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]] + rows)
    }
}
