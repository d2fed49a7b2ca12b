// SPDX-License-Identifier: Apache-2.0
import Glibc
import Support
import Testing

/// What may be mounted on /proc and below, and where proc and sysfs may be mounted: labels, profiles and settings are
/// written there by path.
@Suite(.runnable, .conformance)
struct ProcMounts {
    // Goal: an image cannot send proc elsewhere (CVE-2019-19921, CVE-2023-27561). Method: a link in its place.
    @Test("PM-01 proc and sysfs are not mounted over a symbolic link", arguments: ["proc", "sys"])
    func link(name: String) throws {
        try scenario(case: name) { s in
            let bundle = try s.bundle(script: "true")
            Files.remove(bundle.rootfs + "/" + name)
            try Files.makeDirectory(bundle.rootfs + "/evil")
            try Files.link("/evil", at: bundle.rootfs + "/" + name)
            try s.refuses(bundle, name == "proc" ? "/mounts/0" : "/mounts/5", ["link", "irectory", "symbolic"])
        }
    }

    // Goal: nothing but a procfs is /proc. Method: a tmpfs, a directory of the host, a part of a procfs.
    @Test(
        "PM-02 only a procfs is mounted on /proc",
        arguments: [("tmpfs", "tmpfs", "/destination"), ("bind", "data", "/source"), ("bind", "/proc/self", "/source")])
    func onProc(type: String, source: String, key: String) throws {
        try scenario(case: source) { s in
            let bundle = try s.bundle(script: "true") {
                $0.mount("/proc", type: type, from: source, type == "bind" ? ["rbind"] : [])
            }
            try bundle.addData()
            try s.refuses(bundle, "/mounts/6" + key, ["proc"])
        }
    }

    // Goal: the host's procfs may be bound. Method: the processes of the host are seen.
    @Test("PM-03 a procfs of the host may be bound on /proc")
    func bind() throws {
        try scenario { s in
            let bundle = try s.bundle(script: "cat /proc/\(getpid())/comm") {
                $0.removeMount("/proc")
                $0["/linux/maskedPaths"] = nil
                $0["/linux/readonlyPaths"] = nil
                $0.mount("/proc", type: "bind", from: "/proc", ["rbind"])
            }
            let name = try #require(Files.read("/proc/self/comm"))
            try #expect(s.run(bundle).stdout == name)
        }
    }

    // Goal: what lxcfs shows may be covered. Method: each file of the list that this kernel has.
    @Test(
        "PM-04 some files below /proc may be covered",
        arguments: [
            "cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo",
            "sys/kernel/ns_last_pid", "sys/crypto/fips_enabled",
        ])
    func allowed(name: String) throws {
        guard Files.exists("/proc/" + name) else { return }
        try scenario(case: name) { s in
            let bundle = try s.bundle(script: "cat /proc/\(name)") {
                $0.mount("/proc/" + name, type: "bind", from: "data/name", ["bind"])
            }
            try bundle.addData()
            try #expect(s.run(bundle).lines == ["data"])
        }
    }

    // Goal: nothing else is. Method: files and directories that decide about processes.
    @Test(
        "PM-05 nothing else below /proc may be covered",
        arguments: ["self/attr/exec", "self", "1", "sys/kernel/core_pattern", "sysrq-trigger", "./sys", "cpuinfo/x"])
    func refused(name: String) throws {
        try scenario(case: name) { s in
            let bundle = try s.bundle(script: "true") {
                $0.mount("/proc/" + name, type: "bind", from: "data/name", ["bind"])
            }
            try bundle.addData()
            try s.refuses(bundle, "/mounts/6/destination", ["proc"])
        }
    }

    // Goal: a link of the image gives such a file no other name. Method: a link to a directory and to a file there.
    @Test(
        "PM-06 a symbolic link does not lead a mount into /proc",
        arguments: [("/proc/sys", "/link"), ("/proc/sysrq-trigger", "/link"), ("/proc/sys", "/link/kernel")])
    func throughLink(target: String, destination: String) throws {
        try scenario(case: target) { s in
            let isFile = target.hasSuffix("trigger")
            let bundle = try s.bundle(script: "true") {
                $0.mount(destination, type: "bind", from: isFile ? "data/name" : "data", ["bind"])
            }
            try bundle.addData()
            try Files.link(target, at: bundle.rootfs + "/link")
            try s.refuses(bundle, "/mounts/6", ["proc"])
        }
    }
}
