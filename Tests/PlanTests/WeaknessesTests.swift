// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullCommandLine
import HullOCI
import HullPlan
import Support
import Testing

/// A change that weakens the config which `spec` writes, and what is found then.
struct Weakening: CustomTestStringConvertible, Sendable {
    let place: String
    /// nil removes what is there.
    let value: JSON?
    /// The findings: `POINTER: PROBLEM`, without their hints.
    let found: [String]

    init(_ place: String, _ value: JSON?, _ found: String...) {
        self.place = place
        self.value = value
        self.found = found
    }

    var testDescription: String { "\(place) = \(value?.text ?? "nothing")" }

    static let process: [Weakening] = [
        .init(
            "/process/noNewPrivileges", nil,
            "/process/noNewPrivileges: is not true: programs with the set-user-ID bit give privileges"),
        .init(
            "/process/noNewPrivileges", false,
            "/process/noNewPrivileges: is not true: programs with the set-user-ID bit give privileges"),
        .init(
            "/process/apparmorProfile", "unconfined",
            "/process/apparmorProfile: \"unconfined\" switches AppArmor off"),
        .init(
            "/process/selinuxLabel", "system_u:system_r:spc_t:s0",
            "/process/selinuxLabel: the type spc_t is not confined by SELinux"),
        .init("/process/selinuxLabel", "system_u:system_r:container_t:s0:c1,c2"),
        .init(
            "/process/oomScoreAdj", -500,
            "/process/oomScoreAdj: is -500: where memory runs out the host's processes are killed first"),
        .init(
            "/process/capabilities/bounding", ["CAP_KILL", "CAP_SYS_MODULE", "CAP_WAKE_ALARM"],
            "/process/capabilities/bounding/1: CAP_SYS_MODULE loads code into the kernel",
            "/process/capabilities/bounding/2: CAP_WAKE_ALARM is more than a service needs"),
        .init(
            "/process/capabilities/effective", ["CAP_NET_RAW"],
            "/process/capabilities/effective/0: CAP_NET_RAW forges packets"),
        .init(
            "/process/capabilities/inheritable", ["CAP_KILL"],
            "/process/capabilities/inheritable/0: CAP_KILL comes back by executing a file that has it inheritable "
                + "(CVE-2022-29162)"),
        .init("/root/path", "/", "/root/path: is the host's own root"),
        .init("/root/path", "../..", "/root/path: is the host's own root"),
    ]

    static let linux: [Weakening] = [
        .init(
            "/linux/rootfsPropagation", "rshared",
            "/linux/rootfsPropagation: \"rshared\": what is mounted inside appears on the host"),
        .init(
            "/linux/namespaces/0", nil,
            "/linux/namespaces: there is no pid namespace: the container sees the host's processes, and may signal "
                + "those of its user"),
        .init(
            "/linux/namespaces/1/path", "/proc/1/ns/net",
            "/linux/namespaces/1/path: is the host's network namespace: the container uses the host's network, and "
                + "reaches its abstract sockets"),
        .init("/linux/namespaces/1/path", "/run/netns/web"),
        .init(
            "/linux/uidMappings", [["containerID": 0, "hostID": 0, "size": 1]],
            "/linux/uidMappings/0/hostID: is 0: user 0 inside is the host's root"),
        .init(
            "/linux/devices", [["type": "b", "path": "/dev/sda", "major": 8, "minor": 0]],
            "/linux/devices/0: /dev/sda is a block device: who opens it passes by the filesystem on it"),
        .init(
            "/linux/devices", [["type": "c", "path": "/dev/mem", "major": 1, "minor": 1]],
            "/linux/devices/0: /dev/mem is the machine's memory or its ports"),
        .init("/linux/devices", [["type": "c", "path": "/dev/fuse", "major": 10, "minor": 229]]),
        .init(
            "/linux/resources/devices", [["allow": true, "access": "rwm"]],
            "/linux/resources/devices/0: allows every device of the host"),
        .init(
            "/linux/resources/devices", [["allow": true, "type": "b", "access": "r"]],
            "/linux/resources/devices/0: allows every device of type b"),
        .init("/linux/resources/devices", [["allow": true], ["allow": false]]),
        .init("/linux/resources/devices", [["allow": true, "type": "c", "access": "m"]]),
        .init(
            "/linux/seccomp", nil,
            "/linux/seccomp: there is no filter of system calls: all of the kernel can be attacked"),
        .init(
            "/linux/seccomp/defaultAction", "SCMP_ACT_LOG",
            "/linux/seccomp/defaultAction: SCMP_ACT_LOG lets every call pass that no rule names"),
        .init(
            "/linux/seccomp/syscalls/0/names/0", "bpf",
            "/linux/seccomp/syscalls/0/names/0: allows bpf, a usual way into the kernel"),
        .init(
            "/linux/seccomp/syscalls/0/names/0", "unshare",
            "/linux/seccomp/syscalls/0/names/0: allows unshare with every flag: new user namespaces give capabilities"),
        .init("/linux/maskedPaths/3", nil, "/linux/maskedPaths: /proc/kcore can be read inside"),
        .init("/linux/readonlyPaths/0", nil, "/linux/readonlyPaths: /proc/bus can be written inside"),
        .init("/linux/maskedPaths/11", "/sys"),
        .init(
            "/annotations/run.oci.keep_original_groups", "1",
            "/annotations/run.oci.keep_original_groups: the process keeps the groups of hull's caller"),
    ]

    static let mounts: [Weakening] = [
        mount("bind", "/srv/data", ["rbind"], "/mounts/7/options: the host's /srv/data can be written from inside"),
        mount("bind", "/srv/data", ["rbind", "ro"]),
        mount(
            "bind", "/srv/data", ["bind", "ro", "rw"],
            "/mounts/7/options: the host's /srv/data can be written from inside"),
        mount("bind", "data", ["rbind"], "/mounts/7/options: the host's /b/data can be written from inside"),
        mount(
            "bind", "/run/docker.sock", ["bind", "ro"],
            "/mounts/7/source: /run/docker.sock takes commands from whoever connects: as good as root"),
        mount(
            "bind", "/etc/", ["rbind", "ro"],
            "/mounts/7/source: /etc holds the host's configuration and its password hashes"),
        mount("bind", "/usr", ["rbind", "ro"]),
        mount("bind", "/dev/fuse", ["bind"]),
        mount(
            "bind", "/srv/data", ["rbind", "ro", "rshared"],
            "/mounts/7/options/2: \"rshared\": what is mounted below it inside appears on the host"),
        mount(
            "sysfs", "sysfs", ["nosuid"],
            "/mounts/7/options: without \"ro\" sysfs commands the host's devices"),
        mount(
            "cgroup", "cgroup", [], "/mounts/7/options: without \"ro\" the container changes its own limits"),
        mount("debugfs", "debugfs", ["ro"], "/mounts/7/type: debugfs shows and commands the inside of the kernel"),
        mount("tmpfs", "tmpfs", []),
    ]

    private static func mount(_ type: String, _ source: String, _ options: [String], _ found: String...) -> Weakening {
        let mount: JSON = [
            "destination": "/m", "type": .string(type), "source": .string(source), "options": JSON(options),
        ]
        return Weakening("/mounts/-", mount, list: found)
    }

    private init(_ place: String, _ value: JSON?, list: [String]) {
        self.place = place
        self.value = value
        found = list
    }
}

/// (WK-50)
struct WeaknessesTests {
    // Goal: what `spec` writes is the measure. Method: its config has no finding; the rootless one shares the network,
    // because a network of its own would lead nowhere.
    @Test func measure() throws {
        #expect(try found(DefaultConfig.privileged.text.text) == [])
        #expect(
            try found(DefaultConfig.rootless(uid: 1000, gid: 1000).text.text) == [
                "/linux/namespaces: there is no network namespace: the container uses the host's network, and reaches "
                    + "its abstract sockets"
            ])
    }

    // Goal: each weakening is found, at its field, and nothing else with it. Method: one change to that config.
    @Test(arguments: Weakening.process + Weakening.linux + Weakening.mounts)
    func finding(weakening: Weakening) throws {
        var config = try JSON(parsing: DefaultConfig.privileged.text.text)
        config[weakening.place] = weakening.value
        #expect(try found(config.text) == weakening.found)
    }

    private func found(_ config: String) throws -> [String] {
        weaknesses(of: try Config.read([UInt8](config.utf8)), bundle: "/b").map {
            "\($0.pointer.text.text): \($0.problem.text)"
        }
    }
}
