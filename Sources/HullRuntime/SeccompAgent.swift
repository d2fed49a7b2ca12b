// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// The agent that decides on system calls of a process, connected before the process loads its filter: whoever does not
/// answer the connection is found out while nothing has happened yet.
struct SeccompAgent: ~Copyable {
    private let connection: Descriptor
    private let listener: SeccompListener
    private let message: Bytes

    /// Connects; nil where no agent is asked. `pid` is the process, `status` and `record` are its container's.
    static func connect(
        _ listener: SeccompListener?, pid: Int32, _ record: ContainerRecord, _ status: Status
    ) throws(Failure) -> SeccompAgent? {
        guard let listener else { return nil }
        let connection: Descriptor
        do { connection = try Sockets.connect(to: listener.path, seqpacket: false) } catch {
            throw Failure(
                error, pointer: listener.origin, hint: "the agent must listen there with SOCK_STREAM before the start")
        }
        let state = State(
            ociVersion: ociVersion, id: record.id, pid: Int(record.pid), status: status.name, bundle: record.bundle,
            annotations: record.annotations)
        let message = ContainerProcessState(
            ociVersion: ociVersion, fds: ["seccompFd"], pid: Int(pid), metadata: listener.metadata, state: state)
        return SeccompAgent(
            connection: connection, listener: listener, message: Bytes(JSONWriter.text(of: message)))
    }

    /// Sends the one message of this connection, the filter's descriptor beside its beginning, and closes it.
    consuming func deliver(_ filter: consuming Descriptor) throws(Failure) {
        do throws(SystemError) {
            try Sockets.sendStream(message, descriptor: filter.number, to: connection.number)
        } catch {
            throw Failure(
                SystemError(error.call, listener.path, error.errno), pointer: listener.origin,
                hint: "the agent has closed the connection before it had the message")
        }
    }
}

extension SeccompAgent {
    /// The runtime's own reporter, which waits at the other end of this connection.
    init(reporter connection: consuming Descriptor) {
        self.connection = connection
        listener = SeccompListener(path: "seccomp report", origin: "/linux/seccomp")
        message = " "
    }
}
