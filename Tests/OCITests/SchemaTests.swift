// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullOCI
import Support
import Testing

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
