// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    func spec(_ options: SpecOptions) throws(Failure) {
        let directory = try Caller.absolute(options.bundle ?? ".")
        let config: DefaultConfig =
            options.rootless ? .rootless(uid: Caller.user, gid: Caller.group) : .privileged
        try Caller.makeFile(directory + "/config.json", config.text)
    }

    /// What would be done: the very lists that `create` runs. 1 where another plan was asked for and does otherwise.
    func plan(_ options: PlanOptions) throws(Failure) -> Int32 {
        let host = try Host.probe(systemd: invocation.global.usesSystemd)
        let new = try planned(options, host)
        guard let path = options.other else {
            let text =
                options.format == .json
                ? planJSON(new.plan, profile: new.profile) : explain(new.plan, profile: new.profile)
            Caller.write(text, to: 1)
            return 0
        }
        var other = options
        if try Caller.isDirectory(path) { (other.bundle, other.config) = (path, nil) } else { other.config = path }
        let changes = difference(from: try planned(other, host), to: new)
        Caller.write(options.format == .json ? changesJSON(changes) : changesText(changes), to: 1)
        return changes.isEmpty ? 0 : 1
    }

    private func planned(
        _ options: PlanOptions, _ host: Host
    ) throws(Failure) -> (plan: ContainerPlan, profile: Config.Linux.Seccomp?) {
        var (bytes, request) = try readBundle(options.bundle, options.config)
        if let text = options.overlay { request.overlay = try upperLayer(text) }
        do throws(ConfigErrors) {
            let config = try Config.read(bytes)
            return (try resolve(config, request, host), config.linux?.seccomp)
        } catch {
            var failure = Failure(error.located(in: bytes))
            if let file = options.config { failure.document = file }
            throw failure
        }
    }

    /// All errors and all unknown fields at once; what weakens the container and what the machine lacks where that is
    /// asked for. 1 where there is an error or a weakness.
    func check(_ options: CheckOptions) throws(Failure) -> Int32 {
        let (bytes, request) = try readBundle(options.bundle, options.config)
        let host = try Host.probe(systemd: invocation.global.usesSystemd)
        var examination = Examination(bytes, request, host, security: options.security)
        if options.host, let plan = examination.plan { examination.add(host.lacks(for: plan), bytes) }
        let findings = examination.findings
        Caller.write(findingsText(findings, in: options.config ?? "config.json", options.format), to: 1)
        return findings.allSatisfy { $0.severity == .warning } ? 0 : 1
    }

    /// What this machine offers, and what is stuck or was left on it. 1 where something does not work.
    func doctor(_ options: DoctorOptions) throws(Failure) -> Int32 {
        let host = try Host.probe()
        let found = diagnose(host, MachineFacts.probe(host)) + (try store().remains(host))
        Caller.write(diagnosesText(found, options.format), to: 1)
        return found.contains { $0.verdict == .problem } ? 1 : 0
    }

    private func readBundle(_ bundle: Bytes?, _ config: Bytes?) throws(Failure) -> ([UInt8], Request) {
        let directory = try Caller.absolute(bundle ?? ".").cleanedPath
        let file = try config.map { (path) throws(Failure) in try Caller.absolute(path) }
        let bytes = try Caller.read(file ?? directory + "/config.json")
        var request = Request(id: "container", bundle: directory)
        request.foreground = true
        request.keepsCgroup = invocation.global.cgroupManager == .disabled
        return (bytes, request)
    }
}
