// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullOCI

/// What `state` prints: a JSON object with a member on each line.
package func stateText(_ container: State) -> Bytes { Bytes(JSONWriter.text(of: container, .blanks(2))) + "\n" }

/// What `list` prints, made while the containers are read: thousands of states need not be held together.
package struct ContainerList {
    private let options: ListOptions
    private var table = Columns(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
    /// The names alone, or the elements of a JSON array.
    private var lines: [UInt8] = []

    /// A list of no container yet.
    package init(_ options: ListOptions) { self.options = options }

    /// One container more.
    package mutating func add(_ container: State) {
        if options.quiet {
            lines += printable(container.id).array
            lines.append(UInt8(ascii: "\n"))
        } else if options.format == .table {
            let pid = Bytes(decimal: container.pid)
            table.add([container.id, pid, container.status, container.bundle, container.created, container.owner])
        } else {
            if !lines.isEmpty { lines.append(UInt8(ascii: ",")) }
            lines += JSONWriter.text(of: container)
        }
    }

    /// The whole text.
    package var text: Bytes {
        if options.quiet { return Bytes(lines) }
        return options.format == .table ? table.lines : "[" + Bytes(lines) + "]\n"
    }
}
