// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullOCI
import Testing

/// A document made from a schema, with a value for every property.
indirect enum Sample {
    case object([(key: String, value: Sample, isRequired: Bool)])
    case array(Sample)
    case string
    case boolean
    case integer(minimum: String?, maximum: String?)

    /// The JSON text, with something else at one place if so asked.
    func text(_ pointer: String = "", replacing place: String? = nil, by other: String = "") -> String {
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

    /// Every value with its pointer.
    func places(_ pointer: String = "") -> [(pointer: String, sample: Sample)] {
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
struct Schema {
    enum Failure: Error { case unknown(String) }

    private func object(_ file: String, _ path: [Substring]) throws -> [String: Any] {
        var value = try JSONSerialization.jsonObject(with: schemaFile(file))
        for step in path { value = (value as? [String: Any])?[String(step)] ?? [:] }
        return value as? [String: Any] ?? [:]
    }

    /// The sample of a whole file.
    func sample(_ file: String) throws -> Sample { try sample(object(file, []), in: file) }

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

/// (CF-07)
@Suite struct SchemaTests {
    private let sample: Sample

    init() throws { sample = try Schema().sample("config-schema.json") }

    // Goal: every property of the specification is known. Method: a document with all that the schema names is read
    // without errors and without unknown properties; there are as many values as the schema of 1.3 has.
    @Test func everyPropertyIsKnown() throws {
        var unknown: [ConfigError] = []
        _ = try Config.read(bytes(sample.text()), unknown: &unknown)
        #expect(unknown.map(line) == [])
        #expect(sample.places().count == 283)
    }

    // Goal: every property is read as the type that it has. Method: each in turn gets a value of another type; the
    // error is at its pointer.
    @Test func everyTypeIsChecked() {
        for (pointer, value) in sample.places() {
            let (other, problem) =
                switch value {
                case .object: ("[]", "expected object, found array")
                case .array: ("{}", "expected array, found object")
                case .string: ("7", "expected string, found number")
                case .boolean: ("0", "expected boolean, found number")
                case .integer: ("\"1\"", "expected integer, found string")
                }
            let found = errors(sample.text(replacing: pointer, by: other), as: Config.self)
            #expect(found.count == 1 && found[0].hasPrefix("\(pointer) 1:") && found[0].hasSuffix(problem), "\(found)")
        }
    }

    // Goal: every property is missed if it is required and only then. Method: each in turn is renamed. (CF-08)
    @Test func everyRequiredPropertyIsMissed() {
        // Required by the schema and optional in the text, which counts.
        let optional = ["/linux/resources/pids/limit"]
        for (pointer, value) in sample.places() {
            guard case .object(let members) = value else { continue }
            for member in members {
                let rest = Sample.object(members.map { ($0.key == member.key ? "other" : $0.key, $0.value, false) })
                let place = "\(pointer)/\(member.key)"
                let found = errors(
                    sample.text(replacing: pointer, by: rest.text(pointer)), as: Config.self)
                if member.isRequired && !optional.contains(place) {
                    #expect(found.count == 1 && found[0].hasPrefix("\(place) 1:"), "\(place): \(found)")
                } else {
                    #expect(found == [], "\(place)")
                }
            }
        }
    }

    // Goal: every integer has the range that it has in the schema. Method: each in turn gets the ends and one beyond.
    @Test func everyRangeIsHeld() {
        // File modes: some tools write the file type with them, and the text says uint32.
        let wider = ["/linux/devices/0/fileMode": "4294967295"]
        for (pointer, value) in sample.places() {
            guard case .integer(let minimum?, let schemaMaximum?) = value else { continue }
            let maximum = wider[pointer] ?? schemaMaximum
            for end in [minimum, maximum] {
                #expect(errors(sample.text(replacing: pointer, by: end), as: Config.self) == [], "\(pointer) \(end)")
            }
            for beyond in [minimum == "0" ? "-1" : minimum + "0", maximum + "0"] {
                let found = errors(sample.text(replacing: pointer, by: beyond), as: Config.self)
                let problem = "\(beyond) is out of range, allowed is \(minimum) to \(maximum)"
                #expect(
                    found.count == 1 && found[0].hasPrefix("\(pointer) 1:") && found[0].hasSuffix(problem), "\(found)")
            }
        }
    }
}
