// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullBytes
internal import HullLinux

/// Times that a process notes and that the one which made it reads: memory of both, which the child loses by its
/// execve. There is no descriptor of it, and it lasts as long as the process that made it.
@safe package struct SharedTimes {
    private let times: UnsafeMutablePointer<Int64>
    private let count: Int

    /// Room for so many times.
    package init(count: Int) throws(SystemError) {
        self.count = count
        var memory: UnsafeMutableRawPointer?
        try check(unsafe chull_share_memory(count * MemoryLayout<Int64>.stride, &memory), "mmap", "shared times")
        guard let start = unsafe memory else { throw SystemError("mmap", "shared times", .enomem) }
        unsafe times = start.bindMemory(to: Int64.self, capacity: count)
    }

    /// Notes that it is now. No system call: the clock is read by the vDSO.
    package func note(_ index: Int) {
        if index >= 0, index < count { unsafe times[index] = Clock.common }
    }

    /// The times from the first to the last that was noted.
    package var noted: [Int64] {
        let all = unsafe [Int64](UnsafeBufferPointer(start: times, count: count))
        return Array(all.prefix { $0 != 0 })
    }
}

extension Clock {
    /// Nanoseconds since 1970 of the clock that is the same for all processes: time_namespaces(7) moves CLOCK_MONOTONIC
    /// and its relatives, for a container's process in the midst of its steps, and leaves CLOCK_REALTIME alone.
    package static var common: Int64 {
        let now = realtime
        return now.seconds * 1_000_000_000 + now.nanoseconds
    }
}
