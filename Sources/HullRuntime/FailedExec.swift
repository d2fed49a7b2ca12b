// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
internal import HullPlan

extension Failure {
    /// A call of the last mile that the kernel refused. The hint was given beforehand and holds for one answer of
    /// execve(2) alone.
    init(lastMile error: SystemError, hint: Bytes) {
        let isOfLoader = hint.hasPrefix(ELFLoader.hint)
        let holds = error.call == "execve" && error.errno == (isOfLoader ? .enoent : .enoexec)
        self.init(error, pointer: origin(ofLastMile: error.call), hint: holds && !hint.isEmpty ? hint : nil)
        phase = .exec
    }

    /// Says which component of the path refuses the user, where one does. The kernel says only that one does.
    mutating func blame(_ path: @autoclosure () -> DeniedPath?) {
        guard phase == .exec, errno == .eacces, hint == nil else { return }
        hint = path()?.refusal(operation == "chdir")
    }

    /// Names the id that the container's user namespace does not have, for which the kernel says EINVAL.
    mutating func blameIDs(_ process: ProcessPlan) {
        guard phase == .exec, errno == .einval, hint == nil else { return }
        switch operation {
        case "setresuid": hint = "\(process.uid) is not mapped in the container's user namespace"
        case "setresgid": hint = "\(process.gid) is not mapped in the container's user namespace"
        case "setgroups": hint = "one of the groups is not mapped in the container's user namespace"
        default: break
        }
    }
}

private func origin(ofLastMile call: Bytes) -> JSONPointer {
    switch call {
    case "seccomp", "seccomp listener": "/linux/seccomp"
    case "setgroups": "/process/user/additionalGids"
    case "setresgid": "/process/user/gid"
    case "setresuid": "/process/user/uid"
    case "capset", "prctl PR_CAPBSET_DROP", "prctl PR_CAP_AMBIENT_RAISE": "/process/capabilities"
    case "prctl PR_SET_NO_NEW_PRIVS": "/process/noNewPrivileges"
    case "chdir": "/process/cwd"
    default: "/process/args/0"
    }
}

/// The way of a container's user to its program: looked at from outside, after it was refused.
struct DeniedPath {
    /// A path to the container's root, or to the directory that was to be it.
    var root: Bytes
    /// Where other mounts lie, of which the root's directory knows nothing.
    var covered: [Bytes]
    var program: Bytes
    var environment: [Bytes]
    var cwd: Bytes
    var uid: UInt32
    var gid: UInt32
    var groups: [UInt32]
    /// From the container's ids to those that files have here.
    var uids: [IDMapping]
    var gids: [IDMapping]

    init(_ process: ProcessPlan, root: Bytes, covered: [Bytes] = [], uids: [IDMapping] = [], gids: [IDMapping] = []) {
        self.root = root
        self.covered = covered
        program = process.arguments.first ?? ""
        environment = process.environment
        cwd = process.cwd
        (uid, gid, groups) = (process.uid, process.gid, process.groups ?? [])
        (self.uids, self.gids) = (uids, gids)
    }

    /// The first directory on the way that the user may not pass; nil where there is none, or it cannot be told.
    func refusal(_ isDirectory: Bool) -> Bytes? {
        guard let opened = try? Descriptor(opening: root, [.path, .directory]) else { return nil }
        let directory = RootDirectory(opened)
        guard let path = isDirectory ? cwd : programPath(directory) else { return nil }
        var place: Bytes = "/"
        for part in [""] + path.split(0x2f) {
            place = part.isEmpty ? "/" : part.below(place)
            guard !covered.contains(place), let found = try? directory.existingPlace(place),
                let status = try? found.status()
            else { return nil }
            guard status.isDirectory, !isSearchable(status) else { continue }
            return "\(place) has \(words(for: status)), so user \(uid) of group \(gid) may not enter it"
        }
        return nil
    }

    /// The program in the container: its own path, or the first of that name in PATH.
    private func programPath(_ root: borrowing RootDirectory) -> Bytes? {
        if program.contains(0x2f) { return program.below(cwd).cleanedPath }
        let search = environment.last { $0.hasPrefix("PATH=") }.map { $0.dropFirst(5).split(0x3a) } ?? []
        for directory in search {
            let path = program.below(directory)
            guard let found = try? root.existingPlace(path) else { continue }
            _ = consume found
            return path.cleanedPath
        }
        return nil
    }

    private func isSearchable(_ status: FileStatus) -> Bool {
        func host(_ id: UInt32, _ maps: [IDMapping]) -> UInt32? { maps.isEmpty ? id : hostID(of: id, maps) }
        if host(uid, uids) == status.uid { return status.permissions & 0o100 != 0 }
        let isInGroup = ([gid] + groups).contains { host($0, gids) == status.gid }
        return status.permissions & (isInGroup ? 0o010 : 0o001) != 0
    }
}

extension ContainerPlan {
    /// The way to the program in a root that is gone with its process: what can still be seen of it.
    var deniedPath: DeniedPath {
        var maps: (uids: [IDMapping], gids: [IDMapping]) = ([], [])
        for case .writeIDMap(let group, let ranges) in outside.map(\.action) {
            if group { maps.gids = ranges } else { maps.uids = ranges }
        }
        let covered = inside.compactMap { step -> Bytes? in
            if case .mount(let mount) = step.action { mount.destination } else { nil }
        }
        return DeniedPath(process, root: rootfs, covered: covered, uids: maps.uids, gids: maps.gids)
    }
}

extension ContainerDirectory {
    /// The same of a container whose plan was another process's: by the copy of its config.
    func deniedPath(_ record: ContainerRecord) -> DeniedPath? {
        guard let config = try? readConfig(), let said = config.process else { return nil }
        var process = ProcessPlan()
        process.arguments = said.args ?? []
        process.environment = said.env ?? []
        process.cwd = said.cwd
        process.uid = said.user?.uid ?? 0
        process.gid = said.user?.gid ?? 0
        process.groups = said.user?.additionalGids ?? []
        func maps(_ said: [Config.Linux.IDMapping]?) -> [IDMapping] {
            (said ?? []).map { IDMapping(containerID: $0.containerID, hostID: $0.hostID, size: $0.size) }
        }
        return DeniedPath(
            process, root: record.rootfs, covered: (config.mounts ?? []).map(\.destination),
            uids: maps(config.linux?.uidMappings), gids: maps(config.linux?.gidMappings))
    }
}
