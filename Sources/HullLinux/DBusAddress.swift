// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// Where a bus is: D-Bus specification, "Server Addresses".
package enum DBusAddress {
    /// The path of the first unix socket in a list of addresses, `unix:path=/run/user/0/bus,guid=0;tcp:host=a`. nil
    /// where there is none.
    package static func socket(in addresses: Bytes) -> Bytes? {
        for address in addresses.split(0x3b) where address.hasPrefix("unix:") {
            for pair in address.dropFirst(5).split(0x2c) where pair.hasPrefix("path=") {
                if let path = unescaped(pair.dropFirst(5)), path.isAbsolutePath, !path.contains(0) { return path }
            }
        }
        return nil
    }

    /// `%` and two hexadecimal digits stand for a byte.
    private static func unescaped(_ text: Bytes) -> Bytes? {
        var result: [UInt8] = []
        var rest = text.array[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimalDigit),
                let low = rest.popFirst().flatMap(hexadecimalDigit)
            else { return nil }
            result.append(high << 4 | low)
        }
        return Bytes(result)
    }
}

/// The value of a hexadecimal digit.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
