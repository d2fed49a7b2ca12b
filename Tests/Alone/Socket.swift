// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

enum SocketTests {
    // Goal: messages keep their borders, both ways. Method: several before the first is read, the largest that is used.
    static func messages() throws {
        let pair = try Sockets.pair()
        let large = Bytes([UInt8](repeating: 0x61, count: 60_000))
        for message in ["a", large, "b"] { try Sockets.send(message, to: pair.first.number) }
        try Sockets.send("back", to: pair.second.number)
        try expect(Sockets.receive(from: pair.second.number).message == "a")
        try expect(Sockets.receive(from: pair.second.number).message == large)
        try expect(Sockets.receive(from: pair.second.number).message == "b")
        try expect(Sockets.receive(from: pair.first.number).message == "back")
    }

    // Goal: what is written before the end is read, then the end. Method: send, close, read twice. (PROC-11)
    static func closedPeer() throws {
        let pair = try Sockets.pair()
        let own = pair.first.number
        try Sockets.send("last", to: pair.second.number)
        _ = consume pair.second
        try expect(Poll.ready([own], timeoutMilliseconds: 0) == 1)
        try expect(Sockets.receive(from: own).message == "last")
        try expect(Sockets.receive(from: own).message.isEmpty)
        let error = refusal { try Sockets.send("x", to: own) }
        expect(error?.errno == .epipe && error?.call == "sendmsg")
    }

    // Goal: a peer that dies with something unread is at its end too. Method: our message is never read.
    static func resetPeer() throws {
        let pair = try Sockets.pair()
        try Sockets.send("unread", to: pair.first.number)
        _ = consume pair.second
        let isEnd = try Sockets.receive(from: pair.first.number).message.isEmpty
        expect(isEnd)
    }

    // Goal: a descriptor arrives as the same open file. Method: the reading end of a pipe. (KERNEL-08)
    static func descriptors() throws {
        let pair = try Sockets.pair()
        let pipe = try HullKernel.Pipe()
        try Sockets.send("here", descriptors: [pipe.reading.number], to: pair.first.number)
        let received = try Sockets.receive(from: pair.second.number)
        expect(received.message == "here")
        let end = Descriptor(owning: received.takeDescriptor()?.give() ?? -1)
        try pipe.writing.writeAll("through")
        try expect(Bytes(end.readSome(16)) == "through")
        let error = refusal {
            try Sockets.send("x", descriptors: [Int32](repeating: 0, count: 9), to: pair.first.number)
        }
        expect(error?.errno == .einval)
    }

    // Goal: sockets at paths, short and long. Method: listen, connect, talk; nobody there; a name beyond sun_path.
    static func paths() throws {
        let scratch = Scratch()
        let path = Bytes(scratch.path + "/s")
        let listener = try Sockets.listen(at: path)
        let client = try Sockets.connect(to: path, seqpacket: true)
        let server = try Sockets.accept(listener.number)
        try Sockets.send("hello", to: client.number)
        try expect(Sockets.receive(from: server.number).message == "hello")
        let taken = refusal { try Sockets.listen(at: path).number }
        expect(taken?.call == "bind" && taken?.errno == Errno(rawValue: EADDRINUSE))
        _ = consume listener
        let refused = refusal { try Sockets.connect(to: path, seqpacket: true).number }
        expect(refused?.errno == .econnrefused && refused?.object == path)
        let missing = refusal { try Sockets.connect(to: "/missing/s", seqpacket: false).number }
        expect(missing?.errno == .enoent)
        let long = Bytes(scratch.path + "/" + String(repeating: "x", count: 120))
        let tooLong = refusal { try Sockets.listen(at: long).number }
        expect(tooLong?.errno == .enametoolong)
    }

    // Goal: a long path can be connected to. Method: a listener bound from within its directory.
    static func longPath() throws {
        let scratch = Scratch()
        let directory = scratch.path + "/" + String(repeating: "d", count: 150)
        mkdir(directory, 0o755)
        try HostFiles.changeDirectory(Bytes(directory))
        let listener = try Sockets.listen(at: "s")
        try HostFiles.changeDirectory("/")
        let client = try Sockets.connect(to: Bytes(directory + "/s"), seqpacket: true)
        _ = try Sockets.accept(listener.number)
        expect(client.number > 2)
    }
}
