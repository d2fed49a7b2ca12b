// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let mountsBase: JSON = [
        [
            "destination": "/a", "source": "/srv", "type": "none", "options": ["bind", "ro"],
            "uidMappings": [["containerID": 0, "hostID": 7, "size": 10]],
            "gidMappings": [["containerID": 0, "hostID": 7, "size": 10]],
        ],
        ["destination": "/b", "source": "tmpfs", "type": "tmpfs", "options": ["nosuid"]],
    ]

    static let mountValues: [BadValue] =
        [
            .init("/mounts/0/destination", "", "is empty"),
            .init("/mounts/0/destination", "a", #"warning: "a" is relative; taken as below /"#),
            .init("/mounts/1/destination", "/proc", "only a procfs can be mounted on /proc"),
            .init(
                "/mounts/0/destination", "/proc/sys",
                #""/proc/sys" cannot be covered: it is inside /proc (allowed below /proc: cpuinfo, diskstats, "#
                    + "meminfo, stat, swaps, uptime, loadavg, slabinfo, sys/kernel/ns_last_pid, "
                    + "sys/crypto/fips_enabled)"),
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
            .init("/mounts/1/options/0", "copy-symlink", "copy-symlink is for bind mounts"),
            .init("/mounts/1/options/0", "src-nofollow", "src-nofollow is for bind mounts"),
            .init(
                "/mounts/1/options/0", "idmap",
                "there are no ids to map to: neither the mount has mappings nor the container a user namespace"
                    + " (add uidMappings and gidMappings)"),
            .init(
                "/mounts/0/options/1", "idmap=uids=0-1", "the mappings are said twice (leave out uidMappings)",
                #""0-1" is no range of an id map (FROM-TO-SIZE, three numbers)"#),
            .init(
                "/mounts/0/options/1", "remount",
                "/mounts/0/uidMappings: a mount that is attached cannot get an id map any more",
                "/mounts/0/gidMappings: a mount that is attached cannot get an id map any more"),
            .init("/mounts/0/options/1", "tmpcopyup", "tmpcopyup is for mounts of type tmpfs"),
        ]
        + ["uidMappings", "gidMappings"].flatMap { key -> [BadValue] in
            [
                .init(
                    "/mounts/0/\(key)/0/containerID", 4_294_967_290,
                    "/mounts/0/\(key)/0: the ids inside go past 4294967294, the last that the kernel has"),
                .init(
                    "/mounts/0/\(key)/0/hostID", 4_294_967_290,
                    "/mounts/0/\(key)/0: the ids outside go past 4294967294, the last that the kernel has"),
                .init("/mounts/0/\(key)/0/size", 0, "an id mapping of no id"),
                .init(
                    "/mounts/0/\(key)", [],
                    "must be said along with \(key == "uidMappings" ? "gidMappings" : "uidMappings")"),
            ]
        }
}
