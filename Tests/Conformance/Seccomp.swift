// SPDX-License-Identifier: Apache-2.0
import Support
import Testing

@Suite(.runnable, .conformance)
struct Seccomp {
    static let allow: JSON = ["defaultAction": "SCMP_ACT_ALLOW"]

    static func profile(_ names: [String], _ action: String, errno: Int64? = nil, args: [JSON] = []) -> JSON {
        var rule: JSON = ["names": JSON(names), "action": .string(action)]
        if let errno { rule["/errnoRet"] = .int(errno) }
        if !args.isEmpty { rule["/args"] = .array(args) }
        var profile = allow
        profile["/syscalls"] = [rule]
        return profile
    }

    #if arch(x86_64)
        static let native = "SCMP_ARCH_X86_64"
    #else
        static let native = "SCMP_ARCH_AARCH64"
    #endif

    /// What the probe answers to each call: "ok", "errno N" or "signal N".
    private func answers(_ calls: [[String]], _ profile: JSON, _ edit: (inout JSON) -> Void = { _ in }) throws
        -> [String]
    {
        var answers: [String] = []
        try scenario { s in
            let words = calls.map { ["syscall"] + $0 }.joined(separator: [","])
            let bundle = try s.bundle(["/bin/probe"] + words) {
                $0["/linux/seccomp"] = profile
                edit(&$0)
            }
            let outcome = try s.run(bundle)
            #expect(outcome.ok, "\(outcome)")
            answers = outcome.lines.map { line in
                let json = try? JSON(parsing: line)
                if json?["/ok"]?.bool == true { return "ok" }
                if let signal = json?["/signal"]?.int { return "signal \(signal)" }
                return "errno \(json?["/errno"]?.int ?? -1)"
            }
        }
        return answers
    }

    // Goal: the action for listed names. Method: one listed and one unlisted call.
    @Test("SC-01 ERRNO gives EPERM when no errno is said")
    func errnoDefault() throws {
        let profile = Self.profile(["getppid", "sync"], "SCMP_ACT_ERRNO")
        try #expect(answers([["getppid"], ["sync"], ["getpid"]], profile) == ["errno 1", "errno 1", "ok"])
    }

    @Test("SC-02 errnoRet is the errno", arguments: [0, 2, 38, 133] as [Int64])
    func errnoRet(value: Int64) throws {
        let profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO", errno: value)
        try #expect(answers([["getppid"]], profile) == [value == 0 ? "ok" : "errno \(value)"])
    }

    // Goal: actions that kill. Method: the signal by which the probe's child ends.
    @Test(
        "SC-03 KILL, KILL_PROCESS, KILL_THREAD and TRAP",
        arguments: ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"])
    func kills(action: String) throws {
        try #expect(answers([["getppid"], ["getpid"]], Self.profile(["getppid"], action)) == ["signal 31", "ok"])
    }

    @Test("SC-04 LOG lets the call pass")
    func log() throws {
        try #expect(answers([["getppid"]], Self.profile(["getppid"], "SCMP_ACT_LOG")) == ["ok"])
    }

    @Test("SC-05 TRACE without a tracer is ENOSYS")
    func trace() throws {
        try #expect(answers([["getppid"]], Self.profile(["getppid"], "SCMP_ACT_TRACE")) == ["errno 38"])
    }

    /// Operators with a value, and which of 4, 5, 6 they meet. personality(6) and its neighbours are harmless.
    static let operators: [(op: String, value: Int64, two: Int64?, met: [Bool])] = [
        ("SCMP_CMP_EQ", 5, nil, [false, true, false]), ("SCMP_CMP_NE", 5, nil, [true, false, true]),
        ("SCMP_CMP_LT", 5, nil, [true, false, false]), ("SCMP_CMP_LE", 5, nil, [true, true, false]),
        ("SCMP_CMP_GT", 5, nil, [false, false, true]), ("SCMP_CMP_GE", 5, nil, [false, true, true]),
        ("SCMP_CMP_MASKED_EQ", 4, 4, [true, true, true]), ("SCMP_CMP_MASKED_EQ", 3, 1, [false, true, false]),
    ]

    // Goal: each comparison of an argument. Method: a call whose second argument no kernel looks at.
    @Test("SC-06 comparisons of an argument", arguments: operators)
    func compare(op: String, value: Int64, two: Int64?, met: [Bool]) throws {
        var arg: JSON = ["index": 1, "value": .int(value), "op": .string(op)]
        if let two { arg["/valueTwo"] = .int(two) }
        let profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO", args: [arg])
        let found = try answers(["4", "5", "6"].map { ["getppid", "0", $0] }, profile)
        #expect(found == met.map { $0 ? "errno 1" : "ok" })
    }

    // Goal: all 64 bits count. Method: values that differ in the upper half only.
    @Test("SC-07 arguments are compared in 64 bits")
    func wide() throws {
        let arg: JSON = ["index": 0, "value": 4_294_967_301, "op": "SCMP_CMP_EQ"]
        let profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO", args: [arg])
        let found = try answers([["getppid", "0x100000005"], ["getppid", "5"], ["getppid", "0x200000005"]], profile)
        #expect(found == ["errno 1", "ok", "ok"])
    }

    // Goal: all conditions of a rule must hold. Method: one, the other, both.
    @Test("SC-08 several arguments of a rule must all match")
    func several() throws {
        let args: [JSON] = [
            ["index": 0, "value": 7, "op": "SCMP_CMP_EQ"], ["index": 1, "value": 8, "op": "SCMP_CMP_EQ"],
        ]
        let profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO", args: args)
        let found = try answers([["getppid", "7", "0"], ["getppid", "0", "8"], ["getppid", "7", "8"]], profile)
        #expect(found == ["ok", "ok", "errno 1"])
    }

    // Goal: a profile that allows only what it lists. Method: what the probe needs, and one call more.
    @Test("SC-09 a default of ERRNO with a list of allowed calls")
    func allowList() throws {
        var profile = Self.profile(Self.needed, "SCMP_ACT_ALLOW")
        profile["/defaultAction"] = "SCMP_ACT_ERRNO"
        profile["/defaultErrnoRet"] = 99
        try #expect(answers([["getpid"], ["sync"]], profile) == ["ok", "errno 99"])
    }

    /// Calls of a static program, and of a runtime after it has loaded the filter.
    static let needed = [
        "execve", "execveat", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
        "readlink",
        "readlinkat", "getrandom", "mprotect", "fstat", "newfstatat", "statx", "ioctl", "write", "writev", "read",
        "exit",
        "exit_group", "mmap", "munmap", "clone", "clone3", "fork", "vfork", "wait4", "getpid", "gettid", "rt_sigaction",
        "rt_sigprocmask", "rt_sigreturn", "futex", "close", "close_range", "openat", "open", "fcntl", "lseek", "getcwd",
        "chdir", "prctl", "capget", "capset", "sigaltstack", "epoll_pwait", "epoll_ctl", "epoll_create1", "nanosleep",
        "madvise", "sched_yield", "sched_getaffinity", "stat", "lstat", "faccessat", "faccessat2", "access", "getppid",
        "setresuid", "setresgid", "setgroups", "dup", "dup2", "dup3", "sendmsg", "recvmsg", "sendto", "recvfrom",
        "poll",
        "ppoll", "pipe2", "eventfd2", "tgkill", "kill", "uname", "getuid", "geteuid", "getgid", "getegid", "setsid",
        "umask", "getdents64", "pread64", "fstatfs", "statfs", "clock_gettime", "openat2", "shutdown", "keyctl",
    ]

    // Goal: names that this kernel or library does not know are skipped. Method: a profile with one works.
    @Test("SC-10 an unknown system call name is skipped")
    func unknownName() throws {
        let profile = Self.profile(["no_such_call", "getppid"], "SCMP_ACT_ERRNO")
        try #expect(answers([["getppid"]], profile) == ["errno 1"])
    }

    // Goal: words that are not the spec's are errors. Method: one of each kind.
    @Test(
        "SC-11 an unknown word in the profile is refused",
        arguments: [
            ("/defaultAction", "SCMP_ACT_SING"), ("/syscalls/0/action", "SCMP_ACT_SING"),
            ("/architectures/0", "SCMP_ARCH_PDP11"),
            ("/syscalls/0/args/0/op", "SCMP_CMP_LIKE"),
        ])
    func unknownWord(pointer: String, word: String) throws {
        try scenario { s in
            try s.refuses("/linux/seccomp" + pointer, "seccomp", word, "SCMP", "nvalid") {
                $0["/linux/seccomp"] = Self.profile(
                    ["getppid"], "SCMP_ACT_ERRNO", args: [["index": 0, "value": 1, "op": "SCMP_CMP_EQ"]])
                $0["/linux/seccomp/architectures"] = ["SCMP_ARCH_X86_64"]
                $0["/linux/seccomp" + pointer] = .string(word)
            }
        }
    }

    @Test("SC-12 an unknown flag is refused")
    func unknownFlag() throws {
        try scenario { s in
            try s.refuses("/linux/seccomp/flags/0", "flag", "FLAG") {
                $0["/linux/seccomp"] = Self.profile(["getppid"], "SCMP_ACT_ERRNO")
                $0["/linux/seccomp/flags"] = ["SECCOMP_FILTER_FLAG_FLY"]
            }
        }
    }

    // Goal: an action without an errno cannot have one. Method: errnoRet with ALLOW and KILL.
    @Test("SC-13 errnoRet with an action that takes none is refused", arguments: ["SCMP_ACT_KILL", "SCMP_ACT_TRAP"])
    func uselessErrno(action: String) throws {
        try scenario { s in
            try s.refuses("/linux/seccomp/syscalls/0/errnoRet", "errno") {
                $0["/linux/seccomp"] = Self.profile(["getppid"], action, errno: 5)
            }
        }
    }

    @Test("SC-14 a rule without names is refused")
    func noNames() throws {
        try scenario { s in
            try s.refuses("/linux/seccomp/syscalls/0/names", "names", "name", "seccomp") {
                $0["/linux/seccomp"] = Self.profile([], "SCMP_ACT_ERRNO")
            }
        }
    }

    @Test("SC-15 an argument index above 5 is refused")
    func index() throws {
        try scenario { s in
            try s.refuses("/linux/seccomp/syscalls/0/args/0/index", "index", "argument", "nvalid", "seccomp") {
                $0["/linux/seccomp"] = Self.profile(
                    ["getppid"], "SCMP_ACT_ERRNO", args: [["index": 6, "value": 1, "op": "SCMP_CMP_EQ"]])
            }
        }
    }

    // Goal: the filter is there and no_new_privs is as said. Method: the kernel's words, with and without.
    @Test("SC-16 a filter with and without noNewPrivileges", arguments: [true, false])
    func privileges(value: Bool) throws {
        try scenario { s in
            let lines = try s.inside("grep -e ^NoNewPrivs -e ^Seccomp: /proc/self/status") {
                $0["/linux/seccomp"] = Self.profile(["sync"], "SCMP_ACT_ERRNO")
                $0["/process/noNewPrivileges"] = .bool(value)
            }
            #expect(lines == ["NoNewPrivs:\t\(value ? 1 : 0)", "Seccomp:\t2"])
        }
    }

    @Test("SC-17 without a profile there is no filter")
    func none() throws {
        try scenario { s in
            try #expect(s.inside("grep ^Seccomp: /proc/self/status") == ["Seccomp:\t0"])
        }
    }

    // Goal: exec is filtered as well. Method: the same call in a second process.
    @Test("SC-18 exec has the filter")
    func exec() throws {
        try scenario { s in
            let container = try s.start("exec sleep 100") {
                $0["/linux/seccomp"] = Self.profile(["getppid"], "SCMP_ACT_ERRNO")
            }
            let outcome = try container.exec("/bin/probe", "syscall", "getppid")
            #expect(outcome.json?["/errno"]?.int == 1, "\(outcome)")
        }
    }

    @Test(
        "SC-19 the flags of the spec are accepted",
        arguments: [
            "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
        ])
    func flags(flag: String) throws {
        var profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO")
        profile["/flags"] = [.string(flag)]
        try #expect(answers([["getppid"]], profile) == ["errno 1"])
    }

    // Goal: a program that tries a newer call falls back, in place of a refusal. Method: a number that no kernel has, a
    // call below the highest that is named, and one that is named with the default action.
    @Test(
        "SC-38 a call newer than the profile is ENOSYS where the default refuses",
        arguments: ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"])
    func newer(action: String) throws {
        var profile = Self.profile(Self.needed, "SCMP_ACT_ALLOW")
        profile["/defaultAction"] = .string(action)
        profile["/architectures"] = [.string(Self.native)]
        let refused = action == "SCMP_ACT_ERRNO" ? "errno 1" : "signal 31"
        let found = try answers([["getpid"], ["sync"], ["5000"]], profile)
        #expect(found == ["ok", refused, "errno 38"])
    }

    // Goal: the answer is for refusals only, and goes no further than the profile's names. Method: a default that lets
    // pass; a default of another errno where the highest named call is one with the default action.
    @Test("SC-51 calls below the highest name, and those that pass by default, are as said")
    func notNewer() throws {
        try #expect(answers([["5000"]], Self.profile(["sync"], "SCMP_ACT_ERRNO")) == ["errno 38"])
        var profile = Self.profile(Self.needed, "SCMP_ACT_ALLOW")
        profile["/defaultAction"] = "SCMP_ACT_ERRNO"
        profile["/defaultErrnoRet"] = 1
        profile["/architectures"] = [.string(Self.native)]
        profile["/syscalls/-"] = ["names": ["landlock_restrict_self"], "action": "SCMP_ACT_ERRNO"]
        try #expect(answers([["444"], ["446"], ["447"]], profile) == ["errno 1", "errno 1", "errno 38"])
    }

    // Goal: who wants to know gets an error for a name that nothing knows. Method: crun's annotation with each value.
    @Test(
        "SC-48 an annotation makes an unknown system call an error",
        arguments: [("1", true), ("", true), ("0", false)])
    func failUnknown(value: String, isRefused: Bool) throws {
        func edit(_ config: inout JSON) {
            config["/linux/seccomp"] = Self.profile(["getppid", "no_such_call"], "SCMP_ACT_ERRNO")
            config["/annotations"] = ["run.oci.seccomp_fail_unknown_syscall": .string(value)]
        }
        try scenario(case: isRefused ? "refused" : nil) { s in
            if isRefused {
                try s.refuses("/linux/seccomp/syscalls/0/names/1", "no_such_call", "seccomp") { edit(&$0) }
            } else {
                try #expect(s.inside("echo ran", edit) == ["ran"])
            }
        }
    }

    // Goal: two conditions on one argument are alternatives, as libseccomp's callers have it. Method: values that meet
    // one, the other, and none.
    @Test("SC-23 several conditions on one argument are alternatives")
    func alternatives() throws {
        let args: [JSON] = [5, 7].map { ["index": 1, "value": .int($0), "op": "SCMP_CMP_EQ"] }
        let profile = Self.profile(["getppid"], "SCMP_ACT_ERRNO", args: args)
        let found = try answers(["5", "6", "7"].map { ["getppid", "0", $0] }, profile)
        #expect(found == ["errno 1", "ok", "errno 1"])
    }

    #if arch(x86_64)
        // Goal: a ready-made program takes the place of the profile. Method: crun's annotation with a program that
        // denies getppid (110) with errno 81, and lets everything else pass; a profile beside it that denies with 1.
        @Test("SC-49 an annotation gives the filter's program ready made")
        func program() throws {
            let program = "IAAAAAAAAAAVAAABbgAAAAYAAABRAAUABgAAAAAA/38="
            let found = try answers([["getppid"], ["getpid"]], Self.profile(["getppid", "getpid"], "SCMP_ACT_ERRNO")) {
                $0["/annotations"] = ["run.oci.seccomp_bpf_data": .string(program)]
            }
            #expect(found == ["errno 81", "ok"])
        }
    #endif

    // Goal: calls of the other ABI of the machine are decided by the same profile. Method: getppid (64) of i386.
    #if arch(x86_64)
        @Test("SC-20 listed architectures are filtered too, others are not let through")
        func architectures() throws {
            for listed in [true, false] {
                try scenario { s in
                    let bundle = try s.bundle(["/bin/probe", "syscall32", "64", ",", "syscall", "getppid"]) {
                        $0["/linux/seccomp"] = Self.profile(["getppid"], "SCMP_ACT_ERRNO", errno: 77)
                        $0["/linux/seccomp/architectures"] = JSON(
                            ["SCMP_ARCH_X86_64"] + (listed ? ["SCMP_ARCH_X86"] : []))
                    }
                    let lines = try s.run(bundle).lines
                    let first = try JSON(parsing: try #require(lines.first))
                    if listed {
                        #expect(first["/errno"]?.int == 77, "\(lines)")
                    } else {
                        #expect(first["/ok"]?.bool == false, "\(lines)")
                    }
                    #expect(try JSON(parsing: try #require(lines.last))["/errno"]?.int == 77)
                }
            }
        }
    #endif
}
