// SPDX-License-Identifier: Apache-2.0
import HullBytes
import HullKernel
import Testing

// Foundation has a type of this name.
typealias Pipe = HullKernel.Pipe

/// The error of a call that must be refused.
func refusal<Result: ~Copyable>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) -> SystemError? {
    do {
        _ = try body()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch let error as SystemError {
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}
