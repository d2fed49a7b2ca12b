// SPDX-License-Identifier: Apache-2.0
import Glibc
import HullBytes
import HullKernel
import HullLinux
import Support

@testable import HullInit
@testable import HullPlan

/// A clone that runs a list of inside steps, seen from the runtime's side.
final class Child {
    let pid: Int32
    private(set) var socket: Descriptor
    private let pidfd: Descriptor

    init(
        _ steps: [InsideAction], held: consuming DescriptorList = DescriptorList(), listener: Int32? = nil,
        flags: UInt64 = 0, standardOutput: Int32? = nil, _ amend: (inout ContainerPlan) -> Void = { _ in }
    ) throws {
        var plan = ContainerPlan(id: "test", bundle: "/", rootfs: "/")
        plan.process.arguments = ["/bin/true"]
        let own = try Credentials.capabilities().permitted
        plan.process.capabilities.bounding = own
        plan.process.capabilities.effective = own
        plan.process.capabilities.permitted = own
        plan.inside = steps.map { InsideStep(action: $0, origin: "") }
        amend(&plan)
        let pair = try Sockets.pair()
        // What this frame owns may be closed in the clone before it is used there.
        let theirs = pair.second.give()
        defer { Glibc.close(theirs) }
        let state = HookState(beforeStatus: "{\"status\":\"", beforePid: "\",\"pid\":", afterPid: "}")
        let program = InitProgram(
            plan, held: held, hookState: state, socket: theirs, listener: listener, consoleSocket: nil)
        guard let cloned = try CurrentProcess.clone(flags, cgroup: nil) else {
            if let standardOutput { dup2(standardOutput, 1) }
            program.run()
        }
        pid = cloned.pid
        pidfd = try cloned.pidfd.duplicate()
        socket = pair.first
    }

    /// The next message; empty at the end.
    func hear() throws -> Bytes { try Sockets.receive(from: socket.number).message }

    /// Closes the runtime's end.
    func hangUp() { socket = Descriptor(owning: -1) }

    func isOver(within milliseconds: Int32) throws -> Bool {
        try Poll.ready([pidfd.number], timeoutMilliseconds: milliseconds) != 0
    }

    /// How it ended; one that does not is killed.
    func end() throws -> HullKernel.ExitStatus {
        if try !isOver(within: 20_000) { kill(pid, SIGKILL) }
        return try ProcessHandle(pid: pid, pidfd: try pidfd.duplicate()).wait()
    }
}
