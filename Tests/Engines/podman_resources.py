# SPDX-License-Identifier: Apache-2.0
"""podman: cgroups and limits. What needs a controller says so."""
import json
import os
import pathlib

from scenarios import equal, eventually, expect, last_json, scenario

CGROUPS = pathlib.Path("/sys/fs/cgroup")
SLEEP = ("busybox", "sleep", "1000")


def cgroup(podman, name: str) -> pathlib.Path:
    """The cgroup of the running container, as the host sees it."""
    line = pathlib.Path(f"/proc/{podman.inspect(name, '.State.Pid')}/cgroup").read_text().splitlines()[-1]
    return CGROUPS / line.split("::")[1].lstrip("/")


def own_cgroup() -> pathlib.Path:
    return CGROUPS / pathlib.Path("/proc/self/cgroup").read_text().splitlines()[-1].split("::")[1].lstrip("/")


def memory(podman) -> None:
    """The kernel kills what takes more."""
    words = ["read", "/sys/fs/cgroup/memory.max", ",", "alloc", "200000000"]
    said = podman("run", "--rm", "--memory", "64m", "busybox", "probe", *words, status=137)
    expect('"67108864\\u000a"' in said and "200000000" not in said, said)


def killed_for_memory(podman) -> None:
    """podman tells that it was for memory: conmon sees it in the container's cgroup.

    conmon 2.1.6 writes that down in its working directory, which podman 4.3 leaves as its own, and looks for in the
    container's: so that is where podman is started.
    """
    podman("create", "--name", "killed", "--memory", "64m", "busybox", "probe", "alloc", "200000000")
    folder = podman.folder / "storage/overlay-containers" / podman.inspect("killed", ".Id") / "userdata"
    podman.do("podman", "start", "-a", "killed", status=137, cwd=folder)
    equal(podman.inspect("killed", ".State.OOMKilled"), "true")
    podman("rm", "killed")


def memory_files(podman) -> None:
    limits = ["--memory", "64m", "--memory-swap", "96m", "--memory-reservation", "32m"]
    podman("run", "-d", "--name", "files", *limits, *SLEEP)
    found = {name: (cgroup(podman, "files") / name).read_text().strip() for name in ("memory.max", "memory.low")}
    equal(found, {"memory.max": str(64 << 20), "memory.low": str(32 << 20)})
    podman("rm", "-f", "-t", "0", "files")


def pids(podman) -> None:
    seen = podman.probe("--pids-limit", "20", action="fork 40")
    expect(seen["made"] == 19 and seen["errno"] == 11, seen)


def cpu(podman) -> None:
    """--cpus is a quota, --cpu-shares a weight; the set of processors is what the program may use."""
    podman("run", "-d", "--name", "cpu", "--cpus", "0.5", "--cpu-shares", "2048", *SLEEP)
    where = cgroup(podman, "cpu")
    equal((where / "cpu.max").read_text(), "50000 100000\n")
    expect(int((where / "cpu.weight").read_text()) > 39, (where / "cpu.weight").read_text())
    podman("rm", "-f", "-t", "0", "cpu")


def cpuset(podman) -> None:
    equal(podman("run", "--rm", "--cpuset-cpus", "0", "busybox", "nproc"), "1\n")


def unified(podman) -> None:
    """--cgroup-conf writes a file of cgroup v2 itself."""
    podman("run", "-d", "--name", "unified", "--cgroup-conf", "memory.high=40000000", *SLEEP)
    equal((cgroup(podman, "unified") / "memory.high").read_text(), f"{40000000 // 4096 * 4096}\n")
    podman("rm", "-f", "-t", "0", "unified")


def update(podman) -> None:
    podman("run", "-d", "--name", "update", "--memory", "64m", *SLEEP)
    podman("update", "--memory", "80m", "--cpus", "0.25", "--cpuset-cpus", "0", "update")
    where = cgroup(podman, "update")
    found = {name: (where / name).read_text().strip() for name in ("memory.max", "cpu.max", "cpuset.cpus")}
    equal(found, {"memory.max": str(80 << 20), "cpu.max": "25000 100000", "cpuset.cpus": "0"})
    podman("rm", "-f", "-t", "0", "update")


def oom_kill(podman) -> None:
    """--oom-kill-disable: cgroup v2 has no such thing, and nobody is told that it is kept."""
    done = podman.do("podman", "run", "--rm", "--oom-kill-disable", "busybox", "true", status=126)
    expect("OOM killer" in done.err, done)
    equal(podman("ps", "-aq"), "", "left")


def stats(podman) -> None:
    podman("run", "-d", "--name", "stats", "--memory", "64m", *SLEEP)
    found = json.loads(podman("stats", "--no-stream", "--format", "json", "stats"))
    expect("67.11MB" in found[0]["mem_usage"] and found[0]["pids"] == "1", found)
    podman("rm", "-f", "-t", "0", "stats")


def cgroups_enabled(podman) -> None:
    """A cgroup of its own, seen as the root inside, of which nothing is left."""
    podman("run", "-d", "--name", "enabled", "--cgroup-parent", "/hull-parent", *SLEEP)
    where = cgroup(podman, "enabled")
    expect(where.parent.name == "hull-parent" or "hull-parent" in str(where), where)
    equal(podman("exec", "enabled", "cat", "/proc/self/cgroup").splitlines()[-1], "0::/")
    podman("rm", "-f", "-t", "0", "enabled")
    expect(not where.exists(), f"{where} is left")
    if (CGROUPS / "hull-parent").exists():
        eventually("the parent can go", lambda: not any((CGROUPS / "hull-parent").glob("libpod*/")) or True)
        for folder in sorted((CGROUPS / "hull-parent").rglob("*/"), reverse=True):
            folder.rmdir()
        (CGROUPS / "hull-parent").rmdir()


def cgroups_no_conmon(podman) -> None:
    """conmon stays in podman's cgroup, the container has its own."""
    podman("run", "-d", "--name", "conmon", "--cgroups", "no-conmon", *SLEEP)
    expect("libpod-" in str(cgroup(podman, "conmon")), cgroup(podman, "conmon"))
    monitor = pathlib.Path(podman.inspect("conmon", ".ConmonPidFile")).read_text()
    expect("libpod" not in pathlib.Path(f"/proc/{monitor}/cgroup").read_text().splitlines()[-1], "conmon was moved")
    podman("rm", "-f", "-t", "0", "conmon")


def cgroups_disabled(podman) -> None:
    """No cgroup is made: the container is in podman's own, which a limit would need and pause as well."""
    podman("run", "-d", "--name", "disabled", "--cgroups", "disabled", *SLEEP)
    equal(cgroup(podman, "disabled"), own_cgroup())
    equal(podman("exec", "disabled", "echo", "in"), "in\n")
    done = podman.do("podman", "pause", "disabled", status=None)
    expect(done.status != 0 and "cgroup" in done.err, done)
    equal(podman.inspect("disabled", ".State.Status"), "running")
    podman("stop", "-t", "0", "disabled")
    equal(podman.status("disabled"), 137)
    podman("rm", "disabled")


def cgroups_split(podman) -> None:
    """Conmon and container each in a cgroup below podman's own."""
    parent = CGROUPS / f"split.{podman.runtime.name}"
    parent.mkdir()
    words = f"echo $$ > {parent}/cgroup.procs && exec podman run -d --name split --cgroups split busybox sleep 1000"
    podman.do("sh", "-c", words)
    expect(str(cgroup(podman, "split")).startswith(f"{parent}/libpod-payload-"), cgroup(podman, "split"))
    podman("rm", "-f", "-t", "0", "split")
    # A failing rmdir would be a cgroup of the container that is left: conmon's own is conmon's.
    for left in sorted(parent.rglob("*/"), reverse=True):
        expect("payload" not in left.name, f"{left} is left")
        eventually(f"{left} is empty", lambda: "populated 0" in (left / "cgroup.events").read_text())
        left.rmdir()
    eventually(f"{parent} is empty", lambda: "populated 0" in (parent / "cgroup.events").read_text())
    parent.rmdir()


def writable_cgroup(podman) -> None:
    """--systemd=always: what systemd as the first process needs, a cgroup to write among it."""
    words = ["run", "--rm", "--systemd", "always", "busybox", "sh", "-c"]
    said = podman(*words, "mkdir /sys/fs/cgroup/made && echo $$ > /sys/fs/cgroup/made/cgroup.procs &&"
                  " cat /proc/self/cgroup; stat -f -c %T /run /tmp; echo $container_uuid | wc -c")
    lines = said.splitlines()
    expect("/made" in lines[-4] and lines[-3:-1] == ["tmpfs", "tmpfs"] and int(lines[-1]) == 33, said)
    seen = last_json(podman("run", "--rm", "--systemd", "always", "busybox", "probe", "report", "mounts"))["mounts"]
    options = {one["mountpoint"]: one["options"].split(",") for one in seen}
    expect("rw" in options["/sys/fs/cgroup"] and os.path.exists("/sys/fs/cgroup"), options)


def systemd_driver(podman) -> None:
    """--cgroup-manager systemd: a scope of its own with the limits that were asked for."""
    words = ["--cgroup-manager", "systemd", "run", "-d", "--name", "scope", "--memory", "64m", "--pids-limit", "20"]
    podman(*words, *SLEEP)
    where = cgroup(podman, "scope")
    expect("machine.slice/libpod-" in str(where) and ".scope" in str(where), where)
    unit = next(part for part in where.parts if part.endswith(".scope"))
    found = podman.do("systemctl", "show", "--property", "MemoryMax,TasksMax", unit).out.split()
    equal(set(found), {f"MemoryMax={64 << 20}", "TasksMax=20"})
    podman.do("systemctl", "daemon-reload")
    equal((where / "memory.max").read_text(), f"{64 << 20}\n")
    equal(podman("--cgroup-manager", "systemd", "exec", "scope", "echo", "in"), "in\n")
    podman("--cgroup-manager", "systemd", "rm", "-f", "-t", "0", "scope")
    eventually("the scope is gone", lambda: not where.exists())


SCENARIOS = [
    scenario(cgroups_enabled),
    scenario(cgroups_no_conmon),
    scenario(cgroups_disabled),
    scenario(cgroups_split),
    scenario(writable_cgroup),
    scenario(memory, "memory"),
    scenario(killed_for_memory, "memory"),
    scenario(memory_files, "memory"),
    scenario(pids, "pids"),
    scenario(cpu, "cpu"),
    scenario(cpuset, "cpuset"),
    scenario(unified, "memory"),
    scenario(oom_kill),
    scenario(update, "memory", "cpu", "cpuset"),
    scenario(stats, "memory"),
    scenario(systemd_driver, "systemd"),
]
