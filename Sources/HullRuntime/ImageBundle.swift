// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

/// The bundle that is made of an image for one container: a directory beside the container's own, removed with it. Its
/// lock is held while the container is made.
package struct ImageBundle: ~Copyable {
    /// The directory.
    package let path: Bytes
    private let lock: Descriptor

    /// No id ends so: `@` is none of its characters.
    private static let suffix: Bytes = "@image"

    fileprivate init(for id: Bytes, in root: Bytes) throws(SystemError) {
        let path: Bytes = "\(root)/\(id)\(ImageBundle.suffix)"
        self.path = path
        lock = try ImageBundle.make(path, besides: "\(root)/\(id)")
    }

    /// Makes the directory and takes its lock; one that is there was left by a hull that was killed, unless another one
    /// has the lock, or there is the container.
    private static func make(_ path: Bytes, besides container: Bytes) throws(SystemError) -> Descriptor {
        do { try HostFiles.makeDirectory(path, mode: 0o700) } catch {
            guard error.errno == .eexist else { throw error }
        }
        let lock = try Descriptor(opening: path, [.directory])
        guard try lock.tryLock(), try HostFiles.status(container) == nil else {
            throw SystemError("mkdir", path, .eexist)
        }
        try empty(path)
        return lock
    }

    /// Removes what was made, after a failure.
    package borrowing func remove() { try? ImageBundle.remove(path) }

    /// Removes the bundle of a container, where hull has made it.
    static func remove(of record: ContainerRecord, beside directory: Bytes) throws(SystemError) {
        guard record.bundle.hasSuffix(suffix), record.bundle == directory + suffix else { return }
        try remove(record.bundle)
    }

    /// What hull-image puts into a bundle whose layers are in its store, and nothing else.
    private static func empty(_ path: Bytes) throws(SystemError) {
        do { try HostFiles.remove(path + "/config.json") } catch { if error.errno != .enoent { throw error } }
        do { try HostFiles.removeDirectory(path + "/rootfs") } catch { if error.errno != .enoent { throw error } }
    }

    private static func remove(_ path: Bytes) throws(SystemError) {
        try empty(path)
        do { try HostFiles.removeDirectory(path) } catch { if error.errno != .enoent { throw error } }
    }
}

extension ContainerStore {
    /// An empty directory for the bundle of a new container.
    package func makeImageBundle(for id: Bytes) throws(Failure) -> ImageBundle {
        _ = try directory(of: id)
        do throws(SystemError) {
            try HostFiles.makeDirectories(root, mode: 0o700)
            return try ImageBundle(for: id, in: root)
        } catch {
            if error.errno == .eexist { throw Failure("container with given ID already exists: \(id)", code: .exists) }
            throw Failure(error)
        }
    }
}

extension Caller {
    /// Whether standard input and output are a terminal.
    package static var isAtTerminal: Bool { Terminal.isTerminal(0) && Terminal.isTerminal(1) }

    /// Goes on as another program of hull's.
    package static func become(_ name: Bytes, _ words: [Bytes]) throws(Failure) {
        let program = try companion(name)
        try attempt { () throws(SystemError) in
            try CurrentProcess.execute(program, words, CurrentProcess.environment)
        }
    }

    /// Runs another program of hull's; what it writes to its standard output is for a person to see meanwhile. Gives
    /// what it has to say besides; where it fails, that is the error.
    package static func run(_ name: Bytes, _ words: [Bytes]) throws(Failure) -> Bytes {
        var program = Subprocess(
            path: try companion(name), arguments: words, environment: CurrentProcess.environment, input: "",
            timeoutMilliseconds: nil)
        program.output = 2
        let outcome = try attempt { () throws(SystemError) in try program.run() }
        let said = outcome.errorOutput.trimmed
        if let failure = outcome.failure { throw Failure(failure) }
        guard outcome.status == .exited(0) else {
            throw Failure(said.split(0x0a).last.map(cause) ?? "\(name) ended without a word")
        }
        return said
    }

    /// The cause in a line of ours, `hull VERB: CAUSE`.
    private static func cause(in line: Bytes) -> Bytes {
        guard line.hasPrefix("hull "), let colon = line.firstIndex(of: 0x3a) else { return line }
        return line.dropFirst(colon + 2)
    }

    /// Beside hull, else in PATH. Of a copy of hull that cannot be written the kernel does not know where it was: then
    /// the name by which it was called says it.
    private static func companion(_ name: Bytes) throws(Failure) -> Bytes {
        var directories: [Bytes] = []
        let own = (try? HostFiles.linkTarget("/proc/self/exe"))?.parentPath
        if let own, own != "/" { directories.append(own) }
        if let word = arguments.first, word.contains(0x2f) { directories.append(try absolute(word).parentPath) }
        directories += (CurrentProcess.variable("PATH") ?? "/usr/bin:/bin").split(0x3a).filter(\.isAbsolutePath)
        for directory in directories {
            let path = name.below(directory)
            if (try? HostFiles.status(path))?.isRegular == true { return path }
        }
        throw Failure(
            "\(name) is not there: neither beside hull nor in PATH",
            hint: "images are read by that program, which is installed with hull")
    }
}
