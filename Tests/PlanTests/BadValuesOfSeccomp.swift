// SPDX-License-Identifier: Apache-2.0

import Support

extension BadValue {
    static let seccompBase: JSON = [
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "flags": ["SECCOMP_FILTER_FLAG_LOG"],
        "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [
            [
                "names": ["read", "write"], "action": "SCMP_ACT_TRACE", "errnoRet": 2,
                "args": [["index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"]],
            ]
        ],
    ]

    static let seccompValues: [BadValue] = [
        .init(
            "/linux/seccomp/defaultAction", "SCMP_ACT_ERRN0", with: ["/linux/seccomp/defaultErrnoRet": .null],
            #""SCMP_ACT_ERRN0" is no action of the runtime specification (did you mean "SCMP_ACT_ERRNO"?)"#),
        .init(
            "/linux/seccomp/defaultAction", "deny", with: ["/linux/seccomp/defaultErrnoRet": .null],
            #""deny" is no action of the runtime specification (\#(actions))"#),
        .init("/linux/seccomp/defaultErrnoRet", 4096, "is 4096, an errno is 4095 at most"),
        .init(
            "/linux/seccomp/defaultErrnoRet", 1, with: ["/linux/seccomp/defaultAction": "SCMP_ACT_ALLOW"],
            "SCMP_ACT_ALLOW has no errno (remove it)"),
        .init(
            "/linux/seccomp/flags/0", "LOGS",
            #""LOGS" is no flag of the runtime specification (did you mean "SECCOMP_FILTER_FLAG_LOG"?)"#),
        .init(
            "/linux/seccomp/flags/0", "SECCOMP_FILTER_FLAG_NEW_LISTENER",
            #""SECCOMP_FILTER_FLAG_NEW_LISTENER" is no flag of the runtime specification (\#(flags))"#),
        .init(
            "/linux/seccomp/architectures/0", "SCMP_ARCH_X8664",
            #""SCMP_ARCH_X8664" is no architecture of the runtime specification (did you mean "SCMP_ARCH_X86_64"?)"#),
        .init(
            "/linux/seccomp/listenerMetadata", "x", #"must not be set without "listenerPath""#),
        .init("/linux/seccomp/syscalls/0/names", [], "must name at least one system call"),
        .init(
            "/linux/seccomp/syscalls/0/names/0", "reed",
            #"warning: no system call "reed" is known here, the rule has no effect on it"#),
        .init(
            "/linux/seccomp/syscalls/0/action", "ALOW", with: ["/linux/seccomp/syscalls/0/errnoRet": .null],
            #""ALOW" is no action of the runtime specification (did you mean "SCMP_ACT_ALLOW"?)"#),
        .init("/linux/seccomp/syscalls/0/errnoRet", 65536, "is 65536, a tracer's message is 65535 at most"),
        .init("/linux/seccomp/syscalls/0/args/0/index", 6, "is 6: a system call has six arguments, 0 to 5"),
        .init(
            "/linux/seccomp/syscalls/0/args/0/op", "==",
            #""==" is no operator of the runtime specification (\#(operators))"#),
        .init(
            "/linux/seccomp/syscalls/0/args/0/op", "EQ",
            #""EQ" is no operator of the runtime specification (did you mean "SCMP_CMP_EQ"?)"#),
    ]

    private static let actions = [
        "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
    ].joined(separator: ", ")
    private static let operators = [
        "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ",
        "SCMP_CMP_NE",
    ].joined(separator: ", ")
    private static let flags = ["LOG", "SPEC_ALLOW", "TSYNC", "WAIT_KILLABLE_RECV"].map {
        "SECCOMP_FILTER_FLAG_" + $0
    }.joined(separator: ", ")
}
