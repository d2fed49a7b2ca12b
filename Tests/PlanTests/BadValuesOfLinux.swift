// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let linuxBase: JSON = [
        "namespaces": [
            ["type": "mount"], ["type": "uts"], ["type": "ipc"], ["type": "network"], ["type": "time"],
            ["type": "pid", "path": "/proc/1/ns/pid"],
        ],
        "timeOffsets": ["monotonic": ["secs": 1, "nanosecs": 2], "boottime": ["secs": 1, "nanosecs": 2]],
        "devices": [
            ["type": "c", "path": "/dev/x", "major": 1, "minor": 3, "fileMode": 438, "uid": 0, "gid": 0]
        ],
        "cgroupsPath": "/a/b", "resources": resourcesBase, "seccomp": seccompBase,
        "netDevices": ["eth7": ["name": "eth0"]], "sysctl": ["net.ipv4.ip_forward": "1"], "rootfsPropagation": "slave",
        "intelRdt": [
            "closID": "gold", "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=10", "schemata": ["L2:0=f"],
            "enableMonitoring": true,
        ],
        "personality": ["domain": "LINUX"], "memoryPolicy": memoryPolicyBase,
        "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
    ]

    /// What makes a config one with a user namespace that has the ids 0 to 9.
    static let userNamespace: [String: JSON] = [
        "/linux/namespaces": [
            ["type": "mount"], ["type": "uts"], ["type": "ipc"], ["type": "network"], ["type": "time"],
            ["type": "user"],
        ],
        "/linux/uidMappings": [["containerID": 0, "hostID": 100_000, "size": 10]],
        "/linux/gidMappings": [["containerID": 0, "hostID": 100_000, "size": 10]],
    ]

    static let linuxValues: [BadValue] =
        namespaces + ["uidMappings", "gidMappings"].flatMap(mappings) + ["monotonic", "boottime"].flatMap(offsets)
        + devices + paths + intelRdt

    private static let intelRdt: [BadValue] = [
        .init(
            "/linux/intelRdt/closID", "a/b", #""a/b" is no name of a directory, nor "/" for the default class"#),
        .init(
            "/linux/intelRdt/closID", "info", #""info" is a directory of the kernel's own in resctrl"#),
        .init("/linux/intelRdt/l3CacheSchema", "MB:0=f", #"warning: should start with "L3:""#),
        .init(
            "/linux/intelRdt/memBwSchema", "L3:0=f",
            #""L3:0=f" does not start with "MB:" (such as "MB:0=50;1=70")"#),
        .init("/linux/intelRdt/schemata/0", "", #"is empty (such as "L2:0=f;1=f")"#),
    ]

    private static let namespaces: [BadValue] = [
        .init("/linux/namespaces/1/type", "utc", with: unnamed, #"unknown namespace type "utc" (did you mean "uts"?)"#),
        .init(
            "/linux/namespaces/1/type", "zone", with: unnamed,
            #"unknown namespace type "zone" (pid, network, mount, ipc, uts, user, cgroup, time)"#),
        .init(
            "/linux/namespaces/1/type", "ipc", with: unnamed,
            #"/linux/namespaces/2: duplicate namespace: a second one of type "ipc""#),
        .init(
            "/linux/namespaces/5/path", "proc/1/ns/pid",
            #"the path of a namespace must be absolute: "proc/1/ns/pid""#),
        .init(
            "/linux/namespaces/5/path", "",
            #"the path of a namespace is empty (leave "path" out to make a new namespace)"#),
    ]
    private static let unnamed: [String: JSON] = ["/hostname": "", "/domainname": ""]

    private static func mappings(_ key: String) -> [BadValue] {
        let first = "/linux/\(key)/0"
        let second: JSON = ["containerID": 10, "hostID": 200_000, "size": 10]
        let two = userNamespace.merging(["/linux/\(key)/1": second]) { $1 }
        return [
            .init(
                "/linux/\(key)", [["containerID": 0, "hostID": 1, "size": 1]],
                #"needs a user namespace (add {"type": "user"} to /linux/namespaces)"#),
            .init("/linux/\(key)", [], with: userNamespace, "a map of ids is needed for a new user namespace"),
            .init(
                "/linux/\(key)/1/containerID", .unsigned(4_294_967_290), with: two,
                "/linux/\(key)/1: the ids inside go past 4294967294, the last that the kernel has"),
            .init(
                "/linux/\(key)/1/containerID", 9, with: two,
                "/linux/\(key)/1: the ids inside overlap those of mapping 0"),
            .init(
                first + "/hostID", .unsigned(4_294_967_290), with: userNamespace,
                "\(first): the ids outside go past 4294967294, the last that the kernel has"),
            .init(
                "/linux/\(key)/1/hostID", 100_009, with: two,
                "/linux/\(key)/1: the ids outside overlap those of mapping 0"),
            .init("/linux/\(key)/1/size", 0, with: two, "an id mapping of no id"),
        ]
    }

    private static func offsets(_ clock: String) -> [BadValue] {
        [
            .init(
                "/linux/timeOffsets/\(clock)/secs", 4_611_686_019,
                "4611686019 is outside -4611686018 to 4611686018"),
            .init(
                "/linux/timeOffsets/\(clock)/secs", -4_611_686_019,
                "-4611686019 is outside -4611686018 to 4611686018"),
            .init(
                "/linux/timeOffsets/\(clock)/nanosecs", 1_000_000_000, "1000000000 is a second or more (use secs)"),
        ]
    }

    private static let devices: [BadValue] = [
        .init("/linux/devices/0/type", "d", #""d" is no kind of device (c, b, u, p)"#),
        .init("/linux/devices/0/path", "dev/x", #""dev/x" is not an absolute path"#),
        .init("/linux/devices/0/path", "/dev/..", #""/dev/.." is the root directory"#),
        .init("/linux/devices/0/major", 4096, "/linux/devices/0: 4096:3 is no device number (12 bits and 20 bits)"),
        .init("/linux/devices/0/major", -1, "/linux/devices/0: -1:3 is no device number (12 bits and 20 bits)"),
        .init("/linux/devices/0/major", .null, "is required for this kind"),
        .init(
            "/linux/devices/0/minor", 1_048_576,
            "/linux/devices/0: 1:1048576 is no device number (12 bits and 20 bits)"),
        .init("/linux/devices/0/minor", .null, "is required for this kind"),
        .init("/linux/devices/0/fileMode", 65536, "65536 is no file mode (in decimal: 438 is 0666)"),
        .init("/linux/devices/0/uid", .unsigned(4_294_967_295), "4294967295 is no id"),
        .init("/linux/devices/0/gid", .unsigned(4_294_967_295), "4294967295 is no id"),
    ]

    private static let paths: [BadValue] = [
        .init("/linux/maskedPaths/0", "proc/kcore", #""proc/kcore" is not an absolute path"#),
        .init("/linux/readonlyPaths/0", "", #""" is not an absolute path"#),
        .init("/linux/cgroupsPath", "/", #""/" is the root of the cgroup tree"#),
        .init("/linux/cgroupsPath", "/a/../../b", #""/a/../../b" leads upwards by .."#),
        .init("/linux/rootfsPropagation", "slaves", #""slaves" is no propagation (did you mean "slave"?)"#),
        .init(
            "/linux/rootfsPropagation", "none",
            #""none" is no propagation (shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable)"#),
        .init(
            "/linux/sysctl/vm.swappiness", "1", #"sysctl "vm.swappiness" is not in a separate kernel namespace"#),
        .init(
            "/linux/sysctl/net..x", "1", #"sysctl "net..x" is no path below /proc/sys"#),
        .init(
            "/linux/sysctl/kernel.domainname", "c",
            #"sysctl "kernel.domainname" differs from the field "domainname""#),
        .init("/linux/netDevices/lo", [:], "the loopback device cannot be moved"),
        .init(
            "/linux/netDevices/eth7/name", "a:b",
            #""a:b" is no name of a network device (1 to 15 bytes without blank, slash and colon)"#),
    ]
}
