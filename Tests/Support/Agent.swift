// SPDX-License-Identifier: Apache-2.0
import CSupport
import Foundation
import Glibc

/// An agent that decides on system calls: takes one connection, and answers every question with the same errno.
public final class Agent: @unchecked Sendable {
    /// What came over the connection until its end.
    public struct Heard: Sendable {
        public let text: String
        /// For each part in its order, whether a descriptor came with it.
        public let descriptors: [Bool]
        public var json: JSON? { try? JSON(parsing: text) }
    }

    public let path: String
    private let listener: Int32
    private let condition = NSCondition()
    private var message: Heard?
    private var count: Int32?

    /// Listens. With `closing` the agent shuts the descriptor at once; an errno of 0 lets the calls happen.
    public init(at path: String, answering error: Int32, closing: Bool = false) throws {
        self.path = path
        listener = support_listen(path)
        if listener < 0 { throw Problem("listening at \(path): \(String(cString: strerror(-listener)))") }
        Thread.detachNewThread { [self] in serve(error, closing) }
    }

    private func serve(_ error: Int32, _ closing: Bool) {
        var bytes = [CChar](repeating: 0, count: 1 << 20)
        var (filter, parts): (Int32, Int32) = (-1, 0)
        let length = support_receive_all(
            listener, Int32(10 * patience * 1000), &bytes, bytes.count, &filter, &parts)
        let text = String(decoding: bytes.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        if filter >= 0, closing { close(filter) }
        tell { message = Heard(text: text, descriptors: String(parts).map { $0 == "1" }) }
        guard filter >= 0, !closing else { return tell { count = 0 } }
        let answered = support_answer(filter, error)
        close(filter)
        tell { count = answered }
    }

    private func tell(_ change: () -> Void) {
        condition.lock()
        change()
        condition.broadcast()
        condition.unlock()
    }

    private func wait<Value>(for value: () -> Value?) -> Value? {
        let end = Date().addingTimeInterval(10 * patience)
        condition.lock()
        defer { condition.unlock() }
        while value() == nil, condition.wait(until: end) {}
        return value()
    }

    /// The message, when the connection is closed.
    public func heard() throws -> Heard {
        guard let heard = wait(for: { message }) else { throw Problem("nobody came to the agent at \(path)") }
        return heard
    }

    /// How many questions were answered, when nobody has the filter any more.
    public func answered() -> Int { wait(for: { count }).map(Int.init) ?? -1 }

    /// Nobody can connect any more.
    public func hangUp() {
        // Another thread may be waiting on it, and keep it open for that long.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
