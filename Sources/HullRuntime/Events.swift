// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
package import HullOCI
internal import HullPlan

extension ContainerStore {
    /// What a container uses now.
    package func statistics(of id: Bytes) throws(Failure) -> Statistics {
        let record = try requireAlive(id)
        return try record.requireCgroup().statistics()
    }

    /// What containers use now; without names, all that run.
    package func statistics(
        of ids: [Bytes]
    ) throws(Failure) -> [(id: Bytes, statistics: Statistics)] {
        var rows: [(id: Bytes, statistics: Statistics)] = []
        for id in ids { rows.append((id, try statistics(of: id))) }
        guard ids.isEmpty else { return rows }
        for id in try self.ids() {
            if let statistics = try? statistics(of: id) { rows.append((id, statistics)) }
        }
        return rows
    }

    /// Tells what a container uses, at once and every `interval` milliseconds, and each kill for memory when it
    /// happens, until the container has ended: the verb `events`.
    package func watch(_ id: Bytes, interval: Int64, tell: (Event) -> Void) throws(Failure) {
        let record = try requireAlive(id)
        let cgroup = try record.requireCgroup()
        try attempt { () throws(SystemError) in
            let process = try ProcessHandle(opening: record.pid)
            guard try isAlive(record) else { return }
            // Without the memory controller nobody counts kills.
            var files = DescriptorList()
            if let file = try? Descriptor(opening: record.cgroup + "/memory.events") { files.set(0, file) }
            let kills = files[0] ?? -1
            let levels = cgroup.levels
            var before = levels.map { $0.outOfMemory() }
            if kills >= 0 { _ = try hullReadAgain(kills, "memory.events") }
            var next = Clock.monotonic
            while true {
                if Clock.monotonic >= next {
                    tell(.stats(cgroup.statistics()))
                    next += interval * 1_000_000
                }
                let left = max(0, (next - Clock.monotonic + 999_999) / 1_000_000)
                let ready = try Poll.ready(
                    [process.pidfd.number, kills], timeoutMilliseconds: Int32(clamping: left), changes: 2)
                if ready & 2 != 0 { _ = try hullReadAgain(kills, "memory.events") }
                let now = levels.map { $0.outOfMemory() }
                if now[0].kills > before[0].kills {
                    // The nearest whose own limit was hit; the machine's memory where it was none's. The hit may be
                    // seen before its kill, so it counts since the last kill.
                    let level = levels.indices.first { now[$0].ownLimit > before[$0].ownLimit }
                    tell(.oom(kills: now[0].kills - before[0].kills, level: level.map { levels[$0].path } ?? "/"))
                    before = now
                }
                if ready & 1 != 0 { return }
            }
        }
    }

    private func requireAlive(_ id: Bytes) throws(Failure) -> ContainerRecord {
        let record = try open(id).requireRecord()
        let isRunning = try attempt { () throws(SystemError) in try isAlive(record) }
        guard isRunning else { throw Failure("container not running", code: .state) }
        return record
    }
}
