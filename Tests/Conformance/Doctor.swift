// SPDX-License-Identifier: Apache-2.0
import Foundation
import Support
import Testing

/// `hull doctor`, which the other runtimes do not have.
@Suite(.runnable, .conformance)
struct Doctor {
    private func found(_ s: Scenario, _ verdict: String, about subject: String = "container") throws -> [String] {
        let outcome = try s.runtime("doctor", "--format", "json")
        let all = try #require(outcome.json?.array, "\(outcome)")
        #expect((outcome.ending == .exit(1)) == all.contains { $0["/verdict"] == "problem" }, "\(outcome)")
        return all.filter { $0["/verdict"]?.string == verdict && $0["/subject"]?.string?.hasPrefix(subject) == true }
            .map { "\($0["/found"]?.string ?? "?"); \($0["/remedy"]?.string ?? "?")" }
    }

    // Goal: what this machine offers, as text and as JSON. Method: the same in both; the kernel is good enough,
    // for the tests run; nothing is made.
    @Test("HD-03 doctor tells what the machine offers, and changes nothing", .only(.hull))
    func machine() throws {
        try scenario { s in
            let before = Files.fingerprint(s.directory + "/root")
            let text = try s.runtime("doctor")
            let json = try #require(s.runtime("doctor", "--format", "json").json?.array)
            let lines = text.stdout.split(separator: "\n")
            #expect(lines.count == json.count)
            for (line, object) in zip(lines, json) {
                let start = "\(object["/verdict"]?.string ?? "?"): \(object["/subject"]?.string ?? "?"): "
                #expect(line.hasPrefix(start), "\(line)")
            }
            let subjects = json.compactMap { $0["/subject"]?.string }
            for subject in ["kernel", "privilege", "cgroup", "controllers", "user namespaces", "seccomp", "overlay"] {
                #expect(subjects.contains(subject))
            }
            #expect(json.first { $0["/subject"] == "kernel" }?["/verdict"] != "problem")
            #expect(try found(s, "ok", about: "containers").count == 1)
            #expect(Files.fingerprint(s.directory + "/root") == before)
        }
    }

    // Goal: what was left and what only waits is told apart. Method: a container that runs, one that has stopped, one
    // that waits since a moment; then a directory without a record, a mount in the store, and a record of another
    // version.
    @Test("HD-04 doctor finds what was cut off and left, and says how to remove it", .only(.hull))
    func remains() throws {
        try scenario { s in
            let running = try s.start("sleep 60")
            let waiting = try s.create(
                s.bundle(script: "true") { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("w")) })
            let stopped = try s.create(
                s.bundle(script: "true") { $0["/linux/cgroupsPath"] = .string(s.cgroupsPath("x")) })
            try #expect(s.runtime("start", stopped.id).ok)
            eventually(within: 10) { (try? s.runtime("state", stopped.id).json?["/status"] == "stopped") == true }
            try #expect(found(s, "problem").isEmpty)
            try #expect(found(s, "note") == ["has stopped; hull delete \(stopped.id)"])
            let half = s.use("\(s.name)-half")
            try Files.makeDirectory(s.runtime.root + "/" + half)
            try #expect(found(s, "problem") == ["has no record; hull delete --force \(half)"])
            let path = s.runtime.root + "/" + waiting.id + "/state.json"
            let record = try #require(Files.read(path))
            try Files.write(record.replacingOccurrences(of: "\"version\":1", with: "\"version\":99"), to: path)
            try #expect(
                found(s, "problem").contains("is of another version of hull; hull delete --force \(waiting.id)"))
            try Files.write(
                record.replacing(#/"pid":\d+/#, with: "\"pid\":0").replacing(
                    "\"isCreated\":true", with: "\"isCreated\":false"),
                to: path)
            try #expect(found(s, "problem").contains("was left while it was made; hull delete --force \(waiting.id)"))
            try Files.write(record, to: path)
            try #expect(s.runtime("state", running.id).json?["/status"] == "running")
        }
    }

    // Goal: what a hull may have left is told, as a note, and nothing that is not known to be. Method: containers of
    // another store, one that waits, one that runs, one that has stopped, and a cgroup that only looks like one.
    @Test("HD-05 doctor names a cgroup of another store only by hull's own filter", .only(.hull))
    func strays() throws {
        try scenario { s in
            let other = s.directory + "/other"
            func call(_ words: String...) throws { try #expect(s.runtime(["--root", other] + words).ok, "\(words)") }
            var cgroups: [String: String] = [:]
            for id in ["waits", "runs", "stopped"] {
                let bundle = try s.bundle(script: id == "stopped" ? "true" : "sleep 60") {
                    $0["/linux/cgroupsPath"] = .string(s.cgroupsPath(id))
                }
                cgroups[id] = s.cgroupDirectory(id)
                try call("create", "--bundle", bundle.directory, id)
                if id != "waits" { try call("start", id) }
            }
            eventually { Files.read(s.cgroupDirectory("stopped") + "/cgroup.events")?.contains("populated 0") == true }
            try Files.makeDirectory(s.cgroupDirectory("plain"))
            let outcome = try s.runtime("doctor", "--json")
            let told = try #require(outcome.json?.array, "\(outcome)").filter {
                $0.text.contains(s.cgroup ?? "/none") && $0["/subject"] != "cgroup"
            }
            #expect(told.allSatisfy { $0["/verdict"] == "note" } && told.count == 2, "\(told)")
            #expect(told.contains { $0["/subject"]?.string == "cgroup \(s.cgroupDirectory("stopped"))" }, "\(told)")
            let waits = told.first { $0["/subject"]?.string?.hasPrefix("process ") == true }
            #expect(waits?["/found"]?.string?.hasPrefix("waits in \(s.cgroupDirectory("waits")), of no") == true)
            for id in cgroups.keys { try call("delete", "--force", id) }
            Files.removeCgroup(s.cgroupDirectory("plain"))
        }
    }
}
