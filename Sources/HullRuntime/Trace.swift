// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullPlan

/// The caller's file for a trace: `--trace`.
struct TraceFile {
    private let path: Bytes

    /// What is at the path is replaced in the end, a link there too; what is no file is left alone.
    init(_ path: Bytes) throws(Failure) {
        self.path = path
        let status = try attempt { () throws(SystemError) in try HostFiles.status(path) }
        if let status, !status.isRegular {
            throw Failure("option --trace: \(path) is no regular file", hint: "name a new file")
        }
    }

    /// As events or, where the file is to be a picture, drawn.
    func write(_ trace: Trace) throws(Failure) {
        let text = path.hasSuffix(".svg") ? trace.svg : trace.json
        try attempt { () throws(SystemError) in try HostFiles.replace(path, with: text, mode: 0o644) }
    }
}

/// Notes when the making of a process did what, and writes it to the caller's file.
package struct TraceRecorder {
    private let file: TraceFile
    private var times: StepTimes
    /// What the process in the container notes.
    private(set) var inside: SharedTimes?

    /// Begins now.
    package init(_ path: Bytes) throws(Failure) {
        times = StepTimes(began: Clock.common)
        file = try TraceFile(path)
    }

    /// The plan is known, and nothing is made yet: what cannot be written is better known now.
    mutating func prepare(_ plan: ContainerPlan, isFirst: Bool = true) throws(Failure) {
        inside = try attempt { () throws(SystemError) in try SharedTimes(count: plan.inside.count + 2) }
        try write(plan, pid: 0, isFirst: isFirst)
    }

    /// Notes the beginning of the next step outside; after the last, the end of the list.
    mutating func note() { times.outside.append(Clock.common) }

    /// Notes that the process is told to become the program.
    mutating func noteStart() { times.started = Clock.common }

    /// Notes that the process has become the program.
    mutating func noteExecution() { times.executed = Clock.common }

    /// Notes that the poststart hooks are done.
    mutating func noteHooks() { times.hooked = Clock.common }

    /// Writes the trace as far as it has come.
    func write(_ plan: ContainerPlan, pid: Int32, isFirst: Bool = true) throws(Failure) {
        var times = times
        times.ended = times.hooked ?? times.executed ?? Clock.common
        times.inside = inside?.noted ?? []
        times.pids = (CurrentProcess.pid, pid)
        try file.write(Trace(plan, times, isFirst: isFirst))
    }
}

extension Creation {
    /// Writes the trace, once, where one is wanted.
    mutating func writeTrace() throws(Failure) {
        if let trace = trace.take() { try trace.write(plan, pid: record.pid) }
    }
}

/// Notes when a start did what, and writes it to the caller's file.
package struct StartRecorder {
    private let file: TraceFile
    private var times: StartTimes
    private var container: (id: Bytes, hooks: HooksPlan)?
    private var isNotified = false

    /// Begins now.
    package init(_ path: Bytes) throws(Failure) {
        times = StartTimes(began: Clock.common)
        file = try TraceFile(path)
    }

    /// The container can be started, and nothing is done yet: what cannot be written is better known now.
    mutating func prepare(_ record: ContainerRecord, _ hooks: HooksPlan, isNotified: Bool) throws(Failure) {
        container = (record.id, hooks)
        self.isNotified = isNotified
        times.found = Clock.common
        times.pids = (CurrentProcess.pid, record.pid)
        try write()
    }

    /// Notes that a part is done.
    mutating func note(_ part: WritableKeyPath<StartTimes, Int64?>) { times[keyPath: part] = Clock.common }

    /// Writes the trace as far as it has come; nothing where there was nothing to start.
    func write() throws(Failure) {
        guard let container else { return }
        var times = times
        times.ended = Clock.common
        try file.write(Trace(startOf: container.id, container.hooks, times, isNotified: isNotified))
    }
}
