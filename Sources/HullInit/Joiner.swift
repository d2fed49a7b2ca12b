// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

extension InitProgram {
    /// A short-lived process that joins a user namespace and makes the container's first process there, as its sibling:
    /// new namespaces then belong to that user namespace, and the runtime itself stays outside. Reports the new
    /// process, or why there is none, on a socket of its own: on the common one the new process could be faster.
    package consuming func runAsJoiner(userNamespace: Int32, flags: UInt64, cgroup: Int32?, report: Int32) -> Never {
        do throws(SystemError) {
            try closeDescriptors(except: needed + [userNamespace, report] + [cgroup].compactMap { $0 })
            try CurrentProcess.join([.user], userNamespace)
            let cloned = try CurrentProcess.cloneSibling(flags, cgroup: cgroup)
            if cloned == nil { run() }
            guard let sibling = cloned else { throw SystemError("clone3", "the sibling came back", .echild) }
            try InitMessage.sibling.send(to: report, descriptors: [sibling.pidfd.number])
        } catch {
            InitMessage.failure(step: 0, error).sendLast(to: report)
            CurrentProcess.exit(1)
        }
        CurrentProcess.exit(0)
    }
}
