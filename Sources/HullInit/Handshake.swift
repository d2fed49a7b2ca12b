// SPDX-License-Identifier: Apache-2.0

package import HullBytes
package import HullKernel
internal import HullLinux
package import HullPlan

/// What the container's first process tells the runtime.
package enum InitMessage: Sendable {
    /// The joiner has made the process, whose pidfd comes beside: its pid may be another one here.
    case sibling
    /// The namespaces and mounts exist: time for prestart and createRuntime hooks.
    case hooksPoint
    /// All is done but the last mile. The hint says why execve may fail, for the error if it does.
    case ready(hint: Bytes)
    /// The filter is loaded; the descriptor of its notifications comes beside, sent by courier.c. The process waits for
    /// a word.
    case listener
    /// A mount is attached in a container that runs. Its place is told by its destination.
    case mounted(LiveMount)
    /// A startContainer hook failed.
    case hookFailure(index: Int, SystemError)
    /// A step failed.
    case failure(step: Int, SystemError)

    private enum Kind {
        static let sibling: UInt8 = 0x50, hooks: UInt8 = 0x48, ready: UInt8 = 0x52, failure: UInt8 = 0x46
        static let listener: UInt8 = 0x4c, hookFailure: UInt8 = 0x4b, mounted: UInt8 = 0x4d
    }

    /// The message as bytes: its kind, then fields, each with a 16-bit length.
    package var bytes: Bytes {
        switch self {
        case .sibling: InitMessage.pack(Kind.sibling, [])
        case .hooksPoint: InitMessage.pack(Kind.hooks, [])
        case .ready(let hint): InitMessage.pack(Kind.ready, [hint])
        case .listener: InitMessage.pack(Kind.listener, [])
        case .mounted(let mount):
            InitMessage.pack(Kind.mounted, [mount.destination, "\(mount.mount)", mount.device])
        case .failure(let step, let error): InitMessage.pack(Kind.failure, InitMessage.fields(step, error))
        case .hookFailure(let index, let error):
            InitMessage.pack(Kind.hookFailure, InitMessage.fields(index, error))
        }
    }

    private static func fields(_ number: Int, _ error: SystemError) -> [Bytes] {
        ["\(number)", "\(error.errno.rawValue)", error.call, error.object, error.detail, error.words ?? ""]
    }

    /// Reads what `bytes` gives; nil for anything else.
    package init?(_ bytes: Bytes) {
        guard let kind = bytes.array.first, let fields = InitMessage.unpack(bytes) else { return nil }
        switch (kind, fields.count) {
        case (Kind.sibling, 0): self = .sibling
        case (Kind.hooks, 0): self = .hooksPoint
        case (Kind.ready, 1): self = .ready(hint: fields[0])
        case (Kind.listener, 0): self = .listener
        case (Kind.mounted, 3):
            guard let mount = fields[1].decimal else { return nil }
            self = .mounted(
                LiveMount(destination: fields[0], place: fields[0], mount: mount, device: fields[2]))
        case (Kind.failure, 6), (Kind.hookFailure, 6):
            guard let step = fields[0].decimal, let errno = fields[1].decimal else { return nil }
            let error = SystemError(
                fields[2], fields[3], Errno(rawValue: Int32(clamping: errno)), detail: fields[4],
                words: fields[5].isEmpty ? nil : fields[5])
            let number = Int(clamping: step)
            self = kind == Kind.failure ? .failure(step: number, error) : .hookFailure(index: number, error)
        default: return nil
        }
    }

    /// Sends the message; EPIPE where the runtime is gone. One that is waited for must come through, or both sides
    /// would wait.
    package func send(to socket: Int32, descriptors: [Int32] = []) throws(SystemError) {
        try Sockets.send(bytes, descriptors: descriptors, to: socket)
    }

    /// Sends a last message: a runtime that is gone needs none.
    package func sendLast(to socket: Int32) { try? send(to: socket) }

    private static func pack(_ kind: UInt8, _ fields: [Bytes]) -> Bytes {
        var array: [UInt8] = [kind]
        for field in fields {
            let kept = field.prefix(8192)
            array.append(UInt8(kept.count & 0xff))
            array.append(UInt8(kept.count >> 8))
            array += kept.array
        }
        return Bytes(array)
    }

    private static func unpack(_ bytes: Bytes) -> [Bytes]? {
        var fields: [Bytes] = []
        var rest = bytes.array.dropFirst()
        while !rest.isEmpty {
            guard rest.count >= 2 else { return nil }
            let count = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
            rest = rest.dropFirst(2)
            guard rest.count >= count else { return nil }
            fields.append(Bytes(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return fields
    }
}

/// What the runtime tells the container's first process: one byte each.
package enum RuntimeWord: UInt8, Sendable {
    /// The id maps are written.
    case mappingsWritten = 0x4d
    /// Here is the open file for clock offsets.
    case timeOffsets = 0x54
    /// Here is the network namespace.
    case network = 0x4e
    /// The hooks have run.
    case goOn = 0x43
    /// Become the container's program.
    case start = 0x53
    /// The runtime ends now; `start` will come through the listener.
    case goodbye = 0x47

    /// The message as bytes.
    package var bytes: Bytes { Bytes([rawValue]) }

    /// Sends the word. Where the process is gone: what it said last tells why, else EPIPE.
    package func send(to socket: Int32, descriptors: [Int32] = []) throws(SystemError) {
        do { try Sockets.send(bytes, descriptors: descriptors, to: socket) } catch {
            guard error.errno == .epipe, case .failure(_, let reason)? = InitMessage(try Self.last(from: socket))
            else { throw error }
            throw reason
        }
    }

    /// Sends the word and what comes beside it. A process that is gone has said why, in a step of its own, to whoever
    /// waits for it to be ready: that is not read here.
    package func send(to socket: Int32, unlessGone descriptors: [Int32]) throws(SystemError) {
        do throws(SystemError) { try Sockets.send(bytes, descriptors: descriptors, to: socket) } catch {
            guard error.errno == .epipe || error.errno == .econnreset else { throw error }
        }
    }

    /// What is there to be read; this end waits for nothing any more.
    private static func last(from socket: Int32) throws(SystemError) -> Bytes {
        try Poll.ready([socket], timeoutMilliseconds: 0) == 0 ? "" : Sockets.receive(from: socket).message
    }
}
