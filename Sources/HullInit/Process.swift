// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// The keyring of the session; a kernel without keyrings, or a filter that denies them, has none to protect.
    func joinSessionKeyring(_ name: Bytes, label: Bytes?) throws(SystemError) {
        if let label { try labelKeys(label) }
        // What a hook makes is not the program's.
        defer { if label != nil { try? labelKeys(nil) } }
        do { try Kernel.joinSessionKeyring(name) } catch {
            // EDQUOT: so many containers of one user that the key quota is used up; the old session keyring stays.
            guard [.enosys, .eperm, .eacces, Errno.edquot].contains(error.errno) else { throw error }
        }
    }

    /// Offsets can be written before anything is in the namespace: unshare(2) makes it for children only, so it is
    /// entered in a second step (time_namespaces(7)).
    func enterTimeNamespace(_ offsets: [TimeOffset], opensOutside: Bool) throws(SystemError) {
        try CurrentProcess.unshare(NamespaceKind.time.cloneFlag)
        let passed = opensOutside ? try hear(.timeOffsets) : try Descriptor(opening: timeOffsetsFile, [.write])
        guard let file = passed else { throw SystemError("recvmsg", timeOffsetsFile, .ebadf) }
        for offset in offsets {
            do throws(SystemError) {
                try file.writeAll("\(offset.clock) \(offset.seconds) \(offset.nanoseconds)\n")
            } catch {
                // The kernel wants the clock inside to be positive, and far from its end.
                let detail: Bytes = error.errno == .erange ? "the clock inside would be below zero or out of range" : ""
                throw SystemError("write", offset.clock, error.errno, detail: detail)
            }
        }
        let namespace = try Descriptor(opening: "/proc/self/ns/time_for_children")
        try CurrentProcess.join([.time], namespace.number)
    }

    /// Joins the network namespace that the runtime hands over.
    func joinNetwork() throws(SystemError) {
        guard let namespace = try hear(.network) else { throw SystemError("recvmsg", "network", .ebadf) }
        try CurrentProcess.join([.network], namespace.number)
    }

    /// Makes the working directory inside the root where it is missing, and writing is possible.
    func makeWorkingDirectory(_ path: Bytes) throws(SystemError) {
        do { _ = try root.makeDirectories(path) } catch {
            // Entering it will say what is wrong, as the container's user if need be.
            if error.errno != .erofs && error.errno != .eacces { throw error }
        }
    }

    /// Enters the working directory, and makes sure that it is inside the root (CVE-2024-21626).
    mutating func enterWorkingDirectory(_ path: Bytes) throws(SystemError) {
        do { try HostFiles.changeDirectory(path) } catch {
            guard error.errno == .eacces else { throw error }
            lateDirectory = path
            return
        }
        guard try HostFiles.workingDirectory().isAbsolutePath else {
            throw SystemError(
                "getcwd", path, .enoent, detail: "the working directory is outside of the container's root")
        }
    }

    /// The home directory of the user in the container's /etc/passwd, `/` for one who is not there: programs rely on
    /// it, and only the image knows. A passwd that is no file, or very large, is none.
    mutating func setHome(_ uid: UInt32) throws(SystemError) {
        var home: Bytes = "/"
        if let text = try passwd() {
            for line in Bytes(text).split(0x0a) {
                let fields = line.split(0x3a, omittingEmpty: false)
                guard fields.count >= 6, fields[2].decimal == UInt64(uid) else { continue }
                if !fields[5].isEmpty { home = fields[5] }
                break
            }
        }
        process.environment.removeAll { $0.hasPrefix("HOME=") }
        process.environment.append("HOME=" + home)
    }

    /// What the image lacks is its own business; what the machine lacks must not change the program's home.
    private func passwd() throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            let file = try root.open("/etc/passwd", [.nonBlocking])
            return try file.status().isRegular ? try file.readAll(limit: 1 << 20) : nil
        } catch {
            guard error.errno.isShortage else { return nil }
            throw error
        }
    }

    /// Gives pipes, files and terminals on the standard streams to the container's user, who may then open them again
    /// by name; the group stays. A device such as the null device is the host's. What refuses the change can be used
    /// without.
    func ownStandardStreams(_ uid: UInt32) {
        for stream in Int32(0)...2 {
            guard let status = try? FileStatus(ofOpen: stream), status.uid != uid else { continue }
            if status.isCharacterDevice && !Terminal.isTerminal(stream) { continue }
            try? RootDirectory.changeOwner("", uid: uid, gid: UInt32.max, in: stream)
        }
    }

    /// One procfs serves all: taking a mount away waits for an RCU grace period.
    mutating func writeSysctl(_ path: Bytes, _ value: Bytes) throws(SystemError) {
        if procfs == nil { procfs = try PrivateProcfs() }
        try procfs?.write("sys/" + path, value)
    }

    /// Runs a hook; its failure is the failure of the step.
    mutating func run(_ hook: HookPlan, _ kind: HookKind) throws(SystemError) {
        // The steps need none, but a hook's files are not to be writable for everybody.
        CurrentProcess.setUmask(callerUmask)
        defer { CurrentProcess.setUmask(0) }
        let state = hookState.json(status: kind == .startContainer ? "created" : "creating", pid: CurrentProcess.pid)
        // A program of the container gets the container's environment, one of the host the runtime's.
        let inherited = kind == .startContainer ? process.environment : CurrentProcess.environment
        let streams = HookStreams(
            output: hookOutputs.output.flatMap { held[$0] }, errors: hookOutputs.errors.flatMap { held[$0] })
        try hook.run(kind, state: state, inheriting: inherited, streams)
    }
}

private let timeOffsetsFile: Bytes = "/proc/self/timens_offsets"
