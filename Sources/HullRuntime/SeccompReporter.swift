// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// A process that answers in place of the kernel for a filter that asks, as the profile has it, and keeps count. It is
/// one of its own, because the runtime has hooks to wait for, which may themselves wait for the container.
struct SeccompReporter: ~Copyable {
    private let process: ProcessHandle
    /// Takes the filter, and later the wish for the report.
    private let socket: Descriptor
    private let report: Descriptor

    /// Starts the process, which waits for the filter.
    init(_ plan: SeccompReportPlan, first pid: Int32) throws(SystemError) {
        let ends = try Sockets.pair()
        let pipe = try Pipe()
        let cloned = try CurrentProcess.clone(0, cgroup: nil)
        if cloned == nil { SeccompService(plan, first: pid).live(ends.second, pipe.writing) }
        guard let process = cloned else { throw SystemError("clone3", "the child came back", .echild) }
        self.process = process
        socket = ends.first
        report = pipe.reading
    }

    /// What takes the filter to the process. From then on its calls are answered.
    func agent() throws(SystemError) -> SeccompAgent { SeccompAgent(reporter: try socket.duplicate()) }

    /// Ends the process and gives its report, and whether it was the filter that ended the container's first process.
    /// nil where the process is gone already.
    consuming func end() -> (report: [UInt8], killedFirst: Bool)? {
        guard (try? Sockets.send(" ", to: socket.number)) != nil else { return nil }
        // To the end of the pipe: a report longer than the pipe is written only as it is read.
        guard let bytes = try? report.readAll(), let status = try? process.wait() else { return nil }
        return (bytes, status == .exited(SeccompService.killedFirst))
    }
}

/// What the process does.
private struct SeccompService {
    private let plan: SeccompReportPlan
    private(set) var calls: DeniedCalls
    private let first: Int32
    private(set) var hasKilledFirst = false

    init(_ plan: SeccompReportPlan, first: Int32) {
        self.plan = plan
        self.first = first
        calls = DeniedCalls(plan)
    }

    /// The exit code where the filter ended the container's first process.
    static let killedFirst: Int32 = 3

    /// In the process itself; does not return, without saying so: before a call that says so, what is not used any more
    /// is ended, and the descriptors would be closed. What is borrowed stays open.
    consuming func live(_ socket: borrowing Descriptor, _ report: borrowing Descriptor) {
        // Without copies of what the runtime holds: its locks, and the socket at whose end init sees that hull is gone.
        guard (try? closeDescriptors(except: [socket.number, report.number])) != nil else { CurrentProcess.exit(1) }
        guard let filter = try? Sockets.receive(from: socket.number).takeDescriptor() else { CurrentProcess.exit(0) }
        guard (try? serve(filter.number, until: socket.number)) != nil else { CurrentProcess.exit(1) }
        try? hullWriteAll(report.number, Bytes(JSONWriter.text(of: calls.report)), "")
        CurrentProcess.exit(hasKilledFirst ? Self.killedFirst : 0)
    }

    /// Answers until the report is wanted, or nobody is left who could call. The end of the socket alone is not it:
    /// without the runtime the container goes on.
    mutating func serve(_ filter: Int32, until socket: Int32) throws(SystemError) {
        var other = socket
        while true {
            let event = try HeldCall.wait(at: filter, or: other)
            if event.contains(.call) {
                if let held = try HeldCall.receive(from: filter) { try answer(held, filter) }
                continue
            }
            if event.contains(.other) {
                if try !Sockets.receive(from: socket).message.isEmpty { return }
                other = -1
            }
            if event.contains(.end) {
                if other < 0 { return }
                // Nothing more to answer; the runtime still wants to be told.
                _ = try Poll.ready([socket], timeoutMilliseconds: -1)
                return
            }
        }
    }

    private mutating func answer(_ held: HeldCall, _ filter: Int32) throws(SystemError) {
        let answer = plan.answer(to: held.call)
        let status = ThreadStatus(of: held.thread)
        calls.add(held.call, answer, pid: Int(status?.process ?? held.thread), status?.command ?? "")
        if let errno = answer.errno { return try held.refuse(with: errno, at: filter) }
        kill(held.thread, status)
        // Who dies of the signal must come back from the call for that, and dies before it sees what the call says.
        try held.refuse(with: .eperm, at: filter)
    }

    /// Death by SIGSYS, as the kernel gives it. A process that is not to die of the signal, because it handles, blocks
    /// or ignores it, or is the first of its pid namespace, which the kernel spares all signals that it has no handler
    /// for (pid_namespaces(7)), is killed by SIGKILL.
    private mutating func kill(_ thread: Int32, _ status: ThreadStatus?) {
        let process = status?.process ?? thread
        if process == first { hasKilledFirst = true }
        let signal = status?.diesOf(Signal.sys.rawValue) == true ? Signal.sys.rawValue : Signal.kill.rawValue
        try? CurrentProcess.signal(process, thread: thread, signal)
    }
}

/// What proc_pid_status(5) says of a thread that waits for its answer.
private struct ThreadStatus {
    /// The process that the thread belongs to.
    var process: Int32 = 0
    /// The name that the process has given itself.
    var command: Bytes = ""
    private var isFirst = false
    private var kept: UInt64 = 0

    init?(of thread: Int32) {
        guard let text = try? HostFiles.read("/proc/\(thread)/status") else { return nil }
        for line in Bytes(text).split(0x0a) {
            let words = line.split(0x09)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "Name:": command = words[1]
            case "Tgid:": process = words[1].decimal.map { Int32(clamping: $0) } ?? thread
            case "NSpid:": isFirst = words.count > 2 && words.last == "1"
            case "SigBlk:", "SigIgn:", "SigCgt:": kept |= UInt64(words[1].text, radix: 16) ?? 0
            default: break
            }
        }
    }

    /// Whether the signal, sent from outside, would end the process.
    func diesOf(_ signal: Int32) -> Bool { !isFirst && kept & 1 << UInt64(signal - 1) == 0 }
}
