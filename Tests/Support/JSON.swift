// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A JSON value that a test edits by JSON pointer, the same notation in which the runtime names a faulty field.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let it = try? value.decode(Bool.self) {
            self = .bool(it)
        } else if let it = try? value.decode(Int64.self) {
            self = .int(it)
        } else if let it = try? value.decode(UInt64.self) {
            self = .unsigned(it)
        } else if let it = try? value.decode(Double.self) {
            self = .double(it)
        } else if let it = try? value.decode(String.self) {
            self = .string(it)
        } else if let it = try? value.decode([JSON].self) {
            self = .array(it)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var to = encoder.singleValueContainer()
        switch self {
        case .null: try to.encodeNil()
        case .bool(let it): try to.encode(it)
        case .int(let it): try to.encode(it)
        case .unsigned(let it): try to.encode(it)
        case .double(let it): try to.encode(it)
        case .string(let it): try to.encode(it)
        case .array(let it): try to.encode(it)
        case .object(let it): try to.encode(it)
        }
    }

    public init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    /// One line, keys sorted, slashes as they are.
    public var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    public init(_ strings: [String]) { self = .array(strings.map(JSON.string)) }
}

extension JSON {
    public var string: String? { if case .string(let it) = self { it } else { nil } }
    public var int: Int? {
        switch self {
        case .int(let it): Int(it)
        case .unsigned(let it): Int(exactly: it)
        default: nil
        }
    }
    public var bool: Bool? { if case .bool(let it) = self { it } else { nil } }
    public var array: [JSON]? { if case .array(let it) = self { it } else { nil } }
    public var object: [String: JSON]? { if case .object(let it) = self { it } else { nil } }
    public var strings: [String] { (array ?? []).compactMap(\.string) }

    /// The value at a JSON pointer (RFC 6901); "-" as the last step of a set appends. A set makes the objects on the
    /// way, a set of nil removes.
    public subscript(pointer: String) -> JSON? {
        get { value(at: Self.steps(of: pointer)) }
        set { set(newValue, at: Self.steps(of: pointer)) }
    }

    static func steps(of pointer: String) -> ArraySlice<String> {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { $0.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~") }[...]
    }

    private func value(at steps: ArraySlice<String>) -> JSON? {
        guard let step = steps.first else { return self }
        switch self {
        case .object(let members):
            return members[step]?.value(at: steps.dropFirst())
        case .array(let elements):
            guard let index = Int(step), elements.indices.contains(index) else { return nil }
            return elements[index].value(at: steps.dropFirst())
        default:
            return nil
        }
    }

    private mutating func set(_ value: JSON?, at steps: ArraySlice<String>) {
        guard let step = steps.first else {
            self = value ?? .null
            return
        }
        let rest = steps.dropFirst()
        if case .array(var elements) = self {
            let index = Int(step) ?? elements.count
            if index < elements.count, value == nil, rest.isEmpty {
                elements.remove(at: index)
            } else {
                if index >= elements.count { elements.append(.null) }
                elements[min(index, elements.count - 1)].set(value, at: rest)
            }
            self = .array(elements)
            return
        }
        var members = object ?? [:]
        if rest.isEmpty {
            members[step] = value
        } else {
            let next: JSON = rest.first == "-" ? .array([]) : .object([:])
            var member = members[step] ?? next
            member.set(value, at: rest)
            members[step] = member
        }
        self = .object(members)
    }
}
