// SPDX-License-Identifier: Apache-2.0
import CSupport
import Foundation
import Glibc

/// The listening end of --console-socket.
public final class ConsoleSocket {
    public let path: String
    private let listener: Int32

    public init(at path: String) throws {
        self.path = path
        listener = support_listen(path)
        if listener < 0 { throw Problem("listening at \(path): \(String(cString: strerror(-listener)))") }
    }

    deinit { close(listener) }

    /// Connections that nobody accepts, as many as wait: the next one has to. The caller's to close.
    public func fill() -> [Int32] {
        var connections: [Int32] = []
        while true {
            let connection = support_connect(path)
            if connection < 0 { return connections }
            connections.append(connection)
        }
    }

    /// The terminal that a runtime sends.
    public func terminal(within seconds: Double = 10) throws -> Terminal {
        let (descriptor, name, count) = try message(within: seconds)
        return Terminal(descriptor, name: name, descriptors: count)
    }

    /// The message of one connection, and the descriptor beside it.
    public func message(within seconds: Double = 10) throws -> (descriptor: Int32, text: String, count: Int) {
        var bytes = [CChar](repeating: 0, count: 4096)
        var (descriptor, count): (Int32, Int32) = (-1, 0)
        let length = support_receive(
            listener, Int32(seconds * patience * 1000), &bytes, bytes.count, &descriptor, &count)
        if length < 0 { throw Problem("nothing on the console socket: \(String(cString: strerror(Int32(-length))))") }
        if descriptor < 0 { throw Problem("a message without a descriptor") }
        let name = String(decoding: bytes.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return (descriptor, name, Int(count))
    }
}

/// The master of a pseudoterminal: what is written is typed, what comes is kept.
public final class Terminal {
    public let name: String
    public let descriptors: Int
    public private(set) var text = ""
    private let master: Int32

    init(_ master: Int32, name: String, descriptors: Int) {
        (self.master, self.name, self.descriptors) = (master, name, descriptors)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
    }

    deinit { close(master) }

    /// A pair of our own, for a runtime in the foreground. The slave is the caller's to close.
    public static func pair() throws -> (master: Terminal, slave: Int32) {
        var (master, slave): (Int32, Int32) = (-1, -1)
        let problem = support_pseudoterminal(&master, &slave)
        if problem != 0 { throw Problem("openpty: \(String(cString: strerror(-problem)))") }
        return (Terminal(master, name: "", descriptors: 1), slave)
    }

    /// Rows and columns.
    public var size: [UInt16] {
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        return support_window(master, &rows, &columns) == 0 ? [rows, columns] : []
    }

    public func write(_ text: String) { _ = Glibc.write(master, text, text.utf8.count) }

    /// Whether the text comes within the time.
    public func hears(_ words: String, within seconds: Double = 10) -> Bool {
        eventually(within: seconds) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(master, &bytes, bytes.count)
            if count > 0 { text += String(decoding: bytes.prefix(count), as: UTF8.self) }
            return text.contains(words)
        }
    }
}
