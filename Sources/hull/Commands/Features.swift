// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    /// What hull can do, whatever this machine can: the features document of the specification.
    func features() {
        let program = ProgramVersion(hull: version, commit: commit, specification: specVersion)
        let text = JSONWriter.text(of: HullPlan.features(of: program), .blanks(4))
        Caller.write(Bytes(text) + "\n", to: 1)
    }
}
