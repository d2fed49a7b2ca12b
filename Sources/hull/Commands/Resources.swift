// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    func update(_ options: UpdateOptions) throws(Failure) {
        let document = options.resources.map { $0 == "-" ? "standard input" : $0 } ?? "limits"
        do throws(Failure) {
            for warning in try store().update(
                options.id, try limits(options), options.intelRdt, try Host.probe(),
                strict: options.strictResources)
            {
                log.warning(warning.line(in: document, .warning), LogFields(warning))
            }
        } catch {
            var failure = error
            failure.document = document
            throw failure
        }
    }

    /// What the document says, or the options where there is none.
    private func limits(_ options: UpdateOptions) throws(Failure) -> Config.Linux.Resources {
        guard let file = options.resources else { return options.said }
        let bytes = try file == "-" ? Caller.standardInput() : Caller.read(file)
        do { return try Config.Linux.Resources.read(bytes) } catch { throw Failure(error.located(in: bytes)) }
    }

    func events(_ options: EventsOptions) throws(Failure) {
        let store = try store()
        let id = options.id
        if options.onlyStats {
            return Caller.write(Event.stats(try store.statistics(of: id)).line(id: id) + "\n", to: 1)
        }
        try store.watch(id, interval: options.interval) { Caller.write($0.line(id: id) + "\n", to: 1) }
    }

    func stats(_ options: StatsOptions) throws(Failure) {
        let store = try store()
        let isLive = options.format == .table && !options.once && Caller.hasTerminal
        var view = StatsView(options.format)
        repeat {
            let rows = try store.statistics(of: options.ids)
            Caller.write(view.text(of: rows, at: Caller.monotonic, live: isLive), to: 1)
            if isLive { try Caller.sleep(milliseconds: options.interval) }
        } while isLive
    }
}
