// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support
import Testing

@Suite struct DBusConnectionTests {
    private let scratch = Scratch()

    /// Somebody who takes one connection, waits for the authentication, and says these parts, each for itself; then
    /// stays as long as asked.
    private func server(saying parts: [[UInt8]], staying seconds: UInt32 = 0) -> Bytes {
        let path = scratch.path + "/bus"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listen(listener, 1)
        Thread.detachNewThread {
            let connection = accept(listener, nil, nil)
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = read(connection, &buffer, buffer.count)
            for part in parts {
                _ = send(connection, part, part.count, Int32(MSG_NOSIGNAL))
                usleep(1000)
            }
            sleep(seconds)
            close(connection)
            close(listener)
        }
        return Bytes(path)
    }

    private var call: DBusMessage { DBusMessage(calling: "M", of: "a.b", "/p", at: "d.e") }
    private let accepted = Array("DATA\r\nOK 757ef3\r\n".utf8)

    /// One call and what follows, within half a second.
    private func exchange(_ path: Bytes) throws(SystemError) -> DBusMessage {
        let deadline = Clock.monotonic + 500_000_000 * Int64(patience)
        var connection = try DBusConnection(to: path, deadline: deadline)
        _ = try connection.send([call], deadline: deadline)
        return try connection.receive(deadline: deadline)
    }

    // UN-55. Goal: messages come in whatever pieces. Method: the authentication and an answer byte by byte.
    @Test func pieces() throws {
        let path = server(saying: (accepted + call.bytes(serial: 3)).map { [$0] }, staying: 1)
        #expect(try exchange(path) == call)
    }

    // UN-55. Goal: no other side makes hull wait or trap. Method: table of what is said, and the error.
    @Test(
        arguments: [
            ([], 0, Errno.econnreset), (["REJECTED EXTERNAL\r\n"], 0, .eacces),
            (["DATA\r\nOK 1\r\n"], 0, .econnreset), (["DATA\r\nOK 1\r\n"], 20, .etimedout),
            (["DATA\r\nOK 1\r\n", "no message at all"], 1, .eio), (["DATA\r\n"], 20, .etimedout),
        ] as [([String], UInt32, Errno)])
    func bad(parts: [String], seconds: UInt32, errno: Errno) {
        let path = server(saying: parts.map { Array($0.utf8) }, staying: seconds)
        let error = #expect(throws: SystemError.self) { try exchange(path) }
        // A close with the call unread is a reset, or a broken pipe while it is being sent.
        let isReset = errno == .econnreset && error?.errno == .epipe
        #expect(error?.errno == errno || isReset, "\(error?.line.text ?? "none")")
    }

    // UN-55. Goal: where nobody listens is said. Method: no socket, and one that nobody has.
    @Test func nobody() {
        let error = #expect(throws: SystemError.self) { try exchange(Bytes(scratch.path + "/none")) }
        #expect(error?.call == "connect" && error?.errno == .enoent)
    }
}
