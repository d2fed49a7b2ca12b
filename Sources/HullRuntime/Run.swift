// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
package import HullOCI
internal import HullPlan

extension Creation {
    /// Starts the container and leaves it running.
    package consuming func runDetached() throws(Failure) {
        try start()
        guard let notify else { return }
        switch spawned {
        case .some(let made):
            try attempt { () throws(SystemError) in
                try notify.passOn(until: made.process.pidfd.number, mainProcess: made.process.pid)
            }
        case nil: break
        }
    }

    /// Removes the container after its end, unless another hull has done so.
    func removeAfterEnd() -> [Failure] {
        // A directory that is gone has no links any more. Where that cannot be told, removing once more does no harm.
        let isLocked = (try? directory.lock(waitMilliseconds: 10_000)) ?? true
        guard isLocked, (try? directory.descriptor.status().links) != 0 else { return [] }
        return removeTraces(record, directory).map { Failure($0) }
            + runPoststopHooks(plan.hooks, record: record)
    }

    /// Starts the container, forwards signals and, if it has one, its terminal, until it ends; then removes it, unless
    /// it is to be kept.
    package consuming func runForeground(
        _ signals: borrowing SignalsOfCaller, keep: Bool
    ) throws(Failure) -> ForegroundEnd {
        let relay: TerminalRelay?
        do throws(Failure) { relay = try makeRelay() } catch { throw undo(error) }
        do throws(Failure) { try start() } catch {
            relay?.restore()
            throw error
        }
        var status: ExitStatus
        do throws(Failure) { status = try attendProcess(signals, relay) } catch {
            relay?.restore()
            throw undo(error)
        }
        relay?.restore()
        var warnings: [Failure] = []
        if status == .signaled(9), let warning = cgroup.memoryWarning() { warnings.append(warning) }
        if !keep { warnings += removeAfterEnd() }
        var report: SeccompReport?
        if let reporter = reporter.take() {
            let end = reporter.end()
            if end?.killedFirst == true { status = .signaled(Signal.sys.rawValue) }
            report = end.flatMap { try? SeccompReport.read($0.report) }
            if report == nil {
                warnings.append(Failure("the report of denied system calls is lost: its process has ended early"))
            }
        }
        return ForegroundEnd(code: status.code, warnings: warnings, report: report)
    }

    borrowing func attendProcess(
        _ signals: borrowing SignalsOfCaller, _ relay: TerminalRelay?
    ) throws(Failure) -> ExitStatus {
        switch spawned {
        case .some(let made):
            return try attempt { () throws(SystemError) in
                try attend(made.process, signals.descriptor, relay, notify)
            }
        case nil: throw Failure("there is no process")
        }
    }

    /// The caller's terminal in place of a console socket.
    mutating func makeRelay() throws(Failure) -> TerminalRelay? {
        guard let console = ownConsole.take() else { return nil }
        return try TerminalRelay.receive(from: console.number)
    }
}

/// How a container that ran in the foreground came to its end.
package struct ForegroundEnd: Sendable {
    /// The exit code of the shell's view.
    package let code: Int32
    /// What went wrong without being the container's fault.
    package let warnings: [Failure]
    /// What its filter denied, where that was asked for.
    package let report: SeccompReport?
}

/// All signals that the caller sends to hull, from before the container exists, so that none is lost.
package struct SignalsOfCaller: ~Copyable {
    let descriptor: SignalDescriptor

    /// Blocks all signals of the process and reads them from now on.
    package init() throws(Failure) {
        descriptor = try attempt { () throws(SystemError) in try SignalDescriptor() }
    }
}

/// Waits for the end of a process; forwards signals to it, and carries bytes between two terminals.
func attend(
    _ process: borrowing ProcessHandle, _ signals: borrowing SignalDescriptor, _ relay: TerminalRelay?,
    _ notify: NotifySocket? = nil
) throws(SystemError) -> ExitStatus {
    while true {
        let master = relay?.masterToPoll ?? -1
        let input = relay?.inputToPoll ?? -1
        let ready = try Poll.ready(
            [process.pidfd.number, signals.descriptor.number, master, input, notify?.number ?? -1],
            timeoutMilliseconds: -1)
        if ready & 2 != 0 {
            while let signal = try signals.next() { forward(signal, process, relay) }
        }
        if ready & 4 != 0 { relay?.carryOut() }
        if ready & 8 != 0 { relay?.carryIn() }
        // This process stays, so it is the one to watch. A manager that is gone must not end the container.
        if ready & 16 != 0 { try? notify?.passOn(mainProcess: CurrentProcess.pid) }
        if ready & 1 != 0 {
            relay?.drain()
            return try process.wait()
        }
    }
}

private func forward(_ signal: Int32, _ process: borrowing ProcessHandle, _ relay: TerminalRelay?) {
    switch signal {
    case Signal.chld.rawValue, Signal.urg.rawValue, Signal.pipe.rawValue: break
    case Signal.winch.rawValue where relay != nil: relay?.resize()
    default: try? process.signal(signal)
    }
}
