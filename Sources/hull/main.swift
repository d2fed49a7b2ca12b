// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullRuntime

// 1. The executable has protected itself before this line: CHullSeal/seal.c.
// 2. The command line is read once. 3. The verb runs. 4. Its failure is told in one place.
let invocation: Invocation
do throws(UsageError) {
    invocation = try Invocation(Array(Caller.arguments.dropFirst()))
} catch {
    Log(error.global).error(error.line, LogFields(error))
    Caller.exit(1)
}
Caller.exit(Program(invocation).run())
