// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullOCI
internal import HullPlan
internal import HullRuntime

extension Program {
    /// 1 where the container differs from its config by more than its program may have done.
    func verify(_ options: VerifyOptions) throws(Failure) -> Int32 {
        let verified = try store().verify(options.id)
        switch options.format {
        case .table: Caller.write(verifyText(verified.differences, config: verified.config), to: 1)
        case .json:
            let report = VerifyReport(options.id, verified.differences)
            Caller.write(Bytes(JSONWriter.text(of: report, .blanks(2))) + "\n", to: 1)
        }
        return verified.differences.allSatisfy { $0.reason != nil } ? 0 : 1
    }
}
