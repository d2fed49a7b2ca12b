// SPDX-License-Identifier: Apache-2.0

internal import CHull
package import HullBytes
internal import HullLinux

/// Unix sockets.
package enum Sockets {
    /// Two connected ends of SOCK_SEQPACKET: messages keep their borders, and an end that dies is seen.
    package static func pair() throws(SystemError) -> SocketPair {
        var ends: [Int32] = [-1, -1]
        try check(
            unsafe ends.withUnsafeMutableBufferPointer { unsafe chull_seqpacket_pair($0.baseAddress) }, "socketpair")
        return SocketPair(first: Descriptor(owning: ends[0]), second: Descriptor(owning: ends[1]))
    }

    /// A listening SOCK_SEQPACKET socket at a path. A path that is too long for sun_path (107 bytes) is ENAMETOOLONG.
    package static func listen(at path: Bytes) throws(SystemError) -> Descriptor {
        let socket = Descriptor(owning: try check(chull_unix_socket(1), "socket"))
        try check(unsafe path.withCString { unsafe chull_unix_bind(socket.number, $0) }, "bind", path)
        try check(chull_listen(socket.number), "listen", path)
        return socket
    }

    /// Connects to a socket at a path: SOCK_SEQPACKET, or SOCK_STREAM.
    package static func connect(to path: Bytes, seqpacket: Bool) throws(SystemError) -> Descriptor {
        let socket = Descriptor(owning: try check(chull_unix_socket(seqpacket ? 1 : 0), "socket"))
        // sun_path holds 107 bytes; through the directory's descriptor every path is short.
        let directory =
            path.count > 107 ? try Descriptor(opening: path.parentPath, [.path, .directory]) : Descriptor(owning: -1)
        let address = path.count > 107 ? "/proc/self/fd/\(directory.number)/\(path.lastComponent)" : path
        try check(unsafe address.withCString { unsafe chull_unix_connect(socket.number, $0) }, "connect", path)
        return socket
    }

    /// A datagram socket at a path in a directory, for everybody; one that is there gives way.
    package static func datagrams(at path: Bytes) throws(SystemError) -> Descriptor {
        let socket = Descriptor(owning: try check(chull_datagram_socket(), "socket"))
        // sun_path holds 107 bytes; through the directory's descriptor every path is short.
        let directory = try Descriptor(opening: path.parentPath, [.path, .directory])
        let address = "/proc/self/fd/\(directory.number)/\(path.lastComponent)" as Bytes
        do { try HostFiles.remove(address) } catch { if error.errno != .enoent { throw error } }
        let mask = CurrentProcess.setUmask(0)
        defer { CurrentProcess.setUmask(mask) }
        try check(unsafe address.withCString { unsafe chull_unix_bind(socket.number, $0) }, "bind", path)
        return socket
    }

    /// Connects a datagram socket to another one: a path, or `@` and a name in the abstract namespace.
    package static func connect(toDatagrams address: Bytes) throws(SystemError) -> Descriptor {
        let socket = Descriptor(owning: try check(chull_datagram_socket(), "socket"))
        let isLong = address.count > 107 && address.isAbsolutePath
        let directory =
            isLong ? try Descriptor(opening: address.parentPath, [.path, .directory]) : Descriptor(owning: -1)
        let short = isLong ? "/proc/self/fd/\(directory.number)/\(address.lastComponent)" : address
        let result = unsafe short.withCString { unsafe chull_datagram_connect(socket.number, $0) }
        try check(result, "connect", address)
        return socket
    }

    /// Whether a SOCK_SEQPACKET socket listens at a path, without connecting to it: the kernel compares the types when
    /// it has found the socket, EPROTOTYPE; ECONNREFUSED, when nobody has it open any more.
    package static func isListening(at path: Bytes) throws(SystemError) -> Bool {
        do { _ = try connect(to: path, seqpacket: false) } catch {
            // EAGAIN: so many wait for it already.
            if error.errno == .eprototype || error.errno == .eagain { return true }
            if error.errno != .enoent && error.errno != .econnrefused { throw error }
        }
        return false
    }

    /// Waits for a connection.
    package static func accept(_ listener: Int32) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check(again { chull_accept(listener) }, "accept4"))
    }

    /// Sends one message, with descriptors (8 at most) beside it: SCM_RIGHTS of unix(7). No SIGPIPE.
    package static func send(_ message: Bytes, descriptors: [Int32] = [], to socket: Int32) throws(SystemError) {
        let sent = unsafe message.array.withUnsafeBytes { buffer in
            unsafe descriptors.withUnsafeBufferPointer { fds in
                again { unsafe chull_send(socket, buffer.baseAddress, buffer.count, fds.baseAddress, fds.count) }
            }
        }
        try check(sent, "sendmsg")
    }

    /// Sends all of a text on a SOCK_STREAM socket; the descriptor goes beside the first part.
    package static func sendStream(_ text: Bytes, descriptor: Int32, to socket: Int32) throws(SystemError) {
        let descriptors = [descriptor]
        var done = 0
        while done < text.count {
            let sent = unsafe text.array.withUnsafeBytes { buffer in
                unsafe descriptors.withUnsafeBufferPointer { fds in
                    again {
                        unsafe chull_send(
                            socket, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                            fds.baseAddress, done == 0 ? 1 : 0)
                    }
                }
            }
            done += Int(try check(sent, "sendmsg"))
        }
    }

    /// Receives one message, and a descriptor if one came; empty when the other end is closed.
    package static func receive(from socket: Int32) throws(SystemError) -> Received {
        var descriptor: Int32 = -1
        // Waits. Messages are short, the longest has 64 KiB: memory for that would have to be asked of the kernel each
        // time.
        var result = pastReset { chull_pending(socket) }
        let size = max(1, Int(result))
        let message = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            if result >= 0 {
                result = pastReset { unsafe chull_receive(socket, buffer.baseAddress, size, &descriptor) }
            }
            count = max(0, Int(result))
        }
        // As good as closed.
        if result == -Int64(Errno.econnreset.rawValue) { result = 0 }
        try check(result, "recvmsg")
        return Received(message: Bytes(message), descriptor: descriptor < 0 ? nil : Descriptor(owning: descriptor))
    }

    /// The other end died with something unread, which is told once, before whatever call comes next; then comes what
    /// it said before.
    private static func pastReset(_ call: () -> Int64) -> Int64 {
        let result = again(call)
        return result == -Int64(Errno.econnreset.rawValue) ? again(call) : result
    }
}

/// Both ends of a socketpair(2).
@frozen package struct SocketPair: ~Copyable {
    package var first: Descriptor
    package var second: Descriptor
}

/// A message of a unix socket.
@frozen package struct Received: ~Copyable {
    /// Empty when the other end is closed.
    package let message: Bytes
    /// What came by SCM_RIGHTS.
    package var descriptor: Descriptor?

    /// Takes the parts as they are.
    package init(message: Bytes, descriptor: consuming Descriptor?) {
        self.message = message
        self.descriptor = descriptor
    }

    /// Gives the descriptor away.
    package consuming func takeDescriptor() -> Descriptor? { descriptor }
}

/// Both ends of a pipe2(2).
@frozen package struct Pipe: ~Copyable {
    package var reading: Descriptor
    package var writing: Descriptor

    /// A new pipe, close-on-exec.
    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try check(
            unsafe ends.withUnsafeMutableBufferPointer { unsafe chull_pipe2($0.baseAddress, Int32(oCloseOnExec)) },
            "pipe2")
        reading = Descriptor(owning: ends[0])
        writing = Descriptor(owning: ends[1])
    }
}

private let oCloseOnExec = O_CLOEXEC

/// All signals of the process as something to read: signalfd(2).
package struct SignalDescriptor: ~Copyable {
    package let descriptor: Descriptor
    /// The mask before; a child restores it.
    package let formerMask: UInt64

    /// Blocks all signals and opens the descriptor.
    package init() throws(SystemError) {
        var old: UInt64 = 0
        descriptor = Descriptor(owning: try check(unsafe chull_signalfd_all(&old), "signalfd4"))
        formerMask = old
    }

    /// The next signal's number; nil when there is none now.
    package func next() throws(SystemError) -> Int32? {
        let number = chull_signalfd_read(descriptor.number)
        if number == -Errno.eagain.rawValue { return nil }
        return try check(number, "read", "signalfd")
    }
}
