// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
package import HullLinux

/// A connection to a bus, or to a program that speaks as one. Nothing here waits longer than until a deadline.
package struct DBusConnection: ~Copyable {
    private let socket: Descriptor
    /// The path of the socket.
    package let path: Bytes
    private var isAccepted = false
    private var serial: UInt32 = 0
    /// What came and is not taken yet.
    private var pending: [UInt8] = []

    /// Connects to the socket at a path.
    package init(to path: Bytes, deadline: Int64) throws(SystemError) {
        socket = try DBusConnection.connect(to: path, deadline)
        self.path = path
    }

    /// A full backlog is waited for: EAGAIN of connect(2).
    private static func connect(to path: Bytes, _ deadline: Int64) throws(SystemError) -> Descriptor {
        let socket = Descriptor(owning: try check(chull_unix_socket(0), "socket"))
        let flags = try check(chull_fcntl(socket.number, Int32(F_GETFL), 0), "fcntl")
        try check(chull_fcntl(socket.number, Int32(F_SETFL), Int64(flags | O_NONBLOCK)), "fcntl")
        while true {
            let result = unsafe path.withCString { unsafe chull_unix_connect(socket.number, $0) }
            if result == -Errno.eagain.rawValue, try pause(until: deadline) { continue }
            try check(result, "connect", path)
            return socket
        }
    }

    /// Sends calls in one write. Gives the serial of the last; those before it have the numbers before.
    package mutating func send(_ calls: [DBusMessage], deadline: Int64) throws(SystemError) -> UInt32 {
        if !isAccepted { try authenticate(deadline) }
        var bytes: [UInt8] = []
        for call in calls {
            serial += 1
            bytes += call.bytes(serial: serial)
        }
        try write(bytes, deadline)
        return serial
    }

    /// EXTERNAL, without a name for ourselves, which would be another one in a user namespace. The answer is waited
    /// for: systemd reads 256 bytes at first, and what comes in them after BEGIN lies there until more comes.
    private mutating func authenticate(_ deadline: Int64) throws(SystemError) {
        try write(("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n" as Bytes).array, deadline)
        while !isAccepted {
            guard let end = pending.firstIndex(of: 0x0a) else {
                try receiveMore(deadline)
                continue
            }
            try readGreeting(Bytes(pending[..<end]))
            pending.removeFirst(end + 1)
        }
    }

    private func write(_ bytes: [UInt8], _ deadline: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                again {
                    unsafe chull_send(
                        socket.number, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done, nil, 0)
                }
            }
            if sent == -Int64(Errno.eagain.rawValue), try DBusConnection.pause(until: deadline) { continue }
            done += Int(try check(sent, "sendmsg", path))
        }
    }

    /// The next message.
    package mutating func receive(deadline: Int64) throws(SystemError) -> DBusMessage {
        while true {
            do throws(DBusProblem) {
                if pending.count >= DBusMessage.prefix {
                    let length = try DBusMessage.length(beginning: pending)
                    if pending.count >= length {
                        let message = try DBusMessage(Array(pending[..<length]))
                        pending.removeFirst(length)
                        return message
                    }
                }
            } catch {
                throw SystemError(
                    "D-Bus", path, .eio, words: "what came is no message: \(error.words) (byte \(error.offset))")
            }
            try receiveMore(deadline)
        }
    }

    /// "Authentication Protocol": DATA asks for the name, which was sent already; OK accepts it.
    private mutating func readGreeting(_ line: Bytes) throws(SystemError) {
        if line.hasPrefix("OK") {
            isAccepted = true
        } else if !line.hasPrefix("DATA") {
            let words = Bytes(line.array.filter { $0 >= 0x20 })
            throw SystemError("D-Bus", path, .eacces, words: "the authentication was answered by \"\(words)\"")
        }
    }

    private mutating func receiveMore(_ deadline: Int64) throws(SystemError) {
        // No line of the authentication is longer, and no message is taken that is.
        guard pending.count <= DBusMessage.limit else { throw SystemError("D-Bus", path, .eio) }
        let left = max(0, (deadline - Clock.monotonic + 999_999) / 1_000_000)
        guard try Poll.ready([socket.number], timeoutMilliseconds: Int32(clamping: left)) != 0 else {
            throw SystemError("D-Bus", path, .etimedout)
        }
        let size = 1 << 14
        var result: Int64 = 0
        let some = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            result = again { unsafe chull_read(socket.number, buffer.baseAddress, size) }
            filled = max(0, Int(result))
        }
        if result == -Int64(Errno.eagain.rawValue) { return }
        try check(result, "read", path)
        if result == 0 { throw SystemError("read", path, .econnreset) }
        pending += some
    }

    /// Waits a moment; false when there is no time left.
    private static func pause(until deadline: Int64) throws(SystemError) -> Bool {
        if Clock.monotonic >= deadline { return false }
        _ = try Poll.ready([], timeoutMilliseconds: 10)
        return true
    }
}
