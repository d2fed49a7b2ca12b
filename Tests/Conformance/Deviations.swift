// SPDX-License-Identifier: Apache-2.0
import Support

/// Where Debian's crun 1.8.1 and runc 1.1.5 are known to differ from the spec, from what engines read, or from each
/// other. A test of such a clause must fail on that runtime, so the tables cannot go stale; hull has none. A key is a
/// clause, or a clause and the case of its table.
struct Deviation {
    let reason: String
    /// It shows in some runs only: a race in that runtime.
    var sometimes = false

    static func of(_ key: String) -> Deviation? {
        switch Runtime.kind {
        case .crun:
            crunDeviations[key].map { Deviation(reason: "crun \($0)") }
                ?? crunSometimes[key].map { Deviation(reason: "crun \($0)", sometimes: true) }
        case .runc:
            runcDeviations[key].map { Deviation(reason: "runc \($0)") }
                ?? runcSometimes[key].map { Deviation(reason: "runc \($0)", sometimes: true) }
        case .hull, nil: nil
        }
    }
}

/// What a runtime leaves after each create that it refuses late, in words of the host snapshot. LC-20 proves it.
let knownLeftovers: [Runtime.Kind: String] = [.crun: "cgroup left"]

func isKnownLeftover(_ line: String) -> Bool {
    Runtime.kind.flatMap { knownLeftovers[$0] }.map(line.hasPrefix) ?? false
}

let crunSometimes = [
    "CR-06": "may leave them",
    "UP-11": "updates a stopped container where the controller exists",
    "SC-42 refused": "may report the broken socket of its dead child in place of the errno",
    "HK-14": "may fail on the broken pipe of a hook that does not read",
    "NS-08 /etc/hostname": "may report the broken socket of its dead child in place of the errno",
    "NS-07": "may report the broken socket of its dead child in place of the errno",
]

let runcSometimes = [
    "NS-14": "leaves processes in sessions of their own, and so the cgroup",
    "EV-03": "needs the memory controller for statistics",
    "DL-09": "may leave exec'ed processes, and so the cgroup",
    "ID-08": "may leave the cgroup when its child dies early",
    "NS-08 /etc/hostname": "may leave the cgroup when its child dies early",
]

let crunDeviations = [
    "DV-14": "binds whatever the host has there", "DV-15": "binds over it",
    "PA-02": "resumes what is not paused", "UP-02": "knows no suffixes of sizes",
    "UP-03": "knows no suffixes of sizes", "UP-05": "forgets the period that there is",
    "AN-02": "takes an empty key",
    "CG-60 mapped": "gives the cgroup to root inside", "CG-60 unmapped": "leaves the cgroup to root in this case",
    "CG-61": "gives the cgroup away in any case", "CG-62": "gives nothing without the kernel's list",
    "CG-63": "takes a cgroup that others use", "FT-60": "has no features before 1.9",
    "SD-01": "has no scheduler", "SD-02": "has no scheduler", "SD-03": "has no scheduler",
    "SD-04": "has no scheduler", "SD-06": "has no scheduler",
    "IP-01": "has no ioPriority", "IP-02": "has no ioPriority",
    "IP-03": "has no ioPriority",
    "MY-01 bind:0": "has no memoryPolicy", "MY-01 bind=static:0": "has no memoryPolicy",
    "MY-01 interleave=relative:0": "has no memoryPolicy", "MY-01 prefer:0": "has no memoryPolicy",
    "MY-01 local": "has no memoryPolicy",
    "MY-02": "has no memoryPolicy", "MY-03": "has no memoryPolicy",
    "MY-04": "has no memoryPolicy",
    "PE-02 flags": "does not look at the flags",
    "AF-01": "keeps the caller's CPUs", "AF-02": "has no execCPUAffinity",
    "AF-03": "has no execCPUAffinity", "AF-04": "has no execCPUAffinity",
    "BI-01": "says \"not found in $PATH\" with the name between the words",
    "BI-04": "says \"Operation not permitted\" of a directory",
    "BI-18 /annotations": "does not look at the type", "BI-18 /hooks": "does not look at the type",
    "BI-18 /hooks/poststop": "does not look at the type", "BI-18 /hostname": "does not look at the type",
    "BI-18 /linux/maskedPaths": "does not look at the type", "BI-18 /linux/namespaces": "does not look at the type",
    "BI-18 /mounts/0/options": "does not look at the type", "BI-18 /process/args": "does not look at the type",
    "BI-18 /process/env": "does not look at the type", "BI-18 /process/user/uid": "takes a text for a number",
    "BI-19": "takes a text for a boolean",
    "BI-22 1.2.0": "knows versions up to 1.1 (later ones of crun do not look)",
    "BI-22 1.3.0-rc.1": "knows versions up to 1.1 (later ones of crun do not look)",
    "BI-23": "says that the config cannot be loaded, not why",
    "BI-25 /hostname": "ends the string at the NUL", "BI-25 /process/cwd": "ends the string at the NUL",
    "BI-25 /process/env/0": "ends the string at the NUL",
    "BI-29 /a": "takes the id as a path", "BI-32": "refuses only a slash",
    "BI-35 delete": "follows the id out of its state root and removes what is there",
    "BI-36": "follows the id out of its state root and removes what is there",
    "CG-12": "makes the directory outside the cgroup tree", "CL-02": "has a line rundir before spec",
    "CO-10": "ignores the socket", "CP-06": "warns at a log level that is off",
    "CR-01": "leaves the mounts on the host", "CR-02": "mounts on the host, and leaves it there",
    "CR-03": "leaves the mounts on the host", "CR-04 inherited": "exec has the root of the host",
    "CR-04 joined": "looks for the bundle in the joined namespace",
    "CR-07": "does not look",
    "DL-06": "says \"cannot open directory\"", "DR-08": "skips unknown letters", "DR-09": "takes unknown types",
    "DV-08": "takes unknown types", "DV-09": "keeps the file that is there", "DV-10": "makes the device 0:0",
    "EX-05": "replaces the whole environment by --env", "EX-06": "exec takes neither env nor cwd of the config",
    "EX-09": "does not use the engines' words", "EX-10": "says \"error opening file\"",
    "EX-15": "exec makes no session (later ones do)", "EX-17": "has no such option",
    "FT-01": "has no features before 1.9", "FT-02": "has no features before 1.9", "FT-03": "has no features before 1.9",
    "FT-04": "has no features before 1.9", "FT-05": "has no features before 1.9", "FT-06": "has no features before 1.9",
    "HK-03": "says \"created\" to createRuntime hooks", "HK-08": "exits with 255", "HK-09": "does not run poststop",
    "HK-10": "start returns before the hook has failed", "HK-11": "ignores a failing poststart hook",
    "HK-15": "exits with 255 and says \"exit code: 1\"", "HK-16": "exits with 255 and says \"exit code: 1\"",
    "HK-17": "takes zero for no timeout", "HK-18": "exits with 255 and does not keep the hook's output",
    "HK-19": "says pid 0 inside", "HK-21": "runs createContainer when the root is read-only already",
    "ID-03": "reports the mount that fails for lack of a map",
    "IM-05": "binds the top alone when it has an id map", "IM-07": "says it in other words, or takes ridmap for data",
    "IM-13": "looks for a path to bind",
    "JN-01 user joined, others joined": "looks for the bundle in the joined mount namespace",
    "JN-01 user inherited, others joined": "looks for the bundle in the joined mount namespace",
    "JN-01 user inherited, others inherited": "leaves the mounts on the host",
    "JN-02 user new, mount joined": "says that the bundle is not there", "JN-05": "does not look",
    "JN-06": "fails with a time namespace here",
    "KL-04 SIGFISH": "takes an unknown name for signal 0", "KL-04 FISH": "takes an unknown name for signal 0",
    "KL-04 1x": "takes the digits at the front", "KL-05": "says \"open pidfd: No such process\" with a capital",
    "KL-06": "says \"error opening file\"", "KL-09": "signals the first process only, unless --all",
    "LC-11": "has no --keep before 1.15", "LC-13": "takes a relative pid file from the bundle",
    "LC-20": "leaves the cgroup of a create that fails", "LC-21": "says \"error opening file\" of a vanished container",
    "MO-02": "has no clearing words beyond rw", "MO-05": "passes these words on as data",
    "MO-06": "passes the word on as data", "MO-09": "makes the mount private again",
    "ML-01": "does not know the option yet", "ML-02": "does not know the option yet",
    "ML-04": "does not know the option yet", "ML-05": "does not know the option yet",
    "MO-13": "asks the kernel for two atimes", "MO-14": "asks the kernel for two atimes, does not know symfollow",
    "MO-15 rdiratime": "asks the kernel for two atimes", "MO-15 ratime": "asks the kernel for two atimes",
    "MO-15 rsymfollow": "does not know symfollow",
    "MO-16 rnostrictatime of strictatime": "asks the kernel for two atimes",
    "MO-16 rnostrictatime of noatime": "asks the kernel for two atimes",
    "MO-18 rnoatime": "asks the kernel for two atimes", "MO-19": "takes several propagation words for one",
    "MP-05": "takes the path from the root", "MT-14": "ignores the data",
    "MT-17": "leaves the mode to the filesystem", "MT-18": "makes the mount point first (before 1.31)",
    "MT-22": "opens sources inside the user namespace",
    "PM-02": "mounts anything there", "PM-05 self/attr/exec": "covers anything there",
    "PM-05 sys/kernel/core_pattern": "covers anything there", "PM-06 /proc/sys": "covers anything there",
    "NP-03": "exec ignores noNewPrivileges of the config",
    "NS-02": "fails with a time namespace here", "NS-04": "takes the same type twice",
    "NS-13": "fails with a time namespace here", "NS-15": "fails with a time namespace here, and takes offsets without",
    "OS-02": "takes zero for not said",
    "PR-08": "takes the path from the root", "PR-12": "does not set LISTEN_PID", "PR-15": "does not name the field",
    "PR-16": "does not name what is missing", "PS-03": "takes no words for ps",
    "PS-04": "exits with 253 and other words",
    "RF-10": "takes any word", "RF-13 slave": "makes it private",
    "RF-13 rslave": "makes it private", "RF-13 runbindable": "cannot mask in an unbindable root",
    "RL-04": "takes the same type twice", "RP-05": "drops the flags of the mount",
    "RP-06": "takes the path from the root", "SC-12": "takes any flag", "SC-14": "takes a rule without names",
    "SY-08": "does not look", "SY-09": "refuses all of them",
    "SC-38": "has no answer for newer calls", "SC-39": "gives the version of its own config of long ago",
    "SC-41": "says pid 0 in the state",
    "SC-44": "lets nobody decide", "SC-50": "connects to it all the same", "SC-51": "has no answer for newer calls",
    "ST-02": "gives rootfs as the config says it", "ST-05": "says \"error opening file\"", "US-09": "sets no HOME",
]

let runcDeviations = [
    "DV-14": "binds whatever the host has there", "DV-15": "binds over it",
    "UP-13": "does not look at checkBeforeUpdate",
    "AN-02": "takes an empty key",
    "CG-60 mapped": "leaves the cgroup to root in this case",
    "CG-60 unmapped": "leaves the cgroup to root in this case", "CG-62": "leaves the cgroup to root in this case",
    "CG-63": "takes a cgroup that others use, before 1.2",
    "SD-01": "has no scheduler", "SD-02": "has no scheduler", "SD-03": "has no scheduler",
    "SD-04": "has no scheduler", "SD-06": "has no scheduler",
    "IP-01": "has no ioPriority", "IP-02": "has no ioPriority",
    "IP-03": "has no ioPriority",
    "PE-01 LINUX32": "has no personality", "PE-02": "has no personality",
    "PE-03": "has no personality",
    "MY-01 bind:0": "has no memoryPolicy", "MY-01 bind=static:0": "has no memoryPolicy",
    "MY-01 interleave=relative:0": "has no memoryPolicy", "MY-01 prefer:0": "has no memoryPolicy",
    "MY-01 local": "has no memoryPolicy",
    "MY-02": "has no memoryPolicy", "MY-03": "has no memoryPolicy",
    "MY-04": "has no memoryPolicy",
    "AF-01": "keeps the caller's CPUs", "AF-02": "has no execCPUAffinity",
    "AF-03": "has no execCPUAffinity", "AF-04": "has no execCPUAffinity",
    "BI-13": "panics", "BI-14": "reads no further than the first document", "BI-23": "does not look",
    "BI-24": "does not look", "BI-25 /hostname": "takes the NUL along",
    "CG-11": "leaves the cgroup to root in this case", "CO-13": "cannot connect to long paths",
    "CR-01": "leaves the mounts on the host", "CR-02": "mounts on the host, and leaves it there",
    "CR-03": "refuses them", "CR-04 inherited": "exec has the root of the host",
    "CR-04 joined": "looks for the bundle in the joined namespace",
    "DR-08": "takes any letter",
    "DV-09": "keeps the file that is there",
    "DV-10": "makes the device 0:0", "EX-07": "does not apply the umask", "FT-05": "has no time namespaces before 1.2",
    "HK-01": "runs poststart in create", "HK-10": "start returns before the hook has failed",
    "HK-11": "runs poststart in create, which fails", "HK-12": "stops at the first failing poststop hook",
    "HK-22": "runs poststart in create", "HN-02": "does not know domainname before 1.2",
    "HN-04": "does not know domainname before 1.2",
    "JN-01 user joined, others joined": "looks for the bundle in the joined mount namespace",
    "JN-01 user inherited, others joined": "looks for the bundle in the joined mount namespace",
    "JN-01 user inherited, others inherited": "refuses masked paths there",
    "JN-01 user joined, others joined from outside": "joins the user namespace first only (before 1.3)",
    "JN-05": "does not look (before 1.2)", "JN-06": "has no time namespaces before 1.2",
    "KL-09": "signals the first process only (before 1.2)", "MO-03": "passes defaults on as data",
    "MO-08": "keeps the flags of the source (before 1.2)", "MP-05": "takes the path from the root",
    "IM-01": "has no id maps of mounts before 1.2", "IM-02": "has no id maps of mounts before 1.2",
    "IM-03": "has no id maps of mounts before 1.2", "IM-05": "has no id maps of mounts before 1.2",
    "IM-06": "has no id maps of mounts before 1.2", "IM-07": "has no id maps of mounts before 1.2",
    "IM-08": "has no id maps of mounts before 1.2", "IM-09": "has no id maps of mounts before 1.2",
    "IM-14 /sys/kernel": "has no id maps of mounts before 1.2",
    "MO-15 ratime": "asks the kernel for two atimes",
    "MO-16 rnostrictatime of strictatime": "asks the kernel for two atimes",
    "MO-16 rnostrictatime of noatime": "asks the kernel for two atimes",
    "MO-18": "has recursive words for bind mounts alone",
    "MT-07": "takes the mode of the mount point", "MT-14": "ignores the data",
    "MT-17": "takes the mode of the mount point",
    "NS-02": "has no time namespaces before 1.2",
    "NS-06": "asks for id maps with a path too", "NS-13": "has no time namespaces before 1.2",
    "NS-15 /linux/timeOffsets": "has no time namespaces before 1.2",
    "RF-08 shared": "makes the root private",
    "RF-08 rshared": "makes the root private", "RF-09": "cannot bind an unbindable root",
    "RF-13 shared": "makes the root private", "RF-13 rshared": "makes the root private",
    "RF-13 slave": "leaves what is below shared", "RF-13 private": "leaves what is below shared",
    "RF-13 unbindable": "cannot bind an unbindable root", "RF-13 runbindable": "cannot bind an unbindable root",
    "RL-04": "takes the same type twice",
    "RP-06": "takes the path from the root", "SC-13": "ignores the errno", "SC-14": "takes a rule without names",
    "SY-08 kernel.msgmax": "looks at the network namespace only", "SY-09": "refuses all of them (before 1.4)",
    "SC-19": "has no flags before 1.2", "SC-46": "does not know crun's names",
    "SC-48 refused": "does not know crun's names", "SC-49": "does not know crun's names",
    "US-07": "takes ids below 2^31 only",
]
