// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What is asked of CRIU: a message of its RPC (`criu_req` of rpc.proto), as far as hull uses it.
package struct CRIURequest: Equatable, Sendable {
    /// `criu_req_type`.
    package enum Kind: UInt64, Sendable {
        case dump = 1
        case restore = 2
        case preDump = 13
        case notify = 6

        /// How CRIU calls it, for messages.
        package var word: Bytes {
            switch self {
            case .dump: "dump"
            case .restore: "restore"
            case .preDump: "pre-dump"
            case .notify: "notify"
            }
        }
    }

    package var kind: Kind
    package var options: CRIUOptions?
    /// The answer to a notification.
    package var notifySuccess: Bool?

    /// Takes the parts as they are.
    package init(_ kind: Kind, _ options: CRIUOptions? = nil, notifySuccess: Bool? = nil) {
        self.kind = kind
        self.options = options
        self.notifySuccess = notifySuccess
    }

    /// The message.
    package var bytes: Bytes {
        var writer = ProtocolBufferWriter()
        writer.number(1, kind.rawValue)
        if let options { writer.message(2, options.message) }
        if let notifySuccess { writer.flag(3, notifySuccess) }
        return Bytes(writer.bytes)
    }
}

/// How CRIU deals with cgroups: `criu_cg_mode`.
package enum CRIUCgroupsMode: UInt64, CaseIterable, Sendable {
    case ignore = 0
    case soft = 3
    case full = 4
    case strict = 5
}

/// How CRIU keeps packets away while it is at work: `criu_network_lock_method`.
package enum CRIUNetworkLock: UInt64, CaseIterable, Sendable {
    case iptables = 1
    case nftables = 2
    case skip = 3
}

/// The options of a request: `criu_opts`. Descriptors of directories are numbers of the process that has made the
/// socket; inherited ones are those of CRIU itself.
package struct CRIUOptions: Equatable, Sendable {
    package var imagesDirectory: Int32 = -1
    package var workDirectory: Int32 = -1
    package var pid: Int32?
    package var leaveRunning = false
    package var externalUnixSockets = false
    package var tcpEstablished = false
    package var tcpSkipInFlight = false
    package var tcpClose = false
    package var shellJob = false
    package var fileLocks = false
    package var linkRemap = false
    package var autoDedup = false
    package var lazyPages = false
    package var trackMemory = false
    package var logFile: Bytes = ""
    package var root: Bytes = ""
    package var parentImages: Bytes?
    package var pageServer: (address: Bytes, port: Int32)?
    package var statusDescriptor: Int32?
    package var cgroupsMode = CRIUCgroupsMode.soft
    /// Below this the cgroups of the images are made again.
    package var cgroupRoot: Bytes?
    package var freezeCgroup: Bytes?
    /// A directory with the cgroup2 tree in `unified`: CRIU would mount one itself, and change the flags of the host's.
    package var cgroupYard: Bytes?
    /// CLONE_NEW* of the namespaces that are made without what was in them.
    package var emptyNamespaces: UInt64 = 0
    package var networkLock: CRIUNetworkLock?
    package var lsmProfile: Bytes?
    package var lsmMountContext: Bytes?
    package var configFile: Bytes?
    /// Things that are not CRIU's to save: `KIND[NAME]:KEY`.
    package var external: [Bytes] = []
    /// What stands for them at restore.
    package var inherited: [(key: Bytes, descriptor: Int32)] = []
    /// Namespaces to join at restore: `uts`, `ipc`.
    package var joined: [(kind: Bytes, file: Bytes)] = []
    /// Whether this is the restoring of processes.
    package var restores = false

    /// CRIU's defaults.
    package init() {}

    package static func == (a: CRIUOptions, b: CRIUOptions) -> Bool { a.message == b.message }

    var message: ProtocolBufferWriter {
        var writer = ProtocolBufferWriter()
        writer.number(1, imagesDirectory)
        if let pid { writer.number(2, pid) }
        for (field, value) in flags where value { writer.flag(field, true) }
        writer.number(9, logLevel)
        if !logFile.isEmpty { writer.text(10, logFile) }
        if let pageServer {
            var server = ProtocolBufferWriter()
            server.text(1, pageServer.address)
            server.number(2, pageServer.port)
            writer.message(11, server)
        }
        if !root.isEmpty { writer.text(13, root) }
        if let parentImages { writer.text(14, parentImages) }
        if workDirectory >= 0 { writer.number(17, workDirectory) }
        if let cgroupRoot {
            var root = ProtocolBufferWriter()
            root.text(2, cgroupRoot)
            writer.message(25, root)
        }
        writeInherited(&writer)
        if let networkLock { writer.number(64, networkLock.rawValue) }
        if let lsmMountContext { writer.text(63, lsmMountContext) }
        if let lsmProfile { writer.text(53, lsmProfile) }
        if let configFile { writer.text(51, configFile) }
        if let statusDescriptor { writer.number(49, statusDescriptor) }
        if let freezeCgroup { writer.text(44, freezeCgroup) }
        if let cgroupYard { writer.text(60, cgroupYard) }
        return writer
    }

    /// Field numbers of the switches.
    private var flags: [(Int, Bool)] {
        [
            (3, leaveRunning), (4, externalUnixSockets), (5, tcpEstablished), (7, shellJob), (8, fileLocks),
            (12, true), (15, trackMemory), (16, autoDedup), (18, linkRemap),
            // A process that is to be a child of hull, not of CRIU; and the master of a terminal for hull to pass on.
            (26, restores), (50, true),
            // Where a mount gets copies of what is mounted elsewhere, and who gets copies of it, is outside.
            (29, true), (30, true),
            (46, tcpSkipInFlight), (48, lazyPages), (52, tcpClose),
            // The older way to make mounts: the newer one (CRIU 3.17) takes one bind for the source of another where
            // both are of one filesystem.
            (65, restores),
        ]
    }

    private func writeInherited(_ writer: inout ProtocolBufferWriter) {
        for entry in inherited {
            var message = ProtocolBufferWriter()
            message.text(1, entry.key)
            message.number(2, entry.descriptor)
            writer.message(27, message)
        }
        writer.flag(24, cgroupsMode != .ignore)
        writer.number(34, cgroupsMode.rawValue)
        for name in external { writer.text(37, name) }
        if emptyNamespaces != 0 { writer.number(38, emptyNamespaces) }
        for entry in joined {
            var message = ProtocolBufferWriter()
            message.text(1, entry.kind)
            message.text(2, entry.file)
            writer.message(39, message)
        }
    }
}

/// Everything: the reason of a failure is in the log alone.
private let logLevel: Int32 = 4

/// What CRIU says: `criu_resp`, as far as hull reads it.
package struct CRIUResponse: Equatable, Sendable {
    /// `criu_req_type` of the request that is answered, or that of a notification.
    package var kind: UInt64
    package var success: Bool
    /// The first process, where one was restored.
    package var restored: Int32?
    /// The name of a notification, and the process that it is about.
    package var notification: (script: Bytes, pid: Int32)?
    package var errno: Int32 = 0
    package var message: Bytes = ""

    /// The longest message that is read.
    package static let limit = 1 << 16

    /// Whether this wants an answer before CRIU goes on.
    package var isNotification: Bool { kind == CRIURequest.Kind.notify.rawValue }

    /// Reads a whole message. Unknown fields are passed over: later versions have more.
    package init(_ bytes: [UInt8]) throws(ProtocolBufferProblem) {
        guard bytes.count <= CRIUResponse.limit else {
            throw ProtocolBufferProblem(words: "\(bytes.count) bytes are no message of CRIU", offset: 0)
        }
        let fields = try ProtocolBufferField.all(in: bytes)
        guard let kind = CRIUResponse.last(1, of: fields)?.uint64,
            let success = CRIUResponse.last(2, of: fields)?.uint64
        else { throw ProtocolBufferProblem(words: "neither type nor success are said", offset: bytes.count) }
        self.kind = kind
        self.success = success != 0
        errno = CRIUResponse.last(7, of: fields)?.int32 ?? 0
        message = CRIUResponse.last(9, of: fields)?.bytes ?? ""
        if let field = CRIUResponse.last(4, of: fields) {
            restored = CRIUResponse.last(1, of: try CRIUResponse.fields(field))?.int32
        }
        guard let field = CRIUResponse.last(5, of: fields) else { return }
        let parts = try CRIUResponse.fields(field)
        let script = CRIUResponse.last(1, of: parts)?.bytes ?? ""
        notification = (script, CRIUResponse.last(2, of: parts)?.int32 ?? 0)
    }

    /// Of a field that is said twice the last counts, as everywhere in this encoding.
    private static func last(_ number: Int, of fields: [ProtocolBufferField]) -> ProtocolBufferField? {
        fields.last { $0.number == number }
    }

    private static func fields(_ field: ProtocolBufferField) throws(ProtocolBufferProblem) -> [ProtocolBufferField] {
        try ProtocolBufferField.all(in: field.bytes?.array ?? [])
    }

    package static func == (a: CRIUResponse, b: CRIUResponse) -> Bool {
        a.kind == b.kind && a.success == b.success && a.restored == b.restored && a.errno == b.errno
            && a.message == b.message && a.notification?.script == b.notification?.script
            && a.notification?.pid == b.notification?.pid
    }
}

/// The log of CRIU.
package enum CRIULog {
    /// The words of its last errors, three at most, without their times and places; those that only say that all has
    /// failed are left out where there are others.
    package static func reason(in log: Bytes) -> Bytes {
        let errors = log.split(0x0a).compactMap(words)
        let telling = errors.filter { !isClosing($0) }
        return (telling.isEmpty ? errors : telling).suffix(3).joined("; ")
    }

    /// `(00.076) PID: Error (criu/x.c:1): words`.
    private static func words(_ line: Bytes) -> Bytes? {
        let mark = Bytes("Error (").array
        guard let start = line.array.indices.first(where: { line.array[$0...].starts(with: mark) }),
            let end = line.array[start...].firstIndex(of: UInt8(ascii: ")"))
        else { return nil }
        var words = Bytes(line.array[(end + 1)...])
        if words.hasPrefix(":") { words = words.dropFirst(1) }
        words = words.trimmed
        return words.isEmpty || harmless.contains(where: words.hasPrefix) ? nil : words
    }

    /// Said on every machine without the module, of which no process has made use.
    private static let harmless: [Bytes] = ["tun: Unable to create tun"]

    private static func isClosing(_ words: Bytes) -> Bool {
        ["Dumping FAILED.", "Restoring FAILED.", "Pre-dumping FAILED."].contains(words)
            || words.hasPrefix("Dump files (") && words.hasSuffix("failed with -1")
    }
}
