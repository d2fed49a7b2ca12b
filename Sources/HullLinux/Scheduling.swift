// SPDX-License-Identifier: Apache-2.0

internal import CHull

/// How the scheduler treats a process: the attributes of sched_setattr(2).
package struct SchedulerAttributes: Equatable, Sendable {
    /// A number of `policies`.
    package var policy: UInt32
    /// Bits of `flags`.
    package var flags: UInt32 = 0
    /// -20, the most favoured, to 19.
    package var nice: Int32 = 0
    /// 1 to 99 for the policies with priorities, else 0.
    package var priority: UInt32 = 0
    /// Nanoseconds, for the deadline policy, as the two below.
    package var runtime: UInt64 = 0
    package var deadline: UInt64 = 0
    package var period: UInt64 = 0

    /// A policy with everything else 0.
    package init(policy: UInt32) { self.policy = policy }

    /// SCHED_OTHER, SCHED_FIFO and so on of sched(7). SCHED_ISO has a number, but no kernel carries it out.
    package static let policies = NamedNumbers([
        ("SCHED_OTHER", UInt32(SCHED_NORMAL)), ("SCHED_FIFO", UInt32(SCHED_FIFO)), ("SCHED_RR", UInt32(SCHED_RR)),
        ("SCHED_BATCH", UInt32(SCHED_BATCH)), ("SCHED_ISO", 4), ("SCHED_IDLE", UInt32(SCHED_IDLE)),
        ("SCHED_DEADLINE", UInt32(SCHED_DEADLINE)),
    ])
    /// The flags of sched_setattr(2).
    package static let flags = NamedNumbers([
        ("SCHED_FLAG_RESET_ON_FORK", UInt32(SCHED_FLAG_RESET_ON_FORK)),
        ("SCHED_FLAG_RECLAIM", UInt32(SCHED_FLAG_RECLAIM)),
        ("SCHED_FLAG_DL_OVERRUN", UInt32(SCHED_FLAG_DL_OVERRUN)),
        ("SCHED_FLAG_KEEP_POLICY", UInt32(SCHED_FLAG_KEEP_POLICY)),
        ("SCHED_FLAG_KEEP_PARAMS", UInt32(SCHED_FLAG_KEEP_PARAMS)),
        ("SCHED_FLAG_UTIL_CLAMP_MIN", UInt32(SCHED_FLAG_UTIL_CLAMP_MIN)),
        ("SCHED_FLAG_UTIL_CLAMP_MAX", UInt32(SCHED_FLAG_UTIL_CLAMP_MAX)),
    ])

    /// Whether the policy has priorities: SCHED_FIFO and SCHED_RR.
    package var hasPriorities: Bool { policy == UInt32(SCHED_FIFO) || policy == UInt32(SCHED_RR) }
    /// SCHED_DEADLINE.
    package var isDeadline: Bool { policy == UInt32(SCHED_DEADLINE) }
}

/// A class and a level of ioprio_set(2).
package struct IOPriority: Equatable, Sendable {
    /// A number of `classes`.
    package var `class`: UInt32
    /// 0, the most favoured, to 7.
    package var level: UInt32

    /// Takes both as they are.
    package init(class: UInt32, level: UInt32) {
        self.class = `class`
        self.level = level
    }

    /// The classes of ioprio_set(2).
    package static let classes = NamedNumbers([
        ("IOPRIO_CLASS_RT", 1), ("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3),
    ])

    /// The class above the level, as the call takes them.
    package var rawValue: Int32 { Int32(self.class << 13 | level) }
}

/// The arguments of set_mempolicy(2).
package struct MemoryPolicy: Equatable, Sendable {
    /// A number of `modes`.
    package var mode: UInt32
    /// Bits of `flags`.
    package var flags: UInt32 = 0
    /// The memory nodes; nil for none.
    package var nodes: NumberSet?

    /// A mode alone.
    package init(mode: UInt32) { self.mode = mode }

    /// The modes, with the numbers of linux/mempolicy.h.
    package static let modes = NamedNumbers([
        ("MPOL_DEFAULT", 0), ("MPOL_BIND", 2), ("MPOL_INTERLEAVE", 3), ("MPOL_WEIGHTED_INTERLEAVE", 6),
        ("MPOL_PREFERRED", 1), ("MPOL_PREFERRED_MANY", 5), ("MPOL_LOCAL", 4),
    ])
    /// The flags, which are bits of the mode's argument.
    package static let flags = NamedNumbers([
        ("MPOL_F_NUMA_BALANCING", 1 << 13), ("MPOL_F_RELATIVE_NODES", 1 << 14), ("MPOL_F_STATIC_NODES", 1 << 15),
    ])
}

/// The execution domains of personality(2) that a config may name.
package enum Personality {
    /// PER_LINUX and PER_LINUX32.
    package static let domains = NamedNumbers([("LINUX", 0), ("LINUX32", 8)])
}
