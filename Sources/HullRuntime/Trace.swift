// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullPlan

/// Notes when a creation did what, and writes it to the caller's file: `--trace`.
package struct TraceRecorder {
    private let path: Bytes
    private var times: StepTimes
    /// What the container's first process notes.
    private(set) var inside: SharedTimes?

    /// Begins now. What is at the path is replaced in the end, a link there too; what is no file is left alone.
    package init(_ path: Bytes) throws(Failure) {
        self.path = path
        times = StepTimes(began: Clock.common)
        let status = try attempt { () throws(SystemError) in try HostFiles.status(path) }
        if let status, !status.isRegular {
            throw Failure("option --trace: \(path) is no regular file", hint: "name a new file")
        }
    }

    /// The plan is known, and nothing is made yet: what cannot be written is better known now.
    mutating func prepare(_ plan: ContainerPlan) throws(Failure) {
        inside = try attempt { () throws(SystemError) in try SharedTimes(count: plan.inside.count + 2) }
        try write(plan, pid: 0)
    }

    /// Notes the beginning of the next step outside; after the last, the end of the list.
    mutating func note() { times.outside.append(Clock.common) }

    /// Notes that the process is told to become the program.
    mutating func noteStart() { times.started = Clock.common }

    /// Notes that the process has become the program.
    mutating func noteExecution() { times.executed = Clock.common }

    /// Writes the trace as far as it has come.
    func write(_ plan: ContainerPlan, pid: Int32) throws(Failure) {
        var times = times
        times.ended = times.executed ?? Clock.common
        times.inside = inside?.noted ?? []
        times.pids = (CurrentProcess.pid, pid)
        let trace = Trace(plan, times)
        let text = path.hasSuffix(".svg") ? trace.svg : trace.json
        try attempt { () throws(SystemError) in try HostFiles.replace(path, with: text, mode: 0o644) }
    }
}

extension Creation {
    /// Writes the trace, once, where one is wanted.
    mutating func writeTrace() throws(Failure) {
        if let trace = trace.take() { try trace.write(plan, pid: record.pid) }
    }
}
