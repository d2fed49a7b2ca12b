// SPDX-License-Identifier: Apache-2.0
import Foundation
import HullBytes
import HullKernel
import HullLinux
import HullOCI
import Support
import Testing

@testable import HullPlan
@testable import HullRuntime

/// The code of resctrl against a tree of plain files. What the kernel adds to a new directory there, the test adds.
@Suite struct ResctrlTests {
    private let scratch: Scratch
    private let resctrl: Resctrl

    init() throws {
        scratch = Scratch()
        resctrl = Resctrl(root: Bytes(scratch.path))
        try addFiles("")
        try Files.makeDirectory(scratch.path + "/info")
        try Files.write("ok\n", to: scratch.path + "/info/last_cmd_status")
    }

    private func addFiles(_ group: String, _ schemata: String = "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n") throws {
        let path = scratch.path + "/" + group
        for directory in ["/mon_groups", "/mon_data"] { try Files.makeDirectory(path + directory) }
        for file in ["/tasks", "/schemata"] { try Files.write(file == "/tasks" ? "" : schemata, to: path + file) }
    }

    private func read(_ path: String) -> String? { Files.read(scratch.path + "/" + path) }

    private func plan(
        _ name: Bytes, _ ownership: IntelRdtPlan.Ownership, _ lines: [Bytes] = [], monitor: Bytes? = nil
    ) -> IntelRdtPlan {
        IntelRdtPlan(
            name: name, ownership: ownership,
            schemata: lines.map { .init(text: $0, origin: "/x", isCompared: true) }, monitor: monitor)
    }

    private func errno(_ body: () throws(SystemError) -> Void) -> Errno? {
        do throws(SystemError) { try body() } catch { return error.errno }
        return nil
    }

    // IR-09 IR-12. Goal: without closID a directory is made, and removed with the container. Method: make, look,
    // remove; one that is there already is somebody else's.
    @Test func own() throws {
        var record = try resctrl.prepare(plan("c1", .container))
        #expect(record == IntelRdtRecord(group: resctrl.root + "/c1", isMade: true, isKept: false))
        #expect(read("c1") == nil)
        try resctrl.make(&record)
        #expect(Files.exists(scratch.path + "/c1"))
        try record.remove(isCreated: true)
        #expect(!Files.exists(scratch.path + "/c1"))
        try record.remove(isCreated: true)
        try Files.makeDirectory(scratch.path + "/c1")
        #expect(errno { () throws(SystemError) in _ = try resctrl.prepare(plan("c1", .container)) } == .eexist)
        #expect(errno { () throws(SystemError) in try resctrl.make(&record) } == .eexist)
        #expect(record == IntelRdtRecord())
        #expect(Files.exists(scratch.path + "/c1"))
    }

    // IR-10 IR-12. Goal: a class with a name is made where it is missing, and stays; one that was there is not touched.
    // Method: both, with a creation that succeeds and one that fails.
    @Test(arguments: [true, false]) func named(isCreated: Bool) throws {
        var record = try resctrl.prepare(plan("gold", .shared, ["L3:0=f"]))
        #expect(record.isMade && record.isKept)
        try resctrl.make(&record)
        try record.remove(isCreated: isCreated)
        #expect(Files.exists(scratch.path + "/gold") == isCreated)
        try Files.makeDirectory(scratch.path + "/gold")
        record = try resctrl.prepare(plan("gold", .shared, ["L3:0=f"]))
        #expect(!record.isMade)
        try resctrl.make(&record)
        try record.remove(isCreated: isCreated)
        #expect(Files.exists(scratch.path + "/gold"))
        // Another container was faster.
        record.isMade = true
        try resctrl.make(&record)
        #expect(!record.isMade && !record.group.isEmpty)
    }

    // IR-11 IR-04. Goal: a class without lines must be there; the root is the default class. Method: missing, present,
    // root.
    @Test func configured() throws {
        #expect(errno { () throws(SystemError) in _ = try resctrl.prepare(plan("gold", .configured)) } == .enoent)
        try Files.makeDirectory(scratch.path + "/gold")
        #expect(try resctrl.prepare(plan("gold", .configured)).isMade == false)
        let root = try resctrl.prepare(plan("", .configured))
        #expect(root.group == resctrl.root && !root.isMade && root.isKept)
    }

    // IR-10. Goal: a class that is there must agree, however the numbers are written. Method: what it has against what
    // is said.
    @Test func comparison() throws {
        let found = try resctrl.schemata(of: plan("", .shared))
        for (line, agrees) in [
            ("L3:0=7ff;1=7ff", true), ("L3:0=07FF", true), ("L3:1=7ff", true), ("MB:0=100;1=100", true),
            ("MB:00=100", true), ("L3:0=7fe;1=7ff", false), ("L3:2=7ff", false), ("MB:0=10", false),
            ("L2:0=7ff", false), ("L3:", false), ("", false),
        ] as [(Bytes, Bool)] {
            #expect((plan("", .shared, [line]).contradiction(to: found) == nil) == agrees, "\(line.text)")
        }
        let two = plan("", .shared, ["L3:0=7ff", "MB:0=10"])
        #expect(two.contradiction(to: found)?.text == "MB:0=10")
    }

    // IR-05 IR-06 IR-07. Goal: each line is written whole, with its newline, and nothing else. Method: the file after
    // each; the kernel's own words are in an error.
    @Test func lines() throws {
        try Files.makeDirectory(scratch.path + "/gold")
        try addFiles("gold", "")
        let gold = plan("gold", .shared, ["L3:0=7f0;1=1f"])
        try resctrl.write(gold.schemata[0], of: gold)
        #expect(read("gold/schemata") == "L3:0=7f0;1=1f\n")
        #expect(read("schemata") == "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n")
        try Files.write("Mask out of range\n", to: scratch.path + "/info/last_cmd_status")
        Files.remove(scratch.path + "/gold/schemata")
        do {
            try resctrl.write(gold.schemata[0], of: gold)
            Issue.record("there is no file")
        } catch { #expect(error.detail == "Mask out of range" && error.errno == .enoent) }
    }

    // UP-15. Goal: an update writes to the class that there is, and gives back all that it had. Method: a file longer
    // than the line, then the first lines again.
    @Test func update() throws {
        let group = resctrl.root + "/gold"
        try Files.makeDirectory(scratch.path + "/gold")
        try addFiles("gold", "L3:0=7\n")
        let change = try IntelRdtChange(plan("", .shared, ["L3:0=1"]).schemata, of: group, in: resctrl)
        try change.apply()
        #expect(read("gold/schemata") == "L3:0=1\n")
        try change.undo()
        #expect(read("gold/schemata") == "L3:0=7\n")
        #expect(try IntelRdtChange([], of: IntelRdtRecord()) == nil)
        do {
            _ = try IntelRdtChange(plan("", .shared, ["L3:0=1"]).schemata, of: IntelRdtRecord())
            Issue.record("there is no class")
        } catch { #expect(error.pointer == "/x" && error.cause == "the container has no class of service") }
    }

    // IR-01 IR-13. Goal: the process is in the class, and in the monitoring group, which goes with the container.
    // Method: the files tasks; a monitoring group that cannot be made is an error and not ours.
    @Test func tasks() throws {
        var record = try resctrl.prepare(plan("", .configured, monitor: "c1"))
        try resctrl.make(&record)
        let monitor = scratch.path + "/mon_groups/c1"
        #expect(Files.exists(monitor) && record.monitor == Bytes(monitor))
        try Files.write("", to: monitor + "/tasks")
        try resctrl.add(4711, record)
        #expect(read("tasks") == "4711" && read("mon_groups/c1/tasks") == "4711")
        Files.remove(monitor + "/tasks")
        try record.remove(isCreated: true)
        #expect(!Files.exists(monitor) && Files.exists(scratch.path))
        Files.remove(scratch.path + "/mon_groups")
        #expect(errno { () throws(SystemError) in try resctrl.make(&record) } == .enoent)
        #expect(record.monitor.isEmpty)
    }

    // IR-12. Goal: delete knows all of it. Method: a record there and back.
    @Test func record() throws {
        var record = ContainerRecord(
            id: "c1", bundle: "/b", rootfs: "/b/r", created: "", owner: 0, cgroup: "", ownPidNamespace: true,
            annotations: [])
        #expect(!String(decoding: JSONWriter.text(of: record), as: UTF8.self).contains("intelRdt"))
        record.intelRdt = IntelRdtRecord(group: "/r/g", isMade: true, isKept: true, monitor: "/r/g/mon_groups/c1")
        #expect(try ContainerRecord.read(JSONWriter.text(of: record)).intelRdt == record.intelRdt)
    }
}
