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
    // Goal: what is written is what is read. Method: there and back, by its text.
    @Test func roundTrip() throws {
        var record = sample(pid: 42)
        for created in [false, true] {
            record.isCreated = created
            let text = JSONWriter.text(of: record)
            let again = try ContainerRecord.read(text)
            #expect(JSONWriter.text(of: again) == text)
            #expect(again.startTime == UInt64.max && again.annotations.first?.value == "v\\ü" && again.isCreated == created)
        }
    }

    // Goal: a cut or foreign file is no record and no crash. Method: cut after every byte; garbage; wrong types.
    @Test func garbage() {
        let text = JSONWriter.text(of: sample())
        let end = text.lastIndex(of: UInt8(ascii: "}")) ?? 0
        for count in 0...end { #expect((try? ContainerRecord.read(Array(text.prefix(count)))) == nil, "\(count) bytes") }
        let others = ["", "{}", "[]", "null", "{\"version\":1}", "\u{0}\u{1}", String(repeating: "[", count: 100_000)]
        for other in others { #expect((try? ContainerRecord.read(Array(other.utf8))) == nil) }
        let whole = String(decoding: text, as: UTF8.self)
        for (from, to) in [("\"pid\":0", "\"pid\":\"0\""), ("\"pid\":0", "\"pid\":3000000000"), ("\"owner\":0", "\"owner\":-1")] {
            let changed = whole.replacingOccurrences(of: from, with: to)
            #expect(changed != whole && (try? ContainerRecord.read(Array(changed.utf8))) == nil, "\(to)")
        }
    }
}

