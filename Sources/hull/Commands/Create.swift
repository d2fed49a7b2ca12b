// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    func create(_ options: CreateOptions) throws(Failure) -> Int32 {
        guard options.image == nil else { return try createFromImage(options) }
        var creation = try prepare(options) { request in
            request.startsLater = true
            request.detached = true
        }
        try creation.run()
        try creation.leaveCreated()
        return 0
    }

    func run(_ options: RunOptions) throws(Failure) -> Int32 {
        guard options.create.image == nil else { return try runFromImage(options) }
        // Blocked before anything exists: a signal that comes meanwhile is forwarded when there is somebody to have it.
        let signals = options.detach ? nil : try SignalsOfCaller()
        let reportFile = try reportFile(options)
        var creation = try prepare(options.create) { request in
            request.detached = options.detach
            request.foreground = !options.detach
            request.seccompReport = options.seccompReport != nil
        }
        try creation.run()
        guard let signals else {
            try creation.runDetached()
            return 0
        }
        let end = try creation.runForeground(signals, keep: options.keep)
        warn(end.warnings, "run", options.create.id)
        guard let report = end.report else { return end.code }
        // To standard error as text for people, to a file as JSON.
        if let reportFile {
            try Caller.writeFile(reportFile, Bytes(JSONWriter.text(of: report, .blanks(4))) + "\n")
        } else {
            Caller.write(seccompReportText(report, options.create.id), to: 2)
        }
        return end.code
    }

    /// The file for the report of denied system calls, made now: what cannot be written is known before the program has
    /// run. nil where the report goes to standard error, or there is none.
    private func reportFile(_ options: RunOptions) throws(Failure) -> Bytes? {
        guard let file = options.seccompReport else { return nil }
        if options.detach {
            throw Failure(
                "option --seccomp-report: with --detach nobody waits for the report",
                hint: "run in the foreground")
        }
        guard file != "-" else { return nil }
        let path = try Caller.absolute(file)
        try Caller.writeFile(path, "")
        return path
    }

    func upperLayer(_ text: Bytes) throws(Failure) -> UpperLayer {
        let base = try Caller.absolute(".")
        do throws(UpperLayerProblem) { return try UpperLayer(text, in: base) } catch {
            throw Failure("option --overlay: \(error.text)", hint: error.hint)
        }
    }

    /// Reads the config and the machine, and decides.
    func prepare(
        _ options: CreateOptions, _ amend: (inout Request) -> Void
    ) throws(Failure) -> Creation {
        let trace = try options.trace.map { (path) throws(Failure) in try TraceRecorder(Caller.absolute(path)) }
        let bundle = try Caller.absolute(options.bundle ?? ".").cleanedPath
        var request = Request(id: options.id, bundle: bundle)
        if let path = options.pidFile { request.pidFile = try Caller.absolute(path) }
        if let path = options.consoleSocket { request.consoleSocket = try Caller.absolute(path) }
        request.noNewKeyring = options.noNewKeyring
        request.noPivot = options.noPivot
        request.keepsCgroup = invocation.global.cgroupManager == .disabled
        request.strictResources = options.strictResources
        if let text = options.overlay { request.overlay = try upperLayer(text) }
        request.preservedDescriptors = preservedDescriptors
        request.seccompReceiver = Caller.seccompReceiver
        request.listenDescriptors = Caller.listenDescriptors
        if request.listenDescriptors > 0 { request.listenNames = Caller.listenNames }
        if let path = options.pidfdSocket { request.pidfdSocket = try Caller.absolute(path) }
        amend(&request)
        let store = try store()
        if Caller.isNotified { request.notifyDirectory = store.notifyDirectory(of: options.id) }
        let file = try options.config.map { (path) throws(Failure) in try Caller.absolute(path) }
        try Caller.changeDirectory(bundle)
        let bytes = try Caller.read(file ?? "config.json")
        let host = try Host.probe(systemd: invocation.global.usesSystemd)
        try host.requireUsable(cgroup: !request.keepsCgroup)
        let decided: ContainerPlan
        do throws(ConfigErrors) {
            let plan = try resolve(try Config.read(bytes), request, host)
            for warning in plan.warnings { log.warning(warning.line(in: "config.json", .warning), LogFields(warning)) }
            decided = plan
        } catch {
            // All that can be said at once, now that time does not matter.
            let errors = Examination(bytes, request, host).errors
            throw Failure(errors.list.isEmpty ? error.located(in: bytes) : errors)
        }
        return try Creation(decided, config: bytes, host: host, in: store, trace: trace)
    }
}
