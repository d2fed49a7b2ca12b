// SPDX-License-Identifier: Apache-2.0

internal import CHull
internal import HullBytes
package import HullLinux

/// When and where processes run, and where their memory lies.
package enum Scheduling {
    /// sched_setattr(2) on a process.
    package static func set(_ attributes: SchedulerAttributes, pid: Int32) throws(SystemError) {
        var raw = chull_scheduler()
        raw.size = UInt32(MemoryLayout<chull_scheduler>.size)
        raw.policy = attributes.policy
        raw.flags = UInt64(attributes.flags)
        raw.nice = attributes.nice
        raw.priority = attributes.priority
        raw.runtime = attributes.runtime
        raw.deadline = attributes.deadline
        raw.period = attributes.period
        try check(
            unsafe chull_sched_setattr(pid, &raw), "sched_setattr", SchedulerAttributes.policies.name(attributes.policy)
        )
    }

    /// ioprio_set(2) on a process group, IOPRIO_WHO_PGRP.
    package static func set(_ priority: IOPriority, group: Int32) throws(SystemError) {
        try check(
            chull_ioprio_set_group(group, priority.rawValue), "ioprio_set", IOPriority.classes.name(priority.class))
    }

    /// sched_setaffinity(2) on a process; 0 is the caller.
    package static func setAffinity(_ cpus: NumberSet, pid: Int32) throws(SystemError) {
        let result = unsafe cpus.words.withUnsafeBufferPointer { words in
            unsafe chull_sched_setaffinity(pid, words.count * 8, words.baseAddress)
        }
        try check(result, "sched_setaffinity", cpus.list)
    }

    /// set_mempolicy(2) on the caller.
    package static func set(_ policy: MemoryPolicy) throws(SystemError) {
        let words = policy.nodes?.words ?? []
        let result = unsafe words.withUnsafeBufferPointer { words in
            unsafe chull_set_mempolicy(Int32(policy.mode | policy.flags), words.baseAddress, words.count * 64)
        }
        try check(result, "set_mempolicy", MemoryPolicy.modes.name(policy.mode))
    }

    /// personality(2) on the caller.
    package static func setPersonality(_ domain: UInt32) throws(SystemError) {
        try check(chull_personality(domain), "personality", Personality.domains.name(domain))
    }
}
