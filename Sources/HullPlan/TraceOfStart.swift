// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullOCI

/// When a start did what, in nanoseconds of one clock. The process has waited since `create`, whose trace has its
/// steps; what it does from here on is seen from outside alone.
package struct StartTimes: Sendable {
    /// When the runtime began to look for the container.
    package var began: Int64
    /// When it had found it, and began to connect to the process.
    package var found: Int64?
    /// When the process was told to become the program.
    package var connected: Int64?
    /// When the process had become the program.
    package var executed: Int64?
    /// When the poststart hooks were done.
    package var hooked: Int64?
    /// When the program had told the service manager that it is ready; nil where nobody asked for that.
    package var ready: Int64?
    /// The end of what was watched.
    package var ended: Int64
    /// Who did it: the runtime and the first process.
    package var pids: (runtime: Int32, process: Int32) = (0, 0)

    /// Times of which only the beginning is known.
    package init(began: Int64) {
        self.began = began
        ended = began
    }
}

extension Trace {
    /// The timeline of a `start`. `isNotified`: whether it waits for the program's readiness.
    package init(startOf id: Bytes, _ hooks: HooksPlan, _ times: StartTimes, isNotified: Bool) {
        self.init(id, "container's first process", times.pids, times.began, times.ended)
        add(StepWords("open", "find the container"), times.began, times.found)
        if let found = times.found { add(StepWords("connect", "to the process"), found, times.connected) }
        add(StepWords("accept", "start"), times.began, times.connected, isInside: true, waits: true)
        guard let connected = times.connected else { return }
        add(StepWords("start", "until the program is executed"), connected, times.executed, waits: true)
        let count = hooks[.startContainer].count
        let first: Bytes = count == 0 ? "" : "\(HookKind.startContainer.name) hooks: \(count), then "
        add(
            StepWords("execve", "\(first)the last mile: privileges, filter, program"), connected, times.executed,
            isInside: true, origin: count == 0 ? .root : "/hooks/startContainer")
        guard let executed = times.executed else { return }
        if !hooks[.poststart].isEmpty { add(poststart(hooks), executed, times.hooked, origin: "/hooks/poststart") }
        if isNotified, let hooked = times.hooked {
            add(StepWords("poll", "until the program says that it is ready"), hooked, times.ready, waits: true)
        }
    }
}
