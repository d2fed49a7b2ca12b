// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux

/// The socket to which a container's program says that it is ready, and the way on to the service manager that waits
/// for it: sd_notify(3).
///
/// Only readiness is passed on, with the process that the manager shall watch. What else a program may say, a new main
/// process or descriptors to be stored, is no right of a container.
final class NotifySocket {
    /// In the container's directory.
    static let directoryName: Bytes = "notify"
    static let fileName: Bytes = "notify.sock"

    private let socket: Descriptor
    private let manager: Bytes

    /// Begins to listen in the directory; nil where no service manager asks.
    init?(in directory: Bytes) throws(SystemError) {
        guard let manager = NotifySocket.manager else { return nil }
        self.manager = manager
        socket = try Sockets.datagrams(at: "\(directory)/\(NotifySocket.fileName)")
    }

    /// The address of the service manager's socket.
    static var manager: Bytes? {
        CurrentProcess.variable("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The descriptor to wait on.
    var number: Int32 { socket.number }

    /// Passes readiness on, if it has been said; then this is done. Waits for it until the process ends.
    func passOn(until pidfd: Int32, mainProcess pid: Int32) throws(SystemError) {
        while true {
            let ready = try Poll.ready([socket.number, pidfd], timeoutMilliseconds: -1)
            if let line = try readiness() {
                try awaitReception(on: try tell(line, pid))
                return
            }
            if ready & 2 != 0 { return }
        }
    }

    /// Passes readiness on, if it has been said. For a proxy that lives on: there is no need to wait for the manager,
    /// which looks at the sender's pid when it comes to the message.
    func passOn(mainProcess pid: Int32) throws(SystemError) {
        if let line = try readiness() { _ = try tell(line, pid) }
    }

    /// Reads what has come; the line that begins with `READY=`, wherever in a message it stands.
    private func readiness() throws(SystemError) -> Bytes? {
        while try Poll.ready([socket.number], timeoutMilliseconds: 0) != 0 {
            let message = try Sockets.receive(from: socket.number).message
            if let line = message.split(0x0a).first(where: { $0.hasPrefix("READY=") }) { return line }
        }
        return nil
    }

    private func tell(_ line: Bytes, _ pid: Int32) throws(SystemError) -> Descriptor {
        let connection = try Sockets.connect(toDatagrams: manager)
        try Sockets.send(line + "\n", to: connection.number)
        try Sockets.send("MAINPID=\(pid)\n", to: connection.number)
        return connection
    }

    /// The manager drops the other end of a pipe when it has come to it: sd_notify_barrier(3). Without the wait it
    /// might find the sender gone, and the message nobody's.
    private func awaitReception(on connection: consuming Descriptor) throws(SystemError) {
        let pipe = try Pipe()
        try Sockets.send("BARRIER=1", descriptors: [pipe.writing.number], to: connection.number)
        _ = consume pipe.writing
        _ = try Poll.ready([pipe.reading.number], timeoutMilliseconds: 30_000)
    }
}

extension Caller {
    /// Whether a service manager waits for the readiness of what hull starts.
    package static var isNotified: Bool { NotifySocket.manager != nil }
}

extension ContainerStore {
    /// Where a container's notification socket is.
    package func notifyDirectory(of id: Bytes) -> Bytes { "\(root)/\(id)/\(NotifySocket.directoryName)" }
}

/// Makes the directory, which everybody in the container may enter, whatever the caller's umask.
func makeNotifyDirectory(_ path: Bytes) throws(SystemError) {
    let mask = CurrentProcess.setUmask(0)
    defer { CurrentProcess.setUmask(mask) }
    try HostFiles.makeDirectory(path, mode: 0o755)
}
