// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    func mounts(_ options: MountsOptions) throws(Failure) {
        let document = options.file == "-" ? "standard input" : options.file
        let bytes = try options.file == "-" ? Caller.standardInput() : Caller.read(options.file)
        do throws(Failure) {
            let list = try mountList(bytes, document)
            switch options.action {
            case .add:
                let host = try Host.probe()
                try host.requireUsable(cgroup: false)
                for warning in try store().addMounts(list, to: options.id, host) {
                    log.warning(warning.line(in: document, .warning))
                }
            case .remove: try store().removeMounts(list, from: options.id)
            }
        } catch {
            var failure = error
            failure.document = document
            failure.config = failure.config?.located(in: bytes)
            throw failure
        }
    }

    /// A property that no mount has may be a misspelt one: nothing is lost without a word.
    private func mountList(_ bytes: [UInt8], _ document: Bytes) throws(Failure) -> MountList {
        var unknown: [ConfigError] = []
        do throws(ConfigErrors) {
            let list = try MountList.read(bytes, unknown: &unknown) { nearestHint(to: $0, among: $1) }
            for warning in unknown { log.warning(warning.line(in: document, .warning)) }
            return list
        } catch { throw Failure(error) }
    }
}
