// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite
struct HostCgroupsTests {
    private func protected(
        _ options: [Bytes], from source: Bytes = "/sys", namespaces: [Bytes] = ["mount", "user"],
        unprivileged: Bool = false
    ) throws -> [String] {
        var config = Config.smallest
        config.linux?.namespaces = namespaces.map { .init(type: $0) }
        if namespaces.contains("user") {
            config.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            config.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
        }
        var mount = Config.Mount(destination: "/host/sys")
        (mount.source, mount.options) = (source, options)
        config.mounts = [mount]
        var host = HullPlan.Host.usual
        host.isUnprivileged = unprivileged
        return try config.plan(Request(id: "c1", bundle: "/b"), host).inside.compactMap { step in
            if case .makeReadOnly(let path) = step.action { path.text + " " + step.origin.text.text } else { nil }
        }
    }

    // Goal: cgroups that a read-only bind brings along are read-only where somebody could own them (AT-71). Method: the
    // step with its path and pointer, for the ways to say it, and where it is not wanted.
    @Test func recursiveBinds() throws {
        let step = ["/host/sys/fs/cgroup /mounts/0/options"]
        #expect(try protected(["rbind", "ro"]) == step)
        #expect(try protected(["rbind", "ro"], from: "/sys/fs/../") == step)
        #expect(try protected(["rbind", "ro"], from: "/") == ["/host/sys/sys/fs/cgroup /mounts/0/options"])
        #expect(try protected(["rbind", "ro"], namespaces: ["mount"], unprivileged: true) == step)
        #expect(try protected(["rbind", "ro"], namespaces: ["mount"]).isEmpty)
        #expect(try protected(["rbind", "ro"], namespaces: ["mount", "user", "cgroup"]).isEmpty)
        #expect(try protected(["rbind"]).isEmpty)
        #expect(try protected(["rbind", "ro", "rw"]).isEmpty)
        #expect(try protected(["bind", "ro"]).isEmpty)
        #expect(try protected(["rbind", "ro"], from: "/sys/fs/cgroups").isEmpty)
    }
}
