// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A document made from a schema, with a value for every property.
public indirect enum Sample {
    case object([(key: String, value: Sample, isRequired: Bool)])
    case array(Sample)
    case string
    case boolean
    case integer(minimum: String?, maximum: String?)

    /// The JSON text, with something else at one place if so asked.
    public func text(_ pointer: String = "", replacing place: String? = nil, by other: String = "") -> String {
        if pointer == place { return other }
        switch self {
        case .object(let members):
            return "{"
                + members.map { "\"\($0.key)\":" + $0.value.text("\(pointer)/\($0.key)", replacing: place, by: other) }
                .joined(separator: ",") + "}"
        case .array(let element): return "[" + element.text("\(pointer)/0", replacing: place, by: other) + "]"
        case .string: return pointer == "/ociVersion" ? "\"1.3.0\"" : "\"text\""
        case .boolean: return "true"
        case .integer: return "1"
        }
    }

    /// The pointer in this document of the value that a pointer into another document of the schema names: of any
    /// element of an array the first, of any key of a map the one. Nil for what the schema does not have.
    public func property(_ pointer: String) -> String? {
        var sample = self
        var place = ""
        for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            switch sample {
            case .array(let element) where Int(step) != nil:
                sample = element
                place += "/0"
            case .object(let members):
                let isMap = members.count == 1 && members[0].key == "key"
                guard let member = members.first(where: { isMap || $0.key == step }) else { return nil }
                sample = member.value
                place += "/\(member.key)"
            default: return nil
            }
        }
        return place
    }

    /// Every value with its pointer.
    public func places(_ pointer: String = "") -> [(pointer: String, sample: Sample)] {
        let inner: [(pointer: String, sample: Sample)] =
            switch self {
            case .object(let members): members.flatMap { $0.value.places("\(pointer)/\($0.key)") }
            case .array(let element): element.places("\(pointer)/0")
            default: []
            }
        return [(pointer, self)] + inner
    }
}

/// Walks the schema files of the specification.
public struct Schema {
    public enum Failure: Error { case unknown(String) }

    public init() {}

    /// The text of a schema file.
    public static func file(_ name: String) throws -> Data {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: tests.appending(path: "OCITests/Schema").appending(path: name))
    }

    private func object(_ file: String, _ path: [Substring]) throws -> [String: Any] {
        var value = try JSONSerialization.jsonObject(with: Self.file(file))
        for step in path { value = (value as? [String: Any])?[String(step)] ?? [:] }
        return value as? [String: Any] ?? [:]
    }

    /// The sample of a whole file.
    public func sample(_ file: String) throws -> Sample { try sample(object(file, []), in: file) }

    private func sample(_ schema: [String: Any], in file: String) throws -> Sample {
        if let reference = schema["$ref"] as? String {
            let parts = reference.split(separator: "#", omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? file : String(parts[0])
            return try sample(object(target, parts[1].split(separator: "/")), in: target)
        }
        if let all = schema["allOf"] as? [[String: Any]] {
            return .object(
                try all.flatMap { part in
                    guard case .object(let members) = try sample(part, in: file) else { throw Failure.unknown("allOf") }
                    return members
                })
        }
        if let any = schema["anyOf"] as? [[String: Any]], let first = any.first { return try sample(first, in: file) }
        switch schema["type"] as? String {
        case "string": return .string
        case "boolean": return .boolean
        case "integer":
            return .integer(
                minimum: (schema["minimum"] as? NSNumber)?.stringValue,
                maximum: (schema["maximum"] as? NSNumber)?.stringValue)
        case "array": return .array(try sample(schema["items"] as? [String: Any] ?? [:], in: file))
        case "object": return try object(schema, in: file)
        default: throw Failure.unknown("\(schema)")
        }
    }

    private func object(_ schema: [String: Any], in file: String) throws -> Sample {
        if let map = schema["additionalProperties"] as? [String: Any] {
            return .object([("key", try sample(map, in: file), false)])
        }
        if let map = (schema["patternProperties"] as? [String: [String: Any]])?.values.first {
            return .object([("key", try sample(map, in: file), false)])
        }
        let others = ["solaris", "windows", "vm", "zos", "freebsd"]
        let required = schema["required"] as? [String] ?? []
        let properties = (schema["properties"] as? [String: [String: Any]] ?? [:]).sorted { $0.key < $1.key }
        return .object(
            try properties.filter { !others.contains($0.key) }.map {
                ($0.key, try sample($0.value, in: file), required.contains($0.key))
            })
    }
}
