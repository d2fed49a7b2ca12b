// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
package import HullPlan

extension InitProgram {
    /// A short-lived process that joins namespaces and makes the container's first process from there, as its sibling:
    /// that one has them from birth, new ones belong to the user namespace that was joined, and the runtime itself
    /// stays outside. Reports the new process, or why there is none, on a socket of its own: on the common one the new
    /// process could be faster. `waits` for a word on it that the joiner is in the cgroup that the new process is to
    /// begin in.
    package consuming func runAsJoiner(
        _ joins: [JoinPlan], flags: UInt64, cgroup: Int32?, waits: Bool, report: Int32
    ) -> Never {
        do throws(SystemError) {
            try closeDescriptors(except: needed + [report] + [cgroup].compactMap { $0 })
            if waits, try Sockets.receive(from: report).message != RuntimeWord.goOn.bytes { CurrentProcess.exit(1) }
            try join(joins)
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

    /// The user namespace decides about the rights in all others. What the runtime's rights do for is joined before
    /// them; what they do not do for may belong to the user namespace, and is tried again inside of it.
    private func join(_ joins: [JoinPlan]) throws(SystemError) {
        let user = joins.first { $0.kind == .user }
        var denied: [JoinPlan] = []
        for plan in joins where plan.kind != .user {
            do throws(SystemError) { try join(plan) } catch {
                guard user != nil, error.errno == .eperm else { throw error }
                denied.append(plan)
            }
        }
        if let user { try join(user) }
        for plan in denied { try join(plan) }
    }

    private func join(_ plan: JoinPlan) throws(SystemError) {
        try CurrentProcess.join([plan.kind], try descriptor(plan.slot))
    }
}
