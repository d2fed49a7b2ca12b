// SPDX-License-Identifier: Apache-2.0

import HullPlan
import Support

let hookKinds = HookKind.allCases.map(\.name.text)

extension BadValue {
    private static let sets: JSON = ["CAP_KILL", "CAP_CHOWN"]

    static let processBase: JSON = [
        "cwd": "/", "args": ["/bin/true", "a"], "env": ["A=1"], "noNewPrivileges": true, "oomScoreAdj": 0,
        "consoleSize": ["height": 24, "width": 80], "scheduler": schedulerBase, "execCPUAffinity": affinityBase,
        "ioPriority": ["class": "IOPRIO_CLASS_BE", "priority": 4],
        "user": ["uid": 0, "gid": 0, "umask": 18, "additionalGids": [1]],
        "capabilities": [
            "bounding": sets, "effective": sets, "permitted": sets, "inheritable": sets, "ambient": sets,
        ],
        "rlimits": [["type": "RLIMIT_NOFILE", "soft": 1, "hard": 2]],
    ]

    static let hooksBase = JSON.object(
        Dictionary(
            uniqueKeysWithValues: hookKinds.map {
                ($0, [["path": "/bin/true", "args": ["true"], "env": ["A=1"], "timeout": 5]])
            }))

    static let processValues: [BadValue] =
        topLevel + [
            .init("/process/args", [], "names no program"),
            .init("/process/args/0", "", "/process/args: names no program"),
            .init("/process/cwd", "srv", #""srv" is not an absolute path"#),
            .init("/process/cwd", "", #""" is not an absolute path"#),
            .init("/process/env/0", "A", #""A" is not of the form NAME=value"#),
            .init("/process/env/0", "=1", #""=1" is not of the form NAME=value"#),
            .init("/process/oomScoreAdj", 1001, "1001 is outside -1000 to 1000"),
            .init("/process/oomScoreAdj", -1001, "-1001 is outside -1000 to 1000"),
        ] + consoleSizes + users + capabilities + limits + hookKinds.flatMap(hooks)

    private static let topLevel: [BadValue] = [
        .init(
            "/annotations/run.oci.handler", "krun",
            "warning: ignored: hull runs every container on the kernel, never in another handler"),
        .init(
            "/annotations/krun.variant", "sev",
            "warning: ignored: hull runs every container on the kernel, never in another handler"),
        .init(
            "/ociVersion", "1.3",
            #""1.3" is no version of the form MAJOR.MINOR.PATCH (SemVer 2.0.0) "#
                + "(versions of the runtime specification are 1.0.0 to 1.3.0)"),
        .init("/ociVersion", "2.0.0", #""2.0.0" is not a version 1.x of the runtime specification"#),
        .init("/root/path", "", "is empty"),
        .init(
            "/hostname", .string(String(repeating: "a", count: 65)), "is 65 bytes long, the kernel takes 64 at most"),
        .init(
            "/domainname", .string(String(repeating: "b", count: 65)), "is 65 bytes long, the kernel takes 64 at most"
        ),
        .init(
            "/hostname", "x", with: ["/linux/namespaces/1": ["type": "cgroup"], "/domainname": ""],
            #"needs a uts namespace: it would rename the host (add {"type": "uts"} to /linux/namespaces)"#),
        .init(
            "/domainname", "x", with: ["/linux/namespaces/1": ["type": "cgroup"], "/hostname": ""],
            #"needs a uts namespace: it would rename the host (add {"type": "uts"} to /linux/namespaces)"#),
    ]

    private static let consoleSizes: [BadValue] = ["height", "width"].map { key in
        .init(
            "/process/consoleSize/\(key)", 65536, with: ["/process/terminal": true],
            "65536 is more than the kernel takes, 65535")
    }

    private static let users: [BadValue] = [
        .init("/process/user/uid", .unsigned(4_294_967_295), "4294967295 is no id"),
        .init("/process/user/gid", .unsigned(4_294_967_295), "4294967295 is no id"),
        .init("/process/user/additionalGids/0", .unsigned(4_294_967_295), "4294967295 is no id"),
        .init("/process/user/umask", 512, "512 is no file mode mask"),
        .init(
            "/process/user/uid", 10, with: userNamespace, "10 is not mapped in the container's user namespace"),
        .init(
            "/process/user/gid", 10, with: userNamespace, "10 is not mapped in the container's user namespace"),
        .init(
            "/process/user/additionalGids/0", 10, with: userNamespace,
            "10 is not mapped in the container's user namespace"),
    ]

    private static let capabilities: [BadValue] =
        ["bounding", "effective", "permitted", "inheritable", "ambient"].map { set in
            .init(
                "/process/capabilities/\(set)/1", "CAP_CHWN",
                with: set == "bounding" || set == "permitted"
                    ? [
                        "/process/capabilities/effective/1": "CAP_KILL",
                        "/process/capabilities/inheritable/1": "CAP_KILL",
                    ]
                    : [:],
                #"warning: unknown capability "CAP_CHWN": ignored (did you mean "CAP_CHOWN"?)"#)
        } + [
            .init(
                "/process/capabilities/effective/0", "CAP_SYS_ADMIN",
                "CAP_SYS_ADMIN is not in permitted: the kernel gives no effective capability without"),
            .init(
                "/process/capabilities/inheritable/0", "CAP_SYS_ADMIN",
                "CAP_SYS_ADMIN is not in bounding: the kernel gives no inheritable capability without"),
        ]

    private static let limits: [BadValue] = [
        .init(
            "/process/rlimits/0/type", "RLIMIT_NOFILES",
            #"unknown resource limit "RLIMIT_NOFILES" (did you mean "RLIMIT_NOFILE"?)"#),
        .init(
            "/process/rlimits/0/type", "?",
            #"unknown resource limit "?" (RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, "#
                + "RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, "
                + "RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME)"),
        .init(
            "/process/rlimits/1", ["type": "RLIMIT_NOFILE", "soft": 1, "hard": 1],
            "/process/rlimits/1/type: RLIMIT_NOFILE is already limited above"),
        .init("/process/rlimits/0/soft", 3, "the soft limit 3 is above the hard limit 2"),
        .init(
            "/process/rlimits/0/hard", 0, "/process/rlimits/0/soft: the soft limit 1 is above the hard limit 0"),
    ]

    private static func hooks(_ kind: String) -> [BadValue] {
        let hook = "/hooks/\(kind)/0"
        return [
            .init(hook + "/path", "bin/true", #""bin/true" is not an absolute path"#),
            .init(hook + "/env/0", "A", #""A" is not of the form NAME=value"#),
            .init(hook + "/timeout", 0, "0 is not a number of seconds above 0"),
            .init(hook + "/timeout", -1, "-1 is not a number of seconds above 0"),
            .init(hook + "/timeout", 2_147_484, "2147484 is more than the 2147483 seconds of poll(2)"),
        ]
    }
}
