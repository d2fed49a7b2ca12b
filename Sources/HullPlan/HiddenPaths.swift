// SPDX-License-Identifier: Apache-2.0

package import HullBytes

/// What of /proc and /sys tells about the host or commands it: `spec` hides it, and `check --security` misses it.
package enum HiddenPaths {
    /// For `linux.maskedPaths`. Energy counters and interrupt counts are clocks fine enough to spy on a neighbour
    /// (CVE-2020-8694).
    package static let masked: [Bytes] = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ]
    /// For `linux.readonlyPaths`.
    package static let readonly: [Bytes] = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
}
