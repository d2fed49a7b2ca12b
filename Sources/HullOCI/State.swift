// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// The state of a container: what the verb `state` prints, `list` lists and a hook is told.
package struct State: Equatable, Sendable {
    /// The version of the specification that the state follows.
    package var ociVersion: Bytes
    /// The container's id.
    package var id: Bytes
    /// The process id as the runtime sees it; 0 if there is none.
    package var pid: Int
    /// "creating", "created", "running", "paused" or "stopped".
    package var status: Bytes
    /// The absolute path of the bundle.
    package var bundle: Bytes
    /// The absolute path of the root filesystem.
    package var rootfs: Bytes
    /// When the container was created, as RFC 3339 has it.
    package var created: Bytes
    /// The annotations of the configuration.
    package var annotations: [Entry<Bytes>]
    /// The name of the user who owns the container.
    package var owner: Bytes

    /// The state of a container.
    package init(
        ociVersion: Bytes, id: Bytes, pid: Int, status: Bytes, bundle: Bytes, rootfs: Bytes = "", created: Bytes = "",
        annotations: [Entry<Bytes>] = [], owner: Bytes = ""
    ) {
        self.ociVersion = ociVersion
        self.id = id
        self.pid = pid
        self.status = status
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.annotations = annotations
        self.owner = owner
    }

    /// The state as a hook reads it on its standard input: the properties of the specification and no other.
    package struct ForHook: JSONWritable, Sendable {
        /// The state.
        package var state: State

        package func write(_ writer: inout JSONWriter) {
            writer.object { writer in
                writer.member("ociVersion", state.ociVersion)
                writer.member("id", state.id)
                writer.member("status", state.status)
                writer.member("pid", state.pid)
                writer.member("bundle", state.bundle)
                writer.member("annotations", map: state.annotations.isEmpty ? nil : state.annotations)
            }
        }
    }

    /// The state as a hook reads it.
    package var forHook: ForHook { ForHook(state: self) }
}

extension State: JSONWritable {
    /// Writes the state with the keys, and their order, that engines know.
    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("ociVersion", ociVersion)
            writer.member("id", id)
            writer.member("pid", pid)
            writer.member("status", status)
            writer.member("bundle", bundle)
            writer.member("rootfs", rootfs)
            writer.member("created", created)
            writer.member("annotations", map: annotations.isEmpty ? nil : annotations)
            writer.member("owner", owner)
        }
    }
}

extension State: JSONObjectReadable {
    package init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
        ociVersion = reader.required("ociVersion", object)
        id = reader.required("id", object)
        pid = reader.optional("pid", object) ?? 0
        status = reader.required("status", object)
        bundle = reader.required("bundle", object)
        rootfs = reader.optional("rootfs", object) ?? ""
        created = reader.optional("created", object) ?? ""
        annotations = reader.map("annotations", object) ?? []
        owner = reader.optional("owner", object) ?? ""
    }

    /// Reads a state.
    package static func read(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(ConfigErrors) -> State {
        try JSONReader.read(bytes, limits: limits)
    }
}

/// What an agent that decides on system calls is told, together with the descriptor of the filter.
package struct ContainerProcessState: JSONWritable, Equatable, Sendable {
    /// The version of the specification that the message follows.
    package var ociVersion: Bytes
    /// The names of the descriptors, in the order in which they are sent.
    package var fds: [Bytes]
    /// The process id as the runtime sees it.
    package var pid: Int
    /// What the configuration has for the agent.
    package var metadata: Bytes?
    /// The state of the container.
    package var state: State

    /// A message about the process of a container.
    package init(ociVersion: Bytes, fds: [Bytes], pid: Int, metadata: Bytes?, state: State) {
        self.ociVersion = ociVersion
        self.fds = fds
        self.pid = pid
        self.metadata = metadata
        self.state = state
    }

    package func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("ociVersion", ociVersion)
            writer.member("fds", fds)
            writer.member("pid", pid)
            writer.member("metadata", metadata)
            writer.member("state", state.forHook)
        }
    }
}
