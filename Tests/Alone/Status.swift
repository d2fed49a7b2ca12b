// SPDX-License-Identifier: Apache-2.0
import Glibc
import HullBytes
import HullKernel

@testable import HullRuntime

enum ZombieTests {
    // Goal: a zombie has stopped. Method: a child that has ended and is not waited for. (STORE-08)
    static func zombie() throws {
        guard let cloned = try CurrentProcess.clone(0, cgroup: nil) else { while true { pause() } }
        var record = ContainerRecord(
            id: "z", bundle: "/b", rootfs: "/b/rootfs", created: "", owner: 0, cgroup: "", ownPidNamespace: true,
            annotations: [])
        record.pid = cloned.pid
        record.startTime = try Procfs.startTime(of: record.pid) ?? 0
        try expect(isAlive(record))
        try cloned.signal(SIGKILL)
        let pidfd = cloned.pidfd.number
        _ = try Poll.ready([pidfd], timeoutMilliseconds: 10_000)
        try expect(!isAlive(record))
    }

    // Goal: a process of which the kernel does not tell is not taken for one that has ended, and a cgroup not for a
    // thawed one: `delete` would remove a container that runs. Method: no descriptor is left to look with. (STORE-08)
    static func blind() throws {
        var record = ContainerRecord(
            id: "z", bundle: "/b", rootfs: "/b/rootfs", created: "", owner: 0, cgroup: "", ownPidNamespace: true,
            annotations: [])
        record.pid = getpid()
        record.startTime = try Procfs.startTime(of: record.pid) ?? 0
        try expect(isAlive(record))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        for look in [{ _ = try isAlive(record) }, { _ = try CgroupDirectory(path: "/tmp").isFrozen }]
            as [() throws -> Void]
        {
            do {
                try look()
                expect(false)
            } catch { expect((error as? SystemError)?.errno == .emfile) }
        }
    }
}
