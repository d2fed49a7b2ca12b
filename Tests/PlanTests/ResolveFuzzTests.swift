// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullOCI
import HullPlan
import Testing

/// Random numbers that are the same in every run: SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// A JSON value that can be changed in place, with the order of its members.
indirect enum MutableJSON {
    case object([(key: String, value: MutableJSON)])
    case array([MutableJSON])
    case string(String)
    case number(String)
    case literal(String)

    init(_ value: Any) {
        switch value {
        case let members as [String: Any]:
            self = .object(members.sorted { $0.key < $1.key }.map { ($0.key, MutableJSON($0.value)) })
        case let elements as [Any]: self = .array(elements.map { MutableJSON($0) })
        case let text as String: self = .string(text)
        case let flag as Bool where "\(type(of: value))".contains("Bool"): self = .literal(flag ? "true" : "false")
        default: self = value is NSNull ? .literal("null") : .number("\(value)")
        }
    }

    var children: Int {
        switch self {
        case .object(let members): members.count
        case .array(let elements): elements.count
        default: 0
        }
    }

    /// The number of values inside, itself included.
    var count: Int {
        switch self {
        case .object(let members): members.reduce(1) { $0 + $1.value.count }
        case .array(let elements): elements.reduce(1) { $0 + $1.count }
        default: 1
        }
    }

    var text: String {
        switch self {
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .string(let text): Self.quoted(text)
        case .number(let text), .literal(let text): text
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ": "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: "\(scalar)"
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    /// Whether the document has a value at the pointer.
    func has(_ pointer: String) -> Bool {
        var value = self
        for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = step.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
            switch value {
            case .object(let members):
                guard let member = members.first(where: { $0.key == key }) else { return false }
                value = member.value
            case .array(let elements):
                guard let index = Int(key), elements.indices.contains(index) else { return false }
                value = elements[index]
            default: return false
            }
        }
        return true
    }

    /// Changes one of the values, the one that is so many places further.
    mutating func mutate(at place: inout Int, _ numbers: inout SeededNumbers) {
        if place == 0 {
            change(&numbers)
            place = -1
            return
        }
        place -= 1
        switch self {
        case .object(var members):
            for index in members.indices where place >= 0 { members[index].value.mutate(at: &place, &numbers) }
            self = .object(members)
        case .array(var elements):
            for index in elements.indices where place >= 0 { elements[index].mutate(at: &place, &numbers) }
            self = .array(elements)
        default: return
        }
    }

    private mutating func change(_ numbers: inout SeededNumbers) {
        switch self {
        case .object(var members) where !members.isEmpty:
            let index = Int.random(in: 0..<members.count, using: &numbers)
            if Bool.random(using: &numbers) { members.remove(at: index) } else { members[index].value = .odd(&numbers) }
            self = .object(members)
        case .array(var elements) where !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &numbers)
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: elements.remove(at: index)
            case 1: elements.append(elements[index])
            case 2: elements.insert(.odd(&numbers), at: index)
            default: elements.swapAt(index, 0)
            }
            self = .array(elements)
        case .string(let text): self = .string(Self.changed(text, &numbers))
        default: self = .odd(&numbers)
        }
    }

    /// A text of the same kind that is a little or altogether wrong.
    private static func changed(_ text: String, _ numbers: inout SeededNumbers) -> String {
        switch Int.random(in: 0..<7, using: &numbers) {
        case 0: String(text.dropLast())
        case 1: String(text.dropFirst())
        case 2: text + text
        case 3: "/" + text + "/../.."
        case 4: text.uppercased()
        default: strings.randomElement(using: &numbers) ?? ""
        }
    }

    private static let strings = [
        "", "/", ".", "..", "/..", "//", "/proc", "/proc/self", "/dev", "bind", "rbind", "ro", "rro", "rslave", "=",
        "a=", ":",
        "a:b:c", ",", "\\", "lowerdir=", "lowerdir=/a:/b", "upperdir=/u", "idmap", "tmpcopyup", "overlay", "cgroup",
        "tmpfs",
        "user", "mount", "pid", "time", "network", "RLIMIT_NOFILE", "CAP_SYS_ADMIN", "SCMP_ACT_ALLOW",
        "SCMP_ACT_NOTIFY",
        "SCMP_CMP_MASKED_EQ", "c", "b", "p", "a", "rwm", "0-3", "2MB", "slave", "\u{1}", "\n", "é", "net.ipv4.x",
        "kernel.sem",
        "monotonic", String(repeating: "x", count: 5000),
    ]

    private static func odd(_ numbers: inout SeededNumbers) -> MutableJSON {
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0: .string(strings.randomElement(using: &numbers) ?? "")
        case 1:
            .number(
                ["0", "1", "-1", "65536", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615"]
                    .randomElement(using: &numbers) ?? "0")
        case 2: .literal(["true", "false", "null"].randomElement(using: &numbers) ?? "null")
        case 3: .array([.string("bind"), .string("ro")])
        default: .object([])
        }
    }
}

@Suite struct ResolveFuzzTests {
    // PL-08. Goal: whatever a config says, resolving ends with a plan that can be explained or with errors that have a
    // place in the document, or whose place is missing where there is room for it. Method: 2,000 seeded mutations of
    // the fixtures.
    @Test func mutations() throws {
        var numbers = SeededNumbers(seed: 20_261_123)
        let fixtures = PlanFixture.all
        let documents = try fixtures.map { fixture in
            MutableJSON(try JSONSerialization.jsonObject(with: Data(try fixture.config()), options: .fragmentsAllowed))
        }
        let surroundings = try fixtures.map { try $0.surroundings() }
        for (document, fixture) in zip(documents, fixtures) where !fixture.isError {
            let (request, host) = try fixture.surroundings()
            #expect(throws: Never.self) {
                _ = try resolve(try Config.read([UInt8](document.text.utf8)), request, host)
            }
        }
        var plans = 0
        for round in 0..<2000 {
            // Mostly what is a plan without a mutation.
            let drawn = [0, 1, 2].map { _ in Int.random(in: fixtures.indices, using: &numbers) }
            let index = drawn.first { !fixtures[$0].isError } ?? drawn[0]
            var document = documents[index]
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                var place = Int.random(in: 0..<document.count, using: &numbers)
                document.mutate(at: &place, &numbers)
            }
            let (request, host) = surroundings[index]
            do throws(ConfigErrors) {
                let config = try Config.read([UInt8](document.text.utf8))
                let plan = try resolve(config, request, host)
                plans += 1
                #expect(
                    plan.steps("outside").count == plan.outside.count && plan.steps("inside").count == plan.inside.count
                )
            } catch {
                check(error, document, "round \(round), \(fixtures[index].name)")
            }
        }
        // A fuzz that only makes errors, or none, tests nothing.
        #expect((200...1800).contains(plans), "\(plans) of 2000 are plans")
    }

    private func check(_ errors: ConfigErrors, _ document: MutableJSON, _ round: String) {
        #expect(!errors.list.isEmpty)
        for error in errors.list {
            let pointer = error.pointer.text.text
            let parent = pointer.lastIndex(of: "/").map { String(pointer[..<$0]) } ?? ""
            #expect(document.has(pointer) || document.has(parent), "\(round): \(pointer): \(error.problem.text)")
            #expect(!error.problem.isEmpty)
        }
    }
}
