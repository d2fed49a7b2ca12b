// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HullBytes
import HullKernel
import HullLinux
import HullOCI
import Support
import Testing

@testable import HullRuntime

/// A record of a container that has everything said.
private func sample(_ id: Bytes = "web", pid: Int32 = 0) -> ContainerRecord {
    var record = ContainerRecord(
        id: id, bundle: "/b", rootfs: "/b/rootfs", created: "2026-01-02T03:04:05.000000006Z", owner: 0, cgroup: "",
        ownPidNamespace: true, annotations: [Entry(key: "k\"\n", value: "v\\ü")])
    record.pid = pid
    record.startTime = UInt64.max
    record.madeCgroups = ["/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b"]
    record.pidFile = "/run/pid"
    return record
}

private func failure<Result: ~Copyable>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) -> Failure? {
    do {
        _ = try body()
        Issue.record("nothing failed", sourceLocation: sourceLocation)
    } catch let error as Failure {
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

@Suite struct RecordTests {
    // Goal: what is written is what is read. Method: there and back, by its text. (STORE-03)
    @Test func roundTrip() throws {
        var record = sample(pid: 42)
        for created in [false, true] {
            record.isCreated = created
            let text = JSONWriter.text(of: record)
            let again = try ContainerRecord.read(text)
            #expect(JSONWriter.text(of: again) == text)
            #expect(
                again.startTime == UInt64.max && again.annotations.first?.value == "v\\ü" && again.isCreated == created)
        }
    }

    // Goal: a cut or foreign file is no record and no crash. Method: cut after every byte; garbage; wrong types.
    // (STORE-05)
    @Test func garbage() {
        let text = JSONWriter.text(of: sample())
        let end = text.lastIndex(of: UInt8(ascii: "}")) ?? 0
        for count in 0...end {
            #expect((try? ContainerRecord.read(Array(text.prefix(count)))) == nil, "\(count) bytes")
        }
        let others = ["", "{}", "[]", "null", "{\"version\":1}", "\u{0}\u{1}", String(repeating: "[", count: 100_000)]
        for other in others { #expect((try? ContainerRecord.read(Array(other.utf8))) == nil) }
        let whole = String(decoding: text, as: UTF8.self)
        for (from, to) in [
            ("\"pid\":0", "\"pid\":\"0\""), ("\"pid\":0", "\"pid\":3000000000"), ("\"owner\":0", "\"owner\":-1"),
        ] {
            let changed = whole.replacingOccurrences(of: from, with: to)
            #expect(changed != whole && (try? ContainerRecord.read(Array(changed.utf8))) == nil, "\(to)")
        }
    }
}

@Suite struct StoreTests {
    private let scratch = Scratch()
    private func store() throws -> ContainerStore { try ContainerStore(root: Bytes(scratch.path + "/store")) }

    // Goal: an id never leaves the store. Method: paths, empty, long, odd bytes, for making and opening. (STORE-01)
    @Test(arguments: ["", ".", "..", "a/b", "/etc", "../x", "a\0b", "a b", "ü", String(repeating: "x", count: 5000)])
    func badIdentifiers(_ id: String) throws {
        let store = try store()
        _ = failure { try store.make(Bytes(id)) }
        _ = failure { try store.open(Bytes(id)) }
        #expect(scratch.contents.isEmpty)
    }

    // Goal: an id is taken once, by whoever is first. Method: made twice; made by many processes at once. (STORE-02)
    @Test func oneCreator() async throws {
        let store = try store()
        let first = try store.make("web")
        let second = failure { try store.make("web") }
        #expect(second?.cause == "container with given ID already exists: web")
        #expect(try HostFiles.status(first.path)?.permissions == 0o700)
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    guard let directory = try? store.make("race") else { return false }
                    // Keeps the directory, and with it the lock, for the others to find.
                    _ = directory.path
                    return true
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
    }

    // Goal: what is not there is said in the words that engines know. Method: open, state, kill, start, ps, delete.
    // (STORE-11)
    @Test func missing() throws {
        let store = try store()
        let words: Bytes = "container does not exist: none"
        #expect(failure { try store.open("none") }?.cause == words)
        #expect(failure { try store.state(of: "none") }?.cause == words)
        #expect(failure { try store.kill("none", signal: "TERM", all: false) }?.cause == words)
        #expect(failure { try store.start("none") }?.cause == words)
        #expect(failure { try store.processes(of: "none") }?.cause == words)
        #expect(failure { try store.delete("none", force: false) }?.cause == words)
        #expect(try store.delete("none", force: true).isEmpty)
    }

    // Goal: a store that nobody made is empty, unless it was named. Method: both. (STORE-11)
    @Test func noStore() throws {
        let named = failure { try store().list() }
        #expect(named?.operation == "openat2" && named?.cause == "no such file or directory")
        #expect(try ContainerStore(root: "relative/./x").root.isAbsolutePath)
    }

    // Goal: a directory without a record, as a killed creation leaves it, is no container, takes its id, and is removed
    // by force. Method: the same with every kind of file that cannot be read as a record. (STORE-05)
    @Test(arguments: [nil, "", "{", "{\"version\":1}", "\u{0}", "[1,2"] as [String?])
    func halfMade(_ record: String?) throws {
        let store = try store()
        do { _ = try store.make("half") }
        if let record { try Files.write(record, to: scratch.path + "/store/half/state.json") }
        try Files.write("x", to: scratch.path + "/store/half/.state.json.123")
        #expect(try store.list().isEmpty)
        #expect(failure { try store.state(of: "half") }?.cause == "container does not exist: half")
        #expect(failure { try store.delete("half", force: false) }?.cause == "container does not exist: half")
        #expect(failure { try store.make("half") }?.cause == "container with given ID already exists: half")
        #expect(try store.delete("half", force: true).isEmpty)
        #expect(scratch.contents == ["store"])
    }

    // Goal: a record cut after any byte is handled as none. Method: every length. (STORE-05)
    @Test func truncated() throws {
        let store = try store()
        let text = JSONWriter.text(of: sample())
        let end = text.lastIndex(of: UInt8(ascii: "}")) ?? 0
        for count in stride(from: 0, through: end, by: 1) {
            do { _ = try store.make("cut") }
            try Data(text.prefix(count)).write(to: URL(fileURLWithPath: scratch.path + "/store/cut/state.json"))
            if count % 16 == 0 { #expect(try store.list().isEmpty) }
            #expect(try store.delete("cut", force: true).isEmpty)
        }
        #expect(scratch.contents == ["store"])
    }

    // Goal: a record of another version is not guessed at: skipped, refused with the way out, cleaned by force. Method:
    // the number changed. (STORE-06)
    @Test func otherVersion() throws {
        let store = try store()
        var record = sample("old")
        record.version = 7
        do { try store.make("old").write(record) }
        #expect(try store.list().isEmpty)
        for refused in [failure { try store.state(of: "old") }, failure { try store.delete("old", force: false) }] {
            #expect(refused?.cause == "container old was made by another version of hull")
            #expect(refused?.hint == "hull delete --force old removes it")
        }
        #expect(try store.delete("old", force: true).isEmpty)
        #expect(scratch.contents == ["store"])
    }

    // Goal: while one hull works on a container no other removes it. Method: the lock held, then free. (STORE-07)
    @Test func lock() throws {
        let store = try store()
        do {
            let directory = try store.make("busy")
            try directory.write(sample("busy"))
            let other = try store.open("busy")
            #expect(try !other.lock(waitMilliseconds: 20))
            let refused = failure { try store.delete("busy", force: false) }
            #expect(refused?.cause == "cannot delete container busy: another hull is at work on it")
            #expect(scratch.contents.contains("store/busy/state.json"))
        }
        #expect(try store.delete("busy", force: false).isEmpty)
    }

    // Goal: whoever waited for the lock of a directory that is gone does not take a new one of the same id for it.
    // Method: the directory removed and made again behind an open one. (STORE-07)
    @Test func lockOfTheDead() throws {
        let store = try store()
        do { try store.make("again").write(sample("again")) }
        let stale = try store.open("again")
        #expect(try store.delete("again", force: false).isEmpty)
        #expect(failure { try stale.lock(waitMilliseconds: 0) }?.cause == "container does not exist: again")
        do { try store.make("again").write(sample("again")) }
        #expect(failure { try stale.lock(waitMilliseconds: 0) }?.cause == "container does not exist: again")
        #expect(try store.list().map(\.id) == ["again"])
    }

    // Goal: list gives every container once, sorted, and nothing else. Method: several, beside files that are no
    // containers. (STORE-11)
    @Test func list() throws {
        let store = try store()
        for id in ["b", "a", "c-1"] as [Bytes] { try store.make(id).write(sample(id)) }
        mkdir(scratch.path + "/store/not an id", 0o700)
        try Files.write("", to: scratch.path + "/store/file")
        let states = try store.list()
        #expect(states.map(\.id) == ["a", "b", "c-1"])
        #expect(states.allSatisfy { $0.owner == "root" && $0.bundle == "/b" && $0.status == "creating" })
    }
}

@Suite struct StatusTests {
    // Goal: the status is what the first process is doing, and never a number's later owner. Method: a table of records
    // with this process, with its number and another start time, with a number that nobody has. (STORE-08)
    @Test func table() throws {
        let scratch = Scratch()
        let store = try ContainerStore(root: Bytes(scratch.path))
        let directory = try store.make("x")
        let own = try #require(try Procfs.startTime(of: getpid()))
        let table: [(pid: Int32, start: UInt64, created: Bool, socket: Bool, status: Bytes)] = [
            (0, 0, false, false, "creating"), (getpid(), own, false, false, "creating"),
            (getpid(), own, true, true, "created"), (getpid(), own, true, false, "running"),
            (getpid(), own + 1, true, false, "stopped"), (getpid(), own + 1, true, true, "stopped"),
            (getpid(), 0, true, false, "stopped"), (Int32.max, own, true, false, "stopped"),
            (Int32.max, own, false, false, "stopped"), (0, 0, true, false, "stopped"),
            (-1, own, true, false, "stopped"),
        ]
        for (pid, start, created, socket, status) in table {
            var record = sample("x", pid: pid)
            record.startTime = start
            record.isCreated = created
            let path = scratch.path + "/x/start.sock"
            let listener = socket ? try Sockets.listen(at: Bytes(path)).give() : -1
            defer { close(listener) }
            let found = try directory.status(record).name
            #expect(found == status, "\(pid) \(start) \(created) \(socket)")
            let state = try directory.state(record, owner: "root")
            #expect(state.status == status && (status != "stopped" || state.pid == 0))
            Files.remove(path)
        }
    }

    // Goal: kill and start say what is wrong. Method: containers that have stopped, or were never there whole.
    // (STORE-08)
    @Test func refusals() throws {
        let scratch = Scratch()
        let store = try ContainerStore(root: Bytes(scratch.path))
        var record = sample("dead", pid: Int32.max)
        record.isCreated = true
        do { try store.make("dead").write(record) }
        #expect(failure { try store.kill("dead", signal: "TERM", all: false) }?.cause == "container not running")
        #expect(failure { try store.kill("dead", signal: "NOPE", all: false) }?.cause == "unknown signal \"NOPE\"")
        #expect(failure { try store.start("dead") }?.cause == "cannot start a container that has stopped")
        record.isCreated = false
        record.pid = 0
        do { try store.open("dead").write(record) }
        #expect(failure { try store.start("dead") }?.cause == "cannot start a container that is still being created")
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
