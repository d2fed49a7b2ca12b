// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A service manager's socket, as sd_notify(3) describes it: keeps every message, drops what comes beside it.
public final class NotifyManager {
    public let path: String
    public private(set) var messages: [String] = []
    private let socket: Int32

    public init(at path: String) throws {
        self.path = path
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if bound != 0 { throw Problem("binding \(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(socket) }

    /// Reads what has come; a descriptor beside a message is dropped by the kernel, for there is no room for it.
    public func read() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &bytes, bytes.count, 0)
            if count < 0 { return }
            messages.append(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
    }

    /// The lines of all messages so far.
    public var lines: [String] {
        read()
        return messages.flatMap { $0.split(separator: "\n").map(String.init) }
    }
}
