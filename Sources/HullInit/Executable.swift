// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullLinux
internal import HullPlan

extension InitProgram {
    /// Finds the program as execvp(3) would, in the container's PATH, now that its root is entered; so that a missing
    /// one is an error of `create`. Engines match these words.
    mutating func findExecutable() throws(SystemError) -> Bytes {
        let name = process.arguments.first ?? ""
        if name.contains(0x2f) {
            try checkExecutable(name, "exec: \"\(name)\": stat")
            return name
        }
        var denied: SystemError?
        for directory in searchPath() {
            let candidate = name.below(directory)
            do {
                try checkExecutable(candidate, "exec: \"\(name)\": stat")
                return candidate
            } catch {
                if error.errno.isShortage { throw error }
                if error.errno == .eacces, denied == nil { denied = error }
            }
        }
        if let denied { throw denied }
        let path = searchPathEntry.map { "PATH is \($0.dropFirst(5))" as Bytes } ?? "the environment has no PATH"
        throw SystemError(
            "exec: \"\(name)\"", "", .enoent, detail: path, words: "executable file not found in $PATH")
    }

    private var searchPathEntry: Bytes? { process.environment.last { $0.hasPrefix("PATH=") } }

    private func searchPath() -> [Bytes] {
        guard let entry = searchPathEntry else { return [] }
        // An empty part is the working directory: environ(7).
        return entry.dropFirst(5).split(0x3a, omittingEmpty: false).map { $0.isEmpty ? "." : $0 }
    }

    /// A regular file that somebody may execute, and whose interpreter exists.
    private mutating func checkExecutable(_ path: Bytes, _ call: Bytes) throws(SystemError) {
        let file: Descriptor
        do { file = try Descriptor(opening: path, [.path]) } catch {
            if error.errno == .eacces, isForUser(path) { return }
            let isRelative = !path.isAbsolutePath && error.errno == .enoent
            throw SystemError(
                call, path, error.errno, detail: isRelative ? "the working directory is \(process.cwd)" : "")
        }
        let status = try file.status()
        guard status.isRegular else {
            throw SystemError(call, path, .eacces, detail: status.isDirectory ? "it is a directory" : "it is no file")
        }
        guard status.permissions & 0o111 != 0 else {
            let mode = Bytes(String(status.permissions, radix: 8))
            throw SystemError(call, path, .eacces, detail: "mode 0\(mode), owner \(status.uid): nobody may execute it")
        }
        if try file.mountAttributes().contains(.noExec) {
            throw SystemError(call, path, .eacces, detail: "the mount \(mountWithoutExec(path)) is noexec")
        }
        if !isExecutable(status), !isForUser(path) {
            let mode = Bytes(String(status.permissions, radix: 8))
            throw SystemError(
                call, path, .eacces,
                detail: "mode 0\(mode), owner \(status.uid):\(status.gid): user \(process.uid) may not execute it")
        }
        try checkInterpreter(path, call)
    }

    /// Whether the mode lets the program's user execute a file: true where that is not to be told from the mode alone.
    private func isExecutable(_ status: FileStatus) -> Bool {
        guard process.uid != 0, !process.capabilities.effective.contains(.dacOverride) else { return true }
        if process.uid == status.uid { return status.permissions & 0o100 != 0 }
        let isInGroup = process.gid == status.gid || process.groups?.contains(status.gid) == true
        return status.permissions & (isInGroup ? 0o010 : 0o001) != 0
    }

    /// Whether the program's user may execute what root may not, or what the mode does not tell.
    private func isForUser(_ path: Bytes) -> Bool {
        process.uid != 0
            && Credentials.mayExecute(path, uid: process.uid, gid: process.gid, groups: process.groups)
    }

    /// execve(2) answers ENOENT for a script whose interpreter is missing, as if the script were: the true name is
    /// told.
    private mutating func checkInterpreter(_ path: Bytes, _ call: Bytes) throws(SystemError) {
        programStart = firstBytes(of: path)
        guard let interpreter = programStart.flatMap({ ProgramStart($0).interpreter }) else { return }
        do { _ = try Descriptor(opening: interpreter, [.path]) } catch {
            guard error.errno == .enoent || error.errno == .enotdir else { return }
            throw SystemError(
                "\(call.prefix(call.count - 4))execve", path, .enoent, detail: ProgramStart.absence(of: interpreter))
        }
    }

    private func firstBytes(of path: Bytes) -> Bytes? {
        guard let file = try? Descriptor(opening: path, [.nonBlocking]) else { return nil }
        return try? Bytes(file.readSome(1024))
    }

    /// Where the mount that keeps programs from being executed begins: the topmost directory above the path that is in
    /// such a one.
    private func mountWithoutExec(_ path: Bytes) -> Bytes {
        var place = path.cleanedPath
        while place.parentPath != place,
            (try? Descriptor(opening: place.parentPath, [.path]).mountAttributes().contains(.noExec)) == true
        {
            place = place.parentPath
        }
        return place
    }

    /// Why execve may fail later: said only if it does, for a handler of binfmt_misc may know better, and a loader may
    /// be there.
    func executableHint() -> Bytes {
        guard let bytes = programStart ?? firstBytes(of: executable) else { return "" }
        let start = ProgramStart(bytes)
        if let problem = start.formatProblem { return problem }
        return start.loader.map { "\(ELFLoader.hint) \"\($0)\" does not exist in the container" } ?? ""
    }
}
