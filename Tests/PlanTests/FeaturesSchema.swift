// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The schema of the specification, as far as the features document needs it.
struct FeaturesSchema {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "OCITests/Schema")

    /// What in the document breaks the schema; a keyword of the schema that is not known here counts as broken.
    static func violations(_ document: [UInt8]) throws -> [String] {
        let value = try JSONSerialization.jsonObject(with: Data(document))
        return try check(value, ["$ref": "features-schema.json#"], in: "", at: "")
    }

    /// What features-linux.md has and its schema does not.
    private static let inTextAlone = [
        "/linux/memoryPolicy", "/linux/intelRdt/schemata", "/linux/intelRdt/monitoring",
    ]

    private static func schema(_ file: String, _ pointer: Substring) throws -> [String: Any] {
        let data = try Data(contentsOf: directory.appending(path: file))
        var value: Any = try JSONSerialization.jsonObject(with: data)
        for step in pointer.split(separator: "/") {
            value = (value as? [String: Any])?[String(step)] ?? [String: Any]()
        }
        return value as? [String: Any] ?? [:]
    }

    private static func check(
        _ value: Any, _ schema: [String: Any], in file: String, at place: String
    ) throws -> [String] {
        var found: [String] = []
        for (keyword, rule) in schema {
            switch keyword {
            case "$ref":
                let parts = (rule as? String ?? "").split(separator: "#", omittingEmptySubsequences: false)
                let target = parts[0].isEmpty ? file : String(parts[0])
                found += try check(value, try Self.schema(target, parts[1]), in: target, at: place)
            case "type": found += hasType(value, rule) ? [] : ["\(place): no \(rule)"]
            case "enum":
                let isListed = (rule as? [String])?.contains(value as? String ?? "") == true
                found += isListed ? [] : ["\(place): \(value) is not listed"]
            case "pattern":
                let matches = (value as? String)?.range(of: rule as? String ?? "", options: .regularExpression) != nil
                found += matches ? [] : ["\(place): \(value) does not match \(rule)"]
            case "items": found += try checkItems(value, rule, in: file, at: place)
            case "properties", "patternProperties": found += try checkMembers(value, rule, keyword, in: file, at: place)
            case "required":
                let missing = (rule as? [String] ?? []).filter { (value as? [String: Any])?[$0] == nil }
                found += missing.map { "\(place)/\($0): missing" }
            case "description", "$schema": continue
            default: found.append("\(place): unknown keyword \(keyword)")
            }
        }
        return found
    }

    private static func checkItems(_ value: Any, _ rule: Any, in file: String, at place: String) throws -> [String] {
        try (value as? [Any] ?? []).enumerated().flatMap { index, item in
            try check(item, rule as? [String: Any] ?? [:], in: file, at: "\(place)/\(index)")
        }
    }

    private static func checkMembers(
        _ value: Any, _ rule: Any, _ keyword: String, in file: String, at place: String
    ) throws -> [String] {
        let rules = rule as? [String: [String: Any]] ?? [:]
        return try (value as? [String: Any] ?? [:]).flatMap { key, member in
            let rule = keyword == "properties" ? rules[key] : rules.values.first
            // features.md: no property that this version of the specification does not define.
            guard let rule else {
                return inTextAlone.contains("\(place)/\(key)") ? [] : ["\(place)/\(key): not in the schema"]
            }
            return try check(member, rule, in: file, at: "\(place)/\(key)")
        }
    }

    private static func hasType(_ value: Any, _ rule: Any) -> Bool {
        switch rule as? String {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": value is Bool
        default: false
        }
    }
}
