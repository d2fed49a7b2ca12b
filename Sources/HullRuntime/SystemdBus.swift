// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

/// systemd, asked over one connection: org.freedesktop.systemd1(5). Every wait ends at one deadline.
struct ServiceManager: ~Copyable {
    /// How long systemd may take for all that one connection asks.
    private static let patienceSeconds: Int64 = 30
    private static let busName: Bytes = "org.freedesktop.systemd1"
    private static let busPath: Bytes = "/org/freedesktop/systemd1"

    private var connection: DBusConnection
    private let deadline: Int64
    /// What a bus wants to hear before the first call; the private socket of systemd is no bus.
    private var greeting: [DBusMessage] = []
    /// Jobs that have ended, as long as nobody asked for them.
    private var ended: [(job: Bytes, sender: Bytes, result: Bytes)] = []

    /// What systemd gave in answer to a call.
    private struct Answer {
        var arguments: [DBusValue]
        var sender: Bytes
    }

    /// Connects to the manager of the machine, or to that of the user.
    init(ofUser: Bool) throws(SystemError) {
        deadline = Clock.monotonic + ServiceManager.patienceSeconds * 1_000_000_000
        connection = try ServiceManager.connect(ofUser: ofUser, deadline)
        if !connection.path.hasSuffix(ServiceManager.ownSocket) {
            greeting = [ServiceManager.hello, ServiceManager.listening]
        }
    }

    /// systemd's own socket is the shorter way: no bus daemon has to pass all messages on.
    private static let ownSocket: Bytes = "/systemd/private"

    private static func connect(ofUser: Bool, _ deadline: Int64) throws(SystemError) -> DBusConnection {
        var error = SystemError(
            "connect", "the user's bus", .enoent,
            words: "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS names a place for it")
        for path in sockets(ofUser: ofUser) {
            do throws(SystemError) { return try DBusConnection(to: path, deadline: deadline) } catch let failed {
                error = failed
            }
        }
        throw error
    }

    /// The places to try.
    private static func sockets(ofUser: Bool) -> [Bytes] {
        func socket(_ variable: Bytes) -> Bytes? {
            CurrentProcess.variable(variable).flatMap { DBusAddress.socket(in: $0) }
        }
        guard ofUser else {
            if let path = socket("DBUS_SYSTEM_BUS_ADDRESS") { return [path] }
            return ["/run" + ownSocket, "/run/dbus/system_bus_socket"]
        }
        let session = socket("DBUS_SESSION_BUS_ADDRESS")
        guard let runtime = CurrentProcess.variable("XDG_RUNTIME_DIR"), runtime.isAbsolutePath else {
            return session.map { [$0] } ?? []
        }
        return [runtime + ownSocket] + (session.map { [$0] } ?? []) + [runtime + "/bus"]
    }

    private static var hello: DBusMessage {
        DBusMessage(
            calling: "Hello", of: "org.freedesktop.DBus", "/org/freedesktop/DBus", at: "org.freedesktop.DBus")
    }

    /// Only the end of jobs is listened for; all that systemd has to say would be much on a busy machine.
    private static var listening: DBusMessage {
        var call = DBusMessage(
            calling: "AddMatch", of: "org.freedesktop.DBus", "/org/freedesktop/DBus", at: "org.freedesktop.DBus")
        let rule = """
            type='signal',sender='\(busName)',path='\(busPath)',interface='\(busName).Manager',member='JobRemoved'
            """ as Bytes
        call.arguments = [.string(rule)]
        return call
    }

    /// Calls a method of the manager.
    private mutating func call(_ method: Bytes, _ unit: Bytes, _ arguments: [DBusValue]) throws(SystemError) -> Answer {
        var call = DBusMessage(
            calling: method, of: "\(ServiceManager.busName).Manager", ServiceManager.busPath,
            at: ServiceManager.busName)
        call.arguments = arguments
        return try ask([call], method, unit)
    }

    /// Sends calls and waits for the answer to the last; none of them may be refused.
    private mutating func ask(_ calls: [DBusMessage], _ method: Bytes, _ unit: Bytes) throws(SystemError) -> Answer {
        let all = greeting + calls
        greeting = []
        let serial = try connection.send(all, deadline: deadline)
        let first = serial - UInt32(all.count) + 1
        while true {
            let message = try next(method, unit)
            guard message.replySerial >= first, message.replySerial <= serial else { continue }
            if message.kind == .error { throw refusal(message, method, unit) }
            if message.kind == .answer, message.replySerial == serial {
                return Answer(arguments: message.arguments, sender: message.sender)
            }
        }
    }

    /// The next message; the end of a job is remembered, for it may come before the answer that names the job.
    private mutating func next(_ method: Bytes, _ unit: Bytes) throws(SystemError) -> DBusMessage {
        let message: DBusMessage
        do throws(SystemError) { message = try connection.receive(deadline: deadline) } catch {
            guard error.errno == .etimedout else { throw error }
            let seconds = ServiceManager.patienceSeconds
            throw SystemError(
                method, unit, .etimedout, words: "systemd has not done this in \(seconds) s: systemctl list-jobs")
        }
        if message.kind == .signal, message.member == "JobRemoved",
            message.interface == ServiceManager.busName + ".Manager", message.arguments.count == 4,
            case .objectPath(let job) = message.arguments[1], case .string(unit) = message.arguments[2],
            case .string(let result) = message.arguments[3]
        {
            ended.append((job, message.sender, result))
        }
        return message
    }

    private func refusal(_ message: DBusMessage, _ method: Bytes, _ unit: Bytes) -> SystemError {
        var words = message.errorName
        if case .string(let text)? = message.arguments.first { words = "\(text) (\(message.errorName))" }
        return SystemError(method, unit, errno(ofRefusal: message.errorName), words: "systemd says: \(words)")
    }

    /// Waits until the job that a call has begun is at its end, and gives its result.
    private mutating func end(of answer: Answer, _ method: Bytes, _ unit: Bytes) throws(SystemError) -> Bytes {
        guard case .objectPath(let job)? = answer.arguments.first else {
            throw SystemError(method, unit, .eio, words: "systemd's answer names no job")
        }
        while true {
            // Anybody on a bus can send a signal; the bus says who.
            if let end = ended.first(where: { $0.job == job && $0.sender == answer.sender }) { return end.result }
            _ = try next(method, unit)
        }
    }
}

extension ServiceManager {
    /// Starts a scope that holds the process.
    mutating func start(_ unit: Bytes, _ properties: [UnitProperty], pid: Int32) throws(SystemError) {
        var all = pairs(properties)
        all.append(.structure([.string("PIDs"), .variant(.array(of: "u", [.uint32(UInt32(pid))]))]))
        let arguments: [DBusValue] = [
            .string(unit), .string("replace"), .array(of: "(sv)", all), .array(of: "(sa(sv))", []),
        ]
        let method: Bytes = "StartTransientUnit"
        let result = try end(of: try call(method, unit, arguments), method, unit)
        guard result == "done" else {
            throw SystemError(method, unit, .eio, words: "systemd ended the job with \"\(result)\"")
        }
    }

    /// Moves a process into a unit that runs, or into a cgroup below the unit's.
    mutating func attach(_ pid: Int32, to unit: Bytes, _ below: Bytes) throws(SystemError) {
        let place: Bytes = below.isEmpty ? "" : "/" + below
        let arguments: [DBusValue] = [
            .string(unit), .string(place), .array(of: "u", [.uint32(UInt32(pid))]),
        ]
        _ = try call("AttachProcessesToUnit", unit, arguments)
    }

    /// Ends a unit, and forgets that it failed. One that is not there is ended; and so is one whose job systemd had no
    /// more use for, since it ended by itself.
    mutating func stop(_ unit: Bytes) throws(SystemError) {
        do throws(SystemError) {
            let answer = try call("StopUnit", unit, [.string(unit), .string("replace")])
            _ = try end(of: answer, "StopUnit", unit)
        } catch {
            if error.errno != .enoent { throw error }
        }
        try forgetFailure(unit)
    }

    /// A unit that failed is kept until it is asked for this, and its name is taken.
    mutating func forgetFailure(_ unit: Bytes) throws(SystemError) {
        do throws(SystemError) { _ = try call("ResetFailedUnit", unit, [.string(unit)]) } catch {
            if error.errno != .enoent { throw error }
        }
    }

    /// Sets properties until the unit ends; and waits until systemd has written what follows from them, which it does
    /// before it reads the next message.
    mutating func set(_ properties: [UnitProperty], of unit: Bytes) throws(SystemError) {
        let method: Bytes = "SetUnitProperties"
        let arguments: [DBusValue] = [.string(unit), .boolean(true), .array(of: "(sv)", pairs(properties))]
        _ = try call(method, unit, arguments)
        let ping = DBusMessage(
            calling: "Ping", of: "org.freedesktop.DBus.Peer", ServiceManager.busPath, at: ServiceManager.busName)
        _ = try ask([ping], method, unit)
    }

    private func pairs(_ properties: [UnitProperty]) -> [DBusValue] {
        properties.map { .structure([.string($0.name), .variant($0.value)]) }
    }
}

/// The errno that says the same, for callers and for engines that read its words.
private func errno(ofRefusal name: Bytes) -> Errno {
    switch name {
    case "org.freedesktop.systemd1.UnitExists": .eexist
    case "org.freedesktop.systemd1.NoSuchUnit": .enoent
    case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.AuthFailed",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
        .eacces
    case "org.freedesktop.DBus.Error.InvalidArgs", "org.freedesktop.DBus.Error.UnknownProperty",
        "org.freedesktop.DBus.Error.PropertyReadOnly":
        .einval
    default: .eio
    }
}
