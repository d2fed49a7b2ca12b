// SPDX-License-Identifier: Apache-2.0

package import HullBytes
internal import HullInit
internal import HullKernel
internal import HullLinux
internal import HullOCI
package import HullPlan

extension Creation {
    /// Makes the container out of images in place of a new process. On failure nothing is left.
    package mutating func restore(
        _ request: CheckpointRequest, from images: Bytes, work: Bytes?
    ) throws(Failure) {
        do throws(Failure) {
            let program = try CRIU.find()
            let place = try attempt { () throws(SystemError) in
                try CheckpointPlace(images, work ?? images, makes: false)
            }
            let decided = try decide(request, place)
            for step in decided.before { try apply(step) }
            try carryOut(decided, program, place)
            try recordRunning()
            try attempt { () throws(SystemError) in try directory.descriptor.unlock() }
            try HullRuntime.runHooks(.poststart, of: plan.hooks, record: record, status: .running)
        } catch {
            throw undo(error)
        }
    }

    /// Removes what a restore in the foreground has been waiting for.
    package consuming func attendRestored(_ signals: borrowing SignalsOfCaller) throws(Failure) -> ForegroundEnd {
        let relay: TerminalRelay?
        do throws(Failure) { relay = try makeRelay() } catch { throw undo(error) }
        let status: ExitStatus
        do throws(Failure) { status = try attendProcess(signals, relay) } catch {
            relay?.restore()
            throw undo(error)
        }
        relay?.restore()
        return ForegroundEnd(code: status.code, warnings: removeAfterEnd(), report: nil)
    }

    private func decide(
        _ request: CheckpointRequest, _ place: borrowing CheckpointPlace
    ) throws(Failure) -> RestorePlan {
        let name = CheckpointImage.fileName
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Descriptor(opening: name, below: place.imagesDirectory.number).readAll(limit: 1 << 20, name)
        } catch {
            throw Failure(
                "there is no checkpoint of hull's in \(place.images): \(name): \(error.errno.message)",
                hint: "images of another runtime have no \(name)")
        }
        let image: CheckpointImage
        do throws(ConfigErrors) { image = try CheckpointImage.read(bytes) } catch {
            var failure = Failure(error)
            failure.document = "\(place.images)/\(name)"
            throw failure
        }
        let hasUpper = plan.outside.contains { if case .makeUpperLayer = $0.action { true } else { false } }
        if image.overlay, !hasUpper {
            throw Failure("the root of the checkpoint was a union", hint: "--overlay DIR, as it was for the container")
        }
        do throws(ConfigErrors) { return try HullPlan.restore(plan, request, image) } catch { throw Failure(error) }
    }

    private mutating func carryOut(
        _ decided: RestorePlan, _ program: Bytes, _ place: borrowing CheckpointPlace
    ) throws(Failure) {
        if plan.process.terminal, consoleSocket == nil {
            let pair = try attempt { () throws(SystemError) in try Sockets.pair() }
            consoleSocket = consume pair.first
            ownConsole = consume pair.second
        }
        var surroundings = CRIUSurroundings(program: program, yard: directory.path)
        surroundings.restore = decided
        surroundings.cgroups = plan.cgroup.mountPoint.isEmpty ? nil : plan.cgroup.mountPoint
        for case .sessionKeyring(let name, _) in plan.inside.map(\.action) { surroundings.keyring = name }
        let options = inherit(decided, &surroundings)
        var taken = DescriptorList()
        swap(&taken, &held)
        // CRIU opens files of namespaces through this process.
        let kept = try duplicates(of: decided.joined.map(\.slot), taken)
        var complete = place.completing(options, yard: directory.path, cgroups: surroundings.cgroups != nil)
        for (index, namespace) in decided.joined.enumerated() {
            guard let number = kept[index] else { continue }
            complete.joined.append((namespace.kind, "/proc/\(CurrentProcess.pid)/fd/\(number)"))
        }
        let criu = try start(surroundings, taken)
        let request = CRIURequest(.restore, complete)
        let origins = decided.mounts.map(\.origin) + [decided.rootOrigin]
        let response = try criu.carryOut(request, place, origins: origins) { (response, descriptor) throws(Failure) in
            try hear(response, descriptor, decided)
        }
        if record.pid == 0, let pid = response.restored { try adopt(pid) }
        guard record.pid != 0 else { throw Failure("criu does not say which process it has restored") }
        consoleSocket = nil
    }

    private mutating func start(
        _ surroundings: CRIUSurroundings, _ held: consuming DescriptorList
    ) throws(Failure) -> CRIU {
        do throws(SystemError) {
            let cgroup = cgroupDescriptor?.number
            let criu = try CRIU(surroundings, plan, held, hookState: hookState(), cgroup: cgroup)
            try placeholder.take()?.end()
            return criu
        } catch { throw Failure(error) }
    }

    private func duplicates(of slots: [Int], _ list: borrowing DescriptorList) throws(Failure) -> DescriptorList {
        var copies = DescriptorList()
        for (index, slot) in slots.enumerated() {
            guard let number = list[slot] else { continue }
            copies.set(index, try attempt { () throws(SystemError) in try Descriptor(duplicating: number) })
        }
        return copies
    }

    /// Names of what CRIU gets from outside.
    private func inherit(_ decided: RestorePlan, _ surroundings: inout CRIUSurroundings) -> CRIUOptions {
        var options = decided.options
        let yard = surroundings.yard
        options.root = "\(yard)/\(CRIUSurroundings.root)"
        options.external += decided.mounts.map { "mnt[\($0.key)]:\(yard)/\($0.key)" }
        for stream in decided.streams { options.inherited.append((stream.name, stream.number)) }
        for namespace in decided.inherited {
            guard let number = held[namespace.slot] else { continue }
            options.inherited.append((namespace.key, number))
            surroundings.inherited.append(number)
        }
        return options
    }

    /// What CRIU tells on the way; it goes on when this returns.
    private mutating func hear(
        _ response: CRIUResponse, _ descriptor: consuming Descriptor?, _ decided: RestorePlan
    ) throws(Failure) {
        guard let notification = response.notification else { return }
        switch notification.script {
        case "setup-namespaces":
            // Its namespaces are there: the moment of prestart and createRuntime hooks.
            record.pid = notification.pid
            try HullRuntime.runHooks(.prestart, of: plan.hooks, record: record, status: .creating)
            try HullRuntime.runHooks(.createRuntime, of: plan.hooks, record: record, status: .creating)
            record.pid = 0
        case "orphan-pts-master":
            guard let socket = consoleSocket?.number, let master = descriptor else {
                throw Failure(
                    "the checkpoint has a terminal that the config does not have", pointer: "/process/terminal")
            }
            try attempt { () throws(SystemError) in
                let name = "/dev/pts/\(try Terminal.number(of: master.number))" as Bytes
                try Sockets.send(name, descriptors: [master.number], to: socket)
            }
        case "post-restore":
            try adopt(notification.pid)
            for step in decided.after { try apply(step) }
        case "pre-resume":
            // Whoever sees the processes at work is told that they are.
            if record.pid != 0 { try recordRunning() }
        default: return
        }
    }

    private mutating func recordRunning() throws(Failure) {
        guard !record.isCreated else { return }
        record.isCreated = true
        try attempt { () throws(SystemError) in try directory.write(record) }
    }

    /// The restored process is a child of hull: CRIU makes it a sibling of its own.
    private mutating func adopt(_ pid: Int32) throws(Failure) {
        try attempt { () throws(SystemError) in
            let process = try ProcessHandle(opening: pid)
            record.pid = pid
            record.startTime = try Procfs.startTime(of: pid) ?? 0
            spawned = Spawned(process: process, socket: Descriptor(owning: -1))
            try directory.write(record)
        }
    }
}
