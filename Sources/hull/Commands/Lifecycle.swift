// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullRuntime

extension Program {
    func start(_ options: StartOptions) throws(Failure) {
        let trace = try options.trace.map { (path) throws(Failure) in try StartRecorder(Caller.absolute(path)) }
        try store().start(options.id, trace)
    }

    func kill(_ options: KillOptions) throws(Failure) {
        try store().kill(options.id, signal: options.signal, all: options.all)
    }

    func delete(_ options: DeleteOptions) throws(Failure) {
        warn(try store().delete(options.id, force: options.force), "delete", options.id)
    }

    func ps(_ options: PsOptions) throws(Failure) {
        let store = try store()
        let pids = try store.processes(of: options.id)
        if options.format == .json { return Caller.write(processJSON(pids), to: 1) }
        guard options.arguments.isEmpty else {
            let output = try Caller.output(of: ["ps"] + options.arguments)
            guard let lines = processLines(of: output, pids) else { throw Failure("ps shows no column PID") }
            return Caller.write(lines, to: 1)
        }
        let processes = pids.compactMap { pid in
            store.describe(process: pid).map {
                ProcessSummary(uid: $0.uid, pid: pid, ppid: $0.parent, command: $0.command)
            }
        }
        Caller.write(processTable(processes), to: 1)
    }
}
