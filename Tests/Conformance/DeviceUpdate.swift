// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// The device filter of a container that runs, and the programs of others beside it. The devices are of a number that
/// no driver has.
@Suite(.runnable, .conformance)
struct DeviceUpdate {
    private static let denyAll = #"{"allow":false,"access":"rwm"}"#
    private static func allow(_ minors: Int...) -> String {
        let rules = minors.map { #"{"allow":true,"type":"c","major":250,"minor":\#($0),"access":"rw"}"# }
        return "[" + ([denyAll] + rules).joined(separator: ",") + "]"
    }

    /// A container with nodes 77 to 79, which may use some of them.
    private func start(_ s: Scenario, _ rules: String, then script: String = "exec sleep 100") throws -> Container {
        let rules = try JSON(parsing: rules)
        let nodes = (77...79).map { "mknod -m 666 /tmp/\($0) c 250 \($0)" }.joined(separator: "; ")
        let container = try s.start("\(nodes); echo made; \(script)") {
            $0.mount("/tmp", type: "tmpfs", from: "tmpfs", ["nosuid"])
            $0.capabilities(["CAP_MKNOD"], sets: ["bounding", "effective", "permitted"])
            $0["/linux/resources/devices"] = rules
        }
        container.says("made")
        return container
    }

    /// Which of the nodes the filter lets pass, by opening them.
    private func passed(_ container: Container) throws -> [Int] {
        try (77...79).filter { minor in
            let outcome = try container.exec("cat", "/tmp/\(minor)")
            let isDenied = outcome.stderr.contains(DeviceRules.denied)
            #expect(isDenied != outcome.stderr.contains(DeviceRules.passed), "\(outcome)")
            return !isDenied
        }
    }

    private func update(_ container: Container, _ rules: String, more: String = "") throws -> Outcome {
        let document = #"{"devices":\#(rules)\#(more)}"#
        return try container.scenario.runtime(["update", "--resources", "-", container.id], stdin: document)
    }

    // Goal: what is denied is opened by an update, and the other way round. Method: open devices before and after each,
    // with a document on standard input and in a file.
    @Test("DR-16 an update with another list of devices opens and closes them")
    func live() throws {
        try scenario { s in
            let container = try start(s, Self.allow(77))
            try #expect(passed(container) == [77])
            let first = try update(container, Self.allow(78))
            #expect(first.ok, "\(first)")
            try #expect(passed(container) == [78])
            let file = s.directory + "/devices.json"
            try Files.write(#"{"devices":\#(Self.allow(77, 79))}"#, to: file)
            let second = try s.runtime("update", "--resources", file, container.id)
            #expect(second.ok, "\(second)")
            try #expect(passed(container) == [77, 79])
            // Limits alone leave the devices.
            let third = try s.runtime(["update", "--resources", "-", container.id], stdin: #"{"cpu":{}}"#)
            #expect(third.ok, "\(third)")
            try #expect(passed(container) == [77, 79])
        }
    }

    // Goal: programs of others are left alone, and refuse what they refuse. Method: two beside the container's own,
    // before it is made and while it runs; the update replaces one of three.
    @Test("DR-17 an update replaces no program but its own", .only(.hull))
    func foreign() throws {
        try scenario { s in
            let directory = s.cgroupDirectory("g1")
            try Files.makeDirectory(directory)
            let programs = DevicePrograms(of: directory)
            #expect(programs.deny("sd_devices", major: 250, minor: 79) == 0)
            let container = try start(s, Self.allow(77, 79))
            #expect(programs.deny("engine", major: 250, minor: 200) == 0)
            #expect(programs.names == ["sd_devices", "hull_devices", "engine"])
            try #expect(passed(container) == [77])
            for _ in 0..<3 {
                for minor in [78, 77] {
                    let outcome = try update(container, Self.allow(minor, 79))
                    #expect(outcome.ok, "\(outcome)")
                    try #expect(passed(container) == [minor])
                }
            }
            #expect(programs.names == ["sd_devices", "hull_devices", "engine"])
            _ = try container("delete", "--force")
            Files.removeCgroup(directory)
        }
    }

    // Goal: a program that is there already does not keep a container from being made, and is not taken away. Method:
    // one on the cgroup that is going to be used.
    @Test("DR-18 a container is made in a cgroup that has a program of others")
    func beside() throws {
        try scenario { s in
            let directory = s.cgroupDirectory("g1")
            try Files.makeDirectory(directory)
            let programs = DevicePrograms(of: directory)
            #expect(programs.deny("engine", major: 250, minor: 78) == 0)
            let container = try start(s, Self.allow(77, 78))
            #expect(programs.names.contains("engine"))
            try #expect(passed(container) == [77])
            _ = try container("delete", "--force")
            Files.removeCgroup(directory)
        }
    }

    // Goal: where no second program can be, that is said. Method: programs that were attached alone, on the cgroup or
    // above it.
    @Test("DR-19 a program that admits no other is named", arguments: [false, true])
    func alone(above: Bool) throws {
        try scenario { s in
            let parent = s.cgroupDirectory("p")
            let directory = parent + "/c"
            try Files.makeDirectory(parent)
            if !above { try Files.makeDirectory(directory) }
            defer {
                Files.removeCgroup(directory)
                Files.removeCgroup(parent)
            }
            let holder = above ? parent : directory
            #expect(DevicePrograms(of: holder).deny("jealous", major: 250, minor: 9, admits: .none) == 0)
            let outcome = try s.refuses("/linux/resources/devices", "not permitted") {
                $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("p") + "/c")
            }
            if Runtime.kind == .hull {
                expect(outcome, says: ["\(holder) has a program that admits no other"])
                expect(outcome, says: ["jealous ("])
            }
        }
    }

    // Goal: at no time is there no filter, and at no time are there two. Method: while updates go to and fro, a loop
    // opens a device that both lists deny and one that both allow.
    @Test("DR-20 an update is one step for who opens devices", .only(.hull))
    func atOnce() throws {
        try scenario { s in
            let loop = "while [ ! -e /tmp/end ]; do true < /tmp/77; true < /tmp/79; done 2>&1; exec sleep 100"
            let container = try start(s, Self.allow(79), then: loop)
            for round in 0..<24 {
                let outcome = try update(container, round % 2 == 0 ? Self.allow(78, 79) : Self.allow(79))
                #expect(outcome.ok, "\(outcome)")
            }
            _ = try container.exec("touch", "/tmp/end")
            var found: [String: Int] = [:]
            for line in container.lines {
                let minor = line.contains("/tmp/77") ? "77" : line.contains("/tmp/79") ? "79" : "other"
                let isDenied = line.hasSuffix(DeviceRules.denied)
                found["\(minor) \(isDenied ? "denied" : "passed")", default: 0] += 1
            }
            found["other passed"] = nil
            #expect(found.keys.sorted() == ["77 denied", "79 passed"], "\(found)")
        }
    }

    // Goal: an update that fails leaves the devices as they were. Method: a file that there is not, and a record that
    // cannot be written, which comes after the filter was replaced.
    @Test("UP-14 an update that fails leaves the former device filter", .only(.hull))
    func takenBack() throws {
        try scenario { s in
            let container = try start(s, Self.allow(77))
            let programs = DevicePrograms(of: s.cgroupDirectory("g1"))
            let first = try update(container, Self.allow(78), more: #","unified":{"cgroup.no-such":"1"}"#)
            #expect(first.ending == .exit(1), "\(first)")
            try #expect(passed(container) == [77])
            let record = s.runtime.root + "/" + container.id + "/resources.json"
            try Files.makeDirectory(record + "/full")
            let second = try update(container, Self.allow(78))
            #expect(second.ending == .exit(1), "\(second)")
            try #expect(passed(container) == [77])
            #expect(programs.names == ["hull_devices"])
            Files.remove(record)
            let third = try update(container, Self.allow(78))
            #expect(third.ok, "\(third)")
            try #expect(passed(container) == [78])
        }
    }

    // Goal: a filter that somebody took away is not put back as if nothing had been. Method: take it away.
    @Test("DR-21 an update says that the filter is not attached any more", .only(.hull))
    func missing() throws {
        try scenario { s in
            let container = try start(s, Self.allow(77))
            let programs = DevicePrograms(of: s.cgroupDirectory("g1"))
            #expect(programs.detach() == 1)
            #expect(programs.deny("engine", major: 250, minor: 77) == 0)
            let outcome = try update(container, Self.allow(78))
            #expect(outcome.ending == .exit(1), "\(outcome)")
            expect(outcome, says: ["the container's device filter is not attached any more (there are engine ("])
            expect(outcome, says: [" /devices"])
        }
    }
}
