// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let schedulerBase: JSON = [
        "policy": "SCHED_DEADLINE", "nice": 0, "priority": 0, "flags": ["SCHED_FLAG_RESET_ON_FORK"], "runtime": 2000,
        "deadline": 3000, "period": 4000,
    ]

    static let schedulingValues = schedulers + others

    private static let schedulers: [BadValue] = [
        .init(
            "/process/scheduler/policy", "SCHED_FIF",
            #"unknown scheduling policy "SCHED_FIF" (did you mean "SCHED_FIFO"?)"#),
        .init("/process/scheduler/nice", 20, "20 is outside -20 to 19"),
        .init("/process/scheduler/priority", 1, "is for SCHED_FIFO and SCHED_RR; SCHED_DEADLINE has no priorities"),
        .init(
            "/process/scheduler/flags/0", "x",
            #"unknown scheduler flag "x" (SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, "#
                + "SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, "
                + "SCHED_FLAG_UTIL_CLAMP_MAX)"),
        .init("/process/scheduler/runtime", 1023, "1023 is less than 1024 nanoseconds"),
        .init("/process/scheduler/deadline", 1999, "/process/scheduler/runtime: 2000 is more than the deadline"),
        .init("/process/scheduler/period", 2999, "2999 is less than the deadline"),
    ]

    private static let others: [BadValue] = [
        .init(
            "/process/ioPriority/class", "REALTIME",
            #"unknown I/O priority class "REALTIME" (IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE)"#),
        .init("/process/ioPriority/priority", 8, "8 is outside 0 (highest) to 7 (lowest)"),
        .init("/process/execCPUAffinity/initial", "a", #""a" is no list of CPUs such as 0-3,7"#),
        .init("/process/execCPUAffinity/final", "1-", #""1-" is no list of CPUs such as 0-3,7"#),
        .init(
            "/linux/personality/domain", "SOLARIS", #"unknown execution domain "SOLARIS" (LINUX, LINUX32)"#),
        .init(
            "/linux/personality/flags/0", "STICKY", with: ["/linux/personality/flags": ["SHORT"]],
            "the specification knows no personality flags"),
        .init(
            "/linux/memoryPolicy/mode", "MPOL_NEAR",
            #"unknown memory policy "MPOL_NEAR" (MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE, "#
                + "MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED, MPOL_PREFERRED_MANY, MPOL_LOCAL)"),
        .init("/linux/memoryPolicy/nodes", "a", #""a" is no list of memory nodes such as 0-3,7"#),
        .init(
            "/linux/memoryPolicy/flags/0", "x",
            #"unknown memory policy flag "x" (MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES)"#),
    ]
}
