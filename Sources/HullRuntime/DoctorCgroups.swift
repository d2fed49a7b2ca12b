// SPDX-License-Identifier: Apache-2.0

internal import HullBytes
internal import HullKernel
internal import HullOCI
internal import HullPlan

extension ContainerStore {
    /// Cgroups that a hull has made and of which this store knows nothing. A name proves nothing, so only those count
    /// that have hull's own device filter. They may be another store's: one with a container's program in it surely is
    /// somebody's and is passed over, and of the rest no more is said than is known.
    func strayCgroups(_ host: Host, known: [Bytes]) -> [Diagnosis] {
        guard let mount = host.cgroupMount else { return [] }
        var found: [Diagnosis] = []
        var rest = [mount]
        while let path = rest.popLast() {
            guard !known.contains(path), let directory = try? Descriptor(opening: path, [.directory]) else { continue }
            guard (try? DeviceFilter.own(on: directory.number)) ?? nil != nil else {
                let names = (try? directory.entries()) ?? []
                rest += names.map { $0.below(path) }.filter { (try? HostFiles.status($0))?.isDirectory == true }
                continue
            }
            // An empty unit is told as such.
            let isUnit = path.lastComponent.hasPrefix("hull-") && path.hasSuffix(".scope")
            if !isUnit || isPopulated(path) { found += stray(path) }
        }
        return found
    }

    private func stray(_ path: Bytes) -> [Diagnosis] {
        let elsewhere = "or a container of another --root" as Bytes
        guard isPopulated(path) else {
            return [
                Diagnosis(
                    .note, "cgroup \(path)", "no process, and no container in \(root)",
                    meaning: "it has hull's device filter: it was left, \(elsewhere) has stopped",
                    remedy: "rmdir \(path), if it was left")
            ]
        }
        let own = try? HostFiles.status("/proc/self/exe")
        let pids = Bytes((try? HostFiles.read(path + "/cgroup.procs")) ?? []).split(0x0a)
        return pids.compactMap { $0.decimal.flatMap(Int32.init(exactly:)) }.filter { pid in
            guard let own, let its = try? HostFiles.status("/proc/\(pid)/exe") else { return false }
            return own.inode == its.inode && own.filesystem == its.filesystem
        }.map { pid in
            Diagnosis(
                .note, "process \(Procfs.activity(of: pid))", "waits in \(path), of no container in \(root)",
                meaning: "it waits for a start: its record is gone, \(elsewhere) waits",
                remedy: "kill -KILL \(pid), if nobody has it")
        }
    }
}
