// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullOCI
import HullPlan
import Testing

@Suite struct IntelRdtTests {
    private func config(_ change: (inout Config.Linux.IntelRdt) -> Void) -> Config {
        var config = Config.smallest
        var said = Config.Linux.IntelRdt()
        change(&said)
        config.linux?.intelRdt = said
        return config
    }

    // IR-02. Goal: nothing said, nothing done. Method: no step, no plan.
    @Test func absent() throws {
        let plan = try Config.smallest.plan()
        #expect(plan.intelRdt == nil)
        #expect(!plan.steps("outside").contains { $0.contains("resctrl") })
    }

    // IR-03 IR-04 IR-09 IR-10 IR-11 IR-12. Goal: whose directory it is, by what is said. Method: every combination of
    // closID with lines.
    @Test func classes() throws {
        let table: [(Bytes?, Bool, Bytes, IntelRdtPlan.Ownership)] = [
            (nil, false, "c1", .container), (nil, true, "c1", .container), ("", true, "c1", .container),
            ("gold", false, "gold", .configured), ("gold", true, "gold", .shared), ("/", false, "", .configured),
            ("/", true, "", .shared),
        ]
        for (closID, lines, name, ownership) in table {
            let plan = try #require(
                try config {
                    $0.closID = closID
                    if lines { $0.schemata = ["L2:0=f"] }
                }.plan().intelRdt)
            #expect(plan.name == name && plan.ownership == ownership, "\(closID?.text ?? "nil") \(lines)")
            #expect(plan.monitor == nil)
        }
    }

    // IR-05 IR-06 IR-07 IR-08. Goal: which lines are written, in which order, and which are compared. Method: all,
    // some, none.
    @Test func lines() throws {
        let plan = try #require(
            try config {
                $0.schemata = ["L3:0=7", "L2:0=f;1=f"]
                $0.memBwSchema = "MB:0=20;1=70"
                $0.l3CacheSchema = "L3:0=7f0;1=1f"
            }.plan().intelRdt)
        #expect(plan.schemata.map(\.text) == ["L3:0=7f0;1=1f", "MB:0=20;1=70", "L3:0=7", "L2:0=f;1=f"])
        #expect(plan.schemata.map(\.isCompared) == [true, true, false, false])
        #expect(
            plan.schemata.map(\.origin) == [
                "/linux/intelRdt/l3CacheSchema", "/linux/intelRdt/memBwSchema", "/linux/intelRdt/schemata/0",
                "/linux/intelRdt/schemata/1",
            ])
        #expect(try config { $0.closID = "a" }.plan().intelRdt?.schemata.isEmpty == true)
    }

    // IR-13. Goal: a monitoring group has the container's id. Method: with and without; the properties it replaced.
    @Test func monitoring() throws {
        #expect(try config { $0.enableMonitoring = true }.plan().intelRdt?.monitor == "c1")
        #expect(try config { $0.enableMonitoring = false }.plan().intelRdt?.monitor == nil)
        let plan = try config {
            $0.enableCMT = true
            $0.enableMBM = false
        }.plan()
        #expect(plan.intelRdt?.monitor == nil)
        #expect(plan.warnings.map(\.pointer) == ["/linux/intelRdt/enableCMT", "/linux/intelRdt/enableMBM"])
    }

    // IR-01. Goal: the class is made before the process, and the process put into it before it does anything. Method:
    // the order of the steps.
    @Test func order() throws {
        let steps = try config { $0.closID = "gold" }.plan().steps("outside")
        let order = ["mkdir resctrl gold", "clone3 CLONE_NEWNS", "write resctrl gold/tasks", "poll ready"]
        #expect(steps.filter(order.contains) == order, "\(steps)")
    }

    // IR-16. Goal: exec puts its process where the container is. Method: the steps, with and without a class.
    @Test func exec() throws {
        var process = Config.Process(cwd: "/")
        process.args = ["true"]
        for hasIntelRdt in [true, false] {
            var target = ExecTarget(id: "c1", bundle: "/b", namespaces: [.mount], cgroup: "/sys/fs/cgroup/c1")
            target.hasIntelRdt = hasIntelRdt
            let plan = try resolveExec(process, linux: nil, in: target, Request(id: "c1", bundle: "/"), .usual)
            let joins = plan.outside.filter { if case .joinIntelRdt = $0.action { true } else { false } }
            #expect(joins.map(\.origin) == (hasIntelRdt ? ["/linux/intelRdt"] : []))
        }
    }

    // IR-14. Goal: values that the specification forbids are errors at their place; those it advises against are
    // warnings. Method: a table.
    @Test func wrong() throws {
        let found = config {
            $0.closID = "a/b"
            $0.memBwSchema = "L3:0=f\nMB:0=10"
            $0.schemata = ["L3:0=f", "", "L2:0=f\nL2:1=f"]
        }.errors
        #expect(
            found == [
                "/linux/intelRdt/memBwSchema: \"L3:0=f\nMB:0=10\" does not start with \"MB:\"",
                "/linux/intelRdt/memBwSchema: must be one line",
                "/linux/intelRdt/schemata/1: is empty",
                "/linux/intelRdt/schemata/2: must be one line",
                "/linux/intelRdt/closID: \"a/b\" is no name of a directory, nor \"/\" for the default class",
            ])
        for name in [".", "..", "a\nb"] as [Bytes] { #expect(config { $0.closID = name }.errors.count == 1) }
        for name in ["info", "mon_groups", "mon_data"] as [Bytes] {
            #expect(
                config { $0.closID = name }.errors
                    == ["/linux/intelRdt/closID: \"\(name.text)\" is a directory of the kernel's own in resctrl"])
        }
        let plan = try config { $0.l3CacheSchema = "L3CODE:0=f\nL3DATA:0=f" }.plan()
        #expect(plan.warnings.map(\.problem) == ["should start with \"L3:\"", "should be one line"])
    }
}
