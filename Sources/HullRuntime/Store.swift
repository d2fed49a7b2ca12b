// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

/// The directory with a directory for each container: `--root`.
package struct ContainerStore: Sendable {
    /// The absolute path.
    package let root: Bytes
    /// Whether the caller named it; then it must exist to be listed.
    let isExplicit: Bool

    /// `/run/hull` for root, `$XDG_RUNTIME_DIR/hull` for others; or what the caller says.
    package init(root: Bytes?) throws(Failure) {
        isExplicit = root != nil
        if let root {
            let directory = try attempt { () throws(SystemError) in try HostFiles.workingDirectory() }
            self.root = root.below(directory).cleanedPath
            return
        }
        self.root = try ContainerStore.directoryOfUser() ?? "/run/hull"
    }

    /// The directory for the runtime files of a user, who may be root of a user namespace; nil for the machine's root,
    /// who may have kept a user's variable.
    private static func directoryOfUser() throws(Failure) -> Bytes? {
        let user = Credentials.effectiveUser
        guard let directory = CurrentProcess.variable("XDG_RUNTIME_DIR"), !directory.isEmpty else {
            return user == 0 ? nil : "/run/user/\(user)/hull"
        }
        if user == 0 {
            let isOwn = directory == "/run/user/0"
            let namespace = try attempt { () throws(SystemError) in
                try isOwn ? nil : HostFiles.status("/proc/self/ns/user")
            }
            guard let namespace, namespace.inode != initialUserNamespace else { return nil }
        }
        return directory + "/hull"
    }

    /// The directory of a container. Ids are checked first: CVE-class "id is a path" ends here.
    func directory(of id: Bytes) throws(Failure) -> Bytes {
        do { _ = try ContainerID(id) } catch { throw Failure(error.problem) }
        return "\(root)/\(id)"
    }

    /// The ids of all containers, sorted.
    func ids() throws(Failure) -> [Bytes] {
        guard let directory = try openRoot() else { return [] }
        return try ids(in: directory)
    }

    /// The same of the open root.
    func ids(in directory: borrowing Descriptor) throws(Failure) -> [Bytes] {
        do { return try directory.entries().filter { (try? ContainerID($0)) != nil }.sorted() } catch {
            throw Failure(error)
        }
    }

    /// The directory of all records; nil where nobody has made it yet, nor named it.
    func openRoot() throws(Failure) -> Descriptor? {
        do { return try Descriptor(opening: root, [.directory]) } catch {
            if error.errno == .enoent, !isExplicit { return nil }
            throw Failure(error)
        }
    }

    /// Makes the directory of a new container, atomically, and takes its lock.
    func make(_ id: Bytes) throws(Failure) -> ContainerDirectory {
        let path = try directory(of: id)
        do throws(SystemError) {
            do { try HostFiles.makeDirectory(path, mode: 0o700) } catch {
                guard error.errno == .enoent else { throw error }
                try HostFiles.makeDirectories(root, mode: 0o700)
                try HostFiles.makeDirectory(path, mode: 0o700)
            }
        } catch {
            if error.errno == .eexist { throw Failure("container with given ID already exists: \(id)", code: .exists) }
            if error.errno == .enametoolong { throw Failure("invalid container ID: \(id.count) bytes are too long") }
            throw ContainerStore.refusal(error, path)
        }
        do throws(Failure) {
            let made = try open(id)
            if try made.lock(waitMilliseconds: 0) { return made }
        } catch {
            try? HostFiles.removeDirectory(path)
            throw error
        }
        throw Failure("container with given ID already exists: \(id)", code: .exists)
    }

    /// What an ordinary user has to do to have a place for records.
    private static func refusal(_ error: SystemError, _ path: Bytes) -> Failure {
        let isOrdinary = Credentials.effectiveUser != 0 && [.eacces, .eperm, .enoent, .erofs].contains(error.errno)
        return Failure(
            error.explained(at: path),
            hint: isOrdinary ? "records need a directory of your own: set XDG_RUNTIME_DIR, or say --root DIR" : nil)
    }

    /// Opens the directory of a container.
    func open(_ id: Bytes) throws(Failure) -> ContainerDirectory {
        let path = try directory(of: id)
        do {
            return ContainerDirectory(id: id, path: path, descriptor: try Descriptor(opening: path, [.directory]))
        } catch {
            guard error.errno == .enoent || error.errno == .enotdir || error.errno == .enametoolong else {
                throw Failure(error)
            }
            throw Failure("container does not exist: \(id)", code: .notFound)
        }
    }
}

/// The directory of one container. Its lock, flock(2) on the directory itself, ends with the process that holds it.
struct ContainerDirectory: ~Copyable {
    let id: Bytes
    let path: Bytes
    let descriptor: Descriptor

    /// The name of the record, relative to the directory.
    static let recordName: Bytes = "state.json"
    var recordPath: Bytes { "\(path)/\(ContainerDirectory.recordName)" }
    var configPath: Bytes { path + "/config.json" }
    /// The name of the socket on which init waits for `start`, relative to the directory.
    static let startSocket: Bytes = "start.sock"
    var startSocketPath: Bytes { "\(path)/\(ContainerDirectory.startSocket)" }

    /// Takes the lock, waiting for the time given; false when another hull still holds it. Whoever had it may have
    /// removed the directory, and a new container of the same id may have its own: then this one does not exist any
    /// more.
    func lock(waitMilliseconds: Int64) throws(Failure) -> Bool {
        let deadline = Clock.monotonic + waitMilliseconds * 1_000_000
        while true {
            if try attempt(nil, { () throws(SystemError) in try descriptor.tryLock() }) {
                guard try isStillThere() else { throw Failure("container does not exist: \(id)", code: .notFound) }
                return true
            }
            if Clock.monotonic >= deadline { return false }
            _ = try attempt { () throws(SystemError) in try Poll.ready([], timeoutMilliseconds: 10) }
        }
    }

    private func isStillThere() throws(Failure) -> Bool {
        try attempt { () throws(SystemError) in
            let own = try descriptor.status()
            let named = try HostFiles.status(path)
            return named?.inode == own.inode && named?.filesystem == own.filesystem
        }
    }

    func write(_ record: ContainerRecord) throws(SystemError) {
        try HostFiles.replace(recordPath, with: Bytes(JSONWriter.text(of: record)), mode: 0o600, exchanging: true)
    }

    /// The record, of any version that names what is to be removed; nil where there is none yet, or it is no record of
    /// ours: a creation that was cut off. One that cannot be read now is an error: without it a container would be
    /// forgotten that still runs.
    func readRecord() throws(Failure) -> ContainerRecord? {
        do throws(SystemError) {
            let bytes = try HostFiles.read(recordPath, small: true)
            return try? ContainerRecord.read(bytes)
        } catch {
            if error.errno == .enoent { return nil }
            throw Failure(error)
        }
    }

    /// The copy of the config: later edits of the bundle change nothing.
    func readConfig() throws(Failure) -> Config {
        let bytes = try attempt { () throws(SystemError) in try HostFiles.read(configPath) }
        do { return try Config.read(bytes) } catch { throw Failure(error.located(in: bytes)) }
    }

    /// The only directory here, and what may be in it.
    private func removeNotifyDirectory(_ path: Bytes) throws(SystemError) {
        try? HostFiles.remove("\(path)/\(NotifySocket.fileName)")
        try HostFiles.removeDirectory(path)
    }

    /// Removes the directory and all in it.
    func remove() throws(SystemError) {
        for name in try descriptor.entries() {
            do { try HostFiles.remove("\(path)/\(name)") } catch {
                if error.errno == .eisdir {
                    try removeNotifyDirectory("\(path)/\(name)")
                } else if error.errno != .enoent {
                    throw error
                }
            }
        }
        do { try HostFiles.removeDirectory(path) } catch { if error.errno != .enoent { throw error } }
    }
}
