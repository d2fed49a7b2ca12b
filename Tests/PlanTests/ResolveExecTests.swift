// SPDX-License-Identifier: Apache-2.0

import HullBytes
import HullLinux
import HullOCI
import HullPlan
import Testing

@Suite struct ResolveExecTests {
    private func target(_ kinds: [NamespaceKind]) -> ExecTarget {
        ExecTarget(id: "c1", bundle: "/b", namespaces: kinds, cgroup: "/sys/fs/cgroup/c1")
    }

    private var process: Config.Process {
        var process = Config.Process(cwd: "/srv")
        process.args = ["id"]
        return process
    }

    private func lines(
        _ process: Config.Process, _ kinds: [NamespaceKind] = [], linux: Config.Linux? = nil,
        _ amend: (inout Request) -> Void = { _ in }
    ) -> [String] {
        var request = Request(id: "c1", bundle: "/b")
        amend(&request)
        do throws(ConfigErrors) {
            let plan = try resolveExec(process, linux: linux, in: target(kinds), request, .usual)
            return plan.steps("outside") + plan.steps("inside")
        } catch {
            return error.list.map { "\($0.pointer.text.text): \($0.problem.text)" }
        }
    }

    // PL-10. Goal: a further process enters what the first has, and no more. Method: with all namespaces, and with
    // none.
    @Test func joins() {
        #expect(
            lines(process, NamespaceKind.allCases) == [
                "clone3 in pid namespace 0", "poll ready",
                "setns 0 CLONE_NEWNET CLONE_NEWNS CLONE_NEWIPC CLONE_NEWUTS CLONE_NEWUSER CLONE_NEWCGROUP"
                    + " CLONE_NEWTIME",
                "setresuid 0, setresgid 0, setgroups none", "keyctl KEYCTL_JOIN_SESSION_KEYRING _ses.c1", "open /",
                "chdir /srv", "fchown 0 1 2 to 0", "openat2 /etc/passwd: HOME of 0", "access id", "accept start",
            ])
        #expect(
            lines(process) { $0.noNewKeyring = true } == [
                "clone3", "poll ready", "open /", "chdir /srv",
                "fchown 0 1 2 to 0", "openat2 /etc/passwd: HOME of 0", "access id", "accept start",
            ])
    }

    // ET-02. Goal: tools are attached in a copy of the container's mounts, before its user namespace is entered.
    // Method: the steps; a place of one's own; a container without a mount namespace.
    @Test func tools() {
        var place: Bytes?
        func steps(_ kinds: [NamespaceKind]) -> [String] {
            lines(process, kinds) {
                $0.tools = ToolsRequest(directory: "/t", place: place)
                $0.noNewKeyring = true
            }
        }
        let all = steps([.pid, .mount, .user])
        #expect(all.first == "open_tree /t ro nosuid nodev rprivate -> 2")
        #expect(
            all.dropFirst(3).prefix(7) == [
                "setns 0 CLONE_NEWNS", "unshare CLONE_NEWNS", "mount_setattr / rslave", "open /",
                "move_mount 2 -> /sys/firmware or /mnt or /media or /srv or /opt", "setns 0 CLONE_NEWUSER",
                "setresuid 0, setresgid 0, setgroups none",
            ])
        place = "/a/../b/"
        #expect(steps([.mount]).contains("move_mount 2 -> /b"))
        place = "/proc/../proc/tty"
        #expect(steps([.mount]) == [": --tools: \"/proc/tty\" cannot be covered: it is inside /proc"])
        #expect(steps([.pid]) == [": --tools needs a container with a mount namespace of its own"])
    }

    // Goal: a root by chroot(2) is entered after the namespaces. Method: the steps of one.
    @Test func changedRoot() throws {
        var target = target([.mount])
        target.changedRoot = true
        let plan = try resolveExec(process, linux: nil, in: target, Request(id: "c1", bundle: "/b"), .usual)
        let steps = plan.steps("inside")
        #expect(
            steps.prefix(3) == [
                "setns 0 CLONE_NEWNS", "keyctl KEYCTL_JOIN_SESSION_KEYRING _ses.c1", "chroot 1",
            ])
        #expect(!steps.contains("open /"))
        #expect(plan.spawn.slots == 2)
    }

    // Goal: terminal, limits, score and pid file. Method: all of them, in the order of the list.
    @Test func everything() {
        var process = process
        process.terminal = true
        process.consoleSize = .init(height: 5, width: 6)
        process.user = .init(uid: 7, gid: 8)
        process.oomScoreAdj = -5
        process.rlimits = [.init(type: "RLIMIT_CORE", soft: 0, hard: 1)]
        let found = lines(process) {
            $0.consoleSocket = "/run/c"
            $0.pidFile = "/run/p"
            $0.detached = true
        }
        #expect(
            found == [
                "connect /run/c", "clone3", "poll ready", "write oom_score_adj = -5", "prlimit64 RLIMIT_CORE 0 1",
                "rename /run/p",
                "keyctl KEYCTL_JOIN_SESSION_KEYRING _ses.c1", "open /",
                "open /dev/pts/ptmx, owner 7, 5 rows 6 columns", "chdir /srv", "fchown 0 1 2 to 7",
                "openat2 /etc/passwd: HOME of 7", "access id",
                "accept start",
            ])
    }

    // Goal: pointers are those of the process document; a terminal has a holder. Method: everything wrong at once.
    @Test func errors() {
        var wrong = Config.Process(cwd: "srv")
        wrong.terminal = true
        wrong.consoleSize = .init(height: 1, width: 65536)
        wrong.user = .init(uid: .max, gid: 0)
        wrong.scheduler = .init(policy: "SCHED_FIFO")
        wrong.execCPUAffinity = .init()
        wrong.execCPUAffinity?.final = "3-1"
        wrong.rlimits = [.init(type: "x", soft: 0, hard: 0)]
        #expect(
            lines(wrong) { $0.detached = true } == [
                "/args: names no program",
                "/cwd: \"srv\" is not an absolute path", "/user/uid: 4294967295 is no id",
                "/terminal: is true, and without --console-socket nobody would hold the terminal",
                "/consoleSize/width: 65536 is more than the kernel takes, 65535",
                "/execCPUAffinity/final: \"3-1\" is no list of CPUs such as 0-3,7",
                "/scheduler/priority: 0 is outside 1 to 99, which SCHED_FIFO takes",
                "/rlimits/0/type: unknown resource limit \"x\"",
            ])
        #expect(
            lines(process) { $0.consoleSocket = "/c" }
                == ["/terminal: is not true, but a console socket is given"])
    }

    // SD-50 PE-50. Goal: scheduling, CPUs, execution domain and memory policy hold for a further process. Method: all
    // at once, in their places in the lists.
    @Test func scheduling() {
        var process = process
        process.scheduler = .init(policy: "SCHED_BATCH")
        process.scheduler?.nice = 5
        process.ioPriority = .init(class: "IOPRIO_CLASS_IDLE", priority: 3)
        process.execCPUAffinity = .init()
        process.execCPUAffinity?.initial = "1,0"
        process.execCPUAffinity?.final = "0-1,1100"
        var linux = Config.Linux()
        linux.personality = .init()
        linux.personality?.domain = "LINUX32"
        linux.memoryPolicy = .init()
        linux.memoryPolicy?.mode = "MPOL_INTERLEAVE"
        linux.memoryPolicy?.nodes = "2-3"
        linux.memoryPolicy?.flags = ["MPOL_F_STATIC_NODES"]
        #expect(
            lines(process, linux: linux) == [
                "sched_setaffinity runtime 0-1", "clone3", "sched_setaffinity 0-1,1100", "poll ready",
                "sched_setattr SCHED_BATCH nice 5", "ioprio_set IOPRIO_CLASS_IDLE 3",
                "keyctl KEYCTL_JOIN_SESSION_KEYRING _ses.c1", "open /", "chdir /srv", "fchown 0 1 2 to 0",
                "openat2 /etc/passwd: HOME of 0", "access id", "personality LINUX32",
                "set_mempolicy MPOL_INTERLEAVE 2-3 MPOL_F_STATIC_NODES", "accept start",
            ])
    }

    // EC-50 SL-50. Goal: what the command line asks for beside the process. Method: labels, the pidfd, a cgroup below
    // and one outside; the groups of the caller by the container's annotation.
    @Test func requests() throws {
        var process = process
        process.selinuxLabel = "a:b:c:s0"
        process.apparmorProfile = "p"
        #expect(
            lines(process) { $0.pidfdSocket = "/run/s" } == [
                "statfs /sys/fs/selinux", "clone3", "poll ready", "sendmsg setns and the pidfd to /run/s", "open /proc",
                "keyctl KEYCTL_JOIN_SESSION_KEYRING _ses.c1 labelled a:b:c:s0", "open /", "chdir /srv",
                "fchown 0 1 2 to 0", "openat2 /etc/passwd: HOME of 0", "access id",
                "write attr/apparmor/exec = exec p", "write attr/exec = a:b:c:s0", "accept start",
            ])
        var request = Request(id: "c1", bundle: "/b")
        request.cgroups = ["/a/./b/"]
        var target = target([])
        target.annotations = [Entry(key: "run.oci.keep_original_groups", value: "1")]
        let plan = try resolveExec(self.process, linux: nil, in: target, request, .usual)
        #expect(plan.cgroup.path == "a/b" && plan.process.groups == nil)
        for (said, problem) in [
            (["../x"], ": --cgroup \"../x\" leads out of the container's cgroup"),
            (["a/../../x"], ": --cgroup \"a/../../x\" leads out of the container's cgroup"),
            (["cpu:a"], ": --cgroup \"cpu:a\" names a controller: cgroup v2 is one tree"),
            (["a", "b"], ": --cgroup is given twice: cgroup v2 is one tree"),
        ] as [([Bytes], String)] {
            #expect(lines(self.process) { $0.cgroups = said } == [problem])
        }
    }

    // PL-11. Goal: in a user namespace all capabilities can be had. Method: one that the caller lacks, with and
    // without.
    @Test func capabilities() throws {
        var process = process
        process.capabilities = .init()
        process.capabilities?.bounding = ["CAP_SYS_TIME"]
        var host = HullPlan.Host.usual
        host.capabilities = []
        let request = Request(id: "c1", bundle: "/b")
        let inside = try resolveExec(process, linux: nil, in: target([.user]), request, host)
        #expect(inside.process.capabilities.bounding.names == ["CAP_SYS_TIME"])
        let outside = try resolveExec(process, linux: nil, in: target([.pid]), request, host)
        #expect(outside.process.capabilities.bounding.isEmpty)
        #expect(outside.warnings.map(\.pointer) == ["/capabilities/bounding/0"])
    }
}
