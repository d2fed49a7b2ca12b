// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux

extension InitProgram {
    /// A short-lived process that joins a user namespace and makes the container's first process there, as its sibling: new
    /// namespaces then belong to that user namespace, and the runtime itself stays outside. Reports the pid, or why not.
    package consuming func runAsJoiner(userNamespace: Int32, flags: UInt64, cgroup: Int32?) -> Never {
        do throws(SystemError) {
            try CurrentProcess.join([.user], userNamespace)
            let pid = try CurrentProcess.cloneSibling(flags, cgroup: cgroup)
            if pid == 0 { run() }
            InitMessage.pid(pid).send(to: socket)
        } catch {
            InitMessage.failure(step: 0, error).send(to: socket)
            CurrentProcess.exit(1)
        }
        CurrentProcess.exit(0)
    }
}
