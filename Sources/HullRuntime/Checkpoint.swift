// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

extension ContainerStore {
    /// Saves a running container into a directory of images: the verb `checkpoint`. Unless it is to go on running, it
    /// is then removed as by `delete`, so that a restore may have its id. Gives warnings.
    package func checkpoint(
        _ id: Bytes, _ request: CheckpointRequest, to images: Bytes, work: Bytes?
    ) throws(Failure) -> [Failure] {
        let directory = try openLocked(id)
        let record = try directory.requireRecord()
        switch try directory.status(record) {
        case .running, .paused: break
        case .created: throw Failure("cannot checkpoint a container that was not started")
        case .creating, .stopped: throw Failure("container not running")
        }
        let program = try CRIU.find()
        let process = try attempt { () throws(SystemError) in try ProcessHandle(opening: record.pid) }
        guard try attempt(nil, { () throws(SystemError) in try isAlive(record) }) else {
            throw Failure("container not running")
        }
        let plan = try directory.plan(of: record, self)
        let facts = try attempt { () throws(SystemError) in try CheckpointFacts(of: plan, record) }
        let decided: CheckpointPlan
        do throws(ConfigErrors) { decided = try HullPlan.checkpoint(plan, request, facts) } catch {
            throw Failure(error)
        }
        let place = try attempt { () throws(SystemError) in try CheckpointPlace(images, work ?? images, makes: true) }
        try requireParent(request, place)
        try attempt { () throws(SystemError) in
            try HostFiles.replace(
                "\(images)/\(CheckpointImage.fileName)", with: Bytes(JSONWriter.text(of: decided.image)), mode: 0o600)
        }
        try save(decided, plan, record, directory.path, program, place)
        guard !decided.options.leaveRunning else { return [] }
        // CRIU has killed it; its parent has yet to hear of that.
        _ = try attempt { () throws(SystemError) in
            try Poll.ready([process.pidfd.number], timeoutMilliseconds: 10_000)
        }
        try endFirstProcess(record)
        let hooks = (try? directory.hooksPlan(of: record)) ?? HooksPlan()
        return try finish(record, directory, hooks)
    }

    private func save(
        _ decided: CheckpointPlan, _ plan: ContainerPlan, _ record: ContainerRecord, _ yard: Bytes, _ program: Bytes,
        _ place: borrowing CheckpointPlace
    ) throws(Failure) {
        var surroundings = CRIUSurroundings(program: program, yard: yard)
        surroundings.cgroups = plan.cgroup.mountPoint.isEmpty ? nil : plan.cgroup.mountPoint
        let options = place.completing(decided.options, yard: yard, cgroups: surroundings.cgroups != nil)
        let criu: CRIU
        do throws(SystemError) {
            criu = try CRIU(surroundings, plan, DescriptorList(), hookState: HookState(of: record), cgroup: nil)
        } catch { throw Failure(error) }
        _ = try criu.carryOut(CRIURequest(decided.kind, options), place) { (_, _) throws(Failure) in }
    }

    /// CRIU takes a parent that is not there for none, and saves all again.
    private func requireParent(_ request: CheckpointRequest, _ place: borrowing CheckpointPlace) throws(Failure) {
        guard let parent = request.parentPath else { return }
        guard !parent.isAbsolutePath else {
            throw Failure("option --parent-path: \"\(parent)\" must be relative to the directory of the images")
        }
        let path = parent.below(place.images)
        guard (try? HostFiles.status(path))??.isDirectory == true else {
            throw Failure("option --parent-path: there is no directory \(path)")
        }
    }
}

extension ContainerDirectory {
    /// What the config of a container asks for, decided once more: for the places of its mounts, not to be carried out.
    fileprivate func plan(of record: ContainerRecord, _ store: ContainerStore) throws(Failure) -> ContainerPlan {
        let config = try readConfig()
        let host = try Host.probe(systemd: !record.unit.isEmpty)
        var request = Request(id: id, bundle: record.bundle)
        request.keepsCgroup = record.cgroup.isEmpty
        let notify = store.notifyDirectory(of: id)
        if (try? HostFiles.status(notify)) != nil { request.notifyDirectory = notify }
        do throws(ConfigErrors) {
            var plan = try resolve(config, request, host)
            if !record.cgroup.isEmpty { plan.cgroup.path = record.cgroup.dropFirst(plan.cgroup.mountPoint.count) }
            return plan
        } catch { throw Failure(error) }
    }
}

extension CheckpointFacts {
    /// Looks at the mounts and open files of a container's first process.
    fileprivate init(of plan: ContainerPlan, _ record: ContainerRecord) throws(SystemError) {
        self.init()
        pid = record.pid
        cgroup = record.cgroup.isEmpty ? nil : record.cgroup
        let infos = try MountInfo.all(of: "\(pid)")
        mounts = infos.map { Mount(identifier: $0.identifier, parent: $0.parent, place: $0.mountPoint) }
        let root = RootDirectory(try Descriptor(opening: "/proc/\(pid)/root", [.path, .directory]))
        let status = try FileStatus(ofOpen: root.number)
        self.root = status.mount
        for destination in plan.externalMounts.map(\.destination) + plan.ownMounts {
            guard let place = try? root.existingPlace(destination) else { continue }
            found[destination] = try place.status().mount
        }
        if case .root(.tree)? = plan.inside.first(where: { if case .root = $0.action { true } else { false } })?.action,
            try HostFiles.status(plan.rootfs)?.filesystem != status.filesystem
        {
            let options = infos.first { $0.identifier == status.mount }?.superblock.split(0x2c) ?? []
            // A throw-away layer is a directory of a tmpfs; one that stays is open itself.
            let upper = options.first { $0.hasPrefix("upperdir=") } ?? ""
            overlay = upper.hasPrefix("upperdir=/proc/self/fd/") && upper.hasSuffix("/upper") ? .memory : .directory
        }
        for number in 0...2 { streams.append(try Stream(number, of: pid)) }
        for namespace in plan.joinedNamespaces {
            namespaces[namespace.kind] = try HostFiles.status("/proc/\(pid)/ns/\(namespace.kind.fileName)")?.inode
        }
    }
}

extension CheckpointFacts.Stream {
    fileprivate init(_ number: Int, of pid: Int32) throws(SystemError) {
        let path = "/proc/\(pid)/fd/\(number)" as Bytes
        guard let link = try? HostFiles.linkTarget(path) else {
            self.init(link: "")
            return
        }
        self.init(link: link)
        guard link.isAbsolutePath else { return }
        for line in Bytes(try HostFiles.read("/proc/\(pid)/fdinfo/\(number)")).split(0x0a) {
            if line.hasPrefix("mnt_id:") { mount = line.dropFirst(7).trimmed.decimal ?? 0 }
        }
        guard let status = try HostFiles.status(path) else { return }
        inode = status.inode
        // Unix98 terminals have the majors 136 to 143, others 4 and 5.
        if status.isCharacterDevice, [4, 5].contains(status.device.major) || (136...143).contains(status.device.major) {
            terminal = (status.filesystem.packed, status.device.packed)
        }
    }
}
