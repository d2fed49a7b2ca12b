// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// Cgroups in which no container can be, and the sentence that says why.
@Suite(.runnable, .conformance)
struct CgroupObstacles {
    /// A cgroup `p`, changed in some way, for a container below it; it goes at the end.
    private func below(_ s: Scenario, _ change: (String) throws -> Void, _ body: (String) throws -> Void) throws {
        let parent = s.cgroupDirectory("p")
        try Files.makeDirectory(parent)
        defer {
            Files.put("0", in: parent + "/cgroup.freeze")
            Files.removeCgroup(parent)
        }
        try change(parent)
        try body(parent)
    }

    private func refused(
        _ s: Scenario, _ path: String, _ phrases: [String], at pointer: String = "/linux/cgroupsPath",
        _ edit: (inout JSON) -> Void = { _ in }
    ) throws -> Outcome {
        let bundle = try s.bundle(script: "exit 0") {
            $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("p") + path)
            edit(&$0)
        }
        return try s.refuses(bundle, pointer, phrases)
    }

    // Goal: a container that could never run is refused, not waited for. Method: a parent that is frozen, with the
    // container's cgroup there already or not.
    @Test("CG-65 a cgroup below a frozen one is refused", .only(.hull), arguments: [false, true])
    func frozenAbove(exists: Bool) throws {
        try scenario { s in
            try below(s) { parent in
                if exists { try Files.makeDirectory(parent + "/c") }
                Files.put("1", in: parent + "/cgroup.freeze")
            } _: { parent in
                let words = "container's cgroup is frozen (by \(parent)/cgroup.freeze)"
                _ = try refused(s, "/c", [words])
                #expect(Files.exists(parent + "/c") == exists)
            }
        }
    }

    // Goal: neither `start` nor `exec` waits for ever when somebody has frozen a cgroup above the container's. Method:
    // freeze it between the calls.
    @Test("CG-66 start and exec below a frozen cgroup are refused", .only(.hull))
    func frozenLater() throws {
        try scenario { s in
            try below(s, { _ in }) { parent in
                let container = try s.create(
                    try s.bundle(script: "exec sleep 100") {
                        $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("p") + "/c")
                    })
                for verb in ["start", "exec"] {
                    Files.put("1", in: parent + "/cgroup.freeze")
                    let outcome = try s.runtime([verb, container.id] + (verb == "exec" ? ["true"] : []))
                    #expect(outcome.failed, "\(outcome)")
                    expect(outcome, says: ["container's cgroup is frozen (by \(parent)/cgroup.freeze)"])
                    Files.put("0", in: parent + "/cgroup.freeze")
                    try container.comes(to: "running")
                }
                try #expect(container("delete", "--force").ok)
            }
        }
    }

    // Goal: the kernel's word for a place where only threads can be is said. Method: beside a threaded cgroup, below
    // it, and itself.
    @Test(
        "CG-67 a cgroup beside, below or in a threaded one is refused", .only(.hull),
        arguments: [
            ("/c", "/c/cgroup.type is \"domain invalid\""), ("/t/c", "/t/cgroup.type is \"threaded\""),
            ("/t", "/t/cgroup.type is \"threaded\""),
        ])
    func threaded(_ path: String, _ words: String) throws {
        try scenario { s in
            try below(s) { parent in
                try Files.makeDirectory(parent + "/t")
                #expect(Files.put("threaded", in: parent + "/t/cgroup.type") == 0)
            } _: { parent in
                let outcome = try refused(s, path, [parent + words])
                expect(outcome, says: ["\(parent)/cgroup.type is \"domain threaded\""])
                expect(outcome, says: ["use a cgroupsPath that is not below \(parent)"])
            }
        }
    }

    // Goal: the limits of the tree itself are named. Method: no room below, or no more of them.
    @Test(
        "CG-68 a cgroup beyond cgroup.max.depth or cgroup.max.descendants is refused",
        arguments: [
            ("cgroup.max.depth", "0", "is 0"), ("cgroup.max.descendants", "1", "is 1, and it has 1"),
        ])
    func limits(_ file: String, _ value: String, _ words: String) throws {
        try scenario { s in
            try below(s) { parent in
                if value == "1" { try Files.makeDirectory(parent + "/other") }
                #expect(Files.put(value, in: "\(parent)/\(file)") == 0)
            } _: { parent in
                let outcome = try refused(s, "/c", ["emporarily unavailable"])
                if Runtime.kind == .hull { expect(outcome, says: ["\(parent)/\(file) \(words)"]) }
            }
        }
    }

    // Goal: whoever keeps a controller from being handed down is named. Method: a process in the parent.
    @Test("CG-69 a controller that processes above keep away is refused", .needs(.controller("hugetlb")))
    func occupied() throws {
        try scenario { s in
            try below(s, { _ in }) { parent in
                var sleep = Launch("/bin/sleep", ["100"], in: "/")
                sleep.cgroup = parent
                let other = try s.runtime.start(sleep)
                defer {
                    other.send(9)
                    _ = other.outcome()
                }
                let outcome = try refused(s, "/c", [], at: "/linux/resources/unified/hugetlb.2MB.max") {
                    $0["/linux/resources/unified"] = ["hugetlb.2MB.max": "0"]
                }
                if Runtime.kind == .hull {
                    expect(outcome, says: ["\(parent) has processes of its own (\(other.pid) (sleep)"])
                }
            }
        }
    }
}
