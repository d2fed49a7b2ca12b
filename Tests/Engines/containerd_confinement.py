# SPDX-License-Identifier: Apache-2.0
"""What containerd's client asks for a container beside its program: mounts, confinement, namespaces, limits."""
import contextlib
import json
import os
import pathlib
import re
import subprocess

from ctr import Containerd, await_text
from scenarios import equal, eventually, expect, scenario


def environment(ctr: Containerd) -> None:
    seen = ctr.probe("environment", "report", "env", "cwd", flags=("--env", "A=b=c", "--cwd", "/tmp"))
    expect("A=b=c" in seen["env"] and seen["cwd"] == "/tmp", seen)


def mount(ctr: Containerd) -> None:
    (ctr.folder / "shared").mkdir()
    (ctr.folder / "shared/word").write_text("text")
    for options, writable in [("rbind:ro", False), ("rbind:rw", True)]:
        flags = ("--mount", f"type=bind,src={ctr.folder}/shared,dst=/mnt/new,options={options}")
        seen = ctr.lines("mount", "read", "/mnt/new/word", ",", "write", "/mnt/new/other", "x", flags=flags)
        equal(seen[0]["content"], "text")
        expect(seen[1]["ok"] == writable and seen[1].get("name", "EROFS") == "EROFS", seen)


def read_only(ctr: Containerd) -> None:
    seen = ctr.lines("read-only", "write", "/file", "x", ",", "write", "/dev/shm/file", "x", flags=("--read-only",))
    expect(seen[0].get("name") == "EROFS" and seen[1]["ok"], seen)


def capabilities(ctr: Containerd) -> None:
    flags = ("--cap-add", "CAP_SYS_TIME", "--cap-drop", "CAP_CHOWN")
    sets = ctr.probe("capabilities", "report", "capabilities", flags=flags)["capabilities"]
    effective = int(sets["effective"], 16)
    expect(effective >> 25 & 1 and not effective & 1 and sets["effective"] == sets["bounding"], sets)


def seccomp(ctr: Containerd) -> None:
    """The default profile, a profile from a file, none; no_new_privs unless allowed."""
    seen = ctr.lines("seccomp", "report", "security", ",", "syscall", "keyctl", flags=("--seccomp",))
    expect(seen[0]["security"]["seccomp"] == 2 and seen[1].get("name") == "EPERM", seen)
    profile = ctr.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 123}]}))
    seen = ctr.lines("seccomp", "mkdir", "/x", flags=("--seccomp", "--seccomp-profile", str(profile)))
    expect(seen[0]["errno"] == 123, seen)
    seen = ctr.probe("seccomp", "report", "security", flags=("--allow-new-privs",))
    expect(seen["security"]["seccomp"] == 0 and not seen["security"]["noNewPrivileges"], seen)
    seen = ctr.probe("seccomp", "report", "security")
    expect(seen["security"]["noNewPrivileges"], seen)


def privileged(ctr: Containerd) -> None:
    seen = ctr.probe("privileged", "report", "mounts", "capabilities", flags=("--privileged",))
    options = {m["mountpoint"]: m["options"].split(",") for m in seen["mounts"]}
    expect("rw" in options["/sys"] and "/proc/sys" not in options, options)
    ours = re.search(r"CapBnd:\s*(\w+)", pathlib.Path("/proc/self/status").read_text()).group(1)
    expect(seen["capabilities"]["effective"] == ours, seen["capabilities"])


def host_network(ctr: Containerd) -> None:
    """--net-host is the daemon's network; --with-ns joins another; neither: one of its own."""
    ours = os.readlink("/proc/self/ns/net")

    def network(flags: tuple = ()) -> str:
        return ctr.run("network", "readlink", "/proc/self/ns/net", flags=flags).strip()

    expect(network(("--net-host",)) == ours, "not the daemon's")
    expect(network() != ours, "not its own")
    with ctr.detached("first", "sleep", "1000"):
        pid = ctr.task("first")[0]
        joined = network(("--with-ns", f"network:/proc/{pid}/ns/net"))
        expect(joined == os.readlink(f"/proc/{pid}/ns/net"), joined)


def device(ctr: Containerd) -> None:
    seen = ctr.lines("device", "open", "/dev/fuse", "r", ",", "mknod", "/other", "c", "1", "11", ",", "open", "/other",
                     "r", flags=("--device", "/dev/fuse"))
    expect("ok" in seen[0] and seen[0].get("name") != "EPERM" and seen[2].get("name") == "EPERM", seen)


def cgroup(ctr: Containerd) -> None:
    """The cgroup asked for, with the program in it, gone afterwards."""
    name = f"/hull-ctr.{os.getpid()}/inner"
    with ctr.detached("cgroup", "sleep", "1000", flags=("--cgroup", name)):
        pid = ctr.task("cgroup")[0]
        expect(pid in pathlib.Path(f"/sys/fs/cgroup{name}/cgroup.procs").read_text().split(), "not there")
    expect(not os.path.exists(f"/sys/fs/cgroup{name}"), "left")
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(f"/sys/fs/cgroup{os.path.dirname(name)}")


def user_namespace(ctr: Containerd) -> None:
    flags = ("--uidmap", "0:100000:1000", "--gidmap", "0:100000:1000", "--snapshotter", "native")
    said = ctr.run("userns", "cat", "/proc/self/uid_map", flags=flags)
    expect(said.split() == ["0", "100000", "1000"], said)


def pipes(ctr: Containerd) -> None:
    """A megabyte through the container's pipes arrives whole."""
    said = ctr.run("pipes", "sh", "-c", "yes 0123456789abcde | head -n 65536")
    expect(len(said) == 1 << 20, len(said))


def memory(ctr: Containerd) -> None:
    """The limit kills; containerd tells of the OOM."""
    told = ctr.folder / "events"
    with open(told, "w") as file:
        events = subprocess.Popen(["ctr", "events"], env=ctr.environment, stdin=subprocess.DEVNULL, stdout=file)
    try:
        said = ctr.run("memory", "probe", "alloc", "200000000", flags=("--memory-limit", str(64 << 20)), status=137)
        expect("200000000" not in said, said)
        eventually("an event of the OOM", lambda: "/tasks/oom" in told.read_text())
    finally:
        events.kill()
        events.wait()


def metrics(ctr: Containerd) -> None:
    with ctr.detached("metrics", "sleep", "1000", flags=("--memory-limit", str(64 << 20))):
        seen = json.loads(ctr("task", "metrics", "--format", "json", "metrics"))
        expect(seen["memory"]["usage_limit"] == 64 << 20 and seen["pids"]["current"] == 1, seen)


def cpus(ctr: Containerd) -> None:
    with ctr.detached("cpus", "sleep", "1000", flags=("--cpus", "0.5")):
        equal(pathlib.Path(f"/sys/fs/cgroup/{ctr.runtime.name}/cpus/cpu.max").read_text(), "50000 100000\n")


def systemd(ctr: Containerd) -> None:
    flags = ("--runc-systemd-cgroup", "--cgroup", f"tested.slice:ctr:{ctr.runtime.name}", "--memory-limit",
             str(64 << 20))
    unit = f"ctr-{ctr.runtime.name}.scope"
    with ctr.detached("systemd", "probe", "signal-wait", flags=flags) as log:
        await_text(log, "READY")
        said = ctr.do("systemctl", "show", "-p", "Slice,MemoryMax", unit).out.split()
        equal(set(said), {"Slice=tested.slice", f"MemoryMax={64 << 20}"})
        ctr("task", "pause", "systemd")
        ctr("task", "resume", "systemd")
        ctr("task", "kill", "systemd")
        ctr.await_status("systemd", "STOPPED")
        equal(ctr.delete("systemd"), 115, "exit status")
    equal(ctr.do("systemctl", "list-units", "--plain", "--no-legend", unit).out, "", "left")


SCENARIOS = [
    *map(scenario, [environment, mount, read_only, capabilities, seccomp, privileged, host_network, device, cgroup,
                    user_namespace, pipes]),
    scenario(memory, "memory"),
    scenario(metrics, "memory"),
    scenario(cpus, "cpu"),
    scenario(systemd, "systemd"),
]
