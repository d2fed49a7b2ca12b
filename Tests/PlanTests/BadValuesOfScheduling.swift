// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let schedulerBase: JSON = [
        "policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 3000, "period": 4000,
        "flags": ["SCHED_FLAG_RESET_ON_FORK"],
    ]
    static let affinityBase: JSON = ["initial": "0", "final": "0-1"]
    static let memoryPolicyBase: JSON = ["mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]]

    static let schedulingValues: [BadValue] =
        schedulers + memoryPolicies + [
            .init(
                "/process/ioPriority/class", "IOPRIO_CLASS_RTT",
                #"unknown I/O priority class "IOPRIO_CLASS_RTT" (did you mean "IOPRIO_CLASS_RT"?)"#),
            .init(
                "/process/ioPriority/class", "high",
                #"unknown I/O priority class "high" (IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE)"#),
            .init("/process/ioPriority/priority", 8, "8 is outside 0 (highest) to 7 (lowest)"),
            .init("/process/execCPUAffinity/initial", "a", #""a" is no list of CPUs such as 0-3,7"#),
            .init("/process/execCPUAffinity/final", "3-1", #""3-1" is no list of CPUs such as 0-3,7"#),
            .init(
                "/linux/personality/domain", "LINUX64", #"unknown execution domain "LINUX64" (did you mean "LINUX"?)"#),
            .init("/linux/personality/domain", "BSD", #"unknown execution domain "BSD" (LINUX, LINUX32)"#),
            .init("/linux/personality/domain", .null, "is required (LINUX, LINUX32)"),
            .init(
                "/linux/personality/flags/0", "ADDR_NO_RANDOMIZE", with: ["/linux/personality/flags": ["X"]],
                "the specification knows no personality flags"),
        ]

    private static let plain: [String: JSON] = [
        "/process/scheduler": ["policy": "SCHED_OTHER"]
    ]

    private static let schedulers: [BadValue] = [
        .init(
            "/process/scheduler/policy", "SCHED_OTER", with: plain,
            #"unknown scheduling policy "SCHED_OTER" (did you mean "SCHED_OTHER"?)"#),
        .init("/process/scheduler/nice", 20, with: plain, "20 is outside -20 to 19"),
        .init("/process/scheduler/nice", -21, with: plain, "-21 is outside -20 to 19"),
        .init(
            "/process/scheduler/priority", 1, with: plain,
            "is for SCHED_FIFO and SCHED_RR; SCHED_OTHER has no priorities"),
        .init(
            "/process/scheduler/priority", 100, with: ["/process/scheduler": ["policy": "SCHED_RR"]],
            "100 is outside 1 to 99, which SCHED_RR takes"),
        .init(
            "/process/scheduler/flags/0", "SCHED_FLAG_RECLAM",
            #"unknown scheduler flag "SCHED_FLAG_RECLAM" (did you mean "SCHED_FLAG_RECLAIM"?)"#),
        .init("/process/scheduler/runtime", 1, with: plain, "is for SCHED_DEADLINE, not for SCHED_OTHER"),
        .init("/process/scheduler/deadline", 1, with: plain, "is for SCHED_DEADLINE, not for SCHED_OTHER"),
        .init("/process/scheduler/period", 1, with: plain, "is for SCHED_DEADLINE, not for SCHED_OTHER"),
        .init("/process/scheduler/runtime", 1023, "1023 is less than 1024 nanoseconds"),
        .init("/process/scheduler/runtime", 3001, "3001 is more than the deadline"),
        .init("/process/scheduler/deadline", 4001, "/process/scheduler/period: 4000 is less than the deadline"),
        .init("/process/scheduler/period", 2999, "2999 is less than the deadline"),
    ]

    private static let memoryPolicies: [BadValue] = [
        .init(
            "/linux/memoryPolicy/mode", "MPOL_BINT", #"unknown memory policy "MPOL_BINT" (did you mean "MPOL_BIND"?)"#),
        .init(
            "/linux/memoryPolicy/mode", .null,
            "is required (MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE, MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED, "
                + "MPOL_PREFERRED_MANY, MPOL_LOCAL)"),
        .init("/linux/memoryPolicy/nodes", "a", #""a" is no list of memory nodes such as 0-3,7"#),
        .init("/linux/memoryPolicy/nodes", .null, "MPOL_BIND needs at least one node"),
        .init(
            "/linux/memoryPolicy/nodes", "0", with: ["/linux/memoryPolicy": ["mode": "MPOL_DEFAULT"]],
            "MPOL_DEFAULT takes no nodes"),
        .init(
            "/linux/memoryPolicy/flags/0", "MPOL_F_STATIC",
            #"unknown memory policy flag "MPOL_F_STATIC" (did you mean "MPOL_F_STATIC_NODES"?)"#),
        .init(
            "/linux/memoryPolicy/flags/1", "MPOL_F_RELATIVE_NODES",
            "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other"),
    ]
}
