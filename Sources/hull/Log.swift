// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullRuntime

/// Where messages go: errors to standard error always, and everything at or above the level to the log file, if there
/// is one. Engines read both.
struct Log {
    private let global: GlobalOptions

    init(_ global: GlobalOptions) { self.global = global }

    func error(_ line: Bytes, _ fields: LogFields) {
        Caller.write(line + "\n", to: 2)
        record(.error, line, fields)
    }

    func warning(_ line: Bytes, _ fields: LogFields? = nil) {
        if global.log == nil, global.threshold >= .warning { Caller.write("\(line)\n", to: 2) }
        record(.warning, line, fields)
    }

    func debug(_ line: @autoclosure () -> Bytes) {
        guard global.threshold == .debug else { return }
        let line = line()
        if global.log == nil { Caller.write("debug: \(line)\n", to: 2) }
        record(.debug, line)
    }

    private func record(_ level: LogLevel, _ line: Bytes, _ fields: LogFields? = nil) {
        guard let path = global.log, level <= global.threshold else { return }
        do {
            try Caller.append(LogRecord(level, line, at: Caller.time, fields).line(global.logFormat), to: path)
        } catch {
            Caller.write("hull: the log file \(path) cannot be written: \(error.cause)\n", to: 2)
        }
    }
}
