// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullCommandLine
internal import HullKernel

// 1. The command line is read once. 2. The command runs. 3. Its failure is told in one place.
let invocation: ImageInvocation
do throws(ImageInvocation.Problem) {
    invocation = try ImageInvocation(Array(CurrentProcess.arguments.dropFirst()))
} catch {
    try? hullWriteAll(2, error.line + "\n", "")
    CurrentProcess.exit(1)
}
CurrentProcess.exit(ImageProgram(invocation).run())
