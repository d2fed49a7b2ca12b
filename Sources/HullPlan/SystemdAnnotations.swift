// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullLinux
internal import HullOCI

/// What comes before the name of a property in an annotation.
package let unitPropertyPrefix: Bytes = "org.systemd.property."

extension UnitProperties {
    /// `org.systemd.property.NAME` with a value in GVariant's text format.
    mutating func add(annotations: [Entry<Bytes>], _ findings: inout Findings) {
        for entry in annotations where entry.key.hasPrefix(unitPropertyPrefix) {
            let origin = ("/annotations" as JSONPointer).appending(entry.key)
            var name = entry.key.dropFirst(unitPropertyPrefix.count)
            guard name.count >= 3, name.array.allSatisfy(isLetter) else {
                findings.error(origin, "\"\(name)\" is no name of a property", hint: "letters, three at least")
                continue
            }
            do throws(DBusProblem) {
                var value = try DBusValue(text: entry.value)
                if name.hasSuffix("Sec"), name.count > 3, isSmall(name.array[name.count - 4]) {
                    // Unit files have seconds, the interface microseconds.
                    name = name.prefix(name.count - 3) + "USec"
                    value = try microseconds(value)
                }
                set(UnitProperty(name: name, value: value, origin: origin))
            } catch {
                findings.error(
                    origin, "\"\(entry.value)\" is no value: \(error.words) (byte \(error.offset))",
                    hint: "as 'text', true, uint64 1, ['a', 'b']")
            }
        }
    }
}

private func isSmall(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7a }
private func isLetter(_ byte: UInt8) -> Bool { isSmall(byte | 0x20) }

private func microseconds(_ value: DBusValue) throws(DBusProblem) -> DBusValue {
    let seconds: UInt64?
    switch value {
    case .byte(let number): seconds = UInt64(number)
    case .int16(let number): seconds = UInt64(exactly: number)
    case .uint16(let number): seconds = UInt64(number)
    case .int32(let number): seconds = UInt64(exactly: number)
    case .uint32(let number): seconds = UInt64(number)
    case .int64(let number): seconds = UInt64(exactly: number)
    case .uint64(let number): seconds = number
    case .double(let number):
        guard number >= 0, number < 1e12 else { throw DBusProblem("it is no number of seconds", at: 0) }
        return .uint64(UInt64(number * 1_000_000))
    default: seconds = nil
    }
    guard let seconds else { throw DBusProblem("it is no number of seconds", at: 0) }
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return .uint64(overflow ? .max : product)
}
