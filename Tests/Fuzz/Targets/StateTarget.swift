// SPDX-License-Identifier: Apache-2.0

import Foundation
import HullBytes
import HullOCI
import HullRuntime

/// The record of a container, whatever is in it: `state` answers or fails, `list` gives the other containers,
/// `delete --force` removes it. In the input `@` stands for a directory of the fuzzer's own.
enum StateTarget {
    /// One at a time: tests run side by side, and the directory is one.
    private static let turn = NSLock()

    static func check(_ input: [UInt8]) -> String? { turn.withLock { checkAlone(input) } }

    private static func checkAlone(_ input: [UInt8]) -> String? {
        let record = input.flatMap { $0 == 0x40 ? Array(scratch.utf8) : [$0] }
        do {
            try prepare(record)
            let store = try ContainerStore(root: Bytes(scratch + "/root"))
            let listed = try store.list().map(\.id)
            if !listed.contains("sound") { return "list forgets the other container" }
            if !["broken", "sound"].starts(with: listed.count == 2 ? ["broken", "sound"] : ["broken"]) {
                return "list"
            }
            // An error is an answer too.
            _ = try? store.state(of: "broken")
            guard isHarmless(record) else { return nil }
            _ = try store.delete("broken", force: true)
            if FileManager.default.fileExists(atPath: scratch + "/root/broken") { return "delete leaves it" }
            if try store.list().map(\.id) != ["sound"] { return "list after delete" }
            return nil
        } catch { return "\(error)" }
    }

    private static let scratch: String = {
        // Memory is quicker than what /tmp may be.
        let place = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let path = "\(place)/hull-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        atexit { try? FileManager.default.removeItem(atPath: StateTarget.scratch) }
        return path
    }()

    private static func prepare(_ record: [UInt8]) throws {
        let files = FileManager.default
        let sound = scratch + "/root/sound/state.json"
        if !files.fileExists(atPath: sound) {
            try files.createDirectory(atPath: scratch + "/root/sound", withIntermediateDirectories: true)
            try Data(soundRecord.utf8).write(to: URL(fileURLWithPath: sound))
        }
        try files.createDirectory(atPath: scratch + "/root/broken", withIntermediateDirectories: true)
        try Data(record).write(to: URL(fileURLWithPath: scratch + "/root/broken/state.json"))
    }

    private static let soundRecord = #"""
        {"version":1,"id":"sound","bundle":"/b","rootfs":"/b/rootfs","created":"2026-01-02T03:04:05Z","owner":0,"pid":0,
         "startTime":0,"cgroup":"","madeCgroups":[],"ownPidNamespace":true,"isCreated":true,"annotations":{}}
        """#

    /// Whether `delete` would touch nothing but what is the fuzzer's: a record is believed.
    private static func isHarmless(_ record: [UInt8]) -> Bool {
        // What is no object with these, of these types, is no record to hull either.
        guard let said: Believed = try? JSONReader.read(record, limits: JSONLimits()) else { return true }
        let paths = said.madeCgroups + [said.cgroup, said.pidFile].filter { !$0.isEmpty }
        let areOwn = paths.allSatisfy { path in
            path.hasPrefix(Bytes(scratch + "/own/")) && !path.split(0x2f).contains("..")
        }
        return said.pid == 0 && said.unit.isEmpty && !said.hasIntelRdt && areOwn
    }

    private struct Believed: JSONObjectReadable {
        var pid: Int32
        var cgroup: Bytes
        var madeCgroups: [Bytes]
        var unit: Bytes
        var pidFile: Bytes
        var hasIntelRdt: Bool

        init(_ object: JSONReader.Node, _ reader: inout JSONReader) {
            pid = reader.required("pid", object)
            cgroup = reader.required("cgroup", object)
            madeCgroups = reader.optional("madeCgroups", object) ?? []
            unit = reader.optional("unit", object) ?? ""
            pidFile = reader.optional("pidFile", object) ?? ""
            hasIntelRdt = reader.member("intelRdt", object) != nil
        }
    }
}

extension ContainerStore {
    /// The states of all containers.
    fileprivate func list() throws(Failure) -> [State] {
        var states: [State] = []
        try list { states.append($0) }
        return states
    }
}
