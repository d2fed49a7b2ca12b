#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plan is what runs:  traced.py HULL

PL-17. Goal: `hull run` does what `hull plan` prints, all of it, in this order, and nothing else. Method: strace -f of a
run; between the making of the container's record and its execve every call with an effect is matched to the next step
of its side, and every step to its call. What a step needs to be carried out (fsopen before a mount, a missing mount
point) belongs to it. A plan that lacks a step, or has one too many, must fail: that is tried, too.
"""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import trace
from trace import Calls, Unplanned

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ID = "container"  # what `plan` calls it
ATTRIBUTES = {"ro": "RDONLY", "nosuid": "NOSUID", "nodev": "NODEV", "noexec": "NOEXEC", "nosymfollow": "NOSYMFOLLOW",
              "noatime": "NOATIME", "strictatime": "STRICTATIME", "nodiratime": "NODIRATIME"}
PROPAGATION = {"private": "MS_PRIVATE", "slave": "MS_SLAVE", "shared": "MS_SHARED", "unbindable": "MS_UNBINDABLE"}
MAKES = (r"mkdir(at)?\(", r"openat2?\(.*O_CREAT", r"mknod(at)?\(.*S_IFREG")  # a missing mount point
BUILDS = (r"fsopen\(", r"fsconfig\(", r"fsmount\(", r"open_tree\(", r"mount_setattr\(\d+<.*AT_EMPTY_PATH")


def quoted(text: str) -> str:
    return re.escape(f'"{text}"')


def check(what: bool, message: str) -> None:
    if not what:
        raise Unplanned(message)


def attributes(options: list[str]) -> set[str]:
    return {ATTRIBUTES[one] for one in options if one in ATTRIBUTES}


def seen_attributes(calls: list[str]) -> set[str]:
    return {one for call in calls if re.match("fsmount|mount_setattr", call)
            for one in re.findall(r"MOUNT_ATTR_(\w+)", call)}


# MARK: Steps outside

def outside(step: dict, plan: dict, calls: Calls, root: str) -> None:
    call, words = step["call"], step["object"]
    group = plan["cgroup"]["path"]
    if call == "record":
        calls.take(rf"mkdir(at)?\(.*{quoted(root + '/' + ID)}", before=(r"mkdir",))
    elif call == "open_tree":
        path, *rest = words.split(" -> ")[0].split(" ")
        taken = calls.take(rf"open_tree\(.*{quoted(path)}", after=(r"mount_setattr\(\d+<.*AT_EMPTY_PATH",))
        check(("AT_RECURSIVE" in rest) == ("AT_RECURSIVE" in taken[0]), taken[0])
        check(seen_attributes(taken) == attributes(rest), f"{words}: {taken}")
        check({PROPAGATION[one.lstrip("r")] for one in rest if one.lstrip("r") in PROPAGATION}
              == set(re.findall(r"propagation=(MS_\w+)", " ".join(taken))), f"{words}: {taken}")
    elif call == "mkdir":
        calls.take(rf"mkdir(at)?\(.*{quoted(words)}", before=(r"mkdir",))
    elif call == "write" and "=" in words:
        name, value = re.sub(r" \((if there|or .*)\)$", "", words).split(" = ")
        if name in ("uid_map", "gid_map"):
            value = value.replace(", ", r"\n") + r"\n"
        place = rf"/proc/\d+/{name}" if name in ("uid_map", "gid_map", "setgroups", "oom_score_adj") else (
            rf"/sys/fs/cgroup.*{re.escape(name)}")
        calls.take(
            rf"write\(\d+<{place}>, \"{re.escape(value)}\"",
            optional="subtree_control" in name or "if there" in words)
    elif call == "clone3":
        taken = calls.take(r"clone3\(")
        flags = set(re.findall(r"CLONE_NEW\w+", taken[0].split("=>")[0]))
        check(flags == set(words.split()), f"{words}: {taken}")
        check("CLONE_INTO_CGROUP" in taken[0], taken[0])
    elif call == "unshare":
        check(words == "CLONE_NEWNET beside the process, lo up", words)
        calls.take(r"unshare\(CLONE_NEWNET\)")
        calls.take(r"ioctl\(.*SIOCSIFFLAGS, {ifr_name=\"lo\", ifr_flags=IFF_UP")
        calls.take(r"setns\(\d+<.*>, CLONE_NEWNET\)")  # back into its own
    elif call == "bpf":
        taken = calls.take(r"bpf\(BPF_PROG_ATTACH", before=(r"bpf\(BPF_PROG_LOAD",))
        check(f"insn_cnt={plan['cgroup']['deviceFilter']}," in taken[0] and group in taken[-1], str(taken))
    elif call == "prlimit64":
        name, soft, hard = words.split()
        calls.take(rf"prlimit64\(\d+, {name}, {{rlim_cur={limit(soft)}, rlim_max={limit(hard)}}}, NULL")
    elif call == "fchownat":
        calls.take(r"f?chown(at)?\(", after=(r"f?chown(at)?\(",))
    elif call not in ("poll", "send", "listen", "read"):
        raise Unplanned(f"this test does not know the step {call} {words}")


def limit(text: str) -> str:
    if text == "infinity":
        return "RLIM64_INFINITY"
    number = int(text)
    return rf"({number}|{number // 1024}\*1024)" if number % 1024 == 0 else str(number)


# MARK: Steps inside

def inside(step: dict, plan: dict, calls: Calls) -> None:
    call, words = step["call"], step["object"]
    if call == "keyctl":
        calls.take(rf"keyctl\(KEYCTL_JOIN_SESSION_KEYRING, {quoted(words.split()[1])}")
    elif call == "ioctl":
        calls.take(r"ioctl\(.*SIOCSIFFLAGS, {ifr_name=\"lo\", ifr_flags=IFF_UP")
    elif call == "setns":
        check(words == "CLONE_NEWNET", words)
        calls.take(r"setns\(\d+<.*>, CLONE_NEWNET\)")
    elif call in ("sethostname", "setdomainname"):
        calls.take(rf"{call}\({quoted(words)}")
    elif call == "mount_setattr":
        set_attributes(words, calls)
    elif call == "move_mount":
        mount(words, plan, calls)
    elif call == "mknod":
        path, kind, number, mode, owner = words.split()
        major, minor = number.split(":")
        calls.take(
            rf"mknodat\(\d+<{os.path.dirname(path)}>, {quoted(os.path.basename(path))}, S_IFCHR\|{mode}, "
            rf"makedev\({int(major):#x}, {'0' if minor == '0' else hex(int(minor))}\)", before=MAKES,
            after=(r"fchownat", r"fchmodat") if owner != "0:0" else ())
    elif call == "symlinkat":
        path, target = words.split(" -> ")
        calls.take(rf"symlinkat\({quoted(target)}, \d+<{os.path.dirname(path)}>, {quoted(os.path.basename(path))}")
    elif call == "mkdir":
        calls.take(rf"mkdirat\(.*{quoted(os.path.basename(words))}", before=(r"mkdirat\(",), optional=True)
    elif call == "write" and words.startswith("/proc/sys/"):
        path, value = words.split(" = ")
        calls.take(
            rf"write\(\d+<{re.escape(path.removeprefix('/proc'))}>, {quoted(value)}",
            before=(r"fsopen\(\"proc\"", r"fsconfig\(.*CMD_CREATE", r"fsmount\("))
    elif call == "pivot_root":
        calls.take(
            r"pivot_root\(\"\.\", \"\.\"", before=(r"fchdir\(",),
            after=(r"mount_setattr\(.*MS_SLAVE", r"fchdir\(", r"umount2\(\"\.\", MNT_DETACH", r"chdir\(\"/\""))
    elif call == "chdir":
        calls.take(rf"chdir\({quoted(words)}")
    elif call == "fchown":
        # Streams of users whom the namespace does not map keep their owners.
        calls.take(r"fchown(at)?\([012]<", after=(r"fchown(at)?\([012]<",), optional="uidMap" in plan)
    elif call == "setresuid":
        calls.take(r"setresuid\(0, 0, 0", before=(r"setgroups\(0", r"setresgid\(0, 0, 0"))
    elif call not in ("poll", "access", "accept", "openat2", "open"):
        raise Unplanned(f"this test does not know the step {call} {words}")


def set_attributes(words: str, calls: Calls) -> None:
    path, *options = words.split()
    if options[0].lstrip("r") in PROPAGATION:
        calls.take(rf"mount_setattr\(AT_FDCWD.*{quoted(path)}.*propagation={PROPAGATION[options[0].lstrip('r')]}")
    elif options == ["rro"]:  # a path that is not there needs nothing
        calls.take(rf"move_mount\(.*<{re.escape(path)}>, \"\"", before=BUILDS, optional=True)
    else:
        taken = calls.take(r"mount_setattr\(.*attr_set=MOUNT_ATTR_")
        check(seen_attributes(taken) == attributes(options), str(taken))


def mount(words: str, plan: dict, calls: Calls) -> None:
    what, path = re.sub(r" \(.*\)$", "", words).split(" -> ")
    place = r'AT_FDCWD.*"/"' if path == "/" else rf"\d+<{re.escape(path)}>, \"\""
    taken = calls.take(
        rf"move_mount\(\d+<.*>, \"\", {place}", before=MAKES + BUILDS, optional=what == "nothing")
    if what == "nothing":
        return
    types = re.findall(r"fsopen\(\"(\w+)\"", " ".join(taken))
    if what.isdigit():
        return check(types == [], f"{words}: {taken}")
    row = next(one for one in plan["mounts"] if one["destination"] == path)
    check(types == [row["type"]], f"{words}: {taken}")
    check(seen_attributes(taken) == attributes(row["options"]), f"{row}: {taken}")
    said = {one for one in row["options"] if one not in ATTRIBUTES and one != "mode of what it covers"}
    done = {f"{key}={value}" for key, value in re.findall(r"SET_STRING, \"(\w+)\", \"([^\"]*)\"", " ".join(taken))}
    done |= set(re.findall(r"SET_FLAG, \"(\w+)\"", " ".join(taken)))
    more = {one for one in done - said if not one.startswith("source=")}
    check(said <= done, f"{row}: {taken}")
    check(all(one.startswith("mode=") and "mode of what it covers" in row["options"] or one in row["options"]
              for one in more), f"{row}: {taken}")


def last_mile(plan: dict, calls: Calls) -> None:
    """What the process becomes is no list of steps: it is compared with the plan's process."""
    process = plan["process"]
    calls.take(
        rf"setresuid\({process['uid']}, {process['uid']}, {process['uid']}",
        before=(r"prctl\(PR_(CAPBSET_DROP|SET_KEEPCAPS)", r"setgroups\(",
                rf"setresgid\({process['gid']}, {process['gid']}, {process['gid']}"))
    taken = calls.take(r"capset\(", before=(r"prctl\(PR_SET_KEEPCAPS",), after=(r"prctl\(PR_CAP_AMBIENT",))
    names = process["capabilities"]["effective"]
    found = re.search(r"effective=([^,]*)", " ".join(taken)).group(1)
    seen = set(re.findall(r"CAP_\w+", found)) | {f"CAP_{one}" for one in re.findall(r"1<<(CAP_\w+)", found)}
    check({one.removeprefix("CAP_CAP_") for one in seen} == {one for one in names} or
          {one.replace("CAP_CAP_", "CAP_") for one in seen} == set(names), f"{names}: {found}")
    if process["noNewPrivileges"]:
        calls.take(r"prctl\(PR_SET_NO_NEW_PRIVS, 1")
    if plan["seccomp"]["instructions"]:
        calls.take(rf"(seccomp\(|prctl\(PR_SET_SECCOMP).*len={plan['seccomp']['instructions']}")
    calls.take(rf"execve\({quoted('/bin/sh')}, \[" + ", ".join(quoted(one) for one in process["args"]))


# MARK: Comparing

def compare(plan: dict, calls: dict[int, list[str]], root: str) -> int:
    """Gives how many calls have been matched."""
    pids = sorted(calls)
    hull, init = calls[pids[0]], calls[pids[1]]
    begin = next(i for i, one in enumerate(hull) if re.match(rf"mkdir(at)?\(.*{quoted(root)}", one)
                 or re.match(rf"mkdir(at)?\(.*{quoted(root + '/' + ID)}", one))
    started = next(i for i, one in enumerate(hull) if re.match(r"sendmsg\(.*iov_base=\"S\"", one))
    run = next(i for i, one in enumerate(init) if re.match(r"execve\(", one))
    # The record of the container grows as it is made: that is the store's own.
    own = re.compile(rf"(\w+)\(.*{re.escape(root)}/{ID}/(config|\.?state)\.json")
    outer = Calls([one for one in hull[begin:started] if trace.has_effect(one) and not own.match(one)
                   and not one.startswith("sendmsg(")])
    # Giving up the caller's choice of CPUs is what every process of a container begins with.
    inner = Calls([one for one in init[: run + 1] if trace.has_effect(one)
                   and not re.match(r"sendmsg\(|sched_setaffinity\(0, ", one)])
    for step in plan["outside"]:
        outside(step, plan, outer, root)
    outer.end()
    for step in plan["inside"]:
        inside(step, plan, inner)
    last_mile(plan, inner)
    inner.end()
    return len(outer.calls) + len(inner.calls)


def must_fail(plan: dict, calls: dict[int, list[str]], root: str) -> None:
    """A plan without a step that has an effect, and one with a step more."""
    for side, word in (("outside", "prlimit64"), ("inside", "sethostname"), ("inside", "move_mount")):
        less = copy.deepcopy(plan)
        step = [one for one in less[side] if one["call"] == word][-1 if word != "move_mount" else 1]
        less[side].remove(step)
        more = copy.deepcopy(plan)
        more[side].insert(1, {"call": word, "object": step["object"].replace("/", "/z")
                              if word != "sethostname" else "other"})
        for wrong in (less, more):
            try:
                compare(wrong, calls, root)
            except (Unplanned, IndexError):
                continue
            raise Unplanned(f"a plan with {word} too few or too many passes")


# MARK: Bundles

def config(kind: str) -> dict:
    namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"] + (["user"] if kind == "user namespace" else [])
    linux = {
        "cgroupsPath": f"/traced.{os.getpid()}", "namespaces": [{"type": one} for one in namespaces],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"], "readonlyPaths": ["/proc/bus", "/proc/sys"],
        "sysctl": {"kernel.msgmax": "4096", "net.ipv4.ip_forward": "1"},
        "seccomp": {"defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}}
    if kind == "user namespace":
        linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    names = ["CAP_KILL", "CAP_CHOWN"]
    return {
        "ociVersion": "1.2.0", "hostname": "whale", "root": {"path": "rootfs", "readonly": kind == "read-only"},
        "process": {
            "cwd": "/work/place", "args": ["/bin/sh", "-c", "true"], "env": ["PATH=/bin", "HOME=/"],
            "user": {"uid": 7, "gid": 8, "additionalGids": [9]}, "noNewPrivileges": True, "oomScoreAdj": 100,
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 500, "hard": 501}],
            "capabilities": {one: names for one in ("bounding", "effective", "permitted")}},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/host/usr", "source": "/usr", "options": ["rbind", "ro", "nodev"]},
            {"destination": "/host/passwd", "source": "/etc/passwd", "options": ["bind", "rprivate"]}],
        "linux": linux}


def one(hull: str, kind: str, folder: pathlib.Path) -> str:
    bundle = folder / "bundle"
    bundle.mkdir()
    folder.chmod(0o755)
    subprocess.run([ROOT / "scripts/rootfs", bundle / "rootfs", "busybox"], check=True, stdout=subprocess.DEVNULL)
    for path in ("host", "proc", "dev", "sys"):
        (bundle / "rootfs" / path).mkdir(exist_ok=True)
    if kind == "user namespace":
        for path in [bundle / "rootfs", *(bundle / "rootfs").rglob("*")]:
            os.lchown(path, 100000, 100000)
    (bundle / "config.json").write_text(json.dumps(config(kind)))
    root, log = str(folder / "root"), str(folder / "trace")
    plan = json.loads(subprocess.run(
        [hull, "plan", "--format", "json", bundle], check=True, capture_output=True, text=True).stdout)
    subprocess.run(
        ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", "signal=none", "-e", "trace=" + ",".join(trace.EFFECTS), "-o",
         log, hull, "--root", root, "run", "--bundle", bundle, ID], check=True, capture_output=True)
    calls = trace.read(log)
    count = compare(plan, calls, root)
    must_fail(plan, calls, root)
    return f"{len(plan['outside']) + len(plan['inside'])} steps, {count} calls"


def main() -> int:
    hull, failed = os.path.abspath(sys.argv[1]), 0
    if not shutil.which("strace"):
        print("skip the plan is what runs: needs strace")
        return 0
    for kind in ("plain", "read-only", "user namespace"):
        with tempfile.TemporaryDirectory(prefix="hull-traced.") as folder:
            try:
                print(f"ok the plan is what runs, {kind}: {one(hull, kind, pathlib.Path(folder))}", flush=True)
            except (Unplanned, subprocess.CalledProcessError) as error:
                print(f"not ok the plan is what runs, {kind}: {error}", flush=True)
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
