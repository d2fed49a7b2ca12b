// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension LackSearch {
    /// The program, where it lies in the root filesystem itself and not in one that is mounted there: whether the
    /// kernel would execute it.
    mutating func lookAtProgram() {
        guard let name = plan.process.arguments.first, !name.isEmpty, !plan.rootfs.isEmpty,
            let directory = try? Descriptor(opening: plan.rootfs, [.path, .directory])
        else { return }
        let root = RootDirectory(directory)
        let search = plan.process.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5)
        let isPath = name.contains(0x2f)
        let places =
            isPath ? [name.below(plan.process.cwd)] : (search?.split(0x3a) ?? []).map { name.below($0) }
        var problem: Bytes?
        for place in places.map(\.cleanedPath) {
            if isCovered(place) { return }
            // Where it cannot be told, it may be there.
            let found: Descriptor?
            do { found = try root.existingPlace(place) } catch { return }
            guard let found else { continue }
            guard let refusal = refusal(found) else { return lookInside(place, root) }
            if problem == nil { problem = "\(place): \(refusal)" }
        }
        if let problem { return note("/process/args/0", problem) }
        let why: Bytes =
            isPath ? "no such file or directory in \(plan.rootfs)" : "executable file not found in $PATH"
        let hint: Bytes? =
            isPath ? nil : search.map { "PATH is \($0)" } ?? "the environment has no PATH"
        note("/process/args/0", "\"\(name)\": \(why)", hint: hint)
    }

    private func isCovered(_ place: Bytes) -> Bool {
        plan.inside.contains { step in
            guard case .mount(let mount) = step.action, mount.destination != "/" else { return false }
            return place == mount.destination || place.hasPrefix(mount.destination + "/")
        }
    }

    /// Why execvp(3) would pass it over.
    private func refusal(_ file: borrowing Descriptor) -> Bytes? {
        guard let status = try? file.status() else { return nil }
        if !status.isRegular { return status.isDirectory ? "it is a directory" : "it is no file" }
        if status.permissions & 0o111 == 0 { return "permission denied: \(words(for: status)): nobody may execute it" }
        if (try? file.mountAttributes().contains(.noExec)) == true {
            return "permission denied: \(plan.rootfs) lies on a mount that is noexec"
        }
        return nil
    }

    /// What the kernel would look for besides, and whose way is barred.
    private mutating func lookInside(_ place: Bytes, _ root: borrowing RootDirectory) {
        let pointer = "/process/args/0" as JSONPointer
        if plan.process.uid != 0, !plan.process.capabilities.effective.contains(.dacOverride),
            let refusal = plan.deniedPath.refusal(false)
        {
            note(pointer, "\(place): permission denied", hint: refusal)
        }
        guard let file = try? root.open(place, [.nonBlocking]), let bytes = try? file.readSome(1024) else { return }
        let start = ProgramStart(Bytes(bytes))
        if let problem = start.formatProblem {
            // A handler may take it; which one takes what is not told here.
            let handlers = (try? Descriptor(opening: "/proc/sys/fs/binfmt_misc", [.directory]).entries()) ?? []
            let mayBeTaken = handlers.contains { $0 != "register" && $0 != "status" }
            return note(
                pointer, "\(place): exec format error", hint: problem, mayBeTaken ? .warning : .error)
        }
        if let interpreter = start.interpreter, isMissing(interpreter, root) {
            note(
                pointer, "\(place): no such file or directory", hint: ProgramStart.absence(of: interpreter))
        }
        if let loader = start.loader, isMissing(loader, root) {
            note(
                pointer, "\(place): no such file or directory",
                hint: "\(ELFLoader.hint) \"\(loader)\" does not exist in the container")
        }
    }

    private func isMissing(_ path: Bytes, _ root: borrowing RootDirectory) -> Bool {
        let place = path.below(plan.process.cwd).cleanedPath
        if isCovered(place) { return false }
        do {
            let found = try root.existingPlace(place)
            return found == nil
        } catch { return false }
    }
}
