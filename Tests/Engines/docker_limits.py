# SPDX-License-Identifier: Apache-2.0
"""What docker limits, and what it tells of it: scenarios that need the cgroup's controllers."""
import json

from dockerd import Docker
from scenarios import equal, eventually, expect, scenario


def memory(docker: Docker) -> None:
    """The limit kills, and docker knows why."""
    docker("run", "--name", "memory", "--memory", "64m", "busybox", "probe", "alloc", "200000000", status=137)
    equal(docker.inspect("memory", "State.OOMKilled"), "true")
    docker("rm", "memory")


def limits(docker: Docker) -> None:
    """Each flag in its file of the cgroup; update changes them in the running container."""
    flags = ("--memory", "64m", "--memory-swap", "96m", "--memory-reservation", "32m", "--cpus", "0.5", "--cpu-shares",
             "512", "--cpuset-cpus", "0", "--pids-limit", "50")

    def file(name: str) -> str:
        return docker("exec", "limits", "cat", f"/sys/fs/cgroup/{name}").strip()

    with docker.running("limits", "sleep", "1000", flags=flags):
        for name, value in [("memory.max", 64 << 20), ("memory.swap.max", 32 << 20), ("memory.low", 32 << 20),
                            ("cpu.max", "50000 100000"), ("cpuset.cpus", 0), ("pids.max", 50)]:
            equal(file(name), str(value), name)
        docker("update", "--memory", "80m", "--memory-swap", "160m", "--cpus", "0.25", "--pids-limit", "60", "limits")
        for name, value in [("memory.max", 80 << 20), ("memory.swap.max", 80 << 20), ("cpu.max", "25000 100000"),
                            ("pids.max", 60)]:
            equal(file(name), str(value), f"{name} after update")


def pids(docker: Docker) -> None:
    seen = docker.probe("run", "--rm", "--pids-limit", "20", "busybox", "probe", "fork", "40")
    expect(seen["made"] == 19 and seen["errno"] == 11, seen)


def stats(docker: Docker) -> None:
    with docker.running("stats", "sleep", "1000", flags=("--memory", "64m")):
        def seen() -> dict:
            return json.loads(docker("stats", "--no-stream", "--format", "{{json .}}", "stats"))
        eventually("its memory", lambda: seen()["MemUsage"].endswith("/ 64MiB"))
        equal(seen()["PIDs"], "1")


SCENARIOS = [
    scenario(memory, "memory"),
    scenario(limits, "memory", "cpu", "cpuset", "pids"),
    scenario(pids, "pids"),
    scenario(stats, "memory", "pids"),
]
