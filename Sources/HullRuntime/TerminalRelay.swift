// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel

/// Carries bytes between the caller's standard streams and the container's terminal.
final class TerminalRelay {
    private let master: Descriptor
    private let saved: [UInt8]?
    /// An end that is closed is not polled any more.
    private var isMasterOpen = true
    private var isInputOpen = true

    /// Takes the master over and puts the caller's terminal, if it is one, into raw mode.
    init(_ master: consuming Descriptor) throws(SystemError) {
        self.master = master
        saved = Terminal.isTerminal(0) ? try Terminal.makeRaw(0) : nil
        resize()
    }

    /// Takes the terminal that the container's process has sent.
    static func receive(from socket: Int32) throws(Failure) -> TerminalRelay {
        let received = try attempt { () throws(SystemError) in try Sockets.receive(from: socket) }
        guard let master = received.takeDescriptor() else { throw Failure("the container sent no terminal") }
        do { return try TerminalRelay(master) } catch { throw Failure(error) }
    }

    /// Gives the caller's terminal its settings back.
    func restore() { if let saved { Terminal.restore(0, saved) } }

    /// The container's terminal takes the size of the caller's.
    func resize() {
        guard let size = Terminal.size(0) else { return }
        try? Terminal.setSize(master.number, rows: size.rows, columns: size.columns)
    }

    /// The descriptors to wait on; -1 for an end that is closed.
    var masterToPoll: Int32 { isMasterOpen ? master.number : -1 }
    var inputToPoll: Int32 { isInputOpen ? 0 : -1 }

    /// From the container to the caller. EIO: nobody has the terminal open any more.
    func carryOut() {
        guard let bytes = try? master.readSome(65536), !bytes.isEmpty else { return isMasterOpen = false }
        do { try hullWriteAll(1, Bytes(bytes), "standard output") } catch { isMasterOpen = false }
    }

    /// From the caller to the container; at its end the container reads end-of-file (^D).
    func carryIn() {
        guard let bytes = try? hullReadAvailable(0), !bytes.isEmpty else {
            isInputOpen = false
            try? master.writeAll(Bytes([4]))
            return
        }
        do { try master.writeAll(Bytes(bytes)) } catch { isInputOpen = false }
    }

    /// What the container wrote before its end.
    func drain() {
        while isMasterOpen, let ready = try? Poll.ready([master.number], timeoutMilliseconds: 0), ready != 0 {
            carryOut()
        }
    }
}
