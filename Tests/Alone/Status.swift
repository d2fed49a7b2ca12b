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
        record.startTime = Procfs.startTime(of: record.pid) ?? 0
        expect(isAlive(record))
        try cloned.signal(SIGKILL)
        let pidfd = cloned.pidfd.number
        _ = try Poll.ready([pidfd], timeoutMilliseconds: 10_000)
        expect(!isAlive(record))
    }
}
