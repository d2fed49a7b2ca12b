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

    /// What would be done: the very lists that `create` runs.
    func plan(_ options: PlanOptions) throws(Failure) {
        var (bytes, request) = try readBundle(options.bundle, options.config)
        if let text = options.overlay { request.overlay = try upperLayer(text) }
        let host = try Host.probe(systemd: invocation.global.usesSystemd)
        do throws(ConfigErrors) {
            let plan = try resolve(try Config.read(bytes), request, host)
            Caller.write(explain(plan), to: 1)
        } catch {
            throw Failure(error.located(in: bytes))
        }
    }

    /// All errors and all unknown fields at once, and what weakens the container where that is asked for. 1 where there
    /// is an error or a weakness.
    func check(_ options: CheckOptions) throws(Failure) -> Int32 {
        let (bytes, request) = try readBundle(options.bundle, options.config)
        let host = try Host.probe(systemd: invocation.global.usesSystemd)
        var unknown: [ConfigError] = []
        var warnings: [ConfigError] = []
        var errors: [ConfigError] = []
        var weak: [ConfigError] = []
        do throws(ConfigErrors) {
            let config = try Config.read(bytes, unknown: &unknown, advice: { nearestHint(to: $0, among: $1) })
            if options.security { weak = weaknesses(of: config, bundle: request.bundle) }
            warnings = try resolve(config, request, host).warnings
        } catch {
            errors = error.located(in: bytes).list
        }
        let file = options.config ?? "config.json"
        Caller.write(findingLines(errors, in: file, .error), to: 1)
        let said = ConfigErrors(unknown + warnings).located(in: bytes)
        Caller.write(findingLines(said.list, in: file, .warning), to: 1)
        let found = ConfigErrors(weak).located(in: bytes)
        Caller.write(findingLines(found.list, in: file, .weakness), to: 1)
        return errors.isEmpty && weak.isEmpty ? 0 : 1
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
