// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let mountsBase: JSON = [
        ["destination": "/a", "source": "/srv", "type": "none", "options": ["bind", "ro"]],
        ["destination": "/b", "source": "tmpfs", "type": "tmpfs", "options": ["nosuid"]],
    ]

    static let mountValues: [BadValue] = [
        .init("/mounts/0/destination", "", "is empty"),
        .init("/mounts/0/destination", "a", #"warning: "a" is relative; taken as below /"#),
        .init("/mounts/1/destination", "/proc", "only a procfs can be mounted on /proc"),
        .init(
            "/mounts/0/destination", "/proc/sys",
            #""/proc/sys" cannot be covered: it is inside /proc (allowed below /proc: cpuinfo, diskstats, meminfo, "#
                + "stat, swaps, uptime, loadavg, slabinfo, sys/kernel/ns_last_pid, sys/crypto/fips_enabled)"),
        .init("/mounts/0/source", "", "a bind mount needs the path to bind"),
        .init(
            "/mounts/1/type", "",
            #"without bind or rbind in options this must name a filesystem (add "rbind" to options)"#),
        .init(
            "/mounts/1/type", "bind",
            #"without bind or rbind in options this must name a filesystem (add "rbind" to options)"#),
        .init(
            "/mounts/0/options/1", "nosuit",
            #"unknown option "nosuit": a bind mount takes no options of a filesystem (did you mean "nosuid"?)"#),
        .init("/mounts/1/options/0", "=1", #"the mount option "=1" has a value without a name"#),
        .init(
            "/mounts/1/options/0", "rro", "/mounts/1/options: recursive options are for bind mounts"),
        .init("/mounts/0/options/1", "tmpcopyup", "tmpcopyup is for mounts of type tmpfs"),
    ]
}
