// SPDX-License-Identifier: Apache-2.0
import Glibc
import Support

/// A socket to which terminals are sent; nobody looks at them.
final class ConsoleListener: Sendable {
    let path: String
    private let socket: Int32

    init(_ path: String) throws {
        self.path = path
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard bound == 0, listen(socket, 64) == 0 else { throw Problem("listening at \(path)") }
    }

    deinit { close(socket) }

    /// Closes all that came, terminals included.
    func drain() {
        while true {
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else { return }
            close(connection)
        }
    }
}
