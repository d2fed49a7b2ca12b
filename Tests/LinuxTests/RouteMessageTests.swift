// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import Testing

@Suite struct RouteMessageTests {
    // ND-53. Goal: messages are laid out as the kernel reads them. Method: an attribute of five bytes, byte by byte.
    @Test(.enabled(if: Architecture.native.isLittleEndian)) func layout() {
        var message = RouteMessage(18, flags: 4, body: [1, 2, 3, 4])
        message.add(3, [0x65, 0x74, 0x68, 0x30, 0])
        let bytes = message.bytes(sequence: 7)
        #expect(
            bytes.array == [
                32, 0, 0, 0, 18, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0,
                0, 0,
            ])
    }

    // Goal: what is written can be read. Method: two messages in one piece, their attributes and numbers.
    @Test func reading() {
        var first = RouteMessage(16, body: [UInt8](repeating: 0, count: 16))
        first.add(3, Array("eth0\0".utf8))
        first.add(4, [1, 2, 3, 4])
        let second = RouteMessage(20, body: [2, 24, 0x80, 0, 9, 0, 0, 0])
        let all = RouteMessage.all(in: first.bytes(sequence: 1).array + second.bytes(sequence: 2).array)
        #expect(all.map(\.type) == [16, 20])
        #expect(all.map(\.sequence) == [1, 2])
        #expect(all[0].attributes(after: 16).map(\.type) == [3, 4])
        #expect(all[0].attributes(after: 16)[0].text == "eth0")
        #expect(NetworkLink(all[0])?.name == "eth0")
        #expect(NetworkLink(all[1]) == nil)
        #expect(NetworkAddress(all[0]) == nil)
        #expect(NetworkAddress(all[1])?.index == all[1].number(at: 4, as: Int32.self))
    }

    // ND-54. Goal: whatever the kernel says is read without a trap. Method: every beginning of a message, and lengths
    // that lie.
    @Test func truncated() {
        var message = RouteMessage(16, body: [UInt8](repeating: 0, count: 16))
        message.add(3, Array("eth0\0".utf8))
        let bytes = message.bytes(sequence: 1).array
        for count in bytes.indices { #expect(RouteMessage.all(in: [UInt8](bytes.prefix(count))).isEmpty) }
        for position in bytes.indices {
            for value: UInt8 in [0, 1, 3, 4, 255] {
                var wrong = bytes
                wrong[position] = value
                for message in RouteMessage.all(in: wrong) {
                    #expect(message.attributes(after: 16).count <= 4)
                    #expect(message.number(at: 400, as: UInt32.self) == 0)
                }
            }
        }
    }

    // ND-55. Goal: permanent addresses of global scope are kept, others not. Method: flags in the byte and in the
    // attribute, which counts where it is.
    @Test func kept() {
        func address(flags: UInt8, scope: UInt8, attribute: UInt8? = nil) -> Bool? {
            var message = RouteMessage(20, body: [2, 24, flags, scope, 0, 0, 0, 0])
            if let attribute {
                let isLittle = Architecture.native.isLittleEndian
                message.add(8, isLittle ? [attribute, 0, 0, 0] : [0, 0, 0, attribute])
            }
            return NetworkAddress(message)?.isKept
        }
        #expect(address(flags: 0x80, scope: 0) == true)
        #expect(address(flags: 0, scope: 0) == false)
        #expect(address(flags: 0x80, scope: 253) == false)
        #expect(address(flags: 0, scope: 0, attribute: 0x80) == true)
        #expect(address(flags: 0x80, scope: 0, attribute: 0) == false)
    }

    // ND-56. Goal: an address goes over with all that the kernel can be told, a label under the new name. Method: the
    // attributes of the request for one of each kind.
    @Test func adding() throws {
        var message = RouteMessage(20, body: [2, 24, 0x80, 0, 0, 0, 0, 0])
        message.add(1, [10, 0, 0, 1])
        message.add(3, Array("eth0:web\0".utf8))
        message.add(7, [1])
        let address = try #require(NetworkAddress(message))
        func attributes(_ name: Bytes) -> [RouteAttribute] {
            address.adding(to: 5, name: name, formerly: "eth0").attributes(after: 8)
        }
        #expect(attributes("c0").map(\.type) == [1, 3])
        #expect(attributes("c0").last?.text == "c0:web")
        #expect(attributes("twelve-bytes").map(\.type) == [1])
        #expect(address.adding(to: 5, name: "c0", formerly: "eth0").number(at: 4, as: Int32.self) == 5)
    }
}
