// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    private static let throttle: JSON = [["major": 8, "minor": 0, "rate": 1]]

    static let resourcesBase: JSON = [
        "devices": [["allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"]],
        "memory": ["limit": 100, "reservation": 50, "swap": 200],
        "cpu": [
            "shares": 1024, "quota": 5000, "burst": 1000, "period": 10000, "cpus": "0-1", "mems": "0", "idle": 0,
        ],
        "pids": ["limit": 10], "hugepageLimits": [["pageSize": "2MB", "limit": 1]],
        "blockIO": [
            "weight": 10, "weightDevice": [["major": 8, "minor": 0, "weight": 10]], "throttleReadBpsDevice": throttle,
            "throttleWriteBpsDevice": throttle, "throttleReadIOPSDevice": throttle,
            "throttleWriteIOPSDevice": throttle,
        ],
        "rdma": ["mlx5_0": ["hcaHandles": 1, "hcaObjects": 1]], "unified": ["memory.high": "100"],
    ]

    static let resourceValues: [BadValue] =
        deviceRules + memory + cpu + blockIO + [
            .init("/linux/resources/pids/limit", -2, "the limit of tasks is negative: -2 (-1 is no limit)"),
            .init(
                "/linux/resources/pids/limit", 4_194_305,
                "4194305 tasks are more than the kernel counts, 4194304 (-1 is no limit)"),
            .init(
                "/linux/resources/hugepageLimits/0/pageSize", "2M",
                #"invalid huge page size "2M" (a number and KB, MB or GB: "2MB")"#),
            .init("/linux/resources/network/classID", 1, "cgroup v2 has no network classes"),
            .init(
                "/linux/resources/network/priorities", [["name": "eth0", "priority": 1]],
                "cgroup v2 has no network priorities"),
            .init(
                "/linux/resources/rdma/mlx5_0/hcaHandles", 2_147_483_648,
                "2147483648 is more than the kernel counts, 2147483647"),
            .init(
                "/linux/resources/rdma/mlx5_0/hcaObjects", 2_147_483_648,
                "2147483648 is more than the kernel counts, 2147483647"),
            .init("/linux/resources/rdma/mlx5_0", [:], #"neither "hcaHandles" nor "hcaObjects" is given"#),
            .init("/linux/resources/rdma/a b", ["hcaObjects": 1], "invalid name of an RDMA device"),
            .init(
                "/linux/resources/unified/memory", "1",
                #""memory" is not the name of a cgroup file: CONTROLLER.NAME is wanted"#),
            .init(
                "/linux/resources/unified/a.b~1c", "1", #""a.b/c" is not the name of a file: it contains a slash"#),
            .init(
                "/linux/resources/unified/cgroup.procs", "1",
                #""cgroup.procs" moves or kills processes: it is no limit"#),
            .init(
                "/linux/resources/unified/bananas.max", "1",
                "the bananas controller is not in this machine's cgroup2 tree (/sys/fs/cgroup/cgroup.controllers "
                    + "has: cpuset cpu io memory hugetlb pids rdma misc)"),
        ]

    private static let deviceRules: [BadValue] = [
        .init(
            "/linux/resources/devices/0/type", "p",
            #""p" is no type of a device rule: a (all), b (block) or c (character)"#),
        .init("/linux/resources/devices/0/major", -2, "-2 is no device number (leave it out to mean all)"),
        .init(
            "/linux/resources/devices/0/minor", 4_294_967_296,
            "4294967296 is no device number (leave it out to mean all)"),
        .init(
            "/linux/resources/devices/0/access", "rx", #""rx" is not made of r (read), w (write) and m (mknod)"#),
        .init("/linux/resources/devices/0/access", "", "is empty (leave it out to mean rwm)"),
    ]

    private static let memory: [BadValue] = [
        .init("/linux/resources/memory/limit", -2, with: alone, "the limit is negative: -2 (-1 is no limit)"),
        .init("/linux/resources/memory/reservation", -2, "the limit is negative: -2 (-1 is no limit)"),
        .init("/linux/resources/memory/swap", -2, "the limit is negative: -2 (-1 is no limit)"),
        .init(
            "/linux/resources/memory/swap", 99,
            "99 is below the limit of memory, 100: memory and swap are counted together"),
        .init(
            "/linux/resources/memory/limit", -1,
            "/linux/resources/memory/swap: a limit of memory and swap together needs a limit of memory"),
        .init("/linux/resources/memory/swappiness", 101, "cgroup v2 has no swappiness of a cgroup"),
        .init("/linux/resources/memory/disableOOMKiller", true, "cgroup v2 cannot disable the OOM killer"),
        .init(
            "/linux/resources/memory/useHierarchy", false, "warning: ignored: cgroup v2 always counts child cgroups"),
        .init(
            "/linux/resources/memory/kernel", 1,
            #"warning: ignored: cgroup v2 counts the kernel's memory within "limit""#),
        .init(
            "/linux/resources/memory/kernelTCP", 1,
            #"warning: ignored: cgroup v2 counts the kernel's memory within "limit""#),
    ]
    private static let alone: [String: JSON] = ["/linux/resources/memory/swap": .null]

    private static let cpu: [BadValue] = [
        .init(
            "/linux/resources/cpu/quota", 999, with: ["/linux/resources/cpu/burst": .null],
            "999 is less than the 1000 microseconds the kernel wants"),
        .init("/linux/resources/cpu/burst", 5001, "5001 is more than the quota, 5000"),
        .init("/linux/resources/cpu/period", 999, "999 is not within 1000 to 1000000 microseconds"),
        .init("/linux/resources/cpu/period", 1_000_001, "1000001 is not within 1000 to 1000000 microseconds"),
        .init("/linux/resources/cpu/realtimePeriod", 1, "cgroup v2 has no limit of real-time tasks"),
        .init("/linux/resources/cpu/realtimeRuntime", 1, "cgroup v2 has no limit of real-time tasks"),
        .init("/linux/resources/cpu/cpus", "3-1", #"invalid list "3-1" (numbers and ranges: "0-3,7")"#),
        .init("/linux/resources/cpu/mems", "a", #"invalid list "a" (numbers and ranges: "0-3,7")"#),
        .init("/linux/resources/cpu/idle", 2, "2 is neither 0 nor 1"),
    ]

    private static let blockIO: [BadValue] =
        [
            .init("/linux/resources/blockIO/weight", 1001, "the weight 1001 is not within 1 to 1000"),
            .init("/linux/resources/blockIO/leafWeight", 10, "cgroup v2 has no leaf weights"),
            .init("/linux/resources/blockIO/weightDevice/0/weight", 1001, "the weight 1001 is not within 1 to 1000"),
            .init("/linux/resources/blockIO/weightDevice/0/leafWeight", 10, "cgroup v2 has no leaf weights"),
            .init(
                "/linux/resources/blockIO/weightDevice/0/weight", .null,
                #"/linux/resources/blockIO/weightDevice/0: neither "weight" nor "leafWeight" is given"#),
        ]
        + [
            "weightDevice", "throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice",
            "throttleWriteIOPSDevice",
        ].flatMap { list in
            let entry = "/linux/resources/blockIO/\(list)/0"
            return [
                BadValue(entry + "/major", 4096, "\(entry): 4096:0 is no device number"),
                BadValue(entry + "/minor", -1, "\(entry): 8:-1 is no device number"),
            ]
        }
        + [
            "throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice", "throttleWriteIOPSDevice",
        ].map { .init("/linux/resources/blockIO/\($0)/0/rate", .null, "no rate is given") }
}
