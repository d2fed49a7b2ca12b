// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    func exec(_ options: ExecOptions) throws(Failure) -> Int32 {
        let trace = try options.trace.map { (path) throws(Failure) in try TraceRecorder(Caller.absolute(path)) }
        let signals = options.detach ? nil : try SignalsOfCaller()
        var request = Request(id: options.id, bundle: "/")
        request.detached = options.detach
        request.preservedDescriptors = preservedDescriptors
        request.seccompReceiver = Caller.seccompReceiver
        if let path = options.pidFile { request.pidFile = try Caller.absolute(path) }
        if let path = options.consoleSocket { request.consoleSocket = try Caller.absolute(path) }
        if let path = options.pidfdSocket { request.pidfdSocket = try Caller.absolute(path) }
        request.cgroups = options.cgroups
        if var tools = options.tools {
            tools.directory = try Caller.absolute(tools.directory)
            request.tools = tools
        }
        request.ignoresPause = options.ignorePaused
        let said = try options.process.map { (path) throws(Failure) in try readProcess(path) }
        let host = try Host.probe()
        try host.requireUsable(cgroup: false)
        var execution = try Execution.prepare(in: options.id, of: try store(), request, host, trace: trace) {
            (config) throws(Failure) in
            if let said { return said }
            return try process(config, options)
        }
        // What is said of the config was told when the container was created.
        if !options.additionalGids.isEmpty {
            for warning in execution.warnings where warning.pointer == "/user/additionalGids" {
                log.warning(warning.line(in: "exec", .warning), LogFields(warning))
            }
        }
        try execution.run()
        guard let signals else { return 0 }
        return try execution.attend(signals)
    }

    private func readProcess(_ path: Bytes) throws(Failure) -> Config.Process {
        let bytes = try Caller.read(path)
        do { return try Config.Process.read(bytes) } catch { throw Failure(error.located(in: bytes)) }
    }

    /// The config's process with what the options say.
    private func process(_ config: Config, _ options: ExecOptions) throws(Failure) -> Config.Process {
        guard var process = config.process else { throw Failure("the container's config has no process") }
        process.args = options.command
        process.terminal = options.tty
        if let cwd = options.cwd { process.cwd = cwd }
        process.env = (process.env ?? []) + options.env
        if let ids = options.user {
            var user = process.user ?? Config.Process.User()
            user.uid = ids.uid
            if let gid = ids.gid { user.gid = gid }
            process.user = user
        }
        if !options.additionalGids.isEmpty {
            var user = process.user ?? Config.Process.User()
            user.additionalGids = (user.additionalGids ?? []) + options.additionalGids
            process.user = user
        }
        if let label = options.processLabel { process.selinuxLabel = label }
        if let profile = options.apparmor { process.apparmorProfile = profile }
        if options.noNewPrivs { process.noNewPrivileges = true }
        add(options.caps, to: &process)
        return process
    }

    /// Never to the inheritable set, through which a file could gain them: CVE-2022-29162.
    private func add(_ names: [Bytes], to process: inout Config.Process) {
        guard !names.isEmpty else { return }
        var sets = process.capabilities ?? Config.Process.Capabilities()
        sets.bounding = (sets.bounding ?? []) + names
        sets.permitted = (sets.permitted ?? []) + names
        sets.effective = (sets.effective ?? []) + names
        process.capabilities = sets
    }
}
