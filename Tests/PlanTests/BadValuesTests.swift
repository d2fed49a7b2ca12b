// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Support
import Testing

/// A value that a property cannot have, and what is said about it.
struct BadValue: CustomTestStringConvertible, Sendable {
    /// The property, as a pointer into `BadValue.base`.
    let place: String
    let value: JSON
    /// What else the config says, for values that contradict others.
    let others: [String: JSON]
    /// The errors, or the warnings of a config that is taken all the same: `PROBLEM (HINT)` of the place itself,
    /// `/pointer: PROBLEM (HINT)` of another.
    let says: [String]

    init(_ place: String, _ value: JSON, with others: [String: JSON] = [:], _ says: String...) {
        self.place = place
        self.value = value
        self.others = others
        self.says = says
    }

    var testDescription: String { "\(place) = \(value.text)" }

    /// A good config with one value of everything.
    static let base: JSON = [
        "ociVersion": "1.3.0", "hostname": "a", "domainname": "b", "annotations": ["org.example.a": "b"],
        "root": ["path": "rootfs"], "process": processBase, "mounts": mountsBase, "hooks": hooksBase,
        "linux": linuxBase,
    ]

    static let all = processValues + schedulingValues + mountValues + linuxValues + seccompValues + resourceValues

    /// What is said about the config with the value.
    func findings() throws -> [String] {
        var config = Self.base
        for (pointer, value) in others.sorted(by: { $0.key < $1.key }) { config[pointer] = value }
        config[place] = value
        return try Self.findings(config)
    }

    static func findings(_ config: JSON) throws -> [String] {
        var request = Request(id: "c1", bundle: "/b")
        request.startsLater = true
        do throws(ConfigErrors) {
            let plan = try resolve(try Config.read([UInt8](config.text.utf8)), request, .usual)
            return plan.warnings.map { "warning: " + line($0) }
        } catch {
            return error.list.map(line)
        }
    }

    private static func line(_ error: ConfigError) -> String {
        "\(error.pointer.text.text): \(error.problem.text)" + (error.hint.map { " (\($0.text))" } ?? "")
    }

    /// `says` in full.
    var expected: [String] {
        says.map { said in
            if said.hasPrefix("/") || said.hasPrefix("warning: /") { return said }
            let isWarning = said.hasPrefix("warning: ")
            return isWarning ? "warning: \(place): \(said.dropFirst(9))" : "\(place): \(said)"
        }
    }
}

@Suite struct BadValuesTests {
    // BI-50. Goal: each property with a value that it cannot have is told by its pointer, with what is allowed.
    // Method: one value at a time in a config that is good otherwise.
    @Test(arguments: BadValue.all) func told(bad: BadValue) throws {
        #expect(try bad.findings() == bad.expected)
    }

    // Goal: it is the value that is wrong. Method: the config without it is taken in silence.
    @Test func base() throws {
        #expect(try BadValue.findings(BadValue.base) == [])
    }

    // BI-51. Goal: no property is forgotten. Method: those of the schema of the specification, without those whose
    // values are all good, are those of the table.
    @Test func everyProperty() throws {
        let sample = try Schema().sample("config-schema.json")
        var left = Set(
            sample.places().filter { place in
                switch place.sample {
                case .object, .array, .boolean: false
                case .string, .integer: true
                }
            }.map(\.pointer))
        for bad in BadValue.all { left.remove(try #require(sample.property(bad.place), "\(bad.place)")) }
        left = left.filter { pointer in !notCarriedOut.contains { pointer.hasPrefix($0) } }
        for (pointer, reason) in allGood {
            #expect(left.remove(pointer) != nil, "\(pointer) has a bad value in the table or is none: \(reason)")
        }
        #expect(left.sorted() == [])
    }

    // Goal: nothing stands in the table twice. Method: values of the same place.
    @Test func once() {
        let rows = BadValue.all.map(\.testDescription)
        #expect(Set(rows).count == rows.count)
    }
}

/// Properties that take every value of their type; that the type is right is proved by `SchemaTests.everyTypeIsChecked`
/// and `.everyRangeIsHeld` (CF-07). Of the two values of a boolean both are good, or the table has the other.
private let allGood: [(String, String)] =
    hookKinds.map { ("/hooks/\($0)/0/args/0", "an argument is free text") } + [
        ("/process/commandLine", "of another platform"),
        ("/process/user/username", "of another platform"),
        ("/linux/mountLabel", "SELinux knows which labels there are"),
        ("/process/apparmorProfile", "the kernel knows which profiles are loaded"),
        ("/linux/seccomp/listenerPath", "a path of the host, which may be relative to the bundle"),
        ("/linux/resources/hugepageLimits/0/limit", "a number of bytes; the kernel cuts it at its own greatest"),
        ("/linux/resources/cpu/shares", "brought into the kernel's range of weights"),
        ("/linux/resources/network/priorities/0/name", "refused with the list that it stands in"),
        ("/linux/resources/network/priorities/0/priority", "refused with the list that it stands in"),
        ("/linux/seccomp/syscalls/0/args/0/value", "a register holds any number"),
        ("/linux/seccomp/syscalls/0/args/0/valueTwo", "a register holds any number"),
    ]

/// What is refused as a whole so far.
private let notCarriedOut = [
    "/process/selinuxLabel"
]
