# SPDX-License-Identifier: Apache-2.0
"""What strace(1) saw of one run: the calls that have an effect, by process, to be consumed one after the other."""
import re

# Whatever changes something that outlives the call, or that the container's program can see.
EFFECTS = """mount mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick umount2 pivot_root chroot chdir
fchdir setns unshare clone clone3
sethostname setdomainname mkdir mkdirat mknod mknodat symlink symlinkat link linkat unlink
unlinkat rmdir rename renameat renameat2 write pwrite64 writev open openat openat2 keyctl prlimit64 setrlimit bpf chown
lchown fchown fchownat chmod fchmod fchmodat setxattr lsetxattr fsetxattr truncate ftruncate capset setuid setgid
setresuid setresgid setgroups seccomp prctl execve execveat ioctl bind connect sendmsg sendto sched_setattr
sched_setscheduler sched_setaffinity ioprio_set setpriority personality set_mempolicy kill tkill tgkill
pidfd_send_signal swapon acct settimeofday clock_settime""".split()
LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)(.*)$", re.S)


class Unplanned(Exception):
    """A step without its call, or a call without a step."""


def read(path: str) -> dict[int, list[str]]:
    """For each process its successful calls as `name(arguments)`, in their order."""
    calls: dict[int, list[str]] = {}
    open_calls: dict[int, str] = {}
    with open(path, errors="replace") as file:
        for line in file:
            pid, text = LINE.match(line.rstrip("\n")).groups()
            if text.endswith("<unfinished ...>"):
                open_calls[int(pid)] = text[: -len("<unfinished ...>")].rstrip()
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)$", text):
                text = open_calls.pop(int(pid)) + resumed.group(1)
            call = CALL.match(text)
            if call and not call.group(3).startswith("-"):
                calls.setdefault(int(pid), []).append(f"{call.group(1)}({call.group(2)})")
    return calls


def has_effect(call: str) -> bool:
    """Opening has one only where it makes a file; limits may just be asked for."""
    name = call.split("(")[0]
    if name in ("open", "openat", "openat2"):
        return "O_CREAT" in call or "O_TRUNC" in call
    if name == "prlimit64":
        return not re.search(r", NULL, ", call)
    if name == "prctl":
        return not re.search(r"PR_(GET_|SET_DUMPABLE|CAPBSET_READ|SET_VMA)", call)
    if name == "ioctl":
        return "SIOCS" in call
    return name in EFFECTS


class Calls:
    """The calls of a process, consumed from the first to the last."""

    def __init__(self, calls: list[str]) -> None:
        self.calls, self.at = calls, 0

    def take(self, decides: str, before: tuple[str, ...] = (), after: tuple[str, ...] = (), optional: bool = False
             ) -> list[str]:
        """The call that carries out a step, with those that prepare it and those that follow; all of them are given."""
        at = self.at
        while at < len(self.calls) and not re.match(decides, self.calls[at]):
            if not any(re.match(one, self.calls[at]) for one in before):
                break
            at += 1
        if at == len(self.calls) or not re.match(decides, self.calls[at]):
            if optional:
                return []
            told = self.calls[self.at] if self.at < len(self.calls) else "the end"
            raise Unplanned(f"no call matches {decides}; next is {told}")
        at += 1
        while at < len(self.calls) and any(re.match(one, self.calls[at]) for one in after):
            at += 1
        taken, self.at = self.calls[self.at:at], at
        return taken

    def end(self) -> None:
        """Every call has had its step."""
        if self.at < len(self.calls):
            raise Unplanned(f"no step has planned {self.calls[self.at]}")
