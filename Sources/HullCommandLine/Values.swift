// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullPlan

/// What is wrong with the command line, before it is known which verb it was for.
struct UsageProblem: Error, Equatable {
    let problem: Bytes
    var hint: Bytes?
}

/// The spellings that Go's `strconv.ParseBool` takes: engines write `--rootless=true`, `--systemd-cgroup=1`.
func parseBool(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> Bool {
    switch value {
    case "1", "t", "T", "true", "TRUE", "True": return true
    case "0", "f", "F", "false", "FALSE", "False": return false
    default: throw UsageProblem(problem: "option --\(option): \"\(value)\" is neither true nor false")
    }
}

func parseWord<Choice: Word>(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> Choice {
    if let choice = Choice.allCases.first(where: { $0.word == value }) { return choice }
    let words = Choice.allCases.map(\.word)
    throw UsageProblem(
        problem: "option --\(option): \"\(value)\" is not one of \(words.joined(", "))",
        hint: nearestHint(to: value, among: words))
}

/// A user or group id. The largest value means "no change" to setresuid(2) and setresgid(2) and is nobody's id.
func parseID(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> UInt32 {
    guard let number = value.decimal, number < UInt64(UInt32.max) else {
        throw UsageProblem(
            problem: "option --\(option): \"\(value)\" is not a number from 0 to 4294967294",
            hint: "names are not looked up")
    }
    return UInt32(truncatingIfNeeded: number)
}

/// How many descriptors: more than a descriptor's number can count is a mistake of the caller.
func parseCount(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> UInt32 {
    guard let number = value.decimal, number <= UInt64(Int32.max) else {
        throw UsageProblem(problem: "option --\(option): \"\(value)\" is not a number from 0 to 2147483647")
    }
    return UInt32(truncatingIfNeeded: number)
}

/// The ids that `exec --user` names.
package struct UserIDs: Equatable, Sendable {
    /// The user.
    package let uid: UInt32
    /// The group, where one was said.
    package let gid: UInt32?
}

func parseUser(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> UserIDs {
    guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else {
        return UserIDs(uid: try parseID(value, of: option), gid: nil)
    }
    let uid = try parseID(value.prefix(colon), of: option)
    return UserIDs(uid: uid, gid: try parseID(value.dropFirst(colon + 1), of: option))
}

/// Bytes: digits, and k, m, g or t for powers of 1024.
func parseSize(_ value: Bytes, of option: Bytes) throws(UsageProblem) -> UInt64 {
    let units: [UInt8: UInt64] = [0x6b: 10, 0x6d: 20, 0x67: 30, 0x74: 40]
    let shift = value.array.last.flatMap { units[$0 | 0x20] }
    let number = (shift == nil ? value : value.prefix(value.count - 1)).decimal
    guard let number, number > 0, number <= UInt64.max >> (shift ?? 0) else {
        throw UsageProblem(
            problem: "option --\(option): \"\(value)\" is not a number of bytes", hint: "512m, 64g, or digits alone")
    }
    return number << (shift ?? 0)
}
