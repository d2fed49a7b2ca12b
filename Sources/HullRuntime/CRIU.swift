// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// Where the images and the log of a checkpoint are, open.
struct CheckpointPlace: ~Copyable {
    let images: Bytes
    let work: Bytes
    let imagesDirectory: Descriptor
    let workDirectory: Descriptor

    /// Opens both directories; `makes` also makes them.
    init(_ images: Bytes, _ work: Bytes, makes: Bool) throws(SystemError) {
        if makes { try HostFiles.makeDirectories(images, mode: 0o700) }
        let opened = try Descriptor(opening: images, [.directory])
        try HostFiles.makeDirectories(work, mode: 0o700)
        let openedWork = try Descriptor(opening: work, [.directory])
        self.images = images
        self.work = work
        imagesDirectory = opened
        workDirectory = openedWork
    }

    /// The options, with these directories. CRIU opens them through the process that has made the socket.
    func completing(_ options: CRIUOptions, yard: Bytes, cgroups: Bool) -> CRIUOptions {
        var options = options
        options.imagesDirectory = imagesDirectory.number
        options.workDirectory = workDirectory.number
        options.configFile = options.configFile ?? CheckpointPlace.standardConfig
        if options.configFile?.isEmpty == true { options.configFile = nil }
        if cgroups { options.cgroupYard = "\(yard)/\(CRIUSurroundings.cgroup)" }
        return options
    }

    /// All of a log.
    func log(_ name: Bytes) throws(SystemError) -> [UInt8] {
        try Descriptor(opening: name, below: workDirectory.number).readAll(limit: 1 << 26, name)
    }

    /// Options for CRIU in the machine's own files, as the other runtimes have them.
    private static var standardConfig: Bytes? {
        let names: [Bytes] = ["/etc/criu/hull.conf", "/etc/criu/crun.conf", "/etc/criu/runc.conf"]
        return names.first { (try? HostFiles.status($0)) != nil }
    }
}

/// CRIU at work for hull: `criu swrk`, which talks Protocol Buffers on a socket.
struct CRIU: ~Copyable {
    private let process: ProcessHandle
    private let socket: Descriptor

    /// The program, found in PATH.
    static func find() throws(Failure) -> Bytes {
        guard Credentials.effectiveUser == 0 else {
            throw Failure("not supported: CRIU saves and restores containers of root alone", hint: "run hull as root")
        }
        let path = CurrentProcess.variable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        for directory in path.split(0x3a) + ["/usr/sbin", "/usr/local/sbin"] {
            let candidate = "\(directory)/criu" as Bytes
            if candidate.isAbsolutePath, (try? HostFiles.status(candidate))??.isRegular == true { return candidate }
        }
        throw Failure(
            "criu is not installed: there is no program \"criu\" in PATH", hint: "apt install criu, or the like")
    }

    /// Runs it in a mount namespace of its own and, where one is given, in a cgroup.
    init(
        _ surroundings: CRIUSurroundings, _ plan: ContainerPlan, _ held: consuming DescriptorList,
        hookState: HookState, cgroup: Int32?
    ) throws(SystemError) {
        guard try CurrentProcess.isSingleThreaded else {
            throw SystemError("clone3", "the runtime has threads", .einval)
        }
        let sockets = try Sockets.pair()
        let theirs = sockets.second.give()
        defer { _ = Descriptor(owning: theirs) }
        let program = InitProgram(
            plan, held: held, hookState: hookState, socket: theirs, listener: nil, consoleSocket: nil)
        let cloned = try CurrentProcess.clone(NamespaceKind.mount.cloneFlag, cgroup: cgroup)
        if cloned == nil { program.becomeCRIU(surroundings) }
        guard let made = cloned else { throw SystemError("clone3", "the child came back", .echild) }
        process = made
        socket = sockets.first
    }

    /// Sends a request and answers what CRIU asks on the way: `event` hears of each notification, and its failure is
    /// the failure of the whole. Gives the last answer; a refusal is a failure with CRIU's own reason.
    consuming func carryOut(
        _ request: CRIURequest, _ place: borrowing CheckpointPlace, origins: [JSONPointer] = [],
        event: (CRIUResponse, consuming Descriptor?) throws(Failure) -> Void
    ) throws(Failure) -> CRIUResponse {
        do throws(SystemError) { try Sockets.send(request.bytes, to: socket.number) } catch {
            // It has died before: its last words tell more.
            if error.errno != .epipe && error.errno != .econnreset { throw Failure(error) }
        }
        while true {
            let received = try attempt { () throws(SystemError) in try next() }
            guard !received.message.isEmpty else {
                throw failure(request, place, "it has ended: \(try ended())")
            }
            if case .failure(let index, let error)? = InitMessage(received.message) {
                let pointer = index < origins.count ? origins[index] : nil
                throw Failure(error, pointer: pointer)
            }
            let response: CRIUResponse
            do throws(ProtocolBufferProblem) { response = try CRIUResponse(received.message.array) } catch {
                throw failure(request, place, "its answer is no message of CRIU: \(error.words)")
            }
            guard response.isNotification else {
                guard response.success else {
                    throw failure(request, place, response.message, errno: response.errno)
                }
                try end()
                return response
            }
            do throws(Failure) { try event(response, received.takeDescriptor()) } catch {
                try? Sockets.send(CRIURequest(.notify, notifySuccess: false).bytes, to: socket.number)
                _ = try? next()
                try? end()
                throw error
            }
            try attempt { () throws(SystemError) in
                try Sockets.send(CRIURequest(.notify, notifySuccess: true).bytes, to: socket.number)
            }
        }
    }

    /// The next message; an empty one when CRIU has ended. What it has cloned may still hold the other end.
    private borrowing func next() throws(SystemError) -> Received {
        let ready = try Poll.ready([socket.number, process.pidfd.number], timeoutMilliseconds: -1)
        if ready & 1 == 0, try Poll.ready([socket.number], timeoutMilliseconds: 0) == 0 {
            return Received(message: "", descriptor: nil)
        }
        return try Sockets.receive(from: socket.number)
    }

    private borrowing func ended() throws(Failure) -> Bytes {
        try attempt { () throws(SystemError) in
            switch try process.wait() {
            case .exited(let code): "exit status \(code)"
            case .signaled(let signal): "signal \(signal)"
            }
        }
    }

    /// It ends by itself when nobody is at the other end of its socket.
    private consuming func end() throws(Failure) {
        let process = process
        _ = consume socket
        try attempt { () throws(SystemError) in
            if try Poll.ready([process.pidfd.number], timeoutMilliseconds: 10_000) == 0 { try process.signal(9) }
            _ = try process.wait()
        }
    }

    /// CRIU's own reason, out of its log: its answers only say that there is one.
    private func failure(
        _ request: CRIURequest, _ place: borrowing CheckpointPlace, _ words: Bytes, errno: Int32 = 0
    ) -> Failure {
        let name = request.options?.logFile ?? ""
        var reason = CRIULog.reason(in: Bytes((try? place.log(name)) ?? []))
        if reason.isEmpty { reason = words }
        if reason.isEmpty, errno != 0 { reason = Errno(rawValue: errno).message }
        if reason.isEmpty { reason = "it does not say why" }
        return Failure("criu failed: \(reason)", hint: "\(place.work)/\(name) has all that it says")
    }
}
