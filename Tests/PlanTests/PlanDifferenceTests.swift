// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullLinux
import HullOCI
import Testing

@testable import HullPlan

@Suite struct PlanDifferenceTests {
    private func changes(_ edit: (inout Config) -> Void) throws -> [String] {
        var config = Config.smallest
        config.mounts = [
            Config.Mount(destination: "/a", source: "/s/a", options: ["bind"]),
            Config.Mount(destination: "/b", source: "/s/b", options: ["bind"]),
        ]
        config.linux?.sysctl = [Entry(key: "kernel.msgmax", value: "1")]
        config.linux?.namespaces?.append(.init(type: "ipc"))
        let old = try config.plan()
        edit(&config)
        let new = try config.plan()
        return difference(from: (old, nil), to: (new, nil)).map { change in
            let words = change.text.text.split(separator: " ").joined(separator: " ")
            return "\(change.isAdded ? "+" : "-")\(change.section.text): \(words)"
        }
    }

    // PL-16. Goal: what is added and nothing that only moved because of it. Method: a bind before the others, which
    // renumbers all steps, slots and pointers after it.
    @Test func oneMountMore() throws {
        let found = try changes {
            $0.mounts?.insert(Config.Mount(destination: "/z", source: "/s/z", options: ["bind", "ro"]), at: 0)
        }
        #expect(
            found == [
                "+outside: 4 outside open_tree /s/z ro rslave -> 1 [/mounts/0/source]",
                "+inside: 4 inside move_mount 1 -> /z [/mounts/0]", "+mounts: /z bind /s/z ro rslave",
            ], "\(found)")
    }

    // Goal: a changed value is a line of each plan. Method: a sysctl and an argument.
    @Test func changedValues() throws {
        let found = try changes {
            $0.linux?.sysctl = [Entry(key: "kernel.msgmax", value: "2")]
            $0.process?.args = ["/bin/false"]
        }
        #expect(found.count { $0.hasPrefix("-") } == 3 && found.count { $0.hasPrefix("+") } == 3, "\(found)")
        #expect(found.contains("-process: args /bin/true") && found.contains("+process: args /bin/false"), "\(found)")
        #expect(found.contains { $0.hasPrefix("+inside:") && $0.contains("write /proc/sys/kernel/msgmax = 2") })
    }

    // Goal: the same plan is no difference. Method: nothing changed; every fixture beside itself.
    @Test func same() throws {
        #expect(try changes { _ in }.isEmpty)
        for fixture in PlanFixture.all where !fixture.isError {
            let (request, host) = try fixture.surroundings()
            let plan = try resolve(try Config.read(fixture.config()), request, host)
            #expect(difference(from: (plan, nil), to: (plan, nil)).isEmpty)
        }
    }
}

/// The plan as JSON.
@Suite struct PlanJSONTests {
    static let golden = ["smallest", "user-namespace", "systemd", "resources", "process", "hooks", "podman"]

    // PL-15. Goal: the JSON of a plan, and that it has what the text has. Method: goldens; of every fixture, the steps
    // in the same words, and the same mounts, environment and capabilities as in the plan itself.
    @Test(arguments: PlanFixture.all.filter { !$0.isError }) func json(fixture: PlanFixture) throws {
        let (request, host) = try fixture.surroundings()
        let config = try Config.read(fixture.config())
        let plan = try resolve(config, request, host)
        let text = planJSON(plan, profile: config.linux?.seccomp)
        if Self.golden.contains(fixture.name) {
            let file = fixture.file("plan.json")
            if ProcessInfo.processInfo.environment["HULL_UPDATE_PLANS"] != nil { try Data(text.array).write(to: file) }
            #expect(
                try Data(contentsOf: file) == Data(text.array),
                "\(fixture.name): see git diff after HULL_UPDATE_PLANS=1")
        }
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.array)) as? [String: Any])
        for side in ["outside", "inside"] {
            let steps = try #require(object[side] as? [[String: Any]])
            let words = steps.map { step in
                let (call, object) = (step["call"] as? String ?? "", step["object"] as? String ?? "")
                let text = printable(Bytes("\(call) \(object)" as String)).text
                return text.split(separator: " ").joined(separator: " ")
            }
            #expect(words == plan.steps(side))
            #expect(steps.map { $0["number"] as? Int } == Array(1..<steps.count + 1))
        }
        let process = try #require(object["process"] as? [String: Any])
        #expect(process["env"] as? [String] == plan.process.environment.map { $0.text })
        let sets = try #require(process["capabilities"] as? [String: [String]])
        #expect(sets["effective"] == plan.process.capabilities.effective.names.map { $0.text })
        #expect((object["mounts"] as? [Any])?.count == mountRows(plan).count)
    }
}
