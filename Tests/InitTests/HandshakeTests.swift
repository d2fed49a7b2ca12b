// SPDX-License-Identifier: Apache-2.0
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support
import Testing

@testable import HullInit
@testable import HullPlan

@Suite struct InitMessageTests {
    private static let error = SystemError(
        "openat2", Bytes([0xff, 0, 0x2f]), .enoent, detail: "why", words: "in other words")
    private static let messages: [InitMessage] = [
        .sibling, .hooksPoint, .listener, .ready(hint: ""), .ready(hint: "a hint"),
        .mounted(LiveMount(destination: "/a", place: "/a", mount: 7, device: "0:5")),
        .failure(step: 0, SystemError("", "", Errno(rawValue: 1))), .failure(step: 4711, error),
        .hookFailure(index: 2, error),
    ]

    // Goal: what is sent is what is understood. Method: every kind there and back, compared by its bytes and its parts.
    // (PROC-08)
    @Test(arguments: messages) func roundTrip(_ message: InitMessage) throws {
        let again = try #require(InitMessage(message.bytes))
        #expect(again.bytes == message.bytes)
        guard case .failure(let step, let error) = message, case .failure(let step2, let error2) = again else { return }
        #expect(
            step == step2 && error.line == error2.line && error.errno == error2.errno && error.words == error2.words)
    }

    // Goal: a long field is cut and the message stays one. Method: fields beyond the limit; all together fit a message.
    @Test func longFields() throws {
        let long = Bytes([UInt8](repeating: 0x61, count: 100_000))
        let bytes = InitMessage.failure(step: 1, SystemError(long, long, .eio, detail: long, words: long)).bytes
        #expect(bytes.count < 65536)
        guard case .failure(1, let error)? = InitMessage(bytes) else {
            Issue.record("not understood")
            return
        }
        #expect(error.call.count == 8192 && error.words?.count == 8192)
    }

    // Goal: nothing else is understood. Method: every message cut after every byte, with a byte more, with another
    // kind. (PROC-08)
    @Test(arguments: messages) func malformed(_ message: InitMessage) {
        let bytes = message.bytes
        for count in 0..<bytes.count { #expect(InitMessage(bytes.prefix(count)) == nil, "\(count) bytes") }
        #expect(InitMessage(bytes + "x") == nil)
        #expect(InitMessage(bytes + "\0\0") == nil)
        for kind in UInt8.min...UInt8.max where !"PHLRFKM".utf8.contains(kind) {
            #expect(InitMessage(Bytes([kind] + bytes.array.dropFirst())) == nil)
        }
    }

    // Goal: numbers are numbers. Method: signs, letters, too many digits, as step and as errno. (PROC-08)
    @Test(arguments: ["", "-1", "x", "1x", " 1", "18446744073709551616"]) func badNumbers(_ text: String) {
        func packed(_ fields: [Bytes]) -> Bytes {
            Bytes([0x46] + fields.flatMap { [UInt8($0.count), 0] + $0.array })
        }
        #expect(InitMessage(packed(["1", "2", "c", "o", "d", "w"])) != nil)
        #expect(InitMessage(packed([Bytes(text), "2", "c", "o", "d", "w"])) == nil)
        #expect(InitMessage(packed(["1", Bytes(text), "c", "o", "d", "w"])) == nil)
    }

    // Goal: random bytes are no message and no crash. Method: many, with a fixed seed.
    @Test func random() {
        var state: UInt64 = 42
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        for _ in 0..<20_000 {
            let bytes = Bytes((0..<Int(next() % 40)).map { _ in next() })
            if let message = InitMessage(bytes) { #expect(message.bytes == bytes || bytes.array.first == 0x46) }
        }
    }

    // Goal: words differ. Method: all of them, one byte each.
    @Test func words() {
        let all: [RuntimeWord] = [.mappingsWritten, .goOn, .start, .goodbye]
        #expect(Set(all.map(\.bytes)).count == all.count && all.allSatisfy { $0.bytes.count == 1 })
    }

    // Goal: why the process gave up is told, whatever it left unread, and to whom speaks to it afterwards. Method: one
    // end sends a failure and closes; the other has sent a word before, or sends one now. (PROC-08)
    @Test(arguments: [true, false]) func lastMessage(isUnread: Bool) throws {
        var sockets = try Sockets.pair()
        if isUnread { try RuntimeWord.start.send(to: sockets.first.number) }
        try InitMessage.failure(step: 3, Self.error).send(to: sockets.second.number)
        sockets.second = Descriptor(owning: -1)
        if isUnread {
            let received = try Sockets.receive(from: sockets.first.number)
            guard case .failure(3, let error)? = InitMessage(received.message) else {
                Issue.record("not understood: \(received.message.text)")
                return
            }
            #expect(error.line == Self.error.line)
        } else {
            let refused = #expect(throws: SystemError.self) { try RuntimeWord.start.send(to: sockets.first.number) }
            #expect(refused?.line == Self.error.line)
        }
    }
}
