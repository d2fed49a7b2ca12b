// SPDX-License-Identifier: Apache-2.0

internal import HullBytes

/// A span of time as Go's `time.ParseDuration` takes it, for engines write it so: `5s`, `1m30s`, `500ms`, `1.5h`. In
/// milliseconds; more than none.
func parseDuration(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> Int64 {
    var rest = value.array[...]
    var total = 0.0
    while !rest.isEmpty {
        let digits = rest.prefix { $0 == 0x2e || $0 >= 0x30 && $0 <= 0x39 }
        rest = rest.dropFirst(digits.count)
        let unit = rest.prefix { $0 != 0x2e && !($0 >= 0x30 && $0 <= 0x39) }
        rest = rest.dropFirst(unit.count)
        guard let number = fraction(Bytes(digits)), let milliseconds = units[Bytes(unit)] else {
            total = 0
            break
        }
        total += number * milliseconds
    }
    guard total >= 1, total < 1e12 else {
        throw UsageProblem(
            problem: "option --\(option): \"\(value)\" is not a span of time of a millisecond or more",
            hint: "for instance 5s, 500ms or 1m30s")
    }
    return Int64(total)
}

private let units: [Bytes: Double] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "us": 0.001, "ns": 0.000_001]

/// A number of bytes: digits, perhaps with a fraction, and k, m, g, t or p, with or without `b` or `ib`, in powers of
/// 1024; -1 is no limit.
func parseSize(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> Int64 {
    if value == "-1" { return -1 }
    let digits = value.array.prefix { $0 == 0x2e || $0 >= 0x30 && $0 <= 0x39 }
    var suffix = value.dropFirst(digits.count).array.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 0x20 : $0 }
    if suffix.last == UInt8(ascii: "b") { suffix.removeLast() }
    if suffix.count == 2, suffix.last == UInt8(ascii: "i") { suffix.removeLast() }
    var factor = 1.0
    var isKnown = suffix.isEmpty
    for letter in [0x6b, 0x6d, 0x67, 0x74, 0x70] as [UInt8] where !suffix.isEmpty && !isKnown {
        factor *= 1024
        isKnown = suffix == [letter]
    }
    // Exact where it can be: a Double has 53 bits.
    if isKnown, factor == 1, let number = Bytes(digits).decimal, let size = Int64(exactly: number) { return size }
    guard isKnown, let number = fraction(Bytes(digits)), number * factor < 9e18 else {
        throw UsageProblem(
            problem: "option --\(option): \"\(value)\" is not a number of bytes",
            hint: "for instance 536870912, 512m or 1.5g; -1 is no limit")
    }
    return Int64(number * factor)
}

/// A whole number, negative or not.
func parseInteger(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> Int64 {
    let isNegative = value.hasPrefix("-")
    guard let number = (isNegative ? value.dropFirst(1) : value).decimal, let magnitude = Int64(exactly: number) else {
        throw UsageProblem(problem: "option --\(option): \"\(value)\" is not a whole number")
    }
    return isNegative ? -magnitude : magnitude
}

/// A whole number that is not negative.
func parseNatural(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> UInt64 {
    guard let number = value.decimal else {
        throw UsageProblem(problem: "option --\(option): \"\(value)\" is not a whole number from 0 on")
    }
    return number
}

private func fraction(_ text: Bytes) -> Double? {
    let parts = text.split(0x2e, omittingEmpty: false)
    guard parts.count <= 2, !text.isEmpty, text != "." else { return nil }
    guard let whole = parts[0].isEmpty ? 0 : parts[0].decimal else { return nil }
    guard parts.count == 2, !parts[1].isEmpty else { return Double(whole) }
    guard let after = parts[1].decimal else { return nil }
    var scale = 1.0
    for _ in 0..<parts[1].count { scale *= 10 }
    return Double(whole) + Double(after) / scale
}
