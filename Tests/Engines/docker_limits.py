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


def systemd(docker: Docker) -> None:
    """The systemd driver: a scope below the slice, systemd knows its limits, update reaches it, nothing stays."""
    docker.stop_daemon()
    docker.configure("systemd", "docker-tested.slice")
    docker.start_daemon()
    try:
        with docker.running("systemd", "probe", "signal-wait", flags=("--memory", "64m", "--cpus", "0.5")):
            unit = f"docker-{docker.inspect('systemd', 'Id')}.scope"
            said = docker.do("systemctl", "show", "-p", "Slice,MemoryMax,CPUQuotaPerSecUSec", unit).out.split()
            equal(set(said), {"Slice=docker-tested.slice", f"MemoryMax={64 << 20}", "CPUQuotaPerSecUSec=500ms"})
            docker.do("systemctl", "daemon-reload")
            docker("update", "--memory", "80m", "--memory-swap", "80m", "systemd")
            equal(docker("exec", "systemd", "cat", "/sys/fs/cgroup/memory.max"), f"{80 << 20}\n")
            equal(docker.do("systemctl", "show", "-p", "MemoryMax", unit).out, f"MemoryMax={80 << 20}\n")
            docker("pause", "systemd")
            docker("unpause", "systemd")
            docker("stop", "-t", "60", "systemd")
            equal(docker.inspect("systemd", "State.ExitCode"), "115")
        equal(docker.do("systemctl", "list-units", "--plain", "--no-legend", unit).out, "", "left")
    finally:
        docker.stop_daemon()
        docker.configure("cgroupfs", f"/{docker.word}")
        docker.start_daemon()


SCENARIOS = [
    scenario(memory, "memory"),
    scenario(limits, "memory", "cpu", "cpuset", "pids"),
    scenario(pids, "pids"),
    scenario(stats, "memory", "pids"),
    scenario(systemd, "systemd"),
]
