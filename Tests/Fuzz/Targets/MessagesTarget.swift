// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux

/// Messages from other processes and from the kernel: D-Bus in both byte orders, its addresses, rtnetlink.
enum MessagesTarget {
    static func check(_ input: [UInt8]) -> String? {
        switch input.first.map({ $0 % 4 }) ?? 0 {
        case 0: return message(Array(input.dropFirst()))
        case 1: return answer(input.dropFirst())
        case 2: return address(Bytes(input.dropFirst()))
        default: return route(Array(input.dropFirst()))
        }
    }

    private static func message(_ bytes: [UInt8]) -> String? {
        do throws(DBusProblem) {
            let message = try DBusMessage(bytes)
            // What a later version brings cannot be said by this one.
            guard message.kind != nil else { return nil }
            let again = try DBusMessage(message.bytes(serial: 1))
            // A number that is none is equal to nothing.
            return "\(again)" == "\(message)" ? nil : "written again it is \(again), not \(message)"
        } catch {
            return error.offset >= 0 && error.offset <= max(bytes.count, DBusMessage.prefix) && !error.words.isEmpty
                ? nil : "a problem at byte \(error.offset) of \(bytes.count): \(error.words.shown)"
        }
    }

    /// A whole message with a signature and a body that come from outside, so that the checks of its header are passed.
    private static func answer(_ rest: ArraySlice<UInt8>) -> String? {
        var draw = Draw(Array(rest))
        let isBigEndian = draw.bool()
        let signature = draw.text(upTo: 60)
        let body = draw.all()
        func number(_ value: Int) -> [UInt8] {
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
            return isBigEndian ? bytes.reversed() : bytes
        }
        var fields: [UInt8] = [5, 1, UInt8(ascii: "u"), 0] + number(7)
        fields += [8, 1, UInt8(ascii: "g"), 0, UInt8(signature.count)] + signature.array + [0]
        var bytes: [UInt8] = [UInt8(ascii: isBigEndian ? "B" : "l"), 2, 0, 1] + number(body.count) + number(9)
        bytes += number(fields.count) + fields
        bytes += [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8) + body
        return message(bytes)
    }

    private static func address(_ text: Bytes) -> String? {
        guard let path = DBusAddress.socket(in: text) else { return nil }
        return path.isAbsolutePath && !path.contains(0) ? nil : "the socket \(path.shown)"
    }

    private static func route(_ bytes: [UInt8]) -> String? {
        let messages = RouteMessage.all(in: bytes)
        if messages.reduce(0, { $0 + 16 + $1.body.count }) > bytes.count { return "more than there is" }
        for message in messages {
            for fixed in [0, 8, 16, 20] {
                let size = message.attributes(after: fixed).reduce(0) { $0 + 4 + $1.value.count }
                if size > max(0, message.body.count - fixed) { return "attributes longer than their message" }
            }
            _ = NetworkLink(message)
            guard let address = NetworkAddress(message) else { continue }
            let again = address.adding(to: address.index, name: "eth0", formerly: "old")
            guard let read = NetworkAddress(RouteMessage(Int(again.type), body: again.body)) else {
                return "an address that is not read again"
            }
            if read.index != address.index || read.isKept != address.isKept { return "another address: \(read)" }
        }
        return nil
    }
}
