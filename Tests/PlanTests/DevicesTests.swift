// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct DevicesTests {
    private typealias Device = Config.Linux.Device

    private func config(_ devices: [Config.Linux.Device]) -> Config {
        var config = Config.smallest
        config.linux?.devices = devices
        return config
    }

    private func steps(_ config: Config) throws -> [String] {
        try config.plan().steps("inside").filter { $0.hasPrefix("mknod") || $0.hasPrefix("symlinkat") }
    }

    private let defaults = [
        "mknod /dev/null c 1:3 0666 0:0", "mknod /dev/zero c 1:5 0666 0:0", "mknod /dev/full c 1:7 0666 0:0",
        "mknod /dev/random c 1:8 0666 0:0", "mknod /dev/urandom c 1:9 0666 0:0", "mknod /dev/tty c 5:0 0666 0:0",
        "symlinkat /dev/fd -> /proc/self/fd", "symlinkat /dev/stdin -> /proc/self/fd/0",
        "symlinkat /dev/stdout -> /proc/self/fd/1", "symlinkat /dev/stderr -> /proc/self/fd/2",
        "symlinkat /dev/ptmx -> pts/ptmx", "symlinkat /dev/core -> /proc/kcore",
    ]

    // Goal: every container has the devices and links of the specification. Method: nothing said; no kcore on the host.
    @Test func always() throws {
        #expect(try steps(Config.smallest) == defaults)
        var host = HullPlan.Host.usual
        host.hasKcore = false
        let plan = try Config.smallest.plan(Request(id: "c", bundle: "/b"), host)
        #expect(!plan.steps("inside").contains { $0.contains("kcore") })
    }

    // Goal: kinds, numbers, modes and owners. Method: a table of devices and steps.
    @Test func configured() throws {
        var fifo = Device(type: "p", path: "/run/pipe")
        fifo.fileMode = 0o600
        var disk = Device(type: "b", path: "/dev/../dev/sda", major: 8, minor: 1_048_575)
        disk.fileMode = 0o60660
        disk.uid = 1
        disk.gid = 2
        let found = try steps(
            config([
                fifo, disk, Device(type: "u", path: "/dev/u", major: 4095, minor: 0),
                Device(type: "c", path: "/dev/c", major: 0, minor: 0),
            ]))
        #expect(
            found.dropLast(defaults.count) == [
                "mknod /run/pipe p 0600 0:0", "mknod /dev/sda b 8:1048575 0660 1:2", "mknod /dev/u c 4095:0 0666 0:0",
                "mknod /dev/c c 0:0 0666 0:0",
            ])
    }

    // Goal: a device of the config takes the place of a default one, and /dev/ptmx stays the container's. Method: both.
    @Test func replaced() throws {
        var null = Device(type: "c", path: "/dev//null", major: 1, minor: 3)
        null.fileMode = 0o600
        let found = try steps(config([null, Device(type: "c", path: "/dev/ptmx", major: 5, minor: 2)]))
        #expect(found == ["mknod /dev/null c 1:3 0600 0:0"] + defaults.dropFirst())
    }

    // Goal: where mknod(2) is refused the host's devices are bound, FIFOs are made all the same. Method: a user
    // namespace.
    @Test func userNamespace() throws {
        var config = config([
            Device(type: "c", path: "/dev/fuse", major: 10, minor: 229), Device(type: "p", path: "/dev/p"),
        ])
        config.linux?.namespaces?.append(.init(type: "user", path: "/proc/1/ns/user"))
        let plan = try config.plan()
        #expect(plan.steps("inside").filter { $0.hasPrefix("mknod") } == ["mknod /dev/p p 0666 0:0"])
        let opened = plan.steps("outside").filter { $0.hasPrefix("open_tree /dev") }
        #expect(opened.count == 7)
        #expect(opened[0] == "open_tree /dev/fuse rprivate -> 2")
        #expect(plan.steps("inside").contains("move_mount 2 -> /dev/fuse"))
    }

    // DV-13. Goal: a /dev that is bound stays as it is, and whoever configured devices hears of it. Method: bind and
    // rbind.
    @Test(arguments: ["bind", "rbind"]) func boundDev(option: String) throws {
        var config = config([Device(type: "c", path: "/dev/x", major: 1, minor: 3)])
        config.mounts = [Config.Mount(destination: "dev/.", source: "/dev", options: [Bytes(option)])]
        #expect(try steps(config) == [])
        #expect(try config.plan().warnings.map(\.pointer) == ["/mounts/0/destination", "/linux/devices"])
    }

    // DV-50. Goal: each mistake at its place. Method: a table.
    @Test(arguments: [
        ("x", "/dev/a", 1, 1, ["/linux/devices/0/type: \"x\" is no kind of device"]),
        ("", "/dev/a", 1, 1, ["/linux/devices/0/type: \"\" is no kind of device"]),
        ("c", "dev/a", 1, 1, ["/linux/devices/0/path: \"dev/a\" is not an absolute path"]),
        ("c", "/dev/a", 4096, 1, ["/linux/devices/0: 4096:1 is no device number"]),
        ("b", "/dev/a", 1, 1_048_576, ["/linux/devices/0: 1:1048576 is no device number"]),
        ("c", "/dev/a", -1, 0, ["/linux/devices/0: -1:0 is no device number"]),
        ("c", "/dev/a", Int64.max, Int64.min, ["/linux/devices/0: \(Int64.max):\(Int64.min) is no device number"]),
    ]) func wrong(type: String, path: String, major: Int64, minor: Int64, expected: [String]) {
        let device = Device(type: Bytes(type), path: Bytes(path), major: major, minor: minor)
        #expect(config([device]).errors == expected)
    }

    // Goal: numbers are asked for where they mean something. Method: none said, for a device and for a FIFO.
    @Test func withoutNumbers() {
        #expect(
            config([Device(type: "b", path: "/dev/a")]).errors == [
                "/linux/devices/0/major: is required for this kind",
                "/linux/devices/0/minor: is required for this kind",
            ])
        #expect(config([Device(type: "p", path: "/dev/a")]).errors == [])
    }
}
